//! SARIF 2.1.0 (OASIS 2020), as code-scanning services and editors read it.

use std::fmt::Write;

use serde_json::{Value, json};
use taster_core::{FileRecord, Scan, Verdict};

use crate::{
    docs::RuleDoc,
    json,
    text::{clip, hides, visible},
};

mod results;
mod rules;
mod taxonomies;

use rules::Rules;
use taxonomies::Taxonomies;

/// Results that GitHub keeps of a run; more would be dropped in silence, so we say it.
const MAX_RESULTS: usize = 5_000;

/// Bytes that results and files may take. GitHub takes 10 MB of gzip; what is less before it is packed is less after, whatever
/// it holds. The rest of the document is the rules, which are ours.
const MAX_RESULT_BYTES: usize = 8_000_000;
const MAX_FILE_BYTES: usize = 1_000_000;

/// Characters of a text that came with the data.
const MAX_CHARS: usize = 1_000;

/// `results.sarif`: one rule per detector and one result per finding, never per row; at most 5,000 results and 10 MB, the
/// most severe first, with a note where there were more.
pub fn sarif(scan: &Scan, docs: &[RuleDoc]) -> String {
    let rules = Rules::of(scan, docs);
    let taxonomies = Taxonomies::of(scan);
    // Results name files by their index, so no file is left out before another.
    let files: Vec<Value> = scan.dataset.files.iter().map(artifact).take_while(fits(MAX_FILE_BYTES)).collect();
    let result = |finding| results::result(finding, &scan.dataset.files, files.len(), &rules, &taxonomies);
    let results: Vec<Value> =
        scan.findings.iter().take(MAX_RESULTS).map(result).filter(fits(MAX_RESULT_BYTES)).collect();
    let run = json!({
        "tool": {"driver": {
            "name": scan.tool.name,
            "version": scan.tool.version,
            "semanticVersion": scan.tool.version,
            "informationUri": "https://taster.dev",
            "rules": rules.to_json(),
        }},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation(scan, results.len(), files.len())],
        "artifacts": files,
        "taxonomies": taxonomies.to_json(),
        "results": results,
        "properties": {
            "verdict": scan.verdict.name(),
            "quarantinedRows": scan.quarantined_rows,
            "rows": scan.dataset.rows,
            "rowsRoot": scan.dataset.rows_root,
            "configSha256": scan.config_sha256,
            "seed": scan.seed.to_string(), // beyond what a JavaScript reader could hold as a number
        },
    });
    json::compact(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }))
}

/// Tells of one value after the other whether it fits into what is left of so many bytes; one that is so large that it would
/// crowd out the others does not.
fn fits(bytes: usize) -> impl FnMut(&Value) -> bool {
    let mut left = bytes;
    move |value| {
        // As `json` writes them: what hides takes six bytes for each half of a character.
        let size: usize = value.to_string().chars().map(|c| if hides(c) { 12 } else { c.len_utf8() }).sum();
        let fits = size < left.min(bytes / 20);
        left -= if fits { size + 1 } else { 0 };
        fits
    }
}

fn artifact(file: &FileRecord) -> Value {
    json!({
        "location": {"uri": uri(&file.name)},
        "length": file.bytes,
        "roles": ["analysisTarget"],
        "hashes": {"sha-256": file.sha256},
        "properties": {"format": file.format, "rows": file.rows, "rowsRoot": file.rows_root},
    })
}

fn invocation(scan: &Scan, results: usize, files: usize) -> Value {
    let mut notes: Vec<Value> = scan.detectors.iter().filter_map(rules::notification).collect();
    for (shown, all, what) in [(results, scan.findings.len(), "findings"), (files, scan.dataset.files.len(), "files")] {
        if shown < all {
            let text = format!("{shown} of {all} {what} are shown; findings.json has them all");
            notes.push(json!({"level": "note", "message": {"text": text}}));
        }
    }
    json!({
        "executionSuccessful": scan.verdict != Verdict::Incomplete,
        "exitCode": scan.verdict.exit_code(),
        "exitCodeDescription": format!("{}: {}", scan.verdict, message(&scan.verdict_reason)),
        "toolExecutionNotifications": notes,
    })
}

/// A relative reference (RFC 3986): everything but unreserved characters and `/` is percent-encoded.
fn uri(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}"); // writing to a string cannot fail
        }
    }
    out
}

/// Text from the data as a SARIF message, cut where it is long: links (`[text](target)`) and placeholders (`{0}`) are switched off (sections
/// 3.11.5 and 3.11.6).
fn message(text: &str) -> String {
    visible(&clip(text, MAX_CHARS))
        .replace('\\', "\\\\")
        .replace('[', "\\[")
        .replace(']', "\\]")
        .replace('{', "{{")
        .replace('}', "}}")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
