use taster_core::{Scan, Severity, Verdict};

use super::{markdown::prose, markup::Markup, verdict_word};
use crate::{advice, text};

const SEVERITIES: [Severity; 4] = [Severity::Critical, Severity::Important, Severity::Monitor, Severity::Info];

/// The verdict, why, the figures that size it up, and what to do next.
pub(super) fn section(out: &mut Markup, scan: &Scan) {
    out.lit(match scan.verdict {
        Verdict::Passed => "<header class=\"verdict good\">",
        Verdict::Warned => "<header class=\"verdict important\">",
        Verdict::Failed => "<header class=\"verdict critical\">",
        Verdict::Incomplete => "<header class=\"verdict info\">",
    });
    out.lit("<p class=\"brand\">taster · dataset report</p>");
    out.wrap("<h1>", verdict_word(scan.verdict), "</h1>");
    out.lit("<p class=\"reason\">");
    prose(out, &text::clip(&scan.verdict_reason, 1000));
    out.lit("</p>");
    facts(out, scan);
    out.lit("</header>\n");
    contents(out);
    next(out, scan);
}

fn facts(out: &mut Markup, scan: &Scan) {
    let dataset = &scan.dataset;
    let quarantined = match dataset.rows {
        rows if rows > 0 && scan.quarantined_rows > 0 => {
            let share = 100.0 * scan.quarantined_rows as f64 / rows as f64;
            format!("{} ({} %)", text::count(scan.quarantined_rows), text::number(share))
        }
        _ => text::count(scan.quarantined_rows),
    };
    out.lit("<dl class=\"facts\">");
    for (name, value) in [
        ("Rows", text::count(dataset.rows)),
        ("Columns", text::count(dataset.schema.columns.len() as u64)),
        ("Files", text::count(dataset.files.len() as u64)),
        ("Quarantined rows", quarantined),
        ("Findings", tally(scan)),
    ] {
        out.wrap("<div><dt>", name, "</dt>").wrap("<dd>", &value, "</dd></div>");
    }
    out.lit("</dl>");
}

/// `2 critical, 1 info`
fn tally(scan: &Scan) -> String {
    let of = |s: Severity| scan.findings.iter().filter(|f| f.severity == s).count() as u64;
    let parts: Vec<String> =
        SEVERITIES.into_iter().filter(|&s| of(s) > 0).map(|s| format!("{} {}", text::count(of(s)), s.name())).collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

fn contents(out: &mut Markup) {
    out.lit("<nav><a href=\"#findings\">Findings</a><a href=\"#quarantine\">Quarantine</a>");
    out.lit("<a href=\"#dataset\">What was read</a><a href=\"#detectors\">Detectors</a>");
    out.lit("<a href=\"#repeat\">Repeat and verify</a></nav>\n");
}

fn next(out: &mut Markup, scan: &Scan) {
    out.lit("<section class=\"next\"><h2>What to do next</h2><ul>");
    for step in advice::next(scan) {
        out.lit("<li>");
        prose(out, &step);
        out.lit("</li>");
    }
    out.lit("</ul></section>\n");
}
