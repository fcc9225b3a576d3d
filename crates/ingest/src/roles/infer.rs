//! Roles by type, name and the first rows.

use taster_core::{Kind, Role};

use crate::profile::Profile;

/// Roles that one column at most is given by inference, and whether it is still free.
pub(super) struct Once {
    pub source: bool,
    pub time: bool,
    pub response: bool,
}

/// Fewer rows than this say nothing about whether values are unique.
const ENOUGH_ROWS: usize = 20;

const IDS: [&str; 9] = ["id", "uuid", "guid", "index", "idx", "rowid", "row", "key", "unnamed: 0"];
const SOURCES: [&str; 10] = [
    "source",
    "sources",
    "datasource",
    "contributor",
    "contributorid",
    "annotator",
    "annotatorid",
    "worker",
    "workerid",
    "uploader",
];
const TIMES: [&str; 8] = ["time", "date", "datetime", "timestamp", "created", "createdat", "updatedat", "posted"];
const PROMPTS: [&str; 6] = ["instruction", "prompt", "question", "input", "query", "context"];
const RESPONSES: [&str; 8] = ["output", "response", "completion", "chosen", "answer", "reply", "target", "assistant"];
const LABELS: [&str; 8] = ["label", "labels", "target", "class", "y", "outcome", "category", "sentiment"];

/// Whether a column of this name is often what a model learns to predict.
pub(super) fn is_label(name: &str) -> bool {
    is_named(name, &LABELS)
}

/// Whether a column of this name is often what a response answers.
pub(super) fn is_prompt(name: &str) -> bool {
    is_named(name, &PROMPTS)
}

/// Whether a name is one of these, whatever its case and the marks between its words.
fn is_named(name: &str, names: &[&str]) -> bool {
    let bare: String = name.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).collect();
    names.contains(&bare.to_lowercase().as_str())
}

fn is_named_id(name: &str) -> bool {
    let lower = name.to_lowercase();
    is_named(name, &IDS)
        || lower.ends_with("_id")
        || lower.starts_with("id_")
        || name.ends_with("Id")
        || name.ends_with("ID")
}

/// The role of a column that was given none, and why.
pub(super) fn infer(name: &str, kind: &Kind, profile: &Profile, once: &mut Once) -> (Role, String) {
    let rows = profile.rows;
    if profile.present == 0 {
        return (Role::Ignored, format!("no value in {rows} rows"));
    }
    if matches!(kind, Kind::Binary) {
        return (Role::Ignored, "bytes: hashed, but looked at by no detector".to_owned());
    }
    if profile.constant() && rows > 1 {
        return (Role::Ignored, format!("constant: the same value in {rows} rows"));
    }
    match kind {
        Kind::List(item) => infer_list(name, item, profile, once),
        Kind::Date | Kind::Timestamp { .. } => infer_time(kind, once),
        Kind::Bool => (Role::Categorical, "true or false".to_owned()),
        Kind::String => infer_text(name, profile, once),
        Kind::Int => infer_int(name, profile, once),
        other => (Role::Numeric, format!("{} different values of type {other}", profile.distinct)),
    }
}

fn infer_list(name: &str, item: &Kind, profile: &Profile, once: &mut Once) -> (Role, String) {
    match (item, profile.dim) {
        (Kind::String, _) if is_prose(profile) => prose(name, "lists of texts", profile, once),
        (Kind::Float, Some(dim)) if dim > 1 => (Role::Embedding, format!("vectors of {dim} numbers")),
        (Kind::Float, Some(dim)) => (Role::Ignored, format!("lists of {dim} numbers, too short for vectors")),
        (Kind::Float, None) => (Role::Ignored, "lists of varying length, so not vectors".to_owned()),
        (other, _) => (Role::Ignored, format!("lists of {other}, which no detector looks at")),
    }
}

fn infer_time(kind: &Kind, once: &mut Once) -> (Role, String) {
    if std::mem::replace(&mut once.time, false) {
        return (Role::Time, format!("the first column of type {kind}"));
    }
    (Role::Numeric, format!("of type {kind}, as seconds since 1970; another column is the time"))
}

fn infer_int(name: &str, profile: &Profile, once: &mut Once) -> (Role, String) {
    let (rows, distinct) = (profile.rows, profile.distinct);
    if rows >= ENOUGH_ROWS && profile.all_distinct() && profile.counts_up {
        return (Role::Id, format!("counts the rows: {rows} consecutive numbers"));
    }
    if is_named(name, &SOURCES) && distinct * 2 <= rows && once.source {
        once.source = false;
        return (Role::Source, format!("named as a source, {distinct} different values in {rows} rows"));
    }
    if is_named_id(name) && rows >= ENOUGH_ROWS {
        if distinct * 2 > profile.present {
            return (Role::Id, format!("named as an id, {distinct} different values in {rows} rows"));
        }
        return (Role::Categorical, format!("named as an id, but with {distinct} different values in {rows} rows"));
    }
    (Role::Numeric, format!("{distinct} different whole numbers in {rows} rows"))
}

/// Whether people wrote the texts: a set of values repeats, what people write hardly does.
fn is_prose(profile: &Profile) -> bool {
    let varied = profile.distinct > (profile.present / 20).max((profile.present / 2).min(50));
    let wordy = profile.words >= 3.0 || (profile.chars >= 50.0 && profile.words >= 1.5) || profile.chars >= 100.0;
    varied && wordy
}

fn prose(name: &str, counted: &str, profile: &Profile, once: &mut Once) -> (Role, String) {
    let why = format!("{:.0} words on average, {counted}", profile.words);
    if is_named(name, &RESPONSES) && std::mem::replace(&mut once.response, false) {
        return (Role::Response, format!("named as a response beside a prompt; {why}"));
    }
    (Role::Text, why)
}

fn infer_text(name: &str, profile: &Profile, once: &mut Once) -> (Role, String) {
    let (rows, distinct, present) = (profile.rows, profile.distinct, profile.present);
    let counted = format!("{distinct} different values in {rows} rows");
    if profile.dates >= 0.95 && once.time && (is_named(name, &TIMES) || profile.dates >= 1.0) {
        once.time = false;
        return (Role::Time, "ISO 8601 dates".to_owned());
    }
    if is_prose(profile) && !(is_named_id(name) && profile.words < 1.5) {
        return prose(name, &counted, profile, once);
    }
    let single = profile.words < 1.5;
    if rows >= ENOUGH_ROWS && single && (profile.all_distinct() || (is_named_id(name) && distinct * 2 > present)) {
        return (Role::Id, counted);
    }
    if is_named(name, &SOURCES) && distinct * 2 <= present && std::mem::replace(&mut once.source, false) {
        return (Role::Source, format!("named as a source, {counted}"));
    }
    (Role::Categorical, counted)
}
