//! Column by column: the dataset's sample against the reference's.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::{Value, json};
use taster_core::{Category, Observation, Schema, Scope, Table, Values};
use taster_stats::{
    fdr::holm,
    two_sample::{Outcome, chi_squared, kolmogorov_smirnov},
};

use super::{FAMILIES, compared, corrected, told, views::View};

/// Numbers with at most this many different values are compared value by value: Kolmogorov-Smirnov is weak on ties.
const DISCRETE: usize = 30;
/// Bins of a histogram in the evidence.
const BINS: usize = 20;
/// The view of a test on missing values.
const MISSING: &str = "missing values";
/// Categories listed in the evidence.
const LISTED: usize = 20;

/// One test's outcome, with what it can be recomputed from.
pub struct Change {
    /// Index of the column.
    pub column: usize,
    /// What of the column, as [`super::views::View::what`] has it.
    pub view: String,
    name: String,
    what: String,
    /// Where the two differ most.
    told: String,
    test: &'static str,
    sizes: (usize, usize),
    /// Both distributions.
    pub evidence: Value,
    /// The test's outcome.
    pub outcome: Outcome,
    /// Its p-value corrected for all tests of the comparison.
    pub adjusted: f64,
    /// Whether it is real and large enough.
    pub matters: bool,
}

impl Change {
    /// For the report.
    pub fn observation(&self, tests: usize) -> Observation {
        let Self { name, what, told, test, outcome, .. } = self;
        let mut evidence = self.evidence.clone();
        evidence["test"] = json!(test);
        evidence["statistic"] = json!(outcome.statistic);
        evidence["rows"] = json!({ "current": self.sizes.0, "reference": self.sizes.1 });
        evidence["tests_corrected_for"] = json!(FAMILIES * tests as f64);
        let subject = if what.is_empty() { format!("`{name}`") } else { format!("`{name}` ({what})") };
        Observation {
            code: "column-changed",
            scope: Scope::Column,
            message: format!(
                "{subject} differs from the reference: {told} (effect {:.3}, {test}); {}",
                outcome.effect,
                corrected(self.adjusted)
            ),
            columns: vec![name.clone()],
            magnitude: outcome.effect,
            p_value: Some(outcome.p_value),
            q_value: Some(self.adjusted),
            evidence,
        }
    }
}

/// Every test on every compared column, given its views, with corrected p-values, in the order of the schema. A change
/// matters at a corrected p-value of at most `alpha` and an effect of at least `effect`.
pub fn compare(
    schema: &Schema,
    (current, reference): (&Table, &Table),
    views: &[Vec<View>],
    (alpha, effect): (f64, f64),
) -> Vec<Change> {
    let tested = |(i, views): (usize, &Vec<View>)| {
        let mut tests = Tests { column: i, name: &schema.columns[i].name, changes: Vec::new() };
        if let (Values::Category(a), Values::Category(b)) = (&current.columns[i], &reference.columns[i]) {
            tests.categories(a, b);
        }
        for view in views {
            tests.numbers(view);
        }
        tests.changes
    };
    let columns = views.par_iter().enumerate().filter(|(i, _)| compared(schema.columns[*i].role));
    let mut changes: Vec<Change> = columns.flat_map_iter(tested).collect();
    let p_values: Vec<f64> = changes.iter().map(|c| c.outcome.p_value).collect();
    for (change, adjusted) in changes.iter_mut().zip(holm(&p_values)) {
        change.adjusted = (adjusted * FAMILIES).min(1.0);
        change.matters = change.adjusted <= alpha && change.outcome.effect >= effect;
    }
    changes
}

struct Tests<'a> {
    column: usize,
    name: &'a str,
    changes: Vec<Change>,
}

impl Tests<'_> {
    fn push(
        &mut self,
        (view, what, told): (&str, &str, String),
        test: &'static str,
        sizes: (usize, usize),
        outcome: Option<Outcome>,
        evidence: Value,
    ) {
        let Some(outcome) = outcome else { return };
        let (name, what, view) = (self.name.to_owned(), what.to_owned(), view.to_owned());
        let column = self.column;
        self.changes.push(Change {
            column,
            view,
            name,
            what,
            told,
            test,
            sizes,
            evidence,
            outcome,
            adjusted: 1.0,
            matters: false,
        });
    }

    fn numbers(&mut self, view: &View) {
        let (what, a, b) = (view.what.as_str(), &view.current, &view.reference);
        let rows = [a, b].map(|side| (side.missing, side.missing + side.sorted.len()));
        self.missing(what, rows[0], rows[1]);
        let both = view.both();
        let (evidence, present) = (histogram(view, &both), (a.sorted.len(), b.sorted.len()));
        if let Some(counts) = discrete(&both) {
            self.push((what, what, told::most_changed(&both)), "chi-squared", present, chi_squared(&counts), evidence);
        } else {
            let outcome = kolmogorov_smirnov(&a.sorted, &b.sorted);
            self.push((what, what, told::at_most(&both)), "Kolmogorov-Smirnov", present, outcome, evidence);
        }
    }

    fn missing(&mut self, what: &str, current: (usize, usize), reference: (usize, usize)) {
        if current.0 + reference.0 == 0 {
            return;
        }
        let cells = [
            (current.0 as u64, reference.0 as u64),
            ((current.1 - current.0) as u64, (reference.1 - reference.0) as u64),
        ];
        let named = [what, "missing values"].iter().filter(|w| !w.is_empty()).copied().collect::<Vec<_>>().join(", ");
        let evidence = json!({ "missing": { "current": current.0, "reference": reference.0 } });
        let sizes = (current.1, reference.1);
        let told = format!("missing are {}", told::shares((current.0, reference.0), sizes));
        self.push((MISSING, &named, told), "chi-squared", sizes, chi_squared(&cells), evidence);
    }

    fn categories(&mut self, current: &Category, reference: &Category) {
        let counts = value_counts(current, reference);
        let missing = |c: &Category| c.codes.iter().filter(|&&code| code as usize >= c.values.len()).count();
        let sizes = (current.codes.len(), reference.codes.len());
        self.missing("", (missing(current), sizes.0), (missing(reference), sizes.1));
        let cells: Vec<(u64, u64)> = counts.values().copied().collect();
        let mut listed: Vec<_> = counts.iter().collect();
        listed.sort_by_key(|(_, (a, b))| std::cmp::Reverse(a + b));
        let listed: Vec<Value> = listed
            .iter()
            .take(LISTED)
            .map(|(value, (a, b))| json!({ "value": value, "current": a, "reference": b }))
            .collect();
        let new = counts.values().filter(|(_, b)| *b == 0).count();
        let gone = counts.values().filter(|(a, _)| *a == 0).count();
        let evidence = json!({ "categories": listed, "new_categories": new, "vanished_categories": gone });
        let named = counts.iter().map(|(value, &(a, b))| ((*value).to_owned(), (a as usize, b as usize)));
        let told = told::value(named, sizes);
        self.push(("", "", told), "chi-squared", sizes, chi_squared(&cells), evidence);
    }
}

/// Counts per value of numbers in order, `None` where there are too many different values to compare them one by one.
fn discrete(both: &[(f64, bool)]) -> Option<Vec<(u64, u64)>> {
    let mut counts = Vec::new();
    let mut last = f64::NAN;
    for &(value, is_current) in both {
        if value != last {
            counts.push((0, 0));
            last = value;
        }
        if counts.len() > DISCRETE {
            return None;
        }
        if let Some((here, there)) = counts.last_mut() {
            *(if is_current { here } else { there }) += 1;
        }
    }
    Some(counts)
}

/// How often each value is in both.
pub fn value_counts<'a>(current: &'a Category, reference: &'a Category) -> BTreeMap<&'a str, (u64, u64)> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    (0..current.codes.len()).filter_map(|r| current.get(r)).for_each(|v| counts.entry(v).or_default().0 += 1);
    (0..reference.codes.len()).filter_map(|r| reference.get(r)).for_each(|v| counts.entry(v).or_default().1 += 1);
    counts
}

/// Both sides counted in bins of equal width between the 1st and 99th percentile of both together; the outermost bins
/// hold what lies beyond.
fn histogram(view: &View, both: &[(f64, bool)]) -> Value {
    let all: Vec<f64> = both.iter().map(|&(v, _)| v).filter(|v| v.is_finite()).collect();
    let (Some(&low), Some(&high)) = (all.get(all.len() / 100), all.get(all.len().saturating_sub(1) * 99 / 100)) else {
        return json!({});
    };
    let width = (high - low) / BINS as f64;
    if width.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
        let values: BTreeSet<String> = all.iter().take(LISTED).map(f64::to_string).collect();
        return json!({ "values": values });
    }
    let bin = |v: &f64| (((v - low) / width) as usize).min(BINS - 1);
    let count = |side: &[f64]| {
        let mut bins = vec![0u64; BINS];
        for v in side {
            bins[bin(v)] += 1;
        }
        bins
    };
    let edges: Vec<f64> = (0..=BINS).map(|i| low + width * i as f64).collect();
    json!({ "histogram": { "edges": edges, "current": count(&view.current.sorted), "reference": count(&view.reference.sorted) } })
}
