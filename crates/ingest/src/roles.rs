//! What each column is for, found out from its type, its name and the first rows, with the reason in words.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use taster_core::{Column, Kind, Role};

use crate::{
    Error, Note, Roles,
    field::{Field, kind},
    profile::Profile,
    values::numbers,
};

/// How a column's values are encoded for detectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Numeric,
    Category,
    Text,
    /// Vectors of this length.
    Embedding(usize),
    Skipped,
}

/// A numeric label with more values than this is the target of a regression.
const MOST_CLASSES: usize = 1000;
/// Fewer rows than this say nothing about whether values are unique.
const ENOUGH_ROWS: usize = 20;

/// Roles and codings of all columns.
pub(crate) struct Assigned {
    pub columns: Vec<Column>,
    pub codings: Vec<Coding>,
    pub notes: Vec<Note>,
}

/// Assigns roles by the first rows of the dataset, one profile for each column.
pub(crate) fn assign(
    fields: &[Field],
    profiles: &[Profile],
    sample: &DataFrame,
    given: &Roles,
) -> Result<Assigned, Error> {
    let mut given = Given::new(given, fields)?;
    given.find_probabilities(fields, profiles, sample);
    let names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
    let prompted = names.iter().any(|n| is_named(n, &PROMPTS));
    let mut once = Once {
        source: !given.has(Role::Source),
        time: !given.has(Role::Time),
        response: prompted && !given.has(Role::Response),
    };
    let mut assigned = Assigned { columns: Vec::new(), codings: Vec::new(), notes: Vec::new() };
    for (field, profile) in fields.iter().zip(profiles) {
        let kind = kind(&field.dtype).unwrap_or(Kind::Null);
        let (role, why) = match given.roles.get(&field.name) {
            Some((role, why)) => (*role, why.clone()),
            None => infer(&field.name, &kind, profile, &mut once),
        };
        let (coding, why) = coding(field, &kind, role, why, profile)?;
        note(field, &kind, role, profile, &given, &mut assigned.notes);
        assigned.columns.push(Column { name: field.name.clone(), kind, role, why });
        assigned.codings.push(coding);
    }
    Ok(assigned)
}

/// Roles that the user gave, by column.
struct Given {
    roles: BTreeMap<String, (Role, String)>,
    label: Option<String>,
}

impl Given {
    fn new(given: &Roles, fields: &[Field]) -> Result<Self, Error> {
        let single = [
            (Role::Label, &given.label),
            (Role::Source, &given.source),
            (Role::Time, &given.time),
            (Role::Response, &given.response),
        ];
        let many = [
            (Role::Id, &given.id),
            (Role::Text, &given.text),
            (Role::Embedding, &given.embedding),
            (Role::Ignored, &given.ignore),
            (Role::Numeric, &given.numeric),
            (Role::Categorical, &given.categorical),
            (Role::Probabilities, &given.probabilities),
        ];
        let one = single.iter().flat_map(|(role, name)| name.iter().map(move |n| (*role, n)));
        let all = one.chain(many.iter().flat_map(|(role, names)| names.iter().map(move |n| (*role, n))));
        let mut roles: BTreeMap<String, (Role, String)> = BTreeMap::new();
        for (role, name) in all {
            if !fields.iter().any(|f| f.name == *name) {
                return Err(Error::role(name, nearest(name, fields)));
            }
            if let Some((other, _)) = roles.get(name).filter(|(other, _)| *other != role) {
                return Err(Error::role(name, format!("was given two roles, {other} and {role}; give one")));
            }
            roles.insert(name.clone(), (role, format!("given as {role}")));
        }
        Ok(Self { roles, label: given.label.clone() })
    }

    fn has(&self, role: Role) -> bool {
        self.roles.values().any(|(r, _)| *r == role)
    }

    /// Columns `p0`, `p1`, ... whose rows sum to one, as many as the label has classes, are class probabilities.
    fn find_probabilities(&mut self, fields: &[Field], profiles: &[Profile], sample: &DataFrame) {
        let Some(label) = self.label.as_ref().and_then(|l| fields.iter().position(|f| f.name == *l)) else { return };
        let classes = profiles[label].distinct;
        for prefix in ["p", "p_", "prob", "prob_", "proba_"] {
            let names: Vec<String> = (0..classes).map(|i| format!("{prefix}{i}")).collect();
            let free = |n: &String| fields.iter().any(|f| f.name == *n) && !self.roles.contains_key(n);
            if (2..=MOST_CLASSES).contains(&classes) && names.iter().all(free) && sum_to_one(&names, sample) {
                let why = format!("{classes} columns that sum to 1 in every row, beside a label of {classes} classes");
                self.roles.extend(names.into_iter().map(|n| (n, (Role::Probabilities, why.clone()))));
                return;
            }
        }
    }
}

fn sum_to_one(names: &[String], sample: &DataFrame) -> bool {
    let mut sums = vec![0.0; sample.height()];
    for name in names {
        let column = sample.column(name).ok().and_then(|c| numbers(c.as_materialized_series()));
        let Some(column) = column else { return false };
        if column.iter().any(|v| !(0.0..=1.0).contains(v)) {
            return false;
        }
        sums.iter_mut().zip(column).for_each(|(sum, v)| *sum += v);
    }
    !sums.is_empty() && sums.iter().all(|s| (s - 1.0).abs() <= 1e-3)
}

fn nearest(name: &str, fields: &[Field]) -> String {
    let close = fields
        .iter()
        .map(|f| (strsim::damerau_levenshtein(&f.name.to_lowercase(), &name.to_lowercase()), &f.name))
        .min()
        .filter(|(distance, _)| *distance <= 2 + name.chars().count() / 4);
    if let Some((_, near)) = close {
        return format!("there is no such column; did you mean {near:?}?");
    }
    let names: Vec<_> = fields.iter().take(20).map(|f| f.name.as_str()).collect();
    let more = if fields.len() > names.len() { ", ..." } else { "" };
    format!("there is no such column; columns are {}{more}", names.join(", "))
}

/// Roles that one column at most is given by inference, and whether it is still free.
struct Once {
    source: bool,
    time: bool,
    response: bool,
}

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
const RESPONSES: [&str; 7] = ["output", "response", "completion", "chosen", "answer", "reply", "target"];
const LABELS: [&str; 8] = ["label", "labels", "target", "class", "y", "outcome", "category", "sentiment"];

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

fn infer(name: &str, kind: &Kind, profile: &Profile, once: &mut Once) -> (Role, String) {
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
        Kind::List(item) => infer_list(item, profile),
        Kind::Date | Kind::Timestamp { .. } => infer_time(kind, once),
        Kind::Bool => (Role::Categorical, "true or false".to_owned()),
        Kind::String => infer_text(name, profile, once),
        Kind::Int => infer_int(name, profile, once),
        other => (Role::Numeric, format!("{} different values of type {other}", profile.distinct)),
    }
}

fn infer_list(item: &Kind, profile: &Profile) -> (Role, String) {
    match (item, profile.dim) {
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

fn infer_text(name: &str, profile: &Profile, once: &mut Once) -> (Role, String) {
    let (rows, distinct, present) = (profile.rows, profile.distinct, profile.present);
    let counted = format!("{distinct} different values in {rows} rows");
    if profile.dates >= 0.95 && once.time && (is_named(name, &TIMES) || profile.dates >= 1.0) {
        once.time = false;
        return (Role::Time, "ISO 8601 dates".to_owned());
    }
    // A set of values repeats; what people write hardly does.
    let varied = distinct > (present / 20).max((present / 2).min(50));
    let wordy = profile.words >= 3.0 || (profile.chars >= 50.0 && profile.words >= 1.5) || profile.chars >= 100.0;
    if varied && wordy && !(is_named_id(name) && profile.words < 1.5) {
        let why = format!("{:.0} words on average, {counted}", profile.words);
        if is_named(name, &RESPONSES) && std::mem::replace(&mut once.response, false) {
            return (Role::Response, format!("named as a response beside a prompt; {why}"));
        }
        return (Role::Text, why);
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

/// How a column of this role is encoded; errs where its values do not allow the role.
fn coding(field: &Field, kind: &Kind, role: Role, why: String, profile: &Profile) -> Result<(Coding, String), Error> {
    let numeric = matches!(
        kind,
        Kind::Null | Kind::Bool | Kind::Int | Kind::Float | Kind::Decimal { .. } | Kind::Date | Kind::Time
    ) || matches!(kind, Kind::Timestamp { .. } | Kind::Duration);
    let nested = matches!(kind, Kind::List(_) | Kind::Binary);
    let refuse = |what: &str| Err(Error::role(&field.name, format!("cannot be {role}: {what}")));
    Ok(match role {
        Role::Id | Role::Ignored => (Coding::Skipped, why),
        Role::Numeric | Role::Probabilities if !numeric => return refuse("it does not hold numbers"),
        Role::Numeric | Role::Probabilities => (Coding::Numeric, why),
        Role::Time if *kind == Kind::String && profile.dates < 0.5 => return refuse("it does not hold ISO 8601 dates"),
        Role::Time if numeric || *kind == Kind::String => (Coding::Numeric, why),
        Role::Time => return refuse("it does not hold dates or numbers"),
        Role::Label | Role::Categorical | Role::Source if nested => return refuse("it does not hold single values"),
        Role::Label if numeric && profile.distinct > MOST_CLASSES => {
            let target = format!("{why}; {} different numbers, so the target of a regression", profile.distinct);
            (Coding::Numeric, target)
        }
        Role::Label => (Coding::Category, format!("{why}; {} classes", profile.distinct)),
        Role::Categorical | Role::Source => (Coding::Category, why),
        Role::Text | Role::Response if !matches!(kind, Kind::String | Kind::Null) => {
            return refuse("it does not hold texts");
        }
        Role::Text | Role::Response => (Coding::Text, why),
        Role::Embedding => match profile.dim {
            Some(dim) if dim > 0 && is_list_of_numbers(kind) => (Coding::Embedding(dim), why),
            _ => return refuse("it does not hold lists of numbers, all of one length"),
        },
    })
}

fn is_list_of_numbers(kind: &Kind) -> bool {
    matches!(kind, Kind::List(item) if matches!(**item, Kind::Float | Kind::Int))
}

fn note(field: &Field, kind: &Kind, role: Role, profile: &Profile, given: &Given, notes: &mut Vec<Note>) {
    let name = &field.name;
    if *kind == Kind::Binary {
        notes.push(Note::new(format!("column {name:?} holds bytes: they are hashed, but no detector looks at them")));
    }
    if matches!(kind, Kind::List(_)) && role == Role::Ignored && !given.roles.contains_key(name) {
        notes.push(Note::new(format!("column {name:?} holds lists that are no vectors: hashed, but not looked at")));
    }
    if profile.infinite && role != Role::Ignored {
        notes.push(Note::new(format!("column {name:?} holds infinite numbers, which are kept")));
    }
    if given.label.is_none() && is_named(name, &LABELS) && !given.roles.contains_key(name) {
        notes.push(Note::new(format!("no label is given; if models learn column {name:?}, pass --label {name}")));
    }
}
