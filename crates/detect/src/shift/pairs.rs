//! Columns two by two, where the reference is known without its rows: pairs that do not go together as they did.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde_json::{Value, json};
use taster_core::{Margins, Observation, PairTable, Scope, Values};
use taster_stats::{
    exact::{Exact, cohens_h},
    fdr::tarone,
    pairs::Halved,
};

use super::{FAMILIES, corrected};

/// Further pairs that the evidence lists.
const LISTED: usize = 10;

/// A table whose halvings go together in another way.
struct Changed<'a> {
    table: &'a PairTable,
    p_value: f64,
    /// Correlation of the halvings here and in the reference.
    phi: (f64, f64),
    h: f64,
}

/// What is seen of pairs of columns of which neither is among those that have `changed` by themselves; at most one
/// observation, of the surest pair.
pub fn compare<'m>(
    margins: &'m Margins,
    changed: &BTreeSet<String>,
    (alpha, effect): (f64, f64),
) -> Option<Observation> {
    let rows = (margins.current.len as u64, margins.reference.len as u64);
    let exact = Exact::new(rows.0 as usize, rows.1 as usize);
    let cells: Vec<(&'m PairTable, (u64, u64))> =
        margins.pairs.iter().filter_map(|table| Some((table, telling(table, rows)?))).collect();
    let least: Vec<f64> = cells.par_iter().map(|(_, (a, b))| exact.least(a + b)).collect();
    let tests = tarone(&least, alpha / FAMILIES) as f64 * FAMILIES;
    let unchanged = |column: usize| !changed.contains(&margins.origins[column]);
    let test = |(table, (a, b)): (&'m PairTable, (u64, u64))| {
        let h = cohens_h(a as f64 / rows.0 as f64, b as f64 / rows.1 as f64);
        if h < effect || !unchanged(table.columns.0) || !unchanged(table.columns.1) {
            return None;
        }
        let p_value = exact.two_sided(a, b);
        let phi = (halved(table, table.current).phi(rows.0), halved(table, table.reference).phi(rows.1));
        (p_value * tests <= alpha).then_some(Changed { table, p_value, phi, h })
    };
    let mut found: Vec<Changed<'_>> = cells.into_par_iter().filter_map(test).collect();
    // Of tables that are as sure, the one whose halvings tell most.
    found.sort_by(|a, b| a.p_value.total_cmp(&b.p_value).then(b.difference().total_cmp(&a.difference())));
    let mut seen = BTreeSet::new();
    found.retain(|changed| seen.insert(changed.table.columns));
    Some(observation(margins, &found, found.first()?, rows, tests))
}

impl Changed<'_> {
    fn difference(&self) -> f64 {
        (self.phi.0 - self.phi.1).abs()
    }

    fn evidence(&self, margins: &Margins) -> Value {
        let PairTable { columns, bits, current, reference } = self.table;
        let halving = |column: usize, bit: u32| {
            let values = matches!(margins.current.columns[column], Values::Category(_));
            let by = if values { "hash of the value" } else { "code of the number" };
            json!({ "column": margins.origins[column], "by": by, "bit": bit })
        };
        let side = |[first, second, one]: &[u64; 3]| json!({ "upper": [first, second], "upper_by_one": one });
        json!({
            "halvings": [halving(columns.0, bits.0), halving(columns.1, bits.1)],
            "current": side(current), "reference": side(reference), "p_value": self.p_value, "cohens_h": self.h,
            "phi": { "current": self.phi.0, "reference": self.phi.1 },
        })
    }
}

fn observation(
    margins: &Margins,
    found: &[Changed<'_>],
    first: &Changed<'_>,
    rows: (u64, u64),
    tests: f64,
) -> Observation {
    let columns = [first.table.columns.0, first.table.columns.1].map(|column| margins.origins[column].clone());
    let q_value = (first.p_value * tests).min(1.0);
    let further = match found.len() - 1 {
        0 => String::new(),
        1 => ", and so does another pair".into(),
        n => format!(", and so do {n} other pairs"),
    };
    Observation {
        code: "dependence-changed",
        scope: Scope::Dataset,
        message: format!(
            "`{}` and `{}` go together in another way than in the reference, though neither differs by itself{further}: \
             halves of the two correlate by {:.2} here and {:.2} there; {}",
            columns[0],
            columns[1],
            first.phi.0,
            first.phi.1,
            corrected(q_value),
        ),
        columns: columns.to_vec(),
        magnitude: first.difference().min(1.0),
        p_value: Some(first.p_value),
        q_value: Some(q_value),
        evidence: json!({
            "test": "Fisher's exact",
            "pairs": found.iter().take(LISTED).map(|changed| changed.evidence(margins)).collect::<Vec<_>>(),
            "rows": { "current": rows.0, "reference": rows.1 },
            "tests_corrected_for": tests,
        }),
    }
}

fn halved(table: &PairTable, [first, second, apart]: [u64; 3]) -> Halved {
    Halved { columns: table.columns, bits: table.bits, ones: (first, second), apart }
}

/// Rows of both sides in that part of the table by which a change of dependence is seen best if the halves stay as they are;
/// chosen by both sides together, so that the test stays exact. `None` where no part has some rows and not all.
fn telling(table: &PairTable, rows: (u64, u64)) -> Option<(u64, u64)> {
    let (here, there) = (parts(table, table.current, rows.0), parts(table, table.reference, rows.1));
    let all = (rows.0 + rows.1) as f64;
    // A change of dependence moves twice as many rows into the first part as into each of the others.
    let signals = [4.0, 1.0, 1.0, 1.0, 1.0];
    let worth = |i: usize| {
        let share = (here[i] + there[i]) as f64 / all;
        let noise = share * (1.0 - share);
        if noise > 0.0 { signals[i] / noise } else { 0.0 }
    };
    let best = (0..here.len()).max_by(|&i, &j| worth(i).total_cmp(&worth(j)))?;
    (worth(best) > 0.0).then_some((here[best], there[best]))
}

/// Rows in the upper half by exactly one column, by both, by the first only, by the second only, and by neither.
fn parts(table: &PairTable, counts: [u64; 3], rows: u64) -> [u64; 5] {
    let both = halved(table, counts).both();
    let [first, second, one] = counts;
    let neither = rows.saturating_sub(one + both);
    [one, both, first.saturating_sub(both), second.saturating_sub(both), neither]
}
