#![doc = include_str!("README.md")]

mod cells;
mod cluster;
mod content;
mod exact;
mod near_cells;
mod near_texts;
mod space;

use std::any::Any;

use serde::{Deserialize, Serialize};
use serde_json::json;
use taster_core::{
    About, Detector, Evidence, Key, Model, NotApplicable, Observation, ParameterError, Reason, Scale, Schema, Scope,
    State, Table,
};
use taster_stats::{counts::CountMin, words::Word};

use crate::Entry;
use content::Content;
use exact::Exact;
use near_cells::NearCells;
use near_texts::NearTexts;

#[cfg(test)]
mod tests;

const ABOUT: About = About {
    id: "duplicate-flood",
    finds: "one row copied many times, as it is or with small edits",
    readme: include_str!("README.md"),
};
/// Clusters that a finding lists.
const LISTED: usize = 10;
/// Natural clusters in as many datasets as this is the inverse of may be called floods.
const SURPRISE: f64 = 0.02;
/// How fast the score rises where the surprise does.
const STEEP: f64 = 3.0;

/// The detector's place in the list.
pub const ENTRY: Entry = Entry { about: &ABOUT, build, defaults: crate::defaults::<Params> };

/// Parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    copies: u64,
    sketch_bits: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { copies: 8, sketch_bits: 20 }
    }
}

fn build(given: &serde_json::Value) -> Result<Box<dyn Detector>, ParameterError> {
    let params: Params = crate::parameters(ABOUT.id, given)?;
    let refuse = |problem: String| Err(ParameterError(format!("detectors.duplicate-flood: {problem}")));
    if params.copies < 2 {
        return refuse(format!("`copies` is {}; at least 2 are needed", params.copies));
    }
    if !(8..=28).contains(&params.sketch_bits) {
        return refuse(format!("`sketch_bits` is {}; 8 to 28 are allowed", params.sketch_bits));
    }
    Ok(Box::new(DuplicateFlood { params }))
}

struct DuplicateFlood {
    params: Params,
}

impl Detector for DuplicateFlood {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn applies(&self, schema: &Schema, _has_reference: bool) -> Result<(), NotApplicable> {
        schema.features().next().map(|_| ()).ok_or_else(|| NotApplicable("there is no feature column".into()))
    }

    fn state(&self, schema: &Schema, key: Key) -> Box<dyn State> {
        let content = Content::new(schema, key);
        // Eight keys a row are counted, in twice the room.
        let near = content.has_texts().then(|| CountMin::new(self.params.sketch_bits + 1));
        Box::new(Copies { least: self.params.copies, exact: CountMin::new(self.params.sketch_bits), near, content })
    }
}

/// How often each row was seen, and each band of its text's signature.
struct Copies {
    least: u64,
    content: Content,
    exact: CountMin,
    near: Option<CountMin>,
}

impl State for Copies {
    fn observe(&mut self, table: &Table) {
        self.content.keys(table).into_iter().for_each(|key| self.exact.add(key));
        let Some(near) = &mut self.near else { return };
        let mut scratch: Vec<Word> = Vec::new();
        for row in 0..table.len {
            if let Some(signature) = Content::signature(&self.content.words(table, row, &mut scratch)) {
                signature.bands(self.content.label(table, row)).into_iter().for_each(|band| near.add(band));
            }
        }
    }

    fn merge(&mut self, other: Box<dyn State>) {
        let other: Box<dyn Any> = other;
        if let Ok(other) = other.downcast::<Self>() {
            self.exact.merge(&other.exact);
            if let (Some(mine), Some(theirs)) = (&mut self.near, &other.near) {
                mine.merge(theirs);
            }
        }
    }

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        let (sample, content) = (evidence.sample, self.content);
        let keys = content.keys(&sample.table);
        let cells = NearCells::fit(sample, &keys, evidence.schema, evidence.key, self.least);
        let texts = self.near.map(|near| NearTexts::fit(near, &content, sample, &keys, self.least));
        let exact = Exact::fit(self.exact, sample, &keys, evidence.schema);
        let mut flood = Flood { copies: self.least, content, exact, texts, cells, listed: Vec::new() };
        flood.listed = flood.list(&sample.table, &keys);
        Box::new(flood)
    }
}

struct Flood {
    copies: u64,
    content: Content,
    exact: Exact,
    texts: Option<NearTexts>,
    cells: Option<NearCells>,
    listed: Vec<Listed>,
}

/// What a row is a copy of.
struct Judged {
    rows: f64,
    /// How many clusters like its own are to be expected in a dataset like this one.
    expected: f64,
    edited: bool,
}

/// A cluster for the finding.
#[derive(Serialize)]
struct Listed {
    representative: String,
    rows: u64,
    label: Option<String>,
    kind: &'static str,
    expected_by_nature: f64,
    flood: bool,
}

impl Flood {
    /// The view of the row that surprises most.
    fn judge(&self, table: &Table, row: usize, key: u64) -> Judged {
        let copies = self.exact.copies(key);
        let mut best = Judged { rows: copies as f64, expected: f64::INFINITY, edited: false };
        if copies >= self.copies {
            best.expected = self.exact.expected(table, row, copies);
        }
        let texts = self.texts.as_ref().and_then(|texts| texts.judge(&self.content, table, row, copies));
        let cells = self.cells.as_ref().and_then(|cells| cells.judge(table, row));
        for (rows, expected) in texts.map(|near| (near.rows, near.expected)).into_iter().chain(cells) {
            if rows >= self.copies as f64 && expected < best.expected {
                best = Judged { rows, expected, edited: true };
            }
        }
        best
    }

    /// The largest clusters of the sample: floods first.
    fn list(&self, table: &Table, keys: &[u64]) -> Vec<Listed> {
        let near = self.texts.iter().flat_map(|texts| {
            texts.clusters.iter().filter(|c| !c.is_template()).map(|cluster| Listed {
                representative: cluster.representative.clone(),
                rows: cluster.rows.round() as u64,
                label: cluster.label.clone(),
                kind: "near copies",
                expected_by_nature: texts.expected(cluster),
                flood: score(texts.expected(cluster)) >= 0.5,
            })
        });
        let crowds = self.cells.iter().flat_map(NearCells::crowds).map(|(crowd, expected)| Listed {
            representative: shown(&self.content, table, crowd.row),
            rows: crowd.rows.round() as u64,
            label: self.content.shown_label(table, crowd.row),
            kind: "near copies",
            expected_by_nature: expected,
            flood: score(expected) >= 0.5,
        });
        let mut seen = std::collections::BTreeSet::new();
        let rows = (0..table.len).filter(|&row| seen.insert(keys[row]));
        let exact = rows.filter(|&row| self.exact.copies(keys[row]) >= self.copies).map(|row| {
            let copies = self.exact.copies(keys[row]);
            let expected = self.exact.expected(table, row, copies);
            Listed {
                representative: shown(&self.content, table, row),
                rows: copies,
                label: self.content.shown_label(table, row),
                kind: "copies",
                expected_by_nature: expected.min(f64::MAX),
                flood: score(expected) >= 0.5,
            }
        });
        let mut listed: Vec<Listed> = near.chain(crowds).chain(exact).collect();
        listed.sort_by(|a, b| {
            (b.flood, b.rows).cmp(&(a.flood, a.rows)).then_with(|| a.representative.cmp(&b.representative))
        });
        listed.truncate(LISTED);
        listed
    }
}

/// A row as one line.
fn shown(content: &Content, table: &Table, row: usize) -> String {
    if content.has_texts() {
        return content.shown(table, row, 160);
    }
    let cells = table.columns.iter().filter_map(|c| c.show(row));
    cells.take(20).collect::<Vec<_>>().join(", ").chars().take(160).collect()
}

/// A half where such a cluster is expected by nature in one of fifty datasets, near 1 where it is far rarer.
fn score(expected: f64) -> f64 {
    1.0 / (1.0 + (expected / SURPRISE).powf(STEEP))
}

impl Model for Flood {
    fn score(&self, table: &Table) -> Vec<f64> {
        let keys = self.content.keys(table);
        (0..table.len).map(|row| score(self.judge(table, row, keys[row]).expected)).collect()
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        let judged = self.judge(table, row, self.content.keys(table)[row]);
        let how = if judged.edited { "with small differences" } else { "exactly like this" };
        let expected = match judged.expected {
            less if less < 0.005 => "less than 0.01".to_owned(),
            expected => format!("{expected:.2}"),
        };
        let text = format!(
            "this row stands about {:.0} times in the dataset, {how}; by the other repetitions in it, {expected} such clusters \
             are to be expected",
            judged.rows
        );
        Reason { text, ..Reason::default() }
    }

    fn observations(&self) -> Vec<Observation> {
        let Some(largest) = self.listed.first() else { return Vec::new() };
        let floods = self.listed.iter().filter(|l| l.flood).count();
        let message = if floods > 0 {
            format!("the largest flood: {} {} of {:?}", largest.rows, largest.kind, largest.representative)
        } else {
            format!(
                "{} {} of {:?}: no more than the other repetitions in this dataset make likely; consider deduplicating",
                largest.rows, largest.kind, largest.representative
            )
        };
        vec![Observation {
            code: "clusters",
            scope: Scope::Dataset,
            message,
            columns: Vec::new(),
            magnitude: 0.0,
            p_value: None,
            q_value: None,
            evidence: json!({ "clusters": self.listed }),
        }]
    }
}
