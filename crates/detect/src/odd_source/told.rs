//! What was found, in words and with what it can be drawn and recomputed from.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use taster_core::{Observation, Sample, Schema, Scope, moment};

use super::{
    Mark,
    groups::Groups,
    judge::{Difference, Judged},
    measures::Measures,
    stretches::Stretch,
};

/// Groups that the evidence lists, and differences of each.
const LISTED: usize = 50;
const DIFFERENCES: usize = 4;
/// Groups that the message names.
const NAMED: usize = 3;

/// The ranking of one way of grouping, and the marks of groups whose p-value is at most `alpha` for a difference that
/// matters, by the keys of their names.
pub fn groups(
    groups: &Groups,
    ranked: &[Judged],
    alpha: f64,
    name: &dyn Fn(usize) -> String,
) -> (Observation, BTreeMap<u64, Mark>) {
    let is_odd = |j: &&Judged| j.marked <= alpha;
    let tests = groups.names.len();
    let odd: Vec<&Judged> = ranked.iter().filter(is_odd).collect();
    let mark = |j: &&Judged| {
        let first = j.differences.iter().find(|d| d.matters);
        let text = format!("comes from `{}`, which differs from the rest: {}", groups.names[j.group], listed(j));
        let share = first.map_or(0.0, |d| d.share).clamp(0.0, 1.0);
        Mark { share, columns: first.and_then(|d| d.column).map(name).into_iter().collect(), text }
    };
    let marks: BTreeMap<u64, Mark> = odd.iter().filter_map(|j| Some((*groups.keys.get(j.group)?, mark(j)))).collect();
    let message = if odd.is_empty() {
        format!("none of {tests} in `{}` differs from the rest by more than they differ among themselves", groups.by)
    } else {
        let named: Vec<String> =
            odd.iter().take(NAMED).map(|j| format!("`{}` ({})", groups.names[j.group], listed(j))).collect();
        let more = if odd.len() > NAMED { format!(" and {} more", odd.len() - NAMED) } else { String::new() };
        format!("{} of {tests} in `{}` differ from the rest: {}{more}", odd.len(), groups.by, named.join("; "))
    };
    let magnitude = odd.iter().map(|j| mark(j).share).fold(0.0, f64::max);
    let rank = |j: &Judged| {
        let shown: Vec<Value> = j.differences.iter().take(DIFFERENCES).map(difference).collect();
        json!({
            "name": groups.names[j.group], "rows": groups.sizes[j.group],
            "score": j.differences.first().map_or(0.0, |d| d.share), "p_value": j.p_value,
            "q_value": (j.p_value * tests as f64).min(1.0), "odd": is_odd(&j), "differences": shown,
        })
    };
    let observation = Observation {
        code: if odd.is_empty() { "sources-alike" } else { "source-differs" },
        scope: Scope::Source,
        message,
        columns: vec![groups.by.clone()],
        magnitude,
        p_value: None,
        q_value: ranked.first().map(|j| (j.p_value * tests as f64).min(1.0)),
        evidence: json!({
            "by": groups.by, "tests_corrected_for": tests,
            "too_small": { "sources": groups.small.0, "rows": groups.small.1 },
            "sources": ranked.iter().take(LISTED).map(rank).collect::<Vec<_>>(),
        }),
    };
    (observation, marks)
}

/// The surest difference that matters in words.
fn listed(judged: &Judged) -> String {
    judged.differences.iter().find(|d| d.matters).map(|d| d.text.clone()).unwrap_or_default()
}

fn difference(d: &Difference) -> Value {
    json!({ "measure": d.measure, "text": d.text, "here": d.here, "expected": d.expected, "p_value": d.p_value })
}

/// A stretch of time; the mark is for rows between its ends.
pub fn time(
    schema: &Schema,
    column: usize,
    ends: (f64, f64),
    to_the_end: bool,
    measures: &Measures,
    stretch: &Stretch,
) -> (Observation, Mark) {
    let column = &schema.columns[column];
    let show = |t: f64| if column.holds_moments() { moment(t) } else { t.to_string() };
    let when = if to_the_end {
        format!("from {} in `{}` on", show(ends.0), column.name)
    } else {
        format!("from {} to {} in `{}`", show(ends.0), show(ends.1), column.name)
    };
    let (what, columns) = what(schema, measures, stretch);
    let mut evidence = evidence(stretch);
    evidence["by"] = json!(column.name);
    evidence["from"] = json!(show(ends.0));
    evidence["to"] = json!(show(ends.1));
    let text = format!("{when}, {what}");
    let mark = Mark { share: stretch.share, columns: columns.clone(), text: text.clone() };
    (observation("time-differs", vec![column.name.clone()], text, stretch, evidence), mark)
}

/// A stretch of the order of the data.
pub fn order(schema: &Schema, sample: &Sample, measures: &Measures, stretch: &Stretch) -> Observation {
    let (from, to) = (sample.positions[stretch.rows.0], sample.positions[stretch.rows.1 - 1]);
    let to_the_end = stretch.rows.1 == sample.positions.len();
    let (what, columns) = what(schema, measures, stretch);
    let mut evidence = evidence(stretch);
    evidence["by"] = json!("order");
    evidence["from"] = json!(from);
    evidence["to"] = json!(if to_the_end { sample.rows.saturating_sub(1) } else { to });
    let about = if sample.is_whole() { "" } else { "about " };
    let text = if to_the_end {
        format!("from {about}row {from} of the dataset on, {what}")
    } else {
        format!("in {about}rows {from} to {to} of the dataset, {what}")
    };
    observation("stretch-differs", columns, text, stretch, evidence)
}

fn what(schema: &Schema, measures: &Measures, stretch: &Stretch) -> (String, Vec<String>) {
    let Some(feature) = stretch.feature.map(|f| &measures.features.all[f]) else {
        let text = match stretch.measure {
            "copies" => "more rows have the features of another row",
            _ => "more labels contradict their features",
        };
        let label = measures.labels.iter().filter(|_| stretch.measure != "copies");
        let columns = label.map(|l| schema.columns[l.column].name.clone()).collect();
        return (format!("{text} than in the rest: {:+.1} %", 100.0 * stretch.difference), columns);
    };
    let name = schema.columns[feature.column].name.clone();
    let subject = format!("`{name}` {}", feature.what);
    (format!("{} differs from the rest by {:+.2} deviations", subject.trim(), stretch.difference), vec![name])
}

fn evidence(stretch: &Stretch) -> Value {
    json!({
        "measure": stretch.measure, "difference": stretch.difference, "parts": stretch.parts,
        "odd_parts": [stretch.odd.0, stretch.odd.1 - 1],
        "test": "difference of means of equal parts, Student's t, corrected for all stretches and measures",
    })
}

fn observation(
    code: &'static str,
    columns: Vec<String>,
    message: String,
    stretch: &Stretch,
    evidence: Value,
) -> Observation {
    Observation {
        code,
        scope: Scope::Source,
        message,
        columns,
        magnitude: stretch.share,
        p_value: None,
        q_value: Some(stretch.p_value),
        evidence,
    }
}
