#![doc = include_str!("README.md")]

use std::{any::Any, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use taster_core::{
    About, Detector, Evidence, Key, Model, NotApplicable, ParameterError, Reason, Scale, Schema, State, Stride, Table,
    Tag,
};
use taster_stats::counts::CountMin;

use crate::{Entry, catalogue};

#[cfg(test)]
mod tests;

const ABOUT: About = About {
    id: "duplicate-flood",
    finds: "one row copied by the hundreds",
    readme: include_str!("README.md"),
    tags: TAGS,
};
const TAGS: &[Tag] = &[Stride::Tampering.tag(), catalogue::ATLAS_POISON, catalogue::OWASP_LLM, catalogue::NIST_POISON];

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
        Self { copies: 50, sketch_bits: 20 }
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

    fn state(&self, _schema: &Schema, _key: Key) -> Box<dyn State> {
        Box::new(Copies { least: self.params.copies, counts: CountMin::new(self.params.sketch_bits) })
    }
}

/// How often each row was seen.
struct Copies {
    least: u64,
    counts: CountMin,
}

impl State for Copies {
    fn observe(&mut self, table: &Table) {
        table.feature_keys.iter().for_each(|&key| self.counts.add(key));
    }

    fn merge(&mut self, other: Box<dyn State>) {
        let other: Box<dyn Any> = other;
        if let Ok(other) = other.downcast::<Self>() {
            self.counts.merge(&other.counts);
        }
    }

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        let usual = usual_copies(&self.counts, &evidence.sample.table.feature_keys);
        Box::new(Flood { half: self.least.max(10 * usual), usual, counts: self.counts })
    }
}

/// The 99th percentile of the copies over the different rows of the sample.
fn usual_copies(counts: &CountMin, sampled: &[u64]) -> u64 {
    let different: BTreeMap<u64, u64> = sampled.iter().map(|&key| (key, counts.estimate(key))).collect();
    let mut copies: Vec<u64> = different.into_values().collect();
    copies.sort_unstable();
    copies.get(copies.len() * 99 / 100).or(copies.last()).copied().unwrap_or(1).max(1)
}

struct Flood {
    counts: CountMin,
    usual: u64,
    /// Copies that score a half.
    half: u64,
}

impl Model for Flood {
    fn score(&self, table: &Table) -> Vec<f64> {
        let score = |copies: u64| if copies <= 1 { 0.0 } else { copies as f64 / (copies + self.half) as f64 };
        table.feature_keys.iter().map(|&key| score(self.counts.estimate(key))).collect()
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        let copies = self.counts.estimate(table.feature_keys[row]);
        let usual = self.usual;
        let text = format!(
            "this row stands about {copies} times in the dataset; 99 % of its rows stand at most {usual} times"
        );
        Reason { text, ..Reason::default() }
    }
}
