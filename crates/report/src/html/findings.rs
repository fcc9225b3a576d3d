use std::collections::BTreeSet;

use taster_core::{Finding, Scan, Scope, Severity, Tag};

use super::{
    ShownRow, evidence, examples,
    markdown::{self, prose},
    markup::{Markup, fill},
};
use crate::{docs::RuleDoc, text};

const MAX_FINDINGS: usize = 500;
const MAX_BYTES: usize = 1_500_000;
const MAX_COLUMNS: usize = 30;

/// Every finding as a card, the most severe first; with quarantined rows that it speaks of, and what its detector cannot
/// see.
pub(super) fn section(out: &mut Markup, scan: &Scan, rows: &[ShownRow], docs: &[RuleDoc]) {
    out.lit("<section id=\"findings\" aria-labelledby=\"findings-title\"><h2 id=\"findings-title\">Findings</h2>\n");
    if scan.findings.is_empty() {
        out.lit("<p class=\"quiet\">Nothing was found.</p>");
    }
    let mut told = BTreeSet::new();
    let cards: Vec<(usize, &Finding, bool)> =
        scan.findings.iter().enumerate().map(|(at, f)| (at, f, told.insert(f.detector.as_str()))).collect();
    let shown = fill(out, cards, MAX_FINDINGS, MAX_BYTES, |(at, finding, first)| {
        let mut out = card(at, finding, scan, rows);
        about(&mut out, scan, finding, RuleDoc::find(docs, &finding.detector).filter(|_| first));
        out.lit("</article>\n");
        out
    });
    if shown < scan.findings.len() {
        let counts = format!("Showing {shown} of {} findings.", text::count(scan.findings.len() as u64));
        out.wrap("<p class=\"note\">", &counts, " <code>findings.json</code> has them all.</p>");
    }
    out.lit("</section>\n");
}

/// A card without its end.
fn card(at: usize, finding: &Finding, scan: &Scan, rows: &[ShownRow]) -> Markup {
    let mut out = Markup::default();
    out.lit("<article class=\"card ").lit(finding.severity.name());
    out.wrap("\" id=\"f", &at.to_string(), "\"><p class=\"kind\">");
    badge(&mut out, finding.severity);
    out.wrap(" <code>", &finding.detector, "</code>").wrap(" <span>", &words(&finding.code), "</span></p>");
    out.lit("<p class=\"message\">");
    prose(&mut out, &text::clip(&finding.message, 1000));
    out.lit("</p>");
    measures(&mut out, finding);
    waiver(&mut out, finding);
    columns(&mut out, &finding.columns);
    let found = evidence::render(&finding.evidence);
    if !found.is_empty() {
        out.lit("<details open><summary>Evidence</summary>").add(&found);
        examples::list(&mut out, finding, scan, rows);
        out.lit("</details>");
    }
    show_rows(&mut out, finding, rows);
    tags(&mut out, &finding.tags);
    out
}

/// A link to the rows in the table, where there are some.
fn show_rows(out: &mut Markup, finding: &Finding, rows: &[ShownRow]) {
    if finding.scope == Scope::Rows && rows.iter().any(|row| row.entry.detector == finding.detector) {
        out.wrap("<p><a href=\"#quarantine\" data-detector=\"", &finding.detector, "\">Show these rows</a></p>");
    }
}

/// What the detector looks for and cannot see, one click away: with its first finding, and in full below.
fn about(out: &mut Markup, scan: &Scan, finding: &Finding, doc: Option<&RuleDoc>) {
    let Some(place) = scan.detectors.iter().position(|d| d.id == finding.detector) else { return };
    let Some(doc) = doc else {
        out.wrap("<p class=\"quiet\"><a href=\"#d", &place.to_string(), "\">About this detector</a></p>");
        return;
    };
    out.wrap("<details><summary>What <code>", &doc.id, "</code> looks for, and what it cannot see</summary>");
    out.lit("<div class=\"readme\">");
    for title in ["Finds", "Blind spots"] {
        if let Some(text) = doc.section(title) {
            out.wrap("<h3>", title, "</h3>").add(&markdown::render(text));
        }
    }
    out.wrap(
        "<p><a href=\"#d",
        &place.to_string(),
        "\">How it scores, its parameters and references</a></p></div></details>",
    );
}

/// The severity as a coloured word.
pub(super) fn badge(out: &mut Markup, severity: Severity) {
    out.lit("<span class=\"badge ").lit(severity.name()).lit("\">").lit(severity.name()).lit("</span>");
}

fn measures(out: &mut Markup, finding: &Finding) {
    let parts = [
        (finding.rows > 0).then(|| text::plural(finding.rows, "row")),
        finding.magnitude.filter(|&m| m > 0.0).map(|m| format!("magnitude {}", text::unit(m))),
        finding.p_value.map(|p| format!("p {}", text::chance(p))),
        finding.q_value.map(|q| format!("q {}", text::chance(q))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if !parts.is_empty() {
        out.wrap("<p class=\"measures\">", &parts.join(" · "), "</p>");
    }
}

fn waiver(out: &mut Markup, finding: &Finding) {
    let Some(waiver) = &finding.waiver else { return };
    let until = format!("Waived by {} until {}: ", text::clip(&waiver.by, 100), text::clip(&waiver.expires, 10));
    out.wrap("<p class=\"note\">", &until, "").wrap("", &text::clip(&waiver.reason, 500), "</p>");
}

fn columns(out: &mut Markup, columns: &[String]) {
    if columns.is_empty() {
        return;
    }
    out.lit("<p class=\"chips\"><span class=\"quiet\">Columns</span>");
    for column in columns.iter().take(MAX_COLUMNS) {
        out.wrap(" <code>", &text::clip(column, 100), "</code>");
    }
    if columns.len() > MAX_COLUMNS {
        out.wrap(" <span class=\"quiet\">and ", &text::count((columns.len() - MAX_COLUMNS) as u64), " more</span>");
    }
    out.lit("</p>");
}

fn tags(out: &mut Markup, tags: &[Tag]) {
    if tags.is_empty() {
        return;
    }
    out.lit("<p class=\"chips tags\"><span class=\"quiet\">Evidence for</span>");
    for tag in tags {
        let release = if tag.release.is_empty() { String::new() } else { format!(" ({})", tag.release) };
        out.wrap(" <span>", &format!("{} {}: {}{release}", tag.catalogue, tag.id, tag.title), "</span>");
    }
    out.lit("</p>");
}

/// `column-changed` as people write it.
fn words(code: &str) -> String {
    code.replace('-', " ")
}
