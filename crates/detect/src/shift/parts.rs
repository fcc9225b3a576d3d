//! Parts of a column: values, stretches of numbers, words that are more or less frequent here than in the reference.
//!
//! A small admixture moves a whole distribution by next to nothing, but where it lies the reference has few rows, and
//! there it can be counted. Each part is an exact test; those whose counts could never be a discovery cost nothing.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::{Value, json};
use taster_core::{Key, Observation, Schema, Scope, Table, Values};
use taster_stats::{
    exact::{Exact, cohens_h},
    fdr::tarone,
};

use super::{
    FAMILIES,
    columns::{Change, value_counts},
    compared, corrected,
    views::View,
    words,
};

/// The finest stretches hold a share of 1 in 2 to this power of the rows.
const HALVINGS: u32 = 8;
/// A number that so many rows have is a part of its own.
const REPEATED: usize = 8;
/// Further parts of a column that the evidence lists.
const LISTED: usize = 10;

/// Part of a column.
enum What {
    Missing,
    Value(String),
    /// Index of the view, first and last number.
    Between(String, f64, f64),
    /// A place of words.
    Word(usize),
    /// Beyond the reference's smallest or largest number.
    Beyond(String, &'static str, f64),
}

struct Part {
    column: usize,
    what: What,
    /// Rows of the dataset and of the reference.
    counts: (u64, u64),
}

/// The parts of all columns, tested.
pub struct Parts {
    all: Vec<Part>,
    /// By part: p-value, the same corrected, both 1 where the difference is too small to matter, and Cohen's h.
    tested: Vec<(f64, f64, f64)>,
    rows: (u64, u64),
    /// Tests corrected for: of parts, and of numbers beyond the reference's range.
    corrected_for: (usize, usize),
    alpha: f64,
}

impl Parts {
    /// Counts every part of every compared column, given its views, and tests those that differ by `effect`, which costs more
    /// than counting; a family of tests for parts and one for ranges, each at level `alpha` and corrected for all parts.
    pub fn compare(
        schema: &Schema,
        (current, reference): (&Table, &Table),
        views: &[Vec<View>],
        key: Key,
        (alpha, effect): (f64, f64),
    ) -> Self {
        let columns = views.par_iter().enumerate().filter(|(i, _)| compared(schema.columns[*i].role));
        let of = |(i, views): (usize, &Vec<View>)| collect(i, &current.columns[i], &reference.columns[i], views, key);
        let parts: Vec<Part> = columns.flat_map_iter(of).collect();
        let rows = (current.len as u64, reference.len as u64);
        let exact = Exact::new(current.len, reference.len);
        let least: Vec<f64> =
            parts.iter().filter(|p| !p.is_range()).map(|p| exact.least(p.counts.0 + p.counts.1)).collect();
        let corrected_for = (tarone(&least, alpha), (parts.len() - least.len()).max(1));
        let test = |part: &Part| {
            let (a, b) = part.counts;
            let h = cohens_h(share(a, rows.0), share(b, rows.1));
            if h < effect {
                return (1.0, 1.0, h);
            }
            let p = if part.is_range() { exact.upper(a, b) } else { exact.two_sided(a, b) };
            let tests = if part.is_range() { corrected_for.1 } else { corrected_for.0 };
            (p, (p * tests as f64).min(1.0), h)
        };
        let tested = parts.par_iter().map(test).collect();
        Self { all: parts, tested, rows, corrected_for, alpha }
    }

    /// One observation for each column with a part that is really and markedly more or less frequent, except for columns
    /// that have `changed` as a whole. `sides` are the dataset and the reference.
    pub fn observations(
        &self,
        schema: &Schema,
        sides: (&Table, &Table),
        key: Key,
        whole: &[Change],
    ) -> Vec<Observation> {
        let changed: BTreeSet<usize> = whole.iter().filter(|c| c.matters).map(|c| c.column).collect();
        let mut by_column: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (i, part) in self.all.iter().enumerate() {
            if self.tested[i].1 <= self.alpha && !changed.contains(&part.column) {
                by_column.entry(part.column).or_default().push(i);
            }
        }
        let told = |(column, mut parts): (usize, Vec<usize>)| {
            parts.sort_by(|&i, &j| self.tested[i].1.total_cmp(&self.tested[j].1));
            parts.truncate(LISTED);
            let sides = (&sides.0.columns[column], &sides.1.columns[column]);
            let names: Vec<String> = parts.iter().map(|&i| self.all[i].name(sides, key)).collect();
            let view = self.all[parts[0]].view();
            let whole = whole.iter().find(|c| c.column == column && c.view == view);
            self.observation(&parts, &names, &schema.columns[column].name, whole)
        };
        by_column.into_iter().map(told).collect()
    }

    /// The strongest of a column's parts, with the others in the evidence.
    fn observation(&self, parts: &[usize], names: &[String], column: &str, whole: Option<&Change>) -> Observation {
        let (part, (p, adjusted, h)) = (&self.all[parts[0]], self.tested[parts[0]]);
        let (a, b) = (share(part.counts.0, self.rows.0), share(part.counts.1, self.rows.1));
        let adjusted = (adjusted * FAMILIES).min(1.0);
        let tests = if part.is_range() { self.corrected_for.1 } else { self.corrected_for.0 };
        let mut evidence = whole.map_or_else(|| json!({}), |change| change.evidence.clone());
        evidence["test"] = json!("Fisher's exact");
        evidence["parts"] = parts.iter().zip(names).map(|(&i, name)| self.listed(i, name)).collect();
        evidence["cohens_h"] = json!(h);
        evidence["rows"] = json!({ "current": self.rows.0, "reference": self.rows.1 });
        evidence["tests_corrected_for"] = json!(FAMILIES * tests as f64);
        Observation {
            code: "part-changed",
            scope: Scope::Column,
            message: format!(
                "`{column}`: {} in {:.2} % of rows here and {:.2} % of the reference's, about {:.0} rows too {}; \
                 {}",
                names[0],
                100.0 * a,
                100.0 * b,
                (a - b).abs() * self.rows.0 as f64,
                if a > b { "many" } else { "few" },
                corrected(adjusted),
            ),
            columns: vec![column.to_owned()],
            magnitude: (a - b).abs(),
            p_value: Some(p),
            q_value: Some(adjusted),
            evidence,
        }
    }

    fn listed(&self, i: usize, name: &str) -> Value {
        let (a, b) = self.all[i].counts;
        json!({ "part": name, "current": a, "reference": b, "p_value": self.tested[i].0, "cohens_h": self.tested[i].2 })
    }
}

impl Part {
    fn is_range(&self) -> bool {
        matches!(self.what, What::Beyond(..))
    }

    fn view(&self) -> &str {
        match &self.what {
            What::Between(view, ..) | What::Beyond(view, ..) => view,
            _ => "",
        }
    }

    /// In words.
    fn name(&self, sides: (&Values, &Values), key: Key) -> String {
        let of = |view: &str| if view.is_empty() { String::new() } else { format!("{view} ") };
        match (&self.what, sides) {
            (What::Missing, _) => "missing values".into(),
            (What::Value(value), _) => format!("the value `{value}`"),
            (What::Between(view, low, high), _) if low == high => format!("{}{low}", of(view)),
            (What::Between(view, low, high), _) => format!("{}{low} to {high}", of(view)),
            (What::Beyond(view, way, bound), _) => format!("{}{way} {bound}, beyond the reference's range,", of(view)),
            (What::Word(place), (Values::Text(a), Values::Text(b))) => {
                format!("the word `{}`", words::named(*place, a, b, key))
            }
            (What::Word(_), _) => "a word".into(),
        }
    }
}

fn share(rows: u64, of: u64) -> f64 {
    rows as f64 / of.max(1) as f64
}

fn collect(column: usize, current: &Values, reference: &Values, views: &[View], key: Key) -> Vec<Part> {
    let mut parts = Vec::new();
    let missing = (missing(current), missing(reference));
    if missing != (0, 0) {
        parts.push(Part { column, what: What::Missing, counts: missing });
    }
    match (current, reference) {
        (Values::Category(a), Values::Category(b)) => {
            let of = |(value, &counts): (&&str, &(u64, u64))| Part {
                column,
                what: What::Value((*value).to_owned()),
                counts,
            };
            parts.extend(value_counts(a, b).iter().map(of));
        }
        (Values::Text(a), Values::Text(b)) => {
            let counts = words::counts(a, b, key);
            let used = counts.into_iter().enumerate().filter(|(_, c)| *c != (0, 0));
            parts.extend(used.map(|(place, counts)| Part { column, what: What::Word(place), counts }));
        }
        _ => {}
    }
    for view in views {
        numbers(column, view, &mut parts);
    }
    parts
}

/// Rows without a value.
fn missing(values: &Values) -> u64 {
    let rows = match values {
        Values::Numeric(v) => v.iter().filter(|x| x.is_nan()).count(),
        Values::Category(c) => c.codes.iter().filter(|&&code| code as usize >= c.values.len()).count(),
        Values::Text(t) => t.iter().filter(Option::is_none).count(),
        Values::Embedding(_) | Values::Skipped => 0,
    };
    rows as u64
}

/// Stretches of halves, quarters and so on of the rows in order, numbers that many rows have, and what lies beyond the
/// reference's range.
fn numbers(column: usize, view: &View, parts: &mut Vec<Part>) {
    let all = view.both();
    let mut before = vec![0u64; all.len() + 1];
    for (i, (_, is_current)) in all.iter().enumerate() {
        before[i + 1] = before[i] + u64::from(*is_current);
    }
    let part = |&(start, end): &(usize, usize)| {
        let here = before[end] - before[start];
        let what = What::Between(view.what.clone(), all[start].0, all[end - 1].0);
        Part { column, what, counts: (here, (end - start) as u64 - here) }
    };
    parts.extend(stretches(&all).iter().map(part));
    let (Some(&low), Some(&high)) = (view.reference.sorted.first(), view.reference.sorted.last()) else { return };
    let current = &view.current.sorted;
    let beyond = |way, bound, rows: usize| {
        let what = What::Beyond(view.what.clone(), way, bound);
        Part { column, what, counts: (rows as u64, 0) }
    };
    parts.push(beyond("above", high, current.len() - current.partition_point(|v| *v <= high)));
    parts.push(beyond("below", low, current.partition_point(|v| *v < low)));
}

/// Ranges of the sorted numbers; equal numbers are never parted.
fn stretches(sorted: &[(f64, bool)]) -> BTreeSet<(usize, usize)> {
    let n = sorted.len();
    let run_end = |i: usize| i + sorted[i..].partition_point(|x| x.0 == sorted[i].0);
    let whole_runs = |i: usize| if i == 0 || i >= n || sorted[i - 1].0 != sorted[i].0 { i.min(n) } else { run_end(i) };
    let mut found = BTreeSet::new();
    for parts in (1..=HALVINGS).map(|h| 1usize << h) {
        let edges: Vec<usize> = (0..=parts).map(|j| whole_runs(j * n / parts)).collect();
        found.extend(edges.windows(2).map(|w| (w[0], w[1])).filter(|(start, end)| start < end && end - start < n));
    }
    let mut start = 0;
    while start < n {
        let end = run_end(start);
        if end - start >= REPEATED && end - start < n {
            found.insert((start, end));
        }
        start = end;
    }
    found
}
