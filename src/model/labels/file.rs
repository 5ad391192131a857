//! Files of class names, in the formats that are around, recognised by content.

use super::{Labels, is_wnid, numbered};
use crate::encoding;
use crate::error::{self, Error};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const MAX_BYTES: u64 = 1 << 26;
const MAX_CLASSES: usize = 1_000_000;
/// Indices may leave some out, but a few names do not make thousands of classes.
const MOST_CLASSES_A_NAME: usize = 1000;
/// Where JSON files of networks keep their names, from the top down.
const PLACES: [&str; 6] = ["id2label", "label_names", "labels", "names", "classes", "class_names"];

/// A class's name and WordNet id; either may be empty.
type Name = (String, String);

impl Labels {
    /// A file of names: one a line from class 0 on, WordNet ids, numbered lines, a table with a
    /// header, a Python dictionary as text, or JSON (a list, names by index,
    /// `imagenet_class_index.json`, `id2label` of a `config.json`).
    ///
    /// # Errors
    /// When it can't be read or names no classes.
    pub fn read(path: &Path) -> error::Result<Self> {
        let what = || format!("cannot read labels {}", path.display());
        let bytes = bytes(path).map_err(|why| {
            Error::new(what(), why).hint(
                "`labels` is imagenet, cifar10, mnist or a file with one name a line, a CSV or JSON",
            )
        })?;
        Self::from_bytes(bytes).map_err(|why| Error::new(what(), why))
    }

    /// Names from a file's content, as [`Labels::read`].
    ///
    /// # Errors
    /// When it names no classes.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, String> {
        parsed(bytes)
    }
}

/// The whole file, unless it is too large.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let about = std::fs::metadata(path).map_err(|e| e.to_string())?;
    match about.len() {
        _ if !about.is_file() => Err("it is not a file".into()),
        0..=MAX_BYTES => std::fs::read(path).map_err(|e| e.to_string()),
        size => Err(format!("it holds {} MiB, which is too much for names", size >> 20)),
    }
}

/// The names in a file's content.
fn parsed(bytes: Vec<u8>) -> Result<Labels, String> {
    let text = encoding::text(bytes)?;
    let names = match text.trim_start().chars().next() {
        None => return Err("it is empty".into()),
        Some('{' | '[') => match serde_json::from_str(&text) {
            Ok(value) => of_json(&value)?,
            Err(why) => python(&text).ok_or_else(|| format!("it is not valid JSON: {why}"))?,
        },
        Some(_) => of_text(&text)?,
    };
    if names.is_empty() {
        return Err("it names no classes".into());
    }
    Ok(labels(names))
}

fn labels(names: Vec<Name>) -> Labels {
    let imagenet = Labels::built_in("imagenet").unwrap_or_default();
    let name = |(class, (name, wnid)): (usize, &Name)| match name.as_str() {
        "" if wnid.is_empty() => numbered(class),
        "" => imagenet.class_of(wnid).map_or(wnid.clone(), |class| imagenet.name(class).into()),
        _ => name.clone(),
    };
    let has_ids = names.iter().any(|(_, wnid)| !wnid.is_empty());
    Labels {
        names: names.iter().enumerate().map(name).collect(),
        wnids: names.into_iter().map(|(_, wnid)| wnid).filter(|_| has_ids).collect(),
        ..Labels::default()
    }
}

/// A name that may be a WordNet id, or one with a name behind it.
fn name(text: &str) -> Name {
    let text = text.trim();
    let (first, rest) = text.split_once([' ', '\t', ',']).unwrap_or((text, ""));
    match is_wnid(first) {
        true => (rest.trim().to_string(), first.to_string()),
        false => (text.to_string(), String::new()),
    }
}

/// Names in the order of their indices, which may leave some out.
fn ordered(indexed: Vec<(usize, Name)>) -> Result<Vec<Name>, String> {
    let mut by_index = BTreeMap::new();
    for (index, name) in indexed {
        if index >= MAX_CLASSES {
            return Err(format!("class {index} is beyond the {MAX_CLASSES} that are read"));
        }
        if by_index.insert(index, name).is_some() {
            return Err(format!("class {index} has two names"));
        }
    }
    let classes = by_index.last_key_value().map_or(0, |(last, _)| last + 1);
    if classes > MOST_CLASSES_A_NAME * by_index.len() {
        let (last, names) = (classes - 1, by_index.len());
        return Err(format!("class {last} is far beyond its {names} names"));
    }
    Ok((0..classes).map(|class| by_index.remove(&class).unwrap_or_default()).collect())
}

fn of_json(value: &Value) -> Result<Vec<Name>, String> {
    match value {
        Value::Array(names) => of_list(names),
        Value::Object(object) => {
            let inner = PLACES.iter().find_map(|place| object.get(*place));
            let inner = inner.or_else(|| object.get("pretrained_cfg")?.get("label_names"));
            match inner {
                Some(inner @ (Value::Array(_) | Value::Object(_))) => of_json(inner),
                _ => of_table(object.get("label2id").and_then(Value::as_object).unwrap_or(object)),
            }
        }
        _ => Err("its JSON is neither a list nor a table of names".into()),
    }
}

/// Names one after the other, or objects with a name and maybe an id.
fn of_list(names: &[Value]) -> Result<Vec<Name>, String> {
    let all_have_ids = names.iter().all(|value| index_in(value).is_some());
    let named = names.iter().map(one).collect::<Option<Vec<_>>>();
    let named = named.ok_or("its JSON is a list of other things than names")?;
    match all_have_ids {
        true => ordered(names.iter().filter_map(index_in).zip(named).collect()),
        false => Ok(named),
    }
}

fn index_in(value: &Value) -> Option<usize> {
    let id = ["id", "index", "class_id"].iter().find_map(|key| value.get(key))?.as_u64()?;
    usize::try_from(id).ok()
}

/// Names by index, or indices by name.
fn of_table(object: &serde_json::Map<String, Value>) -> Result<Vec<Name>, String> {
    let by_index = |(key, value): (&String, &Value)| Some((key.trim().parse().ok()?, one(value)?));
    let by_name =
        |(key, value): (&String, &Value)| Some((usize::try_from(value.as_u64()?).ok()?, name(key)));
    let read: Option<Vec<_>> = object.iter().map(by_index).collect();
    let read = read.or_else(|| object.iter().map(by_name).collect());
    ordered(read.ok_or("its JSON is neither a table of names by index nor has `id2label`")?)
}

/// A name as text, as `["n01440764", "tench"]`, or under `name`.
fn one(value: &Value) -> Option<Name> {
    match value {
        Value::String(text) => Some(name(text)),
        Value::Number(number) => Some((number.to_string(), String::new())),
        Value::Array(parts) => {
            let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            let parts = parts?;
            let wnid = parts.iter().find(|part| is_wnid(part)).copied().unwrap_or_default();
            let name = parts.iter().find(|part| !is_wnid(part))?;
            Some(((*name).to_string(), wnid.to_string()))
        }
        Value::Object(object) => {
            ["name", "label", "title"].iter().find_map(|key| object.get(*key)).and_then(one)
        }
        _ => None,
    }
}

/// A Python dictionary's text: `{0: 'tench', 1: "goldfish"}`, its braces aside.
fn python(text: &str) -> Option<Vec<Name>> {
    let mut rest = text.trim().trim_start_matches('{').trim_end_matches('}');
    let mut indexed = vec![];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() {
            return ordered(indexed).ok().filter(|names| !names.is_empty());
        }
        let (index, after) = rest.split_once(':')?;
        let index = unquoted(index.trim()).parse().ok()?;
        let (text, after) = quoted(after.trim_start())?;
        indexed.push((index, name(&text)));
        rest = after;
    }
}

/// A text in quotes, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (mut content, mut escaped) = (String::new(), false);
    for (place, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            _ if c == quote && !escaped => return Some((content, &text[place + 1..])),
            _ => {
                content.push(c);
                escaped = false;
            }
        }
    }
    None
}

fn unquoted(text: &str) -> &str {
    let within = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

/// Lines of names, numbered lines, a dictionary's lines, or a table with a header.
fn of_text(text: &str) -> Result<Vec<Name>, String> {
    if let Some(names) = python(text) {
        return Ok(names);
    }
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim).collect();
    if let Some(names) = table(text, &lines) {
        return names;
    }
    let numbers: Option<Vec<_>> = lines.iter().map(|line| number(line)).collect();
    if let Some(numbered) = numbers
        && numbered.iter().zip(numbered[0].0..).all(|((index, _), next)| *index == next)
        && numbered[0].0 <= 1
    {
        return Ok(numbered.into_iter().map(|(_, text)| name(text)).collect());
    }
    Ok(lines.into_iter().map(|line| name(unquoted(line))).collect())
}

/// A line's number and the name behind it, as in `0 tench`, `1. tench` and `2: tench`.
fn number(line: &str) -> Option<(usize, &str)> {
    let end = line.find(|c: char| !c.is_ascii_digit())?;
    let (digits, rest) = line.split_at(end);
    let name = rest.trim_start_matches([' ', '\t', ',', ';', ':', '.', ')']);
    (name.len() < rest.len() && !name.is_empty()).then_some((digits.parse().ok()?, unquoted(name)))
}

const NAMES: [&str; 7] =
    ["name", "label", "classname", "labelname", "description", "words", "class"];
const INDICES: [&str; 6] = ["index", "id", "classid", "labelid", "idx", "number"];
const WNIDS: [&str; 4] = ["wnid", "synset", "synsetid", "wordnetid"];

/// Columns of a table whose header says what they hold; none where the text is no table.
fn table(text: &str, lines: &[&str]) -> Option<Result<Vec<Name>, String>> {
    let header = lines.first()?;
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    let separator = [b'\t', b';', b','].into_iter().max_by_key(count)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let plain = |name: &str| name.to_lowercase().replace([' ', '_', '-'], "");
    let header: Vec<String> = reader.headers().ok()?.iter().map(plain).collect();
    let find = |names: &[&str]| names.iter().find_map(|name| header.iter().position(|h| h == name));
    let (wnids, indices) = (find(&WNIDS), find(&INDICES));
    let names = find(&NAMES).or(wnids)?;
    let indices = indices.or_else(|| find(&["class"]).filter(|column| *column != names));
    let mut indexed = vec![];
    for (row, record) in reader.records().enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(why) => return Some(Err(format!("broken table: {why}"))),
        };
        let field = |column: usize| record.get(column).unwrap_or_default();
        let index = match indices.map(field) {
            None => row,
            Some(text) => match text.parse() {
                Ok(index) => index,
                Err(_) => return Some(Err(format!("`{text}` is not a class index"))),
            },
        };
        let (name, own) = name(field(names));
        let wnid = wnids.map(field).filter(|id| is_wnid(id)).map_or(own, str::to_string);
        indexed.push((index, (name, wnid)));
    }
    Some(ordered(indexed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_names_is_read() {
        for text in [
            "tench\ngoldfish, Carassius auratus\n",
            "\u{feff}tench\r\ngoldfish, Carassius auratus\r\n\r\n",
            "0 tench\n1 goldfish, Carassius auratus",
            "1. tench\n2. goldfish, Carassius auratus",
            "0: 'tench',\n1: 'goldfish, Carassius auratus',",
            "{0: 'tench',\n 1: \"goldfish, Carassius auratus\"}",
            "index,name\n1,\"goldfish, Carassius auratus\"\n0,tench\n",
            "wnid\tlabel\nn01440764\ttench\nn01443537\tgoldfish, Carassius auratus\n",
            "[\"tench\", \"goldfish, Carassius auratus\"]",
            "{\"1\": \"goldfish, Carassius auratus\", \"0\": \"tench\"}",
            "{\"tench\": 0, \"goldfish, Carassius auratus\": 1}",
            "{\"id2label\": {\"0\": \"tench\", \"1\": \"goldfish, Carassius auratus\"}, \"x\": 3}",
            "{\"label2id\": {\"tench\": 0, \"goldfish, Carassius auratus\": 1}}",
            "{\"num_classes\": 2, \"label_names\": [\"tench\", \"goldfish, Carassius auratus\"]}",
            "{\"0\": [\"n01440764\", \"tench\"], \"1\": [\"n01443537\", \"goldfish, Carassius auratus\"]}",
            "[{\"id\": 1, \"name\": \"goldfish, Carassius auratus\"}, {\"id\": 0, \"name\": \"tench\"}]",
            "n01440764 tench\nn01443537 goldfish, Carassius auratus\n",
        ] {
            let found = parsed(text.as_bytes().to_vec()).unwrap();
            assert_eq!(found.names, ["tench", "goldfish, Carassius auratus"], "{text}");
            assert_eq!(found.class_of("n01443537"), Some(1), "{text}");
            assert_eq!(found.class_of("goldfish"), Some(1), "{text}");
        }
    }

    #[test]
    fn ids_alone_have_imagenets_names_and_gaps_are_numbered() {
        let found = parsed(b"n01443537\nn01440764\nn99999999".to_vec()).unwrap();
        assert_eq!(found.names, ["goldfish", "tench", "n99999999"]);
        assert_eq!(found.class_of("n01440764"), Some(1));
        let found = parsed(b"{\"2\": \"owl\"}".to_vec()).unwrap();
        assert_eq!(found.names, ["class 0", "class 1", "owl"]);
        // Digits are names where they don't count the lines.
        assert_eq!(parsed(b"3\n1\n4\n".to_vec()).unwrap().names, ["3", "1", "4"]);
        assert_eq!(parsed(b"2 stroke\n4 stroke\n".to_vec()).unwrap().names[1], "4 stroke");
    }

    #[test]
    fn what_names_no_classes_is_refused() {
        for (text, words) in [
            ("", "empty"),
            ("{}", "names no classes"),
            ("{\"a\": {\"b\": 1}}", "neither a table of names"),
            ("{\"a\": ", "not valid JSON"),
            ("[1.5, [2]]", "other things than names"),
            ("{\"0\": \"a\", \"00\": \"b\"}", "two names"),
            ("{\"99999999999\": \"a\"}", "beyond"),
            ("id,name\nx,cat\n", "not a class index"),
        ] {
            let why = parsed(text.as_bytes().to_vec()).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
    }
}
