//! Lists of pictures as files: a name a line, perhaps with its class, or tables.

use super::ListedPicture;
use crate::encoding;
use crate::error::{Error, Result};
use crate::file::extension;
use crate::picture::Picture;
use csv::{ReaderBuilder, StringRecord};
use std::path::{Path, PathBuf};

/// What a column may be called, compared without case, blanks, `_` and `-`.
const IMAGE: [&str; 11] = [
    "image",
    "path",
    "file",
    "filename",
    "imagepath",
    "filepath",
    "imageid",
    "imagename",
    "img",
    "picture",
    "imagefile",
];
const LABEL: [&str; 7] =
    ["label", "class", "target", "classid", "labelid", "classindex", "classlabel"];

/// Lists above this many bytes are refused before they are read.
const MAX_BYTES: u64 = 1 << 28;

/// Reads a list: a picture a line, with or without its class after it, or a table with a header. Empty
/// lines and those that begin with `#` are left out.
///
/// # Errors
/// When it can't be read, or a line is odd.
pub(super) fn read(list: &Path) -> Result<Vec<ListedPicture>> {
    let failed =
        |why: String| Error::new(format!("cannot read list of pictures {}", list.display()), why);
    let text = bytes(list).and_then(encoding::text).map_err(failed)?;
    let folder = list.parent().unwrap_or(Path::new(""));
    let rows = rows(&text, extension(list).as_str(), folder).map_err(failed)?;
    let picture = |(name, label): (String, _)| ListedPicture {
        label,
        ..ListedPicture::new(Some(folder), &found(folder, &name), None)
    };
    Ok(rows.into_iter().map(picture).collect())
}

fn bytes(list: &Path) -> Result<Vec<u8>, String> {
    match std::fs::metadata(list).map_err(|e| e.to_string())?.len() {
        0..=MAX_BYTES => std::fs::read(list).map_err(|e| e.to_string()),
        size => Err(format!("it holds {} MiB, which is too much for a list", size >> 20)),
    }
}

/// Names and classes.
type Rows = Vec<(String, Option<usize>)>;

fn rows(text: &str, extension: &str, folder: &Path) -> Result<Rows, String> {
    let is_row = |line: &&str| !(line.trim().is_empty() || line.trim_start().starts_with('#'));
    let first = text.lines().find(is_row).unwrap_or_default();
    let header = records(first, true).headers().cloned().unwrap_or_default();
    if column(&header, &IMAGE).is_some() {
        return table(text, &header);
    }
    let is_bare = matches!(extension, "csv" | "tsv")
        && !header.iter().next().is_some_and(|name| is_picture(name, folder));
    if is_bare {
        let found: Vec<_> = header.iter().collect();
        return Err(format!("its columns are {}, none is {}", found.join(", "), IMAGE.join(", ")));
    }
    let lines = text.lines().enumerate().filter(|(_, line)| is_row(line));
    lines
        .map(|(index, text)| line(text, folder).map_err(|why| format!("line {}: {why}", index + 1)))
        .collect()
}

fn is_picture(name: &str, folder: &Path) -> bool {
    Picture::is_picture_file(Path::new(name)) || folder.join(name).is_file()
}

/// A name, or a name and a class behind a blank, tab, comma or semicolon.
fn line(line: &str, folder: &Path) -> Result<(String, Option<usize>), String> {
    let whole = unquoted(line);
    if is_picture(whole, folder) {
        return Ok((whole.to_string(), None));
    }
    let separators = [' ', '\t', ',', ';'];
    let Some((name, last)) = line.trim().rsplit_once(separators) else {
        return Ok((whole.to_string(), None));
    };
    let name = unquoted(name.trim_end_matches(separators));
    match (class(unquoted(last)), is_picture(name, folder)) {
        (Ok(class), _) => Ok((name.to_string(), class)),
        (Err(why), true) => Err(why),
        (Err(_), false) => Ok((whole.to_string(), None)),
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let within = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

/// The separator is the one that the first line has most of.
fn records(text: &str, has_headers: bool) -> csv::Reader<&[u8]> {
    let first = text.lines().find(|line| !line.trim_start().starts_with('#')).unwrap_or_default();
    let count = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
    let separator = [b'\t', b';', b','].into_iter().max_by_key(count).expect("there are three");
    ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .has_headers(has_headers)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// The first column called so, in the order of the names.
fn column(header: &StringRecord, names: &[&str]) -> Option<usize> {
    let plain = |name: &str| -> String {
        let kept = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-'));
        kept.flat_map(char::to_lowercase).collect()
    };
    let header: Vec<String> = header.iter().map(plain).collect();
    names.iter().find_map(|name| header.iter().position(|column| column == name))
}

fn table(text: &str, header: &StringRecord) -> Result<Rows, String> {
    let image = column(header, &IMAGE).ok_or("no column names pictures")?;
    let rows = records(text, true).into_records().collect::<Result<Vec<_>, _>>();
    let rows = rows.map_err(|e| e.to_string())?;
    let label = label_column(header, &rows);
    let mut listed = vec![];
    for row in rows {
        let line = row.position().map_or(0, csv::Position::line);
        let at = |why: String| format!("line {line}: {why}");
        let name = row.get(image).map(unquoted).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| format!("line {line} names no picture"))?;
        let label = label.and_then(|label| row.get(label)).unwrap_or_default();
        listed.push((name.to_string(), class(unquoted(label)).map_err(at)?));
    }
    Ok(listed)
}

/// The first column for classes that holds numbers; the first of all where none does.
fn label_column(header: &StringRecord, rows: &[StringRecord]) -> Option<usize> {
    let columns: Vec<_> = LABEL.iter().filter_map(|name| column(header, &[name])).collect();
    let is_of_numbers = |column: &&usize| {
        rows.iter().all(|row| class(unquoted(row.get(**column).unwrap_or_default())).is_ok())
    };
    columns.iter().find(is_of_numbers).or(columns.first()).copied()
}

/// A class's index, which some programs write with decimals; none where nothing is written.
fn class(text: &str) -> Result<Option<usize>, String> {
    let whole = |number: &f64| number.fract() == 0.0 && (0.0..1e9).contains(number);
    match text.parse::<f64>().ok().filter(whole) {
        Some(class) => Ok(Some(class as usize)),
        None if text.is_empty() => Ok(None),
        None => Err(format!("label {text} is no class's index from 0")),
    }
}

/// The file of a name: as written, else with the separators of this system, else with a picture's
/// extension, which lists of data sets leave out.
fn found(folder: &Path, name: &str) -> PathBuf {
    let written = folder.join(name);
    let here = folder.join(name.replace('\\', "/"));
    let with_extension = Picture::extensions().iter().flat_map(|extension| {
        [(*extension).to_string(), extension.to_uppercase()]
            .map(|extension| PathBuf::from(format!("{}.{extension}", here.display())))
    });
    let candidates = [written.clone(), here.clone()].into_iter().chain(with_extension);
    candidates.into_iter().find(|path| path.is_file()).unwrap_or(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(extension: &str, text: &str) -> Result<Rows, String> {
        rows(text, extension, Path::new("nowhere"))
    }

    #[test]
    fn lines_may_have_classes_quotes_comments_and_blanks() {
        let text = "# of the house\nmy cat.jpg\n\n\"a b.png\" 3\ndir\\c.png\t4.0\nd.png;5\n'e f.jpg',6\ng.npy  7 \n";
        let expected = [
            ("my cat.jpg", None),
            ("a b.png", Some(3)),
            ("dir\\c.png", Some(4)),
            ("d.png", Some(5)),
            ("e f.jpg", Some(6)),
            ("g.npy", Some(7)),
        ];
        let expected = expected.map(|(name, label)| (name.to_string(), label));
        assert_eq!(read_as("txt", text).unwrap(), expected);
        assert_eq!(
            read_as("csv", &text.replace("my cat.jpg", "h.jpg,")).unwrap()[1..],
            expected[1..]
        );
        let why = read_as("txt", "a.png 3\nb.png cat\n").unwrap_err();
        assert_eq!(why, "line 2: label cat is no class's index from 0");
        assert!(read_as("txt", "a.png -1\n").is_err());
    }

    #[test]
    fn tables_may_have_any_separator_and_names_beside_numbers() {
        for text in [
            "image,label\na.png,3\n\nb.png,\n",
            "# made by hand\nlabel;File Name\n3.0;a.png\n;b.png\n",
            "image_path\tclass\tclass_id\n\"a.png\"\tcat\t3\nb.png\tdog\t\n",
        ] {
            let expected = [("a.png".to_string(), Some(3)), ("b.png".to_string(), None)];
            assert_eq!(read_as("txt", text).unwrap(), expected, "{text}");
        }
        let why = read_as("csv", "image,label\na.png,cat\n").unwrap_err();
        assert_eq!(why, "line 2: label cat is no class's index from 0");
        assert!(
            read_as("csv", "x,y\n1,2\n")
                .unwrap_err()
                .contains("its columns are x, y, none is image")
        );
    }
}
