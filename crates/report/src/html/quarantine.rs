use taster_core::Scan;

use super::{
    ShownRow, findings,
    markdown::prose,
    markup::{Markup, fill},
};
use crate::text;

/// Values shown of a row; wide datasets have thousands.
const MAX_VALUES: usize = 40;
const MAX_CHARS: usize = 200;

/// The quarantined rows that were handed over, as many as fit into this many bytes, and how many there are in all.
pub(super) fn section(out: &mut Markup, scan: &Scan, rows: &[ShownRow], room: usize) {
    let total: u64 = scan.detectors.iter().map(|d| d.quarantined).sum();
    let mut body = Markup::default();
    // The section's own words need a little room too.
    let shown = fill(&mut body, rows, rows.len(), room.saturating_sub(2000), row);
    out.lit("<section id=\"quarantine\"><h2>Quarantine</h2>\n");
    if total == 0 && rows.is_empty() {
        out.lit("<p class=\"quiet\">No row was quarantined.</p></section>\n");
        return;
    }
    out.wrap("<p class=\"note\">", &extent(shown as u64, total.max(rows.len() as u64), scan), "</p>");
    if shown > 0 {
        out.lit("<table class=\"rows\"><thead><tr><th>Row</th><th>Why</th><th>Values</th></tr></thead><tbody>\n");
        out.add(&body).lit("</tbody></table>");
    }
    out.lit("</section>\n");
}

fn extent(shown: u64, total: u64, scan: &Scan) -> String {
    let rows = text::plural(scan.quarantined_rows, "distinct row");
    let all = text::plural(total, "entry").replace("entrys", "entries");
    if shown == total {
        return format!("{all} for {rows}: one for each row and detector, also in quarantine.parquet.");
    }
    format!("Showing {} of {all} for {rows}; the full list is quarantine.parquet.", text::count(shown))
}

fn row(shown: &ShownRow) -> Markup {
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
    values(&mut out, shown);
    out.lit("</td></tr>\n");
    out
}

fn measures(shown: &ShownRow) -> String {
    let entry = &shown.entry;
    let part = |name: &str, x: Option<f64>| x.map_or_else(String::new, |x| format!(" · {name} {}", text::chance(x)));
    format!("score {}{}{}", text::unit(entry.score), part("p", entry.p_value), part("q", entry.q_value))
}

/// What speaks against the row first; the rest can be unfolded.
fn values(out: &mut Markup, shown: &ShownRow) {
    let (mut against, rest): (Vec<_>, Vec<_>) = shown.values.iter().partition(|v| v.2);
    let rank = |name: &String| shown.entry.columns.iter().position(|c| c == name).unwrap_or(usize::MAX);
    against.sort_by_key(|(name, ..)| rank(name));
    pairs(out, "<dl class=\"values against\">", &against);
    if rest.is_empty() {
        return;
    }
    if against.is_empty() {
        pairs(out, "<dl class=\"values\">", &rest);
        return;
    }
    out.wrap("<details><summary>", &text::plural(rest.len() as u64, "other value"), "</summary>");
    pairs(out, "<dl class=\"values\">", &rest);
    out.lit("</details>");
}

fn pairs(out: &mut Markup, open: &'static str, values: &[&(String, String, bool)]) {
    if values.is_empty() {
        return;
    }
    out.lit(open);
    for (column, value, _) in values.iter().take(MAX_VALUES) {
        out.wrap("<div><dt>", &text::clip(column, 100), "</dt>");
        out.wrap("<dd>", &text::clip(value, MAX_CHARS), "</dd></div>");
    }
    out.lit("</dl>");
    if values.len() > MAX_VALUES {
        let more = text::count((values.len() - MAX_VALUES) as u64);
        out.wrap("<p class=\"quiet\">and ", &more, " more columns</p>");
    }
}
