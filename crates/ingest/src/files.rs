use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Component, Path, PathBuf},
};

use crate::{Error, Note, arrow::begins as begins_as_arrow, json::begins_with_value};

/// How a file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, the file format (Feather V2) or the stream.
    Arrow,
    /// Delimited text.
    Csv(Compression),
    /// JSON: one object a line, or one array of objects.
    Json(Compression),
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Csv(Compression::None) => "csv",
            Self::Csv(Compression::Gzip) => "csv.gz",
            Self::Csv(Compression::Zstd) => "csv.zst",
            Self::Json(Compression::None) => "json",
            Self::Json(Compression::Gzip) => "json.gz",
            Self::Json(Compression::Zstd) => "json.zst",
        })
    }
}

/// How a text file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// RFC 1952, one member or several.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// A file of the dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path below the folder all files share, with `/` between folders; the order of the files is that of names.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// How it is stored.
    pub format: Format,
    /// `key=value` folders on its path, outermost first; `None` where the value is missing.
    pub partition: Vec<(String, Option<String>)>,
}

/// Most folders below a given one.
const DEPTH: usize = 64;

/// A file that inputs name, whatever is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// As [`SourceFile::name`].
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// The files that the inputs name: files, folders (searched), and patterns. Sorted by name; nothing is opened.
pub fn find_files(inputs: &[String]) -> Result<Vec<NamedFile>, Error> {
    Ok(named(inputs, &mut Vec::new())?.into_iter().map(|(file, _)| file).collect())
}

/// Finds the files that the inputs name and looks how they are stored, noting what is left out.
pub(crate) fn discover(inputs: &[String], notes: &mut Vec<Note>) -> Result<Vec<SourceFile>, Error> {
    let files = named(inputs, notes)?.into_iter().map(|(NamedFile { name, path }, suffix)| {
        Ok(SourceFile { partition: partition(&path), format: format(&path, suffix)?, name, path })
    });
    files.collect()
}

/// Files by name, and what the name says of how they are stored.
fn named(inputs: &[String], notes: &mut Vec<Note>) -> Result<Vec<(NamedFile, Suffix)>, Error> {
    let mut found = Found { paths: BTreeMap::new(), roots: Vec::new(), notes };
    for input in inputs {
        found.input(input)?;
    }
    if found.paths.is_empty() {
        return Err(Error::input(
            inputs.join(" "),
            "no files to read here; give Parquet, Arrow, JSON or CSV files or their folder",
        ));
    }
    let root = common(&found.roots);
    let mut files = Vec::with_capacity(found.paths.len());
    for (path, explicit) in found.paths {
        let suffix = Suffix::of(&path);
        if explicit || !matches!(suffix, Suffix::Unread | Suffix::Other) {
            files.push((NamedFile { name: relative(&path, &root), path }, suffix));
        } else {
            found.notes.push(Note::new(format!(
                "{}: not read, because it is not Parquet, Arrow, JSON or CSV",
                path.display()
            )));
        }
    }
    files.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    if files.is_empty() {
        return Err(Error::input(inputs.join(" "), "none of the files here is Parquet, Arrow, JSON or CSV"));
    }
    Ok(files)
}

struct Found<'a> {
    /// Path and whether it was named by itself.
    paths: BTreeMap<PathBuf, bool>,
    /// Folders that names are relative to.
    roots: Vec<PathBuf>,
    notes: &'a mut Vec<Note>,
}

impl Found<'_> {
    fn input(&mut self, input: &str) -> Result<(), Error> {
        let path = Path::new(input);
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => {
                self.roots.push(path.to_owned());
                self.folder(path, 0)
            }
            Ok(_) => self.file(path),
            Err(_) if input.contains(['*', '?', '[']) => self.pattern(input),
            Err(e) => Err(Error::io(path, e)),
        }
    }

    fn file(&mut self, path: &Path) -> Result<(), Error> {
        if !fs::metadata(path).map_err(|e| Error::io(path, e))?.is_file() {
            let what = "not a regular file; pipes and devices cannot be read twice, so save it as a file first";
            return Err(Error::input(path.display().to_string(), what));
        }
        self.roots.push(path.parent().unwrap_or(Path::new("")).to_owned());
        self.paths.insert(path.to_owned(), true);
        Ok(())
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), Error> {
        let matches = glob::glob(pattern).map_err(|e| Error::input(pattern, e.to_string()))?;
        let fixed: PathBuf = Path::new(pattern)
            .components()
            .take_while(|c| !c.as_os_str().to_string_lossy().contains(['*', '?', '[']))
            .collect();
        let before = self.paths.len();
        for path in matches {
            let path = path.map_err(|e| Error::io(e.path().to_owned(), e.into()))?;
            let meta = fs::metadata(&path).map_err(|e| Error::io(&path, e))?;
            if meta.is_dir() {
                self.folder(&path, 0)?;
            } else if meta.is_file() {
                self.paths.insert(path, true);
            }
        }
        if self.paths.len() == before {
            return Err(Error::input(pattern, "no file matches this pattern"));
        }
        self.roots.push(fixed);
        Ok(())
    }

    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Error> {
        if depth > DEPTH {
            return Err(Error::input(folder.display().to_string(), format!("more than {DEPTH} folders deep")));
        }
        for entry in fs::read_dir(folder).map_err(|e| Error::io(folder, e))? {
            let entry = entry.map_err(|e| Error::io(folder, e))?;
            let path = entry.path();
            let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(['.', '_']));
            // What most systems tell beside the name; only links have to be looked at.
            let mut kind = entry.file_type().map_err(|e| Error::io(&path, e))?;
            let link = kind.is_symlink();
            if link {
                kind = fs::metadata(&path).map_err(|e| Error::io(&path, e))?.file_type();
            }
            if kind.is_dir() && link {
                self.notes.push(Note::new(format!("{}: not searched, because it is a link", path.display())));
            } else if hidden {
                self.notes.push(Note::new(format!("{}: not read, because of how its name begins", path.display())));
            } else if kind.is_dir() {
                self.folder(&path, depth + 1)?;
            } else if kind.is_file() {
                self.paths.entry(path).or_insert(false);
            } else {
                self.notes.push(Note::new(format!("{}: not read, because it is not a regular file", path.display())));
            }
        }
        Ok(())
    }
}

/// The longest path that begins all of these.
fn common(roots: &[PathBuf]) -> PathBuf {
    let Some((first, rest)) = roots.split_first() else { return PathBuf::new() };
    first
        .components()
        .enumerate()
        .take_while(|(i, c)| rest.iter().all(|r| r.components().nth(*i) == Some(*c)))
        .map(|(_, c)| c)
        .collect()
}

fn relative(path: &Path, root: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn partition(path: &Path) -> Vec<(String, Option<String>)> {
    let folders = path.parent().into_iter().flat_map(Path::components);
    folders
        .filter_map(|c| match c {
            Component::Normal(name) => name.to_str()?.split_once('='),
            _ => None,
        })
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (unescape(key), (value != "__HIVE_DEFAULT_PARTITION__").then(|| unescape(value))))
        .collect()
}

/// Undoes the percent-encoding that Hive puts on folder names.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|d| std::str::from_utf8(d).ok());
        if let Some(byte) = code.and_then(|d| u8::from_str_radix(d, 16).ok()) {
            out.push(byte);
            rest = &tail[2..];
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// What a file's name says of how it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suffix {
    Parquet,
    Json,
    Delimited,
    Arrow,
    /// Known, and not read.
    Unread,
    Other,
}

impl Suffix {
    fn of(path: &Path) -> Self {
        let name = path.file_name().map(|n| n.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let stem = name.strip_suffix(".gz").or(name.strip_suffix(".zst")).unwrap_or(&name);
        match stem.rsplit_once('.').map_or("", |(_, suffix)| suffix) {
            "parquet" | "parq" | "pq" => Self::Parquet,
            "jsonl" | "ndjson" | "json" => Self::Json,
            "csv" | "tsv" | "tab" | "txt" => Self::Delimited,
            "arrow" | "arrows" | "feather" | "ipc" => Self::Arrow,
            "xlsx" | "orc" | "avro" | "zip" => Self::Unread,
            _ => Self::Other,
        }
    }
}

/// The format, by what the file begins with, else by its name.
fn format(path: &Path, suffix: Suffix) -> Result<Format, Error> {
    let refuse = |what: &str| Err(Error::input(path.display().to_string(), what));
    if suffix == Suffix::Unread {
        return refuse("a kind of file that is not read; convert it to Parquet or CSV first");
    }
    let head = head(path)?;
    let json = suffix == Suffix::Json || (suffix != Suffix::Delimited && begins_with_value(&head));
    let text = if json { Format::Json } else { Format::Csv };
    Ok(match &head[..] {
        [b'P', b'A', b'R', b'1', ..] => Format::Parquet,
        [b'P', b'A', b'R', b'E', ..] => return refuse("an encrypted Parquet file; decrypt it first"),
        [b'F', b'E', b'A', b'1', ..] => return refuse("a Feather file of version 1; write it again as version 2"),
        head if suffix == Suffix::Arrow || (begins_as_arrow(head) && suffix == Suffix::Other && !json) => Format::Arrow,
        [0x1f, 0x8b, ..] => text(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => text(Compression::Zstd),
        _ if suffix == Suffix::Parquet => Format::Parquet,
        _ => text(Compression::None),
    })
}

/// The first bytes of a file.
fn head(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|e| Error::io(path, e))?;
    file.take(64).read_to_end(&mut bytes).map_err(|e| Error::io(path, e))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[SourceFile]) -> Vec<&str> {
        files.iter().map(|f| f.name.as_str()).collect()
    }

    #[test]
    fn folders_patterns_and_partitions() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("year=2024/kind=a%20b");
        fs::create_dir_all(&deep).unwrap();
        for name in ["b.csv", "a.csv", "read.me", "_SUCCESS"] {
            fs::write(dir.path().join(name), "x\n1\n").unwrap();
        }
        fs::write(deep.join("c.csv"), "x\n1\n").unwrap();
        let root = dir.path().to_string_lossy().into_owned();
        let mut notes = Vec::new();
        let all = discover(std::slice::from_ref(&root), &mut notes).unwrap();
        assert_eq!(names(&all), ["a.csv", "b.csv", "year=2024/kind=a%20b/c.csv"]);
        let keys = [("year".to_owned(), Some("2024".to_owned())), ("kind".to_owned(), Some("a b".to_owned()))];
        assert_eq!(all[2].partition, keys);
        assert_eq!(notes.len(), 2, "{notes:?}");
        let some = discover(&[format!("{root}/*.csv")], &mut notes).unwrap();
        assert_eq!(names(&some), ["a.csv", "b.csv"]);
        let one = discover(&[format!("{root}/b.csv")], &mut notes).unwrap();
        assert_eq!(names(&one), ["b.csv"]);
    }

    #[test]
    fn nothing_there_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_string_lossy().into_owned();
        for input in [root.clone(), format!("{root}/*.csv"), format!("{root}/none.csv"), "/dev/null".to_owned()] {
            assert!(discover(&[input], &mut Vec::new()).is_err());
        }
    }
}
