//! Rows that a finding speaks of: those that carry a trigger.

use taster_core::{Finding, Scan, Scope};

use super::{ShownRow, markup::Markup};
use crate::text;

const MOST: usize = 4;
const MAX_CHARS: usize = 240;

/// Some quarantined rows that carry what the finding names, with it marked, and a link to all.
pub(super) fn list(out: &mut Markup, finding: &Finding, scan: &Scan, rows: &[ShownRow]) {
    let trigger = finding.evidence.get("trigger").and_then(|t| t.as_str()).filter(|t| !t.is_empty());
    let values = finding.evidence.get("values").is_some_and(serde_json::Value::is_array);
    if finding.scope == Scope::Rows || !(trigger.is_some() || values) {
        return;
    }
    let carries = |row: &&ShownRow| match trigger {
        Some(trigger) => row.entry.reason.contains(trigger) || row.values.iter().any(|(_, v)| v.contains(trigger)),
        None => !finding.columns.is_empty() && finding.columns.iter().all(|c| row.entry.columns.contains(c)),
    };
    let of_detector = rows.iter().filter(|row| row.entry.detector == finding.detector && !row.values.is_empty());
    let found: Vec<&ShownRow> = of_detector.filter(carries).take(MOST).collect();
    if found.is_empty() {
        return;
    }
    out.lit("<h3>Rows that have it</h3><ul class=\"examples\">");
    for row in found {
        example(out, finding, scan, row, trigger);
    }
    out.wrap("</ul><p><a href=\"#quarantine\" data-detector=\"", &finding.detector, "\"");
    if let Some(trigger) = trigger {
        out.wrap(" data-text=\"", trigger, "\"");
    }
    out.lit(">Show them in the table</a></p>");
}

fn example(out: &mut Markup, finding: &Finding, scan: &Scan, row: &ShownRow, trigger: Option<&str>) {
    out.wrap("<li><span class=\"quiet\">", &format!("row {} of ", text::count(row.entry.row)), "");
    out.wrap("", &text::clip(&row.file, 100), "</span> ");
    let schema = &scan.dataset.schema;
    let label = schema.label().map(|label| schema.columns[label].name.as_str());
    for (column, value) in &row.values {
        let Some(name) = schema.columns.get(*column).map(|column| column.name.as_str()) else { continue };
        if finding.columns.iter().any(|c| c == name) || label == Some(name) {
            out.wrap("<span class=\"pair\"><span class=\"quiet\">", &text::clip(name, 60), "</span> ");
            marked(out, &text::clip(value, MAX_CHARS), trigger);
            out.lit("</span> ");
        }
    }
    out.lit("</li>");
}

/// The text with every place marked where this stands.
fn marked(out: &mut Markup, text: &str, this: Option<&str>) {
    let Some(this) = this else {
        out.text(text);
        return;
    };
    for (i, part) in text.split(this).enumerate() {
        if i > 0 {
            out.wrap("<mark>", this, "</mark>");
        }
        out.text(part);
    }
}
