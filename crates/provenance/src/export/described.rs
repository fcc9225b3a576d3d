//! Croissant 1.0 and 1.1, read: what a publisher says of a dataset's files and columns.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::Value;
use taster_core::Digest;

use crate::{Error, file::read_bounded};

/// No description is longer; anything longer is not read.
const LONGEST: u64 = 64 << 20;

/// What a Croissant file says of a dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// What the dataset is called.
    pub name: Option<String>,
    /// Its home page.
    pub url: Option<String>,
    /// Its licence; several are joined by commas.
    pub licence: Option<String>,
    /// Who made it; several are joined by commas.
    pub creator: Option<String>,
    /// Whether its files are expected to change.
    pub live: bool,
    /// Its files.
    pub files: Vec<DescribedFile>,
    /// Patterns of names that sets of files are made of.
    pub patterns: Vec<String>,
    /// The column that is said to be the label, where it is one.
    pub label: Option<String>,
    /// Columns that are the key of their records.
    pub ids: Vec<String>,
    /// The column of dates or times, where it is one.
    pub time: Option<String>,
}

/// A `FileObject`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedFile {
    /// Path or name that the file should have here.
    pub name: String,
    /// Where it can be fetched, where that is an address.
    pub url: Option<String>,
    /// What is said of its bytes.
    pub sha256: Expected,
}

/// What a description says of a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Nothing,
    /// This is their SHA-256.
    Digest(Digest),
    /// This, which is no SHA-256. The specification's own examples carry such values.
    Unusable(String),
}

impl Description {
    /// Reads a Croissant file.
    ///
    /// Errs where it is none, or conforms to another major version.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let refuse = |problem: String| Error::Croissant { path: PathBuf::from(path), problem };
        let value: Value = serde_json::from_slice(&read_bounded(path, LONGEST)?).map_err(|e| refuse(e.to_string()))?;
        Self::of(&value).map_err(refuse)
    }

    /// Reads a Croissant description; the message says what is wrong with it.
    pub fn of(value: &Value) -> Result<Self, String> {
        let versions: Vec<&str> = many(value, "conformsTo").filter_map(text_or_id).collect();
        let known =
            |version: &&str| version.trim_end_matches('/').rsplit('/').next().is_some_and(|v| v.starts_with("1."));
        if !versions.iter().any(|version| version.contains("mlcommons.org/croissant/") && known(version)) {
            return Err(format!("it conforms to {versions:?}, and not to Croissant 1.0 or 1.1"));
        }
        let mut description = Self {
            name: text(value, "name"),
            url: text(value, "url"),
            licence: joined(value, "license"),
            creator: joined(value, "creator"),
            live: one(value, "isLiveDataset").is_some_and(|live| *live == Value::Bool(true) || *live == "True"),
            ..Self::default()
        };
        for resource in many(value, "distribution") {
            if is_a(resource, "FileSet") {
                description.patterns.extend(many(resource, "includes").filter_map(Value::as_str).map(str::to_owned));
            } else if is_a(resource, "FileObject") {
                description.files.extend(file(resource));
            }
        }
        description.roles(value);
        Ok(description)
    }

    /// Takes the roles that are said plainly; kinds of features are better found out from the values.
    fn roles(&mut self, value: &Value) {
        let (mut labels, mut times, mut ids) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for records in many(value, "recordSet") {
            let keys: Vec<&str> = many(records, "key").filter_map(text_or_id).collect();
            for field in many(records, "field") {
                let Some(column) = column(field) else { continue };
                let types: Vec<&str> = many(field, "dataType").filter_map(text_or_id).map(local).collect();
                if types.contains(&"Label") {
                    labels.insert(column.clone());
                } else if one(field, "@id").and_then(Value::as_str).is_some_and(|id| keys.contains(&id)) {
                    ids.insert(column.clone());
                } else if types.contains(&"Date") || types.contains(&"DateTime") {
                    times.insert(column.clone());
                }
            }
        }
        let only = |found: BTreeSet<String>| (found.len() == 1).then(|| found.into_iter().next()).flatten();
        (self.label, self.time, self.ids) = (only(labels), only(times), ids.into_iter().collect());
    }
}

fn file(resource: &Value) -> Option<DescribedFile> {
    let url = text(resource, "contentUrl");
    let is_address = |url: &&String| url.contains("://");
    let relative = url.as_ref().filter(|url| !is_address(url)).map(|url| url.trim_start_matches("./").to_owned());
    let id = one(resource, "@id").and_then(Value::as_str).map(str::to_owned);
    let last = url.as_ref().and_then(|url| url.split(['?', '#']).next()?.rsplit('/').next().map(str::to_owned));
    let names = [relative, text(resource, "name"), id, last];
    // Of several names, one with an ending is that of a file.
    let named = |name: &&String| Path::new(name.as_str()).extension().is_some();
    let name = names.iter().flatten().find(named).or_else(|| names.iter().flatten().next())?.clone();
    let sha256 = match one(resource, "sha256").and_then(Value::as_str) {
        None => Expected::Nothing,
        Some(text) => {
            text.parse().map_or_else(|_| Expected::Unusable(text.chars().take(80).collect()), Expected::Digest)
        }
    };
    Some(DescribedFile { name, url: url.filter(|url| is_address(&url)), sha256 })
}

/// The column that a field is taken from; `None` for a part of one, or of a file's name or bytes.
fn column(field: &Value) -> Option<String> {
    let source = one(field, "source")?;
    if one(source, "transform").is_some() {
        return None;
    }
    text(one(source, "extract")?, "column")
}

/// Values of a property, by its name without prefix: Croissant files write `cr:field`, `sc:name` and bare names.
fn many<'a>(value: &'a Value, key: &'a str) -> impl Iterator<Item = &'a Value> {
    let object = value.as_object().into_iter().flatten();
    let found = object.filter(move |(name, _)| *name == key || (!name.starts_with('@') && local(name) == key));
    found.flat_map(|(_, value)| match value {
        Value::Array(values) => values.iter().collect::<Vec<_>>(),
        one => vec![one],
    })
}

fn one<'a>(value: &'a Value, key: &'a str) -> Option<&'a Value> {
    many(value, key).next()
}

fn text(value: &Value, key: &str) -> Option<String> {
    one(value, key).and_then(tagged).map(str::to_owned)
}

/// A text, or the first of a text in several languages.
fn tagged(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("@value")?.as_str()).or_else(|| value.as_object()?.values().next()?.as_str())
}

fn text_or_id(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("@id")?.as_str())
}

/// Names of people, organisations, works: as texts, or by their `name` or `url`.
fn joined(value: &Value, key: &str) -> Option<String> {
    let told = |value: &Value| {
        let named = || text(value, "name").or_else(|| text(value, "url"));
        value.as_str().map(str::to_owned).or_else(named).or_else(|| text_or_id(value).map(str::to_owned))
    };
    let found: Vec<String> = many(value, key).filter_map(told).collect();
    (!found.is_empty()).then(|| found.join(", "))
}

fn is_a(value: &Value, class: &str) -> bool {
    many(value, "@type").filter_map(Value::as_str).any(|found| local(found) == class)
}

/// A name without its prefix or namespace.
fn local(name: &str) -> &str {
    name.rsplit([':', '/', '#']).next().unwrap_or(name)
}

/// Whether a declaration by this name is of this file. Either may be given from further up.
pub fn is_file(declared: &str, file: &str) -> bool {
    let ends =
        |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    !declared.is_empty() && (ends(file, declared) || ends(declared, file))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// After the example in the specification, digests as short as there, and prefixes as files of 1.0 have them.
    #[test]
    fn a_description_is_read() {
        let digest = "b8b0b76783024b85797e5cc75064eb83fc5288b41e9654dabc7be6ae944011f6";
        let description = Description::of(&json!({
            "@type": "sc:Dataset",
            "dct:conformsTo": ["http://example.com/profile", "http://mlcommons.org/croissant/1.1"],
            "name": {"en": "simple-pass"},
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "creator": [{"@type": "sc:Person", "name": "A"}, {"@type": "sc:Organization", "name": "B"}],
            "isLiveDataset": true,
            "distribution": [
                {"@type": "cr:FileObject", "@id": "metadata.csv", "contentUrl": "https://example.com/files/pass_metadata.csv?x=1",
                 "sha256": "0b033707ea49365a5ffdd14615825511"},
                {"@type": "FileObject", "@id": "table", "name": "table", "contentUrl": "./data/t.parquet", "sha256": digest},
                {"@type": "cr:FileSet", "@id": "images", "includes": "*.jpg", "containedIn": {"@id": "table"}},
            ],
            "cr:recordSet": [{"@type": "cr:RecordSet", "@id": "r", "key": {"@id": "r/id"}, "field": [
                {"@id": "r/id", "dataType": "sc:Text", "source": {"fileObject": {"@id": "table"}, "extract": {"column": "ID"}}},
                {"@id": "r/y", "dataType": ["sc:Integer", "cr:Label"], "source": {"extract": {"column": "Y"}}},
                {"@id": "r/when", "dataType": "sc:Date", "source": {"extract": {"column": "When"}}},
                {"@id": "r/part", "dataType": "cr:Label", "source": {"extract": {"column": "Z"}, "transform": {"regex": "(.)"}}},
                {"@id": "r/none", "dataType": "sc:Text"},
            ]}],
        }))
        .unwrap();
        assert_eq!(description.name.as_deref(), Some("simple-pass"));
        assert_eq!((description.creator.as_deref(), description.live), (Some("A, B"), true));
        assert_eq!(description.patterns, ["*.jpg"]);
        let [first, second] = &description.files[..] else { panic!("{:?}", description.files) };
        assert_eq!(first.name, "metadata.csv");
        assert_eq!(first.sha256, Expected::Unusable("0b033707ea49365a5ffdd14615825511".into()));
        assert_eq!((second.name.as_str(), &second.url), ("data/t.parquet", &None));
        assert_eq!(second.sha256, Expected::Digest(digest.parse().unwrap()));
        assert_eq!((description.label.as_deref(), description.time.as_deref()), (Some("Y"), Some("When")));
        assert_eq!(description.ids, ["ID"]);
    }

    #[test]
    fn what_is_no_croissant_is_refused() {
        for value in [json!({}), json!([]), json!({"conformsTo": "http://mlcommons.org/croissant/2.0"}), json!(null)] {
            assert!(Description::of(&value).is_err(), "{value}");
        }
        assert!(Description::of(&json!({"conformsTo": {"@id": "http://mlcommons.org/croissant/1.0"}})).is_ok());
    }

    #[test]
    fn names_match_from_their_end_at_whole_folders() {
        assert!(is_file("a.csv", "part/a.csv") && is_file("data/part/a.csv", "a.csv") && is_file("a.csv", "a.csv"));
        assert!(!is_file("a.csv", "aa.csv") && !is_file("b/a.csv", "c/a.csv") && !is_file("", "a.csv"));
    }
}
