use std::fmt::Write;

use taster_core::Scan;

use super::{
    ShownRow, findings,
    markdown::prose,
    markup::{Markup, fill},
    rows::{self as data, Rows},
};
use crate::text;

/// Values shown of a row; wide datasets have thousands.
const MAX_VALUES: usize = 40;
const MAX_CHARS: usize = 200;

/// A column's name and a value.
type Value = (String, String);

/// Rows that are written out, for where no script runs; a script replaces them by all that the page has.
const WRITTEN: usize = 20;

/// The quarantined rows that were handed over, as many as fit into this many bytes, and how many there are in all.
pub(super) fn section(out: &mut Markup, scan: &Scan, rows: &[ShownRow], room: usize) {
    let total: u64 = scan.detectors.iter().map(|d| d.quarantined).sum();
    out.lit("<section id=\"quarantine\" aria-labelledby=\"quarantine-title\">");
    out.lit("<h2 id=\"quarantine-title\">Quarantine</h2>\n");
    if total == 0 && rows.is_empty() {
        out.lit("<p class=\"quiet\">No row was quarantined.</p></section>\n");
        return;
    }
    let mut body = Markup::default();
    fill(&mut body, rows, WRITTEN, room / 4, |shown| row(scan, shown));
    // The section's own words need a little room too.
    let data = data::rows(scan, rows, room.saturating_sub(body.len() + 2000));
    out.wrap("<p class=\"note\">", &extent(&data, total.max(rows.len() as u64), scan), "</p>");
    if data.shown > 0 {
        out.lit("<noscript><p class=\"note\">Without its script the page shows the first rows only.</p></noscript>");
        out.lit(
            "<div><table class=\"rows\" id=\"rows\"><thead><tr><th scope=\"col\">Row</th><th scope=\"col\">Why</th>",
        );
        out.lit("<th scope=\"col\">Values</th></tr></thead><tbody>\n");
        out.add(&body).lit("</tbody></table></div>\n");
        out.lit("<script type=\"application/json\" id=\"rows-data\">").data(&data).lit("</script>\n");
    }
    out.lit("</section>\n");
}

/// How many of all there are on the page, in words.
fn extent(data: &Rows, total: u64, scan: &Scan) -> String {
    let rows = text::plural(scan.quarantined_rows, "distinct row");
    let all = text::plural(total, "entry").replace("entrys", "entries");
    let mut told = if data.shown as u64 == total {
        format!("{all} for {rows}: one for each row and detector, also in quarantine.parquet.")
    } else {
        format!("Showing {} of {all} for {rows}; the full list is quarantine.parquet.", text::count(data.shown as u64))
    };
    if data.with_values < data.shown {
        let count = text::count(data.with_values as u64);
        let _ = write!(told, " The {count} most suspicious of these have their values here."); // cannot fail
    }
    told
}

fn row(scan: &Scan, shown: &ShownRow) -> Markup {
    let entry = &shown.entry;
    let mut out = Markup::default();
    out.wrap("<tr><td class=\"where\"><strong>", &text::count(entry.row), "</strong>");
    out.wrap("<span class=\"quiet\">", &text::clip(&shown.file, MAX_CHARS), "</span>");
    out.wrap(
        "<code class=\"quiet\" title=\"SHA-256 of the row\">",
        &entry.row_sha256.to_string()[..12],
        "…</code></td><td>",
    );
    out.lit("<p class=\"kind\">");
    findings::badge(&mut out, entry.severity);
    out.wrap(" <code>", &entry.detector, "</code>").wrap(" <span>", &measures(shown), "</span></p>");
    out.lit("<p>");
    prose(&mut out, &text::clip(&entry.reason, 500));
    out.lit("</p>");
    if let Some((label, probability)) = &entry.suggested_label {
        out.wrap("<p>Suggested label: <code>", &text::clip(label, MAX_CHARS), "</code>");
        out.wrap(" <span class=\"quiet\">with probability ", &text::unit(*probability), "</span></p>");
    }
    out.lit("</td><td>");
    values(&mut out, scan, shown);
    out.lit("</td></tr>\n");
    out
}

fn measures(shown: &ShownRow) -> String {
    let entry = &shown.entry;
    let part = |name: &str, x: Option<f64>| x.map_or_else(String::new, |x| format!(" · {name} {}", text::chance(x)));
    format!("score {}{}{}", text::unit(entry.score), part("p", entry.p_value), part("q", entry.q_value))
}

/// What speaks against the row first; the rest can be unfolded.
fn values(out: &mut Markup, scan: &Scan, shown: &ShownRow) {
    let named = |(column, value): &(usize, String)| {
        scan.dataset.schema.columns.get(*column).map(|column| (column.name.clone(), value.clone()))
    };
    let (against, rest): (Vec<Value>, Vec<Value>) =
        shown.values.iter().filter_map(named).partition(|(name, _)| shown.entry.columns.contains(name));
    pairs(out, "<dl class=\"values against\">", &against);
    if rest.is_empty() {
        return;
    }
    if against.is_empty() {
        pairs(out, "<dl class=\"values\">", &rest);
        return;
    }
    let others = if rest.len() == 1 { "1 other value".into() } else { format!("{} other values", rest.len()) };
    out.wrap("<details><summary>", &others, "</summary>");
    pairs(out, "<dl class=\"values\">", &rest);
    out.lit("</details>");
}

fn pairs(out: &mut Markup, open: &'static str, values: &[Value]) {
    if values.is_empty() {
        return;
    }
    out.lit(open);
    for (column, value) in values.iter().take(MAX_VALUES) {
        out.wrap("<div><dt>", &text::clip(column, 100), "</dt>");
        out.wrap("<dd>", &text::clip(value, MAX_CHARS), "</dd></div>");
    }
    out.lit("</dl>");
    if values.len() > MAX_VALUES {
        let more = text::count((values.len() - MAX_VALUES) as u64);
        out.wrap("<p class=\"quiet\">and ", &more, " more columns</p>");
    }
}
