use std::fmt::Write;

use taster_core::{Finding, Scan, Severity};

use crate::{
    advice,
    text::{bytes, clip, count, number, one_line, plural},
};

/// Findings listed; the rest is counted. Services cut what is longer than a megabyte.
const MAX_FINDINGS: usize = 50;
const MAX_CHARS: usize = 500;

/// A summary in Markdown, as code-hosting services show it beside a run: verdict, what was read, findings, what to do.
pub fn markdown(scan: &Scan) -> String {
    let mut out = format!("## taster: {}\n\n{}\n\n", scan.verdict, escaped(&scan.verdict_reason));
    let dataset = &scan.dataset;
    let share = 100.0 * scan.quarantined_rows as f64 / dataset.rows.max(1) as f64;
    let size = dataset.files.iter().map(|f| f.bytes).sum();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{} × {} in {} ({}); {} in quarantine ({} %).",
        plural(dataset.rows, "row"),
        plural(dataset.schema.columns.len() as u64, "column"),
        plural(dataset.files.len() as u64, "file"),
        bytes(size),
        plural(scan.quarantined_rows, "row"),
        number(share),
    );
    findings(&mut out, scan);
    out.push_str("\n**Next**\n\n");
    for step in advice::next(scan) {
        let _ = writeln!(out, "- {step}");
    }
    out.push('\n');
    out
}

fn findings(out: &mut String, scan: &Scan) {
    let matters: Vec<&Finding> = scan.findings.iter().filter(|f| f.severity > Severity::Info).collect();
    if !matters.is_empty() {
        out.push_str("\n| severity | detector | finding |\n| --- | --- | --- |\n");
    }
    for finding in matters.iter().take(MAX_FINDINGS) {
        let waived = finding.waiver.as_ref().map(|w| {
            format!(" *(waived by {} until {}: {})*", escaped(&w.by), escaped(&w.expires), escaped(&w.reason))
        });
        let (detector, message) = (escaped(&finding.detector), escaped(&finding.message));
        let waived = waived.unwrap_or_default();
        let _ = writeln!(out, "| {} | {detector} | {message}{waived} |", finding.severity);
    }
    let left = matters.len().saturating_sub(MAX_FINDINGS) + (scan.findings.len() - matters.len());
    if left > 0 {
        let _ = writeln!(out, "\n{} more in findings.json.", count(left as u64));
    }
}

/// Text from the data as one line of Markdown that is only text: no markup, no HTML, no link, no image.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in clip(&one_line(text), MAX_CHARS).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"), // mentions nobody
            ',' | '%' | '(' | ')' | '-' | '\'' | ';' => out.push(c),
            c if c.is_ascii_punctuation() => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn it_says_the_verdict_and_the_findings() {
        let text = markdown(&sample::scan());
        assert!(text.starts_with("## taster: failed\n"), "{text}");
        assert!(text.contains("32,561 rows × 6 columns in 2 files"), "{text}");
        assert!(text.contains("\n| critical | "), "{text}");
    }

    #[test]
    fn nothing_in_the_data_is_markup() {
        let nasty = "<img src=x onerror=alert(1)> ![i](http://e.org) `x` | y @all https://e.org www.e.org";
        let text = escaped(nasty);
        for live in ["<img", "![", "i](", " `x`", " | ", "@", "https:", "www."] {
            assert!(!text.contains(live), "{live} in {text}");
        }
        let mut scan = sample::hostile();
        scan.findings = vec![scan.findings[0].clone(); 5000];
        let text = markdown(&scan);
        assert!(text.len() < 100_000 && text.contains("4,950 more in findings.json"), "{}", text.len());
        assert!(!text.contains("<script"));
    }
}
