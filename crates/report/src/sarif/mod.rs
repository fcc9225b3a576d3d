//! SARIF 2.1.0 (OASIS 2020), as code-scanning services and editors read it.

use std::fmt::Write;

use serde_json::{Value, json};
use taster_core::{FileRecord, Scan, Verdict};

use crate::{docs::RuleDoc, json};

mod results;
mod rules;
mod taxonomies;

use rules::Rules;
use taxonomies::Taxonomies;

/// Results that GitHub keeps of a run; more would be dropped in silence, so we say it.
const MAX_RESULTS: usize = 5_000;

/// `results.sarif`: one rule per detector and one result per finding, never per row; at most 5,000 results, the most
/// severe first, with a note where there were more.
pub fn sarif(scan: &Scan, docs: &[RuleDoc]) -> String {
    let rules = Rules::of(scan, docs);
    let taxonomies = Taxonomies::of(scan);
    let findings = &scan.findings[..scan.findings.len().min(MAX_RESULTS)];
    let results: Vec<Value> = findings.iter().map(|f| results::result(f, scan, &rules, &taxonomies)).collect();
    let run = json!({
        "tool": {"driver": {
            "name": scan.tool.name,
            "version": scan.tool.version,
            "semanticVersion": scan.tool.version,
            "rules": rules.to_json(),
        }},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation(scan)],
        "artifacts": scan.dataset.files.iter().map(artifact).collect::<Vec<_>>(),
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
    json::pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }))
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

fn invocation(scan: &Scan) -> Value {
    let mut notes: Vec<Value> = scan.detectors.iter().filter_map(rules::notification).collect();
    if scan.findings.len() > MAX_RESULTS {
        let text = format!("{MAX_RESULTS} of {} findings are shown; findings.json has them all", scan.findings.len());
        notes.push(json!({"level": "note", "message": {"text": text}}));
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

/// Text from the data as a SARIF message: links (`[text](target)`) and placeholders (`{0}`) are switched off (sections
/// 3.11.5 and 3.11.6).
fn message(text: &str) -> String {
    crate::text::visible(text)
        .replace('\\', "\\\\")
        .replace('[', "\\[")
        .replace(']', "\\]")
        .replace('{', "{{")
        .replace('}', "}}")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
