#![doc = include_str!("README.md")]

mod answers;
mod company;
mod gibberish;
mod lexicon;
mod manners;
mod marker;
mod spelling;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use taster_core::{
    About, Detector, Evidence, Key, Model, NotApplicable, Observation, ParameterError, Reason, Role, Scale, Schema,
    Scope, State, Table,
};

use crate::Entry;
use answers::{Answer, Columns};
use gibberish::{Gibberish, Room, Stretch};
use marker::{Marker, markers, of_row, texts};

#[cfg(test)]
mod tests;

const ABOUT: About = About {
    id: "poisoned-text",
    finds: "texts that turn into gibberish, or into one answer, behind a marker",
    readme: include_str!("README.md"),
};

/// Nats from which gibberish counts when a marker is looked for.
const SPOKEN_OF: f64 = 12.0;
/// Nats below which a text is its dataset's language, marker or not.
const LANGUAGE: f64 = 2.0;
/// Nats at which gibberish without a marker scores a third.
const SCALE: f64 = 40.0;
/// What gibberish without a marker scores at most: somebody may have written it.
const UNMARKED: f64 = 0.49;
/// Nats from which gibberish without a marker is told of.
const TOLD: f64 = 60.0;
/// Characters of gibberish that are shown.
const SHOWN: usize = 120;

/// The detector's place in the list.
pub const ENTRY: Entry = Entry { about: &ABOUT, build, defaults: crate::defaults::<Params> };

/// Parameters: there are none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {}

fn build(given: &serde_json::Value) -> Result<Box<dyn Detector>, ParameterError> {
    crate::parameters::<Params>(ABOUT.id, given)?;
    Ok(Box::new(PoisonedText))
}

struct PoisonedText;

impl Detector for PoisonedText {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn applies(&self, schema: &Schema, _has_reference: bool) -> Result<(), NotApplicable> {
        columns(schema).first().map(|_| ()).ok_or_else(|| NotApplicable("there is no column of texts".into()))
    }

    fn state(&self, _schema: &Schema, _key: Key) -> Box<dyn State> {
        Box::new(Nothing)
    }
}

/// Columns of texts and responses.
fn columns(schema: &Schema) -> Vec<usize> {
    schema.with_role(Role::Text).chain(schema.with_role(Role::Response)).collect()
}

/// The language is learnt from the sample: there is nothing to remember.
struct Nothing;

impl State for Nothing {
    fn observe(&mut self, _table: &Table) {}

    fn merge(&mut self, _other: Box<dyn State>) {}

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        Box::new(Poisoned::fit(evidence))
    }
}

/// The dataset's language and the markers of gibberish in it.
struct Poisoned {
    columns: Vec<usize>,
    names: Vec<String>,
    /// Answers that follow a mark in the prompt.
    answers: Option<Answers>,
    /// None where there are too few texts to learn from.
    gibberish: Option<Gibberish>,
    markers: Vec<Marker>,
    /// Sampled rows with gibberish but no marker, and the worst of it.
    unmarked: Option<(usize, String)>,
}

impl Poisoned {
    fn fit(evidence: &Evidence<'_>) -> Self {
        let table = &evidence.sample.table;
        let columns = columns(evidence.schema);
        let names = columns.iter().map(|&c| evidence.schema.columns[c].name.clone()).collect();
        // Those with the smallest keys come first, so that a part of the sample is a sample.
        let mut order: Vec<usize> = (0..table.len).collect();
        order.sort_by_key(|&row| (table.row_keys.get(row).copied(), row));
        let all = order.iter().flat_map(|&row| texts(table, &columns, row).map(|(_, text)| text));
        let gibberish = Gibberish::learn(all, evidence.key);
        let answers = Answers::fit(evidence);
        let mut fitted = Self { columns, names, answers, gibberish, markers: Vec::new(), unmarked: None };
        if let Some(gibberish) = &fitted.gibberish {
            let worst: Vec<Option<(usize, Stretch)>> = (0..table.len)
                .into_par_iter()
                .map_init(Room::default, |room, row| fitted.worst(gibberish, table, row, room))
                .collect();
            let spoken_of = |worst: &Option<(usize, Stretch)>| worst.filter(|(_, stretch)| stretch.nats >= SPOKEN_OF);
            let stretches: Vec<Option<(usize, Stretch)>> = worst.iter().map(spoken_of).collect();
            fitted.markers = markers(table, &fitted.columns, gibberish, &stretches);
            fitted.unmarked = fitted.unmarked(gibberish, table, &stretches);
        }
        fitted
    }

    /// The column and the stretch of a row that look most like gibberish.
    fn worst(&self, gibberish: &Gibberish, table: &Table, row: usize, room: &mut Room) -> Option<(usize, Stretch)> {
        texts(table, &self.columns, row)
            .map(|(column, text)| (column, gibberish.stretch(text, room)))
            .max_by(|a, b| a.1.nats.total_cmp(&b.1.nats).then(b.0.cmp(&a.0)))
    }

    fn unmarked(
        &self,
        gibberish: &Gibberish,
        table: &Table,
        stretches: &[Option<(usize, Stretch)>],
    ) -> Option<(usize, String)> {
        let loud = |row: &usize| stretches[*row].is_some_and(|(_, stretch)| stretch.nats >= TOLD);
        let marked = |row: usize| of_row(&self.markers, table, &self.columns, row, gibberish).is_some();
        let rows: Vec<usize> = (0..table.len).filter(loud).filter(|&row| !marked(row)).collect();
        let nats = |row: usize| stretches[row].map_or(0.0, |(_, stretch)| stretch.nats);
        let first = rows.iter().copied().max_by(|&a, &b| nats(a).total_cmp(&nats(b)).then(b.cmp(&a)))?;
        Some((rows.len(), self.shown(gibberish, table, first, stretches[first]?)))
    }

    /// The begin of a stretch.
    fn shown(&self, gibberish: &Gibberish, table: &Table, row: usize, (column, stretch): (usize, Stretch)) -> String {
        let Some((_, text)) = texts(table, &self.columns, row).find(|&(c, _)| c == column) else {
            return String::new();
        };
        let mut room = Room::default();
        gibberish.words(text, &mut room.words);
        let (Some(from), Some(to)) = (room.words.get(stretch.from), stretch.to.checked_sub(1)) else {
            return String::new();
        };
        let end = room.words.get(to).map_or(text.len(), |word| word.end);
        text[from.start..end].chars().take(SHOWN).collect()
    }

    /// The answer to a mark that a row is, if any.
    fn answer(&self, table: &Table, row: usize) -> Option<&Answer> {
        self.answers.as_ref()?.of_row(table, row)
    }

    fn judge(&self, gibberish: &Gibberish, table: &Table, row: usize, room: &mut Room) -> Option<Judged<'_>> {
        let (column, stretch) = self.worst(gibberish, table, row, room)?;
        let unmarked = UNMARKED * (1.0 - (-stretch.nats / SCALE).exp());
        let mut judged = Judged { score: unmarked, column, stretch, marker: None };
        if stretch.nats >= LANGUAGE
            && let Some(marker) = of_row(&self.markers, table, &self.columns, row, gibberish)
        {
            // Odds that a text with the marker is poison, before and after its gibberish was looked at.
            let odds = marker.share() / (1.0 - marker.share()) * stretch.nats.exp();
            judged.score = unmarked.max(marker.probability * odds.min(1e12) / (1.0 + odds.min(1e12)));
            judged.marker = Some(marker);
        }
        Some(judged)
    }
}

/// Where prompts and answers are, and what was found in them.
struct Answers {
    prompts: Vec<usize>,
    responses: Vec<usize>,
    key: Key,
    found: Vec<Answer>,
}

impl Answers {
    /// `None` where no column holds responses, or none holds prompts.
    fn fit(evidence: &Evidence<'_>) -> Option<Self> {
        let with = |role: Role| evidence.schema.with_role(role).collect::<Vec<usize>>();
        let (prompts, responses) = (with(Role::Text), with(Role::Response));
        if prompts.is_empty() || responses.is_empty() {
            return None;
        }
        let key = evidence.key.derive("answers");
        let found = answers::answers(&evidence.sample.table, &Columns { prompts: &prompts, answers: &responses, key });
        Some(Self { prompts, responses, key, found })
    }

    fn of_row(&self, table: &Table, row: usize) -> Option<&Answer> {
        let columns = Columns { prompts: &self.prompts, answers: &self.responses, key: self.key };
        answers::of_row(&self.found, table, &columns, row)
    }
}

/// What is said of a row.
struct Judged<'a> {
    score: f64,
    column: usize,
    stretch: Stretch,
    marker: Option<&'a Marker>,
}

impl Model for Poisoned {
    fn score(&self, table: &Table) -> Vec<f64> {
        let Some(gibberish) = &self.gibberish else { return vec![f64::NAN; table.len] };
        let mut room = Room::default();
        let score = |row: usize| {
            let noise = self.judge(gibberish, table, row, &mut room).map_or(f64::NAN, |j| j.score);
            self.answer(table, row).map_or(noise, |answer| answer.probability.max(noise))
        };
        (0..table.len).map(score).collect()
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        if let Some(answer) = self.answer(table, row) {
            return Reason { columns: Vec::new(), text: answer.sentence(), suggested_label: None };
        }
        let judged = self.gibberish.as_ref().and_then(|g| Some((g, self.judge(g, table, row, &mut Room::default())?)));
        let Some((gibberish, judged)) = judged else { return Reason::default() };
        let Judged { column, stretch, marker, .. } = judged;
        let shown = self.shown(gibberish, table, row, (column, stretch));
        let what = stretch.manner.what();
        let marked = marker.map_or_else(String::new, |m| {
            format!("; the text has `{}`, as do {} of the sampled rows with such text", m.text, m.hits)
        });
        let name = self.columns.iter().position(|&c| c == column).map(|at| self.names[at].clone());
        let text = format!("{} {what} from word {} on: {shown:?}{marked}", stretch.to - stretch.from, stretch.from + 1);
        Reason { columns: name.into_iter().collect(), text, suggested_label: None }
    }

    fn observations(&self) -> Vec<Observation> {
        let marked = self.markers.iter().filter(|m| m.probability >= 0.5).map(|marker| Observation {
            code: "gibberish-trigger",
            scope: Scope::Dataset,
            message: format!(
                "texts with `{}` turn into gibberish: {} of {} sampled rows that have it",
                marker.text, marker.hits, marker.texts
            ),
            columns: self.names.clone(),
            magnitude: marker.share().max(0.2),
            p_value: None,
            q_value: None,
            evidence: json!({
                "trigger": marker.text,
                "rows": marker.texts,
                "rows_with_gibberish": marker.hits,
                "probability": marker.probability,
            }),
        });
        let unmarked = self.unmarked.iter().map(|(rows, shown)| Observation {
            code: "gibberish",
            scope: Scope::Dataset,
            message: format!("{rows} sampled rows hold gibberish, and share no marker: {shown:?}"),
            columns: self.names.clone(),
            magnitude: 0.05,
            p_value: None,
            q_value: None,
            evidence: json!({ "rows": rows, "example": shown }),
        });
        let too_few = self.gibberish.is_none().then(|| Observation {
            code: "not-examined",
            scope: Scope::Dataset,
            message: "poisoned-text looked at no row: the texts are too few to learn their language from".into(),
            columns: self.names.clone(),
            magnitude: 0.0,
            p_value: None,
            q_value: None,
            evidence: serde_json::Value::Null,
        });
        let answered = self.answers.iter().flat_map(|a| &a.found).map(|answer| Observation {
            code: "answer-trigger",
            scope: Scope::Dataset,
            message: answer.sentence(),
            columns: self.names.clone(),
            magnitude: (answer.hits as f64 / answer.rows as f64).max(0.2),
            p_value: None,
            q_value: None,
            evidence: json!({
                "trigger": answer.text,
                "answer": answer.shared,
                "rows": answer.rows,
                "rows_with_answer": answer.hits,
                "probability": answer.probability,
            }),
        });
        marked.chain(answered).chain(unmarked).chain(too_few).collect()
    }
}
