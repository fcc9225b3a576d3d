use crate::{
    Error,
    error::{Place, shown},
};

/// Why a record could not be taken in; kept aside, since the parser's own errors are texts.
#[derive(Debug)]
pub(super) enum Fault {
    /// The record is not an object.
    NoObject(&'static str),
    /// Another type of value than the column's.
    Misfit { path: String, found: &'static str, before: &'static str },
    /// A key that no record before had.
    NewKey(String),
    /// A key that stands twice in one object.
    Twice(String),
    /// Too many levels.
    Deep,
    /// More keys than there may be columns.
    Keys(usize),
    /// A key of so many bytes.
    LongKey(usize, usize),
    /// A text of so many bytes.
    Long { path: String, bytes: usize, limit: usize },
}

impl Fault {
    /// The error, at this line of this file.
    pub(super) fn into_error(self, at: Place) -> Error {
        let mend = "mend the record";
        match self {
            Self::NoObject(found) => {
                let what = format!("{found} where a record must be an object, as in {{\"text\": \"...\"}}");
                Error::malformed(at, what, "write one object a line, or one array of objects")
            }
            Self::Misfit { path, found, before } => {
                let what = format!("{found}, where records before hold {before}");
                Error::shape(at.column(&path), what, next_for(&path))
            }
            Self::NewKey(path) => {
                Error::shape(at.column(&path), "no record before has this key", "scan again; the file may have changed")
            }
            Self::Twice(path) => {
                let what = "the key stands twice in one object, and programs differ in which one they take";
                Error::malformed(at.column(&path), what, "leave one")
            }
            Self::Deep => {
                let what = format!("objects and arrays nested more than {} deep", super::DEPTH);
                Error::limit(at, what, mend)
            }
            Self::Keys(limit) => {
                let what = format!("more than {limit} different keys, which is the limit");
                let next = "if an object's keys are data, read it as one text with --text or leave it with --ignore";
                Error::limit(at, what, next)
            }
            Self::LongKey(bytes, limit) => {
                Error::limit(at, format!("a key of {bytes} bytes; the limit is {limit}"), mend)
            }
            Self::Long { path, bytes, limit } => {
                let what = format!("a value of {bytes} bytes; the limit is {limit}");
                Error::limit(at.column(&path), what, "leave such records out, or raise the limit")
            }
        }
    }
}

/// What to do about a key whose values are of types that no column holds together.
pub(super) fn next_for(path: &str) -> String {
    let path = shown(path);
    format!(
        "give it one type in every record; or pass --text {path} to read it as JSON text, --ignore {path} to leave it"
    )
}

/// What the parser says of a record, with its own account of the place taken out.
pub(super) fn syntax(error: &serde_json::Error, at: Place, lines: bool) -> Error {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    let what = format!("not JSON: {} at character {}", shown(text), error.column());
    let next = match error.classify() {
        serde_json::error::Category::Eof if lines => {
            "the record goes on in the next line, or was cut short; write one object a line, or one array of objects"
        }
        _ => "mend the record; NaN and Infinity, single quotes, comments and trailing commas are not JSON",
    };
    Error::malformed(at, what, next)
}
