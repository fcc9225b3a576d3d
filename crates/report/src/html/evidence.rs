//! Evidence is whatever JSON a detector gives: known shapes become charts, lists of records become tables, the rest
//! becomes names and values.

use serde_json::{Map, Value};

use super::{chart, markup::Markup};
use crate::text;

const MAX_ROWS: usize = 20;
const MAX_FIELDS: usize = 8;
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
    if let Some(histogram) = fields.get("histogram").and_then(chart::histogram) {
        out.add(&histogram);
    }
    let rest = fields.iter().filter(|(name, v)| !(*name == "histogram" && chart::histogram(v).is_some()));
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
        Value::Array(items) if items.iter().all(flat_record) => table(out, items),
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

/// A table of records. Where each has a `current` and a `reference` number, bars show both as shares.
fn table(out: &mut Markup, items: &[Value]) {
    let records: Vec<&Map<String, Value>> = items.iter().filter_map(Value::as_object).take(MAX_ROWS).collect();
    let mut names: Vec<&str> = Vec::new();
    for name in records.iter().flat_map(|r| r.keys()) {
        if !names.contains(&name.as_str()) && names.len() < MAX_FIELDS {
            names.push(name);
        }
    }
    let bars = chart::Pairs::of(&records);
    out.lit("<div class=\"wide\" tabindex=\"0\"><table><tr>");
    for name in &names {
        out.wrap("<th>", &words(name), "</th>");
    }
    out.lit(if bars.is_some() { "<th>share</th></tr>" } else { "</tr>" });
    for (i, record) in records.iter().enumerate() {
        out.lit("<tr>");
        for name in &names {
            let cell = record.get(*name).unwrap_or(&Value::Null);
            out.lit(if cell.is_number() { "<td class=\"number\">" } else { "<td>" }).text(&scalar(cell)).lit("</td>");
        }
        if let Some(bars) = &bars {
            out.lit("<td>").add(&bars.bar(i)).lit("</td>");
        }
        out.lit("</tr>");
    }
    out.lit("</table></div>");
    if items.len() > MAX_ROWS {
        let all = text::count(items.len() as u64);
        out.wrap("<p class=\"note\">", &format!("Showing {MAX_ROWS} of {all}; all are in findings.json."), "</p>");
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
