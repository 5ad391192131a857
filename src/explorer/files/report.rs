//! A problem report as a zip file.

use hyaline::error::{Error, Result};
use hyaline::file;
use hyaline::session::Session;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;

/// What a problem report holds.
pub struct Report<'a> {
    /// What the person says.
    pub told: &'a str,
    pub device: &'a str,
    /// All messages since the start, oldest first.
    pub messages: &'a [String],
    pub session: &'a Session,
    /// A picture that the person wants in it.
    pub picture: Option<&'a Path>,
}

impl Report<'_> {
    /// Writes it as one file.
    ///
    /// # Errors
    /// When the file can't be written, or the picture can't be read.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.zip().map_err(|e| Error::new("cannot make the report", e))?;
        file::write(path, &bytes)
    }

    fn zip(&self) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error>> {
        let mut archive = zip::ZipWriter::new(Cursor::new(vec![]));
        let mut add = |name: String, bytes: &[u8]| -> std::result::Result<(), std::io::Error> {
            archive.start_file(name, SimpleFileOptions::default())?;
            archive.write_all(bytes)
        };
        add("report.txt".into(), self.about().as_bytes())?;
        add("messages.txt".into(), self.messages.join("\n").as_bytes())?;
        add("session.toml".into(), toml::to_string(self.session)?.as_bytes())?;
        if let Some(picture) = self.picture {
            add(format!("picture/{}", file::file_name(picture)), &std::fs::read(picture)?)?;
        }
        Ok(archive.finish()?.into_inner())
    }

    fn about(&self) -> String {
        let threads = std::thread::available_parallelism().map_or(0, usize::from);
        format!(
            "{}\n\nHyaline {}\n{} on {}, {threads} threads\nDevice: {}\n",
            self.told.trim(),
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH,
            self.device,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_holds_no_picture_unless_it_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let (picture, path) = (folder.path().join("cat.png"), folder.path().join("report.zip"));
        std::fs::write(&picture, "a cat").unwrap();
        let session = Session::default();
        let messages = ["one".to_string(), "two".to_string()];
        let names = |picture: Option<&Path>| {
            let report = Report {
                told: "it broke",
                device: "CPU",
                messages: &messages,
                session: &session,
                picture,
            };
            report.write(&path).unwrap();
            let archive = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
            let mut names: Vec<_> =
                archive.file_names().map(|name| name.unwrap().into_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names(None), ["messages.txt", "report.txt", "session.toml"]);
        assert!(names(Some(&picture)).contains(&"picture/cat.png".to_string()));
        assert!(
            Report {
                told: " it broke ",
                device: "CPU",
                messages: &[],
                session: &session,
                picture: None,
            }
            .about()
            .starts_with("it broke\n\nHyaline ")
        );
    }
}
