#![doc = include_str!("README.md")]

mod bigrams;
mod bins;
mod columns;
mod ensemble;
mod explain;
mod geometry;
mod nearness;
mod standard;
mod vectors;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taster_core::{
    About, Detector, Embedding, Evidence, Key, Model, NotApplicable, ParameterError, Reason, Sample, Scale, Schema,
    State, Table, Values,
};

use self::{columns::Columns, ensemble::Ensemble, explain::Usual, vectors::Vectors};
use crate::Entry;

#[cfg(test)]
mod tests;

const ABOUT: About = About {
    id: "outlier",
    finds: "rows unlike the rest: far values, rare values, rare combinations",
    readme: include_str!("README.md"),
};

/// The detector's place in the list.
pub const ENTRY: Entry = Entry { about: &ABOUT, build, defaults: crate::defaults::<Params> };

/// Parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    set_aside: f64,
    fitted_rows: usize,
    references: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { set_aside: 0.2, fitted_rows: 8192, references: 512 }
    }
}

fn build(given: &Value) -> Result<Box<dyn Detector>, ParameterError> {
    let params: Params = crate::parameters(ABOUT.id, given)?;
    let refuse = |problem: String| Err(ParameterError(format!("detectors.outlier: {problem}")));
    if !(0.0..=0.5).contains(&params.set_aside) {
        return refuse(format!("`set_aside` is {}; 0 to 0.5 are allowed", params.set_aside));
    }
    if !(100..=32_768).contains(&params.fitted_rows) {
        return refuse(format!("`fitted_rows` is {}; 100 to 32768 are allowed", params.fitted_rows));
    }
    if !(32..=8192).contains(&params.references) {
        return refuse(format!("`references` is {}; 32 to 8192 are allowed", params.references));
    }
    Ok(Box::new(Outlier { params }))
}

struct Outlier {
    params: Params,
}

impl Detector for Outlier {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn applies(&self, schema: &Schema, _has_reference: bool) -> Result<(), NotApplicable> {
        schema.features().next().map(|_| ()).ok_or_else(|| NotApplicable("there is no feature column".into()))
    }

    fn state(&self, _schema: &Schema, _key: Key) -> Box<dyn State> {
        Box::new(Nothing { params: self.params.clone() })
    }
}

/// Everything is fitted on the keyed sample, so there is nothing to remember.
struct Nothing {
    params: Params,
}

impl State for Nothing {
    fn observe(&mut self, _table: &Table) {}

    fn merge(&mut self, _other: Box<dyn State>) {}

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        Box::new(Fitted::new(evidence, &self.params))
    }
}

/// Fewest rows of a reference's half that the models are fitted on instead of the dataset.
const TRUSTED_MIN: usize = 500;

/// The parts of a dataset that each have a model of their own: its table of numbers and values, and its embeddings.
struct Fitted {
    /// Whether fitted on trusted rows.
    trusted: bool,
    table: Option<(Ensemble, Usual)>,
    vectors: Vec<(String, Vectors)>,
}

impl Fitted {
    fn new(evidence: &Evidence<'_>, params: &Params) -> Self {
        let Evidence { schema, sample, key, .. } = *evidence;
        let trusted = evidence.trusted.filter(|half| half.table.len >= TRUSTED_MIN);
        let known = trusted.unwrap_or(sample);
        let fitted = known.table.take(&drawn(known, key, params.fitted_rows));
        let columns = Columns::fit(schema, &fitted);
        let rows = columns.rows(&fitted);
        let table = Ensemble::fit(columns, &rows, sample.rows, params).map(|model| {
            let usual = Usual::fit(&model, &rows);
            (model, usual)
        });
        let vectors = schema.features().filter_map(|column| {
            let embedding = embedding(&fitted, column)?;
            let model = Vectors::fit(column, embedding, sample.rows, params)?;
            Some((schema.columns[column].name.clone(), model))
        });
        Self { trusted: trusted.is_some(), table, vectors: vectors.collect() }
    }
}

/// At most `count` rows of the sample, in an order nobody without the key can foresee.
fn drawn(sample: &Sample, key: Key, count: usize) -> Vec<usize> {
    let key = key.derive("fitted rows");
    let order = sample.table.row_keys.iter().enumerate().map(|(row, k)| (key.of(&k.to_le_bytes()), row));
    let mut order: Vec<(u64, usize)> = order.collect();
    order.sort_unstable();
    order.into_iter().take(count).map(|(_, row)| row).collect()
}

fn embedding(table: &Table, column: usize) -> Option<&Embedding> {
    table.columns.get(column).and_then(Values::as_embedding)
}

impl Model for Fitted {
    fn score(&self, table: &Table) -> Vec<f64> {
        let mut parts: Vec<Vec<f64>> = Vec::new();
        if let Some((model, _)) = &self.table {
            parts.push(model.unusual(&model.columns.rows(table)));
        }
        for (_, model) in &self.vectors {
            parts.push(embedding(table, model.column).map_or_else(|| vec![f64::NAN; table.len], |v| model.unusual(v)));
        }
        (0..table.len).map(|row| standard::score(mean_of_known(parts.iter().map(|p| p[row])))).collect()
    }

    fn scale(&self) -> Scale {
        Scale::Rank
    }

    fn conformal(&self) -> bool {
        self.trusted
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        let of_table = self.table.as_ref().map(|(model, usual)| explain::explain(model, usual, table, row));
        let Reason { mut columns, text, .. } = of_table.unwrap_or_default();
        let mut said: Vec<String> = (!text.is_empty()).then_some(text).into_iter().collect();
        for (name, model) in &self.vectors {
            let far = embedding(table, model.column).map_or(0.0, |e| model.times_as_far(e.row(row)));
            if far > 1.0 {
                columns.push(name.clone());
                said.push(format!("{name} is {far:.1} times as far from the vectors nearest to it as is usual"));
            }
        }
        Reason { columns, text: said.join("; "), suggested_label: None }
    }
}

/// NaN where none is known.
fn mean_of_known(parts: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = parts.filter(|p| !p.is_nan()).fold((0.0, 0.0), |(sum, count), p| (sum + p, count + 1.0));
    sum / count
}
