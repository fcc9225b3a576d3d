//! Lists of records as tables.

use serde_json::{Map, Value};

use super::{Markup, bars, scalar, words};
use crate::text;

const MAX_ROWS: usize = 20;
const MAX_FIELDS: usize = 8;

/// A table of records. Where each has a `current` and a `reference` number, bars show both as shares.
pub(super) fn records(out: &mut Markup, items: &[Value]) {
    let records: Vec<&Map<String, Value>> = items.iter().filter_map(Value::as_object).take(MAX_ROWS).collect();
    let mut names: Vec<&str> = Vec::new();
    for name in records.iter().flat_map(|r| r.keys()) {
        if !names.contains(&name.as_str()) && names.len() < MAX_FIELDS {
            names.push(name);
        }
    }
    let bars = bars::Pairs::of(&records);
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
