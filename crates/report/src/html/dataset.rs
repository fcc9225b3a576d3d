use taster_core::{Column, DatasetRecord, FileRecord, Role, Scan};

use super::markup::{Markup, fill};
use crate::text;

const MAX_ROWS: usize = 1000;
const MAX_BYTES: usize = 500_000;
/// Rows of a table that is unfolded.
const OPEN_ROWS: usize = 40;
const MAX_CHARS: usize = 200;

/// What was read: files with their digests, columns with their roles and why; the same for the reference.
pub(super) fn section(out: &mut Markup, scan: &Scan, signers: &[String]) {
    out.lit("<section id=\"dataset\" aria-labelledby=\"dataset-title\"><h2 id=\"dataset-title\">What was read</h2>\n");
    signed(out, signers);
    record(out, &scan.dataset, OPEN_ROWS);
    match &scan.reference {
        Some(reference) => {
            out.lit("<h3>Trusted reference</h3>\n");
            record(out, reference, 0);
        }
        None => {
            out.lit("<p class=\"quiet\">No trusted reference was given.</p>");
        }
    }
    out.lit("</section>\n");
}

/// Who answers for what is told here.
fn signed(out: &mut Markup, signers: &[String]) {
    if signers.is_empty() {
        out.lit("<p>Nobody signed the record of this scan: anybody could have written it.</p>");
        return;
    }
    out.lit("<p>The record of this scan was signed by ");
    for (i, signer) in signers.iter().enumerate() {
        out.lit(if i == 0 { "" } else { ", " }).wrap("<code>", signer, "</code>");
    }
    out.lit(". Whether that holds, <code>taster verify</code> tells.</p>");
}

/// Tables with more rows than `open` are folded.
fn record(out: &mut Markup, record: &DatasetRecord, open: usize) {
    out.wrap("<p>", &roles(&record.schema.columns), "</p>");
    out.wrap("<p class=\"note\">Merkle root over all rows: <code>", &record.rows_root.to_string(), "</code></p>");
    let header = "<tr><th>File</th><th>Format</th><th>Size</th><th>Rows</th><th>SHA-256</th></tr>";
    table(out, ("Files", open), header, &record.files, file);
    let header = "<tr><th>Column</th><th>Role</th><th>Why</th><th>Kind</th></tr>";
    table(out, ("Columns", open), header, &record.schema.columns, column);
}

/// `13 numeric, 1 label`
fn roles(columns: &[Column]) -> String {
    let of = |role: Role| columns.iter().filter(|c| c.role == role).count() as u64;
    let parts = Role::ALL.into_iter().filter(|&r| of(r) > 0).map(|r| format!("{} {}", text::count(of(r)), r.name()));
    format!("{}: {}.", text::plural(columns.len() as u64, "column"), parts.collect::<Vec<_>>().join(", "))
}

fn table<T>(
    out: &mut Markup,
    (title, open): (&'static str, usize),
    header: &'static str,
    items: &[T],
    row: impl Fn(&T) -> Markup,
) {
    out.lit(if items.len() <= open { "<details open>" } else { "<details>" });
    out.wrap("<summary>", &format!("{title} ({})", text::count(items.len() as u64)), "</summary>");
    out.lit("<div class=\"wide\" tabindex=\"0\"><table>").lit(header);
    let shown = fill(out, items, MAX_ROWS, MAX_BYTES, row);
    out.lit("</table></div>");
    if shown < items.len() {
        let counts = format!("Showing {} of {}; ", text::count(shown as u64), text::count(items.len() as u64));
        out.wrap("<p class=\"note\">", &counts, "all are in <code>findings.json</code>.</p>");
    }
    out.lit("</details>\n");
}

fn file(file: &FileRecord) -> Markup {
    let mut out = Markup::default();
    out.wrap("<tr><td><code>", &text::clip(&file.name, MAX_CHARS), "</code></td>");
    out.wrap("<td>", &file.format, "</td>").wrap("<td class=\"number\">", &text::bytes(file.bytes), "</td>");
    out.wrap("<td class=\"number\">", &text::count(file.rows), "</td>");
    out.wrap("<td class=\"digest\"><code>", &file.sha256.to_string(), "</code></td></tr>");
    out
}

fn column(column: &Column) -> Markup {
    let mut out = Markup::default();
    out.wrap("<tr><td><code>", &text::clip(&column.name, MAX_CHARS), "</code></td>");
    out.wrap("<td>", column.role.name(), "</td>").wrap("<td>", &text::clip(&column.why, MAX_CHARS), "</td>");
    out.wrap("<td class=\"quiet\">", &text::clip(&column.kind.to_string(), MAX_CHARS), "</td></tr>");
    out
}
