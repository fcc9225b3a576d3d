use taster_core::{DetectorStatus, Scan, Severity, Verdict};

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
    why(out, scan);
    facts(out, scan);
    out.lit("</header>\n");
    contents(out);
    next(out, scan);
}

/// What made it that verdict, and what it does not speak of.
fn why(out: &mut Markup, scan: &Scan) {
    out.lit("<ul class=\"why\">");
    for sentence in [Some(rule(scan)), waived(scan), Some(ran(scan))].into_iter().flatten() {
        out.lit("<li>");
        prose(out, &sentence);
        out.lit("</li>");
    }
    out.lit("</ul>");
}

/// The rule of the policy that decided.
fn rule(scan: &Scan) -> String {
    let deciding = scan.findings.iter().find(|f| f.waiver.is_none() && f.message == scan.verdict_reason);
    let detector = deciding.map_or_else(|| "a detector".into(), |f| format!("`{}`", text::clip(&f.detector, 60)));
    let severity = deciding.map_or("", |f| f.severity.name());
    let from = scan.config.pointer("/policy/fail_on").and_then(|v| v.as_str()).unwrap_or("important");
    match scan.verdict {
        Verdict::Failed => format!(
            "The policy denies what {detector} finds: it fails the data by a finding that is {from} or worse, and this is \
             {severity}."
        ),
        Verdict::Warned => format!(
            "The policy does not fail the data by a finding of {detector} that is {severity}; a person should look at it."
        ),
        Verdict::Passed => "No finding is one that the policy denies or warns of.".into(),
        Verdict::Incomplete => "Part of the work could not be done, so nothing better can be said.".into(),
    }
}

fn waived(scan: &Scan) -> Option<String> {
    let waived = scan.findings.iter().filter(|f| f.waiver.is_some()).count() as u64;
    (waived > 0).then(|| format!("{} waived: the verdict does not mind them.", text::plural(waived, "finding")))
}

/// What was looked for, and what was not.
fn ran(scan: &Scan) -> String {
    let not: Vec<&str> =
        scan.detectors.iter().filter(|d| d.status != DetectorStatus::Ran).map(|d| d.id.as_str()).collect();
    let (all, ran) = (scan.detectors.len(), scan.detectors.len() - not.len());
    if not.is_empty() {
        return format!("All {all} detectors ran.");
    }
    let named: Vec<String> = not.iter().map(|id| format!("`{id}`")).collect();
    format!("{ran} of {all} detectors ran. Nothing was looked for by {}: why is told below.", named.join(", "))
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
    out.lit("<nav aria-label=\"Contents\"><a href=\"#risk\">Risk</a><a href=\"#findings\">Findings</a><a href=\"#quarantine\">Quarantine</a>");
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
