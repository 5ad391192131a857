//! Paths as people type them, and what could follow.

use super::paste::decoded;
use hyaline::file::file_name;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// A folder or a file that a typed path could go on with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// Folders come first.
    is_file: bool,
    /// Its name, of a folder with a slash.
    pub name: String,
    pub path: PathBuf,
}

impl Choice {
    pub fn is_folder(&self) -> bool {
        !self.is_file
    }

    /// The path as it would be typed.
    pub fn text(&self) -> String {
        let path = self.path.display();
        if self.is_folder() { format!("{path}{MAIN_SEPARATOR}") } else { path.to_string() }
    }
}

/// The path that a text stands for: `~` is the home folder; quotes and `file://` around it are left
/// out, as file managers and shells copy them. A whole path that was typed behind another stands for itself.
pub fn typed_path(text: &str) -> PathBuf {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("file://").map_or(text.to_string(), decoded);
    let text = behind_another(&text);
    let rest = text.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match (rest, std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(text),
    }
}

/// The path behind another, as in `/home/me//data/x`; a slash too many is none where the folder is there.
fn behind_another(text: &str) -> &str {
    let begins = [text.rfind("//"), text.rfind("/~/")].into_iter().flatten().max();
    let is_whole = || Path::new(text).parent().is_some_and(Path::is_dir);
    match begins {
        Some(at) if at > 0 && !is_whole() => &text[at + 1..],
        _ => text,
    }
}

/// The folders, and the files that are wanted, whose names hold what follows the last slash; those that
/// begin with it first. Hidden ones take a dot.
pub fn completions(text: &str, is_wanted: impl Fn(&Path) -> bool) -> Vec<Choice> {
    let (folder, begun) = split(text);
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
    let begun = begun.to_lowercase();
    let choice = |path: PathBuf| {
        let name = file_name(&path);
        let lower = name.to_lowercase();
        let is_hidden = name.starts_with('.') && !begun.starts_with('.');
        let is_file = !path.is_dir();
        if is_hidden || !lower.contains(&begun) || (is_file && !is_wanted(&path)) {
            return None;
        }
        let name = if is_file { name } else { format!("{name}{MAIN_SEPARATOR}") };
        Some((!lower.starts_with(&begun), Choice { is_file, name, path }))
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.filter_map(|entry| choice(entry.path())).collect();
    found.sort();
    found.into_iter().map(|(_, choice)| choice).collect()
}

/// The text with what all choices share that begin with it; none where that is no more than is there.
pub fn completed(text: &str, choices: &[Choice]) -> Option<String> {
    let (_, begun) = split(text);
    let begins = |name: &str| name.to_lowercase().starts_with(&begun.to_lowercase());
    let mut names = choices.iter().map(|choice| &*choice.name).filter(|name| begins(name));
    let first = names.next()?.to_string();
    let shared = names.fold(first, |shared, name| {
        let same = shared.chars().zip(name.chars()).take_while(|(a, b)| a == b);
        same.map(|(a, _)| a).collect()
    });
    let is_more = shared.chars().count() > begun.chars().count();
    is_more.then(|| format!("{}{shared}", &text.trim_end()[..text.trim_end().len() - begun.len()]))
}

/// The folder of a typed path, and what follows its last slash.
fn split(text: &str) -> (PathBuf, String) {
    let text = text.trim_end();
    let path = typed_path(text);
    if text.is_empty() || text.ends_with(['/', MAIN_SEPARATOR]) || text == "~" {
        return (path, String::new());
    }
    let begun = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into());
    match text.ends_with(&begun) {
        true => (path.parent().map_or_else(PathBuf::new, PathBuf::from), begun),
        false => (path, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cat.png", "catalogue.toml", "Car.png", ".hidden.png"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("cars")).unwrap();
        folder
    }

    fn names(text: &str) -> Vec<String> {
        let is_picture = |path: &Path| path.extension().is_some_and(|ending| ending == "png");
        completions(text, is_picture).into_iter().map(|choice| choice.name).collect()
    }

    #[test]
    fn folders_and_wanted_files_complete_a_path() {
        let folder = folder();
        let at = |rest: &str| format!("{}/{rest}", folder.path().display());
        assert_eq!(names(&at("")), ["cars/", "Car.png", "cat.png"]);
        assert_eq!(names(&at("ca")), ["cars/", "Car.png", "cat.png"]);
        assert_eq!(names(&at("at")), ["cat.png"]);
        assert_eq!(names(&at(".h")), [".hidden.png"]);
        assert!(names(&at("no/such/folder")).is_empty());
    }

    #[test]
    fn a_completion_is_what_all_share() {
        let folder = folder();
        let at = |rest: &str| format!("{}/{rest}", folder.path().display());
        let all = |text: &str| completed(text, &completions(text, |_| true));
        assert_eq!(all(&at("cat")), None, "a picture and a catalogue go on differently");
        assert_eq!(all(&at("cata")), Some(at("catalogue.toml")));
        assert_eq!(all(&at("cars")), Some(at("cars/")));
        assert_eq!(all(&at("x")), None);
    }

    #[test]
    fn paths_are_read_as_people_type_and_paste_them() {
        assert_eq!(typed_path(" \"/a/b c\" "), PathBuf::from("/a/b c"));
        assert_eq!(typed_path("file:///a/b%20c"), PathBuf::from("/a/b c"));
        let home = std::env::home_dir().unwrap();
        assert_eq!(typed_path("~/x"), home.join("x"));
        assert_eq!(typed_path("~x"), PathBuf::from("~x"));
        let folder = folder();
        let at = |rest: &str| PathBuf::from(format!("{}/{rest}", folder.path().display()));
        assert_eq!(typed_path("/no/such//a/b"), PathBuf::from("/a/b"), "typed behind another");
        assert_eq!(typed_path("/no/such/~/x"), home.join("x"));
        let slash_too_many = format!("{}//fig", folder.path().display());
        assert_eq!(
            typed_path(&slash_too_many),
            at("fig"),
            "a slash too many names no other folder"
        );
        assert_eq!(typed_path("//server/x"), PathBuf::from("//server/x"));
        assert_eq!(typed_path("/data/~old"), PathBuf::from("/data/~old"));
    }
}
