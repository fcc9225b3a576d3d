//! Evidence is whatever JSON a detector gives: known shapes become charts, lists of records become tables, the rest
//! becomes names and values.

use serde_json::{Map, Value};

use super::markup::Markup;
use crate::text;

mod bars;
mod counts;
mod histogram;
mod labels;
mod scores;
mod sources;
mod stretch;
mod table;

/// A chart, and the names of the evidence that need not be told beside it.
type Chart = (Markup, Vec<&'static str>);

/// Evidence by its names.
type Fields = Map<String, Value>;

/// Every chart there is; each draws the evidence that has its shape.
const CHARTS: [fn(&Fields) -> Option<Chart>; 7] = [
    histogram::chart,
    scores::chart,
    labels::chart,
    sources::chart,
    stretch::chart,
    counts::chart,
    counts::label_given_features,
];

const MAX_LISTED: usize = 30;
const MAX_KEYS: usize = 40;
const MAX_DEPTH: usize = 3;
const MAX_CHARS: usize = 200;

/// The evidence for a reader; nothing where there is none.
pub(super) fn render(evidence: &Value) -> Markup {
    let mut out = Markup::default();
    match evidence {
        Value::Null => {}
        Value::Object(fields) if fields.is_empty() => {}
        Value::Object(fields) => object(&mut out, fields, 0),
        other => value(&mut out, other, 0),
    }
    out
}

fn object(out: &mut Markup, fields: &Map<String, Value>, depth: usize) {
    let mut told: Vec<&str> = Vec::new();
    // What is nested is small: charts are of the evidence itself.
    for (chart, names) in CHARTS.iter().filter(|_| depth == 0).filter_map(|chart| chart(fields)) {
        out.add(&chart);
        told.extend(names);
    }
    let rest = fields.iter().filter(|(name, _)| !told.contains(&name.as_str()));
    let rest: Vec<_> = rest.take(MAX_KEYS).collect();
    if rest.is_empty() {
        return;
    }
    out.lit("<dl class=\"pairs\">");
    for (name, v) in rest {
        out.wrap("<div><dt>", &words(name), "</dt><dd>");
        value(out, v, depth + 1);
        out.lit("</dd></div>");
    }
    out.lit("</dl>");
}

fn value(out: &mut Markup, v: &Value, depth: usize) {
    match v {
        Value::Array(items) if items.is_empty() => {
            out.lit("<span class=\"quiet\">none</span>");
        }
        Value::Array(items) if !items.iter().any(nested) => list(out, items),
        Value::Array(items) if items.iter().all(tally) => tallies(out, items),
        Value::Array(items) if items.iter().all(flat_record) => table::records(out, items),
        Value::Object(fields) if !fields.values().any(nested) => {
            let parts: Vec<String> =
                fields.iter().take(MAX_LISTED).map(|(name, v)| format!("{} {}", words(name), scalar(v))).collect();
            out.text(&parts.join(" · "));
        }
        Value::Object(fields) if depth < MAX_DEPTH => object(out, fields, depth),
        Value::Array(_) | Value::Object(_) => {
            out.wrap("<code>", &text::clip(&v.to_string(), 5 * MAX_CHARS), "</code>");
        }
        scalar_value => {
            out.text(&scalar(scalar_value));
        }
    }
}

fn list(out: &mut Markup, items: &[Value]) {
    let shown: Vec<String> = items.iter().take(MAX_LISTED).map(scalar).collect();
    out.text(&shown.join(", "));
    more(out, items.len());
}

/// Names with a number each, in a line.
fn tallies(out: &mut Markup, items: &[Value]) {
    for (i, item) in items.iter().take(MAX_LISTED).enumerate() {
        let parts: Vec<String> = item.as_object().into_iter().flat_map(Map::values).map(scalar).collect();
        out.lit(if i == 0 { "" } else { " · " });
        out.wrap("<code>", parts.first().map_or("", String::as_str), "</code> ");
        out.text(parts.get(1).map_or("", String::as_str));
    }
    more(out, items.len());
}

fn more(out: &mut Markup, items: usize) {
    if items > MAX_LISTED {
        out.text(&format!(" and {} more", text::count((items - MAX_LISTED) as u64)));
    }
}

fn nested(v: &Value) -> bool {
    v.is_array() || v.is_object()
}

/// A record of a name and a number.
fn tally(v: &Value) -> bool {
    let fields: Vec<&Value> = v.as_object().into_iter().flat_map(Map::values).collect();
    matches!(fields[..], [Value::String(_), Value::Number(_)])
}

fn flat_record(v: &Value) -> bool {
    v.as_object().is_some_and(|fields| !fields.values().any(nested))
}

/// A single value as text.
fn scalar(v: &Value) -> String {
    match v {
        Value::Null => "–".into(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::Number(n) => n.as_u64().map_or_else(|| text::number(n.as_f64().unwrap_or(f64::NAN)), text::count),
        Value::String(s) => text::clip(s, MAX_CHARS),
        other => text::clip(&other.to_string(), MAX_CHARS),
    }
}

fn words(name: &str) -> String {
    text::clip(&name.replace('_', " "), MAX_CHARS)
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(|v| v.as_f64().filter(|x| x.is_finite())).collect()
}

#[cfg(test)]
#[path = "../evidence_tests.rs"]
mod tests;
