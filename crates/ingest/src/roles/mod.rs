//! What each column is for: as given, else inferred; with the reason in words.

mod chat;
mod infer;

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use taster_core::{Column, Kind, Role};

pub(crate) use chat::turns;
use infer::{Once, infer, is_label, is_prompt};

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
    /// Turns of a conversation, the model's or those of all others; the other of its two columns is `beside`.
    Turns {
        beside: usize,
        of_model: bool,
    },
    Skipped,
}

/// A numeric label with more values than this is the target of a regression.
const MOST_CLASSES: usize = 1000;

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
    let named = |name: &str| fields.iter().any(|f| f.name == name);
    let paired = named("chosen") && named("rejected");
    let prompted = paired || fields.iter().any(|f| is_prompt(&f.name));
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
    chat::split(&mut assigned.columns, &mut assigned.codings, sample);
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
        Role::Text | Role::Response if !matches!(kind, Kind::String | Kind::Null) && !is_list_of_texts(kind) => {
            return refuse("it does not hold texts");
        }
        Role::Text | Role::Response => (Coding::Text, why),
        Role::Embedding => match profile.dim {
            Some(dim) if dim > 0 && is_list_of_numbers(kind) => (Coding::Embedding(dim), why),
            _ => return refuse("it does not hold lists of numbers, all of one length"),
        },
    })
}

fn is_list_of_texts(kind: &Kind) -> bool {
    matches!(kind, Kind::List(item) if **item == Kind::String)
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
    if given.label.is_none() && is_label(name) && !given.roles.contains_key(name) {
        notes.push(Note::new(format!("no label is given; if models learn column {name:?}, pass --label {name}")));
    }
}
