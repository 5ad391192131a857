//! Which file of `src` uses which, read from `use` lines and paths.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Files by their modules, `graph::op` for src/graph/op/mod.rs.
pub type Files<T> = BTreeMap<String, T>;
pub type Names = BTreeSet<String>;

/// The text of every file but main.rs and lib.rs, without comments and unit tests.
pub fn sources() -> Files<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut found) = (vec![root.clone()], Files::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(module(path.strip_prefix(&root).unwrap()), code(&text));
            }
        }
    }
    found.retain(|module, _| !["main", "lib"].contains(&module.as_str()));
    found
}

fn module(file: &Path) -> String {
    let names = file.with_extension("").to_str().unwrap().replace(['/', '\\'], "::");
    names.strip_suffix("::mod").unwrap_or(&names).into()
}

/// Without comments, unit tests, and the paths of `pub(in path)`.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut parts = code.split("pub(in ");
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once(')').map_or(part, |(_, rest)| rest));
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("pub")
}

/// The paths of a `use` tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn flattened(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap().trim().into()];
    };
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for character in rest[..rest.rfind('}').unwrap()].chars() {
        depth += i32::from(character == '{') - i32::from(character == '}');
        match character == ',' && depth == 0 {
            true => parts.push(String::new()),
            false => parts.last_mut().unwrap().push(character),
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    let parts = parts.iter().flat_map(|part| flattened(part));
    parts.map(|part| format!("{}{part}", head.trim())).collect()
}

/// Whether a path begins at the library's root, or at the program's, which holds the window.
fn is_root(name: &str) -> bool {
    ["crate", env!("CARGO_PKG_NAME")].contains(&name)
}

/// A path from the crate's root, where it is one of the crate.
fn absolute(path: &str, module: &str) -> Option<String> {
    let mut names: Vec<_> = path.split("::").filter(|name| *name != "self").collect();
    let up = names.iter().take_while(|name| **name == "super").count();
    let start: Vec<_> = match (names.first()?, path.starts_with("self::")) {
        (name, _) if is_root(name) => vec![],
        (&"super", _) => module.rsplitn(up + 1, "::").nth(up)?.split("::").collect(),
        (_, true) => module.split("::").collect(),
        _ => return None,
    };
    names.drain(..up.max(usize::from(is_root(names[0]))));
    Some([start, names].concat().join("::"))
}

/// What a file imports for itself, and what it hands on (`pub use`).
fn imports(module: &str, sources: &Files<String>) -> [Names; 2] {
    let mut found = [Names::new(), Names::new()];
    for statement in sources[module].split(';') {
        let Some((before, tree)) = statement.rsplit_once("use ") else { continue };
        let before = before.lines().last().unwrap_or_default().trim();
        if !before.is_empty() && !before.starts_with("pub") {
            continue;
        }
        for path in flattened(tree) {
            let child = format!("{module}::{}", path.split("::").next().unwrap());
            let path = if sources.contains_key(&child) { format!("self::{path}") } else { path };
            found[usize::from(!before.is_empty())].extend(absolute(&path, module));
        }
    }
    found
}

/// The file that a path leads to, past those that only hand the name on.
fn defining(path: &str, exports: &Files<Names>) -> Option<String> {
    let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
    let end = ends.filter(|end| exports.contains_key(&path[..*end])).last()?;
    let (file, name) = (&path[..end], path[end..].split("::").nth(1));
    let ends_so = |export: &&String| {
        export.as_str() != path && name.is_some_and(|name| export.rsplit("::").next() == Some(name))
    };
    match exports[file].iter().find(ends_so) {
        Some(export) => defining(export, exports),
        None => Some(file.into()),
    }
}

/// Code beside `use` and `mod` lines, as words and paths: `count`, `crate::text::count`, `tape::Tape`.
fn words(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let code = text.split(';').filter(|part| !part.contains("mod "));
    let code = code.filter_map(|part| part.split("use ").next());
    code.flat_map(|code| code.split(|c| !is_part(c))).collect()
}

/// The absolute paths of a file.
fn paths(module: &str, sources: &Files<String>, [private, public]: &[Names; 2]) -> Names {
    let words = words(&sources[module]);
    let last = |path: &str| path.rsplit("::").next().unwrap().to_string();
    let handed_on = public.iter().filter(|path| words.contains(last(path).as_str()));
    let mut found: Names = private.iter().chain(handed_on).cloned().collect();
    for (first, rest) in words.iter().filter_map(|word| word.split_once("::")) {
        let imported = private.iter().filter(|path| last(path) == first);
        let child = format!("{module}::{first}");
        let child = sources.contains_key(&child).then_some(&child);
        found.extend(imported.chain(child).map(|path| format!("{path}::{rest}")));
        found.extend(absolute(&format!("{first}::{rest}"), module));
    }
    found
}

/// The files that each file uses.
pub fn used() -> Files<Names> {
    let sources = sources();
    let imports: Files<_> = sources.keys().map(|m| (m.clone(), imports(m, &sources))).collect();
    let exports = imports.iter().map(|(module, [_, public])| (module.clone(), public.clone()));
    let exports: Files<Names> = exports.collect();
    let of = |(module, imports): (&String, &[Names; 2])| {
        let paths = paths(module, &sources, imports);
        let files = paths.iter().filter_map(|path| defining(path, &exports));
        (module.clone(), files.filter(|file| file != module).collect())
    };
    imports.iter().map(of).collect()
}
