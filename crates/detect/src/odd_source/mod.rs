#![doc = include_str!("README.md")]

mod groups;
mod judge;
mod means;
mod measures;
mod stretches;
mod told;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taster_core::{
    About, Detector, Evidence, Key, Model, NotApplicable, Observation, ParameterError, Reason, Role, Sample, Scale,
    Schema, State, Table, Values,
};

use crate::Entry;
use groups::Groups;
use measures::Measures;
use stretches::Stretch;

#[cfg(test)]
mod tests;

const ABOUT: About = About {
    id: "odd-source",
    finds: "a contributor, a file or a stretch of time that differs from the rest; needs no reference",
    readme: include_str!("README.md"),
};
/// Rows looked at where there are sources, and where there are none.
const ROWS: usize = 16_384;
const FEW_ROWS: usize = 8192;

/// The detector's place in the list.
pub const ENTRY: Entry = Entry { about: &ABOUT, build, defaults: crate::defaults::<Params> };

/// Parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    alpha: f64,
    least_rows: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { alpha: 0.01, least_rows: 200 }
    }
}

fn build(given: &serde_json::Value) -> Result<Box<dyn Detector>, ParameterError> {
    let params: Params = crate::parameters(ABOUT.id, given)?;
    if !(params.alpha > 0.0 && params.alpha < 1.0) {
        let alpha = params.alpha;
        return Err(ParameterError(format!("detectors.odd-source: `alpha` is {alpha}, not between 0 and 1")));
    }
    Ok(Box::new(OddSource { params }))
}

struct OddSource {
    params: Params,
}

impl Detector for OddSource {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn applies(&self, schema: &Schema, _has_reference: bool) -> Result<(), NotApplicable> {
        schema.features().next().map(|_| ()).ok_or_else(|| NotApplicable("there is no feature column".into()))
    }

    fn state(&self, _schema: &Schema, _key: Key) -> Box<dyn State> {
        Box::new(Sampled { params: self.params.clone() })
    }
}

/// Everything is fitted on the keyed sample; there is nothing else to remember.
struct Sampled {
    params: Params,
}

impl State for Sampled {
    fn observe(&mut self, _table: &Table) {}

    fn merge(&mut self, _other: Box<dyn State>) {}

    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model> {
        Box::new(Odd::fit(&self.params, evidence))
    }
}

#[derive(Default)]
struct Odd {
    observations: Vec<Observation>,
    /// By source column: what is known of each odd source, by the key of its name.
    sources: Vec<(usize, BTreeMap<u64, Mark>)>,
    /// Of the time column: an odd stretch, first and last time.
    time: Option<(usize, f64, f64, Mark)>,
}

/// Of rows that are odd together.
#[derive(Clone)]
struct Mark {
    /// Share of them that it takes to make the difference.
    share: f64,
    columns: Vec<String>,
    text: String,
}

impl Odd {
    fn fit(params: &Params, evidence: &Evidence<'_>) -> Self {
        let times: Vec<usize> = evidence.schema.with_role(Role::Time).collect();
        let sourced = evidence.files.len() > 1 || evidence.schema.with_role(Role::Source).next().is_some();
        let rows = if sourced || !times.is_empty() { ROWS } else { FEW_ROWS };
        let sample = evidence.sample.reduced_with_positions(rows);
        let mut odd = Self::default();
        if sample.table.len < params.least_rows {
            return odd;
        }
        let measures = Measures::of(evidence.schema, &sample.table, evidence.key);
        let groups = Groups::all(evidence, &sample);
        // Each way of grouping or ordering rows has its share of the level.
        let alpha = params.alpha / (groups.len() + times.len() + 1) as f64;
        for groups in &groups {
            odd.look_at_groups(evidence.schema, groups, &measures, alpha);
        }
        for &time in &times {
            odd.look_at_time(evidence.schema, &sample, time, &measures, alpha);
        }
        let order: Vec<usize> = (0..sample.table.len).collect();
        if let Some(stretch) = stretches::odd(&measures, &order, true).filter(|s| s.p_value <= alpha) {
            odd.observations.push(told::order(evidence.schema, &sample, &measures, &stretch));
        }
        odd
    }

    fn look_at_groups(&mut self, schema: &Schema, groups: &Groups, measures: &Measures, alpha: f64) {
        let name = |i: usize| schema.columns[i].name.clone();
        let ranked = judge::ranked(groups, measures, &name);
        let each = alpha / groups.names.len() as f64;
        let (observation, marks) = told::groups(groups, &ranked, each, &name);
        // How rows are split into files shows only where a file is odd.
        if groups.column.is_some() || observation.magnitude > 0.0 {
            self.observations.push(observation);
        }
        if let Some(column) = groups.column {
            self.sources.push((column, marks));
        }
    }

    fn look_at_time(&mut self, schema: &Schema, sample: &Sample, column: usize, measures: &Measures, alpha: f64) {
        let Some(times) = sample.table.columns[column].as_numeric() else { return };
        let mut order: Vec<usize> = (0..times.len()).filter(|&r| !times[r].is_nan()).collect();
        order.sort_by(|&a, &b| times[a].total_cmp(&times[b]).then(a.cmp(&b)));
        let Some(odd) = stretches::odd(measures, &order, false).filter(|s| s.p_value <= alpha) else { return };
        let Stretch { rows: (from, to), .. } = odd;
        let ends = (times[order[from]], times[order[to - 1]]);
        let (observation, mark) = told::time(schema, column, ends, to == order.len(), measures, &odd);
        self.observations.push(observation);
        self.time = Some((column, ends.0, ends.1, mark));
    }

    /// What is known of a row, the largest share first.
    fn mark(&self, table: &Table, row: usize) -> Option<&Mark> {
        let sources = self.sources.iter().filter_map(|(column, marks)| {
            let category = table.columns.get(*column).and_then(Values::as_category)?;
            marks.get(&category.key(row)?)
        });
        let time = self.time.iter().filter_map(|(column, from, to, mark)| {
            let at = table.columns.get(*column).and_then(Values::as_numeric)?[row];
            (at >= *from && at <= *to).then_some(mark)
        });
        sources.chain(time).max_by(|a, b| a.share.total_cmp(&b.share))
    }
}

impl Model for Odd {
    fn score(&self, table: &Table) -> Vec<f64> {
        if self.sources.is_empty() && self.time.is_none() {
            return vec![f64::NAN; table.len];
        }
        (0..table.len).map(|row| self.mark(table, row).map_or(0.0, |mark| mark.share)).collect()
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        let mark = self.mark(table, row);
        Reason {
            columns: mark.map(|m| m.columns.clone()).unwrap_or_default(),
            text: mark.map(|m| m.text.clone()).unwrap_or_default(),
            suggested_label: None,
        }
    }

    fn observations(&self) -> Vec<Observation> {
        self.observations.clone()
    }
}
