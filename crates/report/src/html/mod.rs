//! One self-contained page for people: nothing to load, and no script but one small one of ours, which the page does
//! without where scripts are off.

use taster_core::{Quarantined, Scan, Verdict};

use crate::{docs::RuleDoc, text};

mod dataset;
mod detectors;
mod evidence;
mod examples;
mod findings;
mod markdown;
mod markup;
mod quarantine;
mod risk;
mod rows;
mod script;
mod verdict;

use markup::Markup;

/// Bytes that the page may take. Rows of the quarantine are left out first, and the page says so.
const MAX_BYTES: usize = 5_000_000;

/// A quarantined row, as the page shows it.
#[derive(Clone, Debug)]
pub struct ShownRow {
    /// Its line in the quarantine list.
    pub entry: Quarantined,
    /// Name of its file.
    pub file: String,
    /// Its values, those that speak against it first: index of the column in the dataset's schema, and value as text. None
    /// where there are too many rows.
    pub values: Vec<(usize, String)>,
    /// Its label, where it has one that is not too long to be one.
    pub label: Option<String>,
}

/// `report.html`: verdict, risks, findings, quarantined rows (as many of `rows` as fit), what was read, and what each
/// detector did. `docs` explains the detectors, `signers` are the ids of the keys that sign the manifest. At most 5 MB.
pub fn html(scan: &Scan, rows: &[ShownRow], docs: &[RuleDoc], signers: &[String]) -> String {
    let mut before = Markup::default();
    head(&mut before, scan);
    verdict::section(&mut before, scan);
    risk::section(&mut before, scan);
    findings::section(&mut before, scan, rows, docs);
    let mut after = Markup::default();
    dataset::section(&mut after, scan, signers);
    detectors::section(&mut after, scan, docs);
    foot(&mut after, scan);
    let room = MAX_BYTES.saturating_sub(before.len() + after.len());
    quarantine::section(&mut before, scan, rows, room);
    before.add(&after);
    before.into_string()
}

fn head(out: &mut Markup, scan: &Scan) {
    out.lit("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.wrap("<meta http-equiv=\"Content-Security-Policy\" content=\"", &script::policy(), "\">\n");
    out.lit("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.lit("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    out.wrap("<title>", verdict_word(scan.verdict), "").lit(": taster report</title>\n<style>");
    out.lit(script::STYLE).lit("</style>\n</head>\n<body>\n<main>\n");
}

fn foot(out: &mut Markup, scan: &Scan) {
    out.lit("<section id=\"repeat\"><h2>Repeat and verify</h2>\n<dl class=\"pairs\">");
    out.wrap("<div><dt>Scanned by</dt><dd>", &format!("{} {}", scan.tool.name, scan.tool.version), "</dd></div>");
    out.wrap("<div><dt>Seed</dt><dd><code>", &scan.seed.to_string(), "</code></dd></div>");
    out.wrap(
        "<div><dt>Configuration, SHA-256</dt><dd><code>",
        &scan.config_sha256.to_string(),
        "</code></dd></div></dl>",
    );
    out.lit(
        "<p>The same data, configuration and seed give the same report, byte for byte. This page is a view: the \
        record is <code>manifest.json</code>, which names the digest of every file here. Check it with <code>taster \
        verify manifest.json --key KEY.pub.pem DATA</code>.</p>\n",
    );
    out.lit("<details><summary>Configuration in force</summary><pre tabindex=\"0\"><code>");
    let config = serde_json::to_string_pretty(&scan.config).unwrap_or_default();
    out.text(&text::clip(&config, 20_000)).lit("</code></pre></details></section>\n");
    out.lit("</main>\n<script>").lit(script::SCRIPT).lit("</script>\n</body>\n</html>\n");
}

/// The verdict as a headline.
const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "Passed",
        Verdict::Warned => "Warned",
        Verdict::Failed => "Failed",
        Verdict::Incomplete => "Incomplete",
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
