use serde_json::{Value, json};
use taster_core::{FileRecord, Finding, Scope, Severity};

use super::{
    MAX_CHARS, message,
    rules::{Rules, level, security_severity},
    taxonomies::Taxonomies,
    uri,
};
use crate::text::clip;

/// Columns named as places; a dataset with thousands would make the file useless.
const MAX_PLACES: usize = 20;

/// A finding as a result. Of the dataset's `files`, the first `listed` are among the artifacts.
pub(super) fn result(
    finding: &Finding,
    files: &[FileRecord],
    listed: usize,
    rules: &Rules<'_>,
    taxonomies: &Taxonomies<'_>,
) -> Value {
    let mut result = json!({
        "ruleId": finding.detector,
        "kind": if finding.severity == Severity::Info { "informational" } else { "fail" },
        "level": level(finding.severity),
        "message": {"text": message(&finding.message)},
        "partialFingerprints": fingerprints(finding),
        "taxa": finding.tags.iter().filter_map(|tag| taxonomies.reference(tag)).collect::<Vec<_>>(),
        "properties": properties(finding),
    });
    if let Some(waiver) = &finding.waiver {
        let why = format!("{} (by {}, until {})", waiver.reason, waiver.by, waiver.expires);
        result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": message(&why)}]);
    }
    if let Some(index) = rules.index(&finding.detector) {
        result["ruleIndex"] = index.into();
    }
    if let Some(location) = location(finding, files, listed) {
        result["locations"] = json!([location]);
    }
    result
}

/// What services know a result by from one scan to the next.
fn fingerprints(finding: &Finding) -> Value {
    match &finding.fingerprint {
        Some(fingerprint) => json!({"tasterFinding/v1": finding.id, "tasterFinding/v2": fingerprint}),
        None => json!({"tasterFinding/v1": finding.id}),
    }
}

fn properties(finding: &Finding) -> Value {
    json!({
        "id": finding.id,
        "code": finding.code,
        "severity": finding.severity.name(),
        "security-severity": security_severity(finding.severity),
        "scope": finding.scope,
        "columns": columns(finding),
        "rows": finding.rows,
        "magnitude": finding.magnitude,
        "pValue": finding.p_value,
        "qValue": finding.q_value,
    })
}

/// The first columns, cut where their names are long, and how many more there are.
fn columns(finding: &Finding) -> Vec<String> {
    let mut named: Vec<String> = finding.columns.iter().take(MAX_PLACES).map(|name| clip(name, MAX_CHARS)).collect();
    if finding.columns.len() > MAX_PLACES {
        named.push(format!("and {} more", finding.columns.len() - MAX_PLACES));
    }
    named
}

/// The file that the finding is about, or the first of the dataset, with the columns as logical places. A line is given
/// because services refuse results without one; which rows are meant is in the quarantine list.
fn location(finding: &Finding, files: &[FileRecord], listed: usize) -> Option<Value> {
    let own = (finding.scope == Scope::Source).then(|| named(finding)).flatten();
    let at = own.and_then(|name| files.iter().position(|f| f.name == name)).unwrap_or(0);
    let file = files.get(at)?;
    let places = finding.columns.iter().take(MAX_PLACES);
    let places = places.map(|column| json!({"name": clip(column, MAX_CHARS), "kind": "member"}));
    let mut artifact = json!({"uri": uri(&file.name)});
    if at < listed {
        artifact["index"] = at.into();
    }
    Some(json!({
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": {"startLine": 1},
        },
        "logicalLocations": places.collect::<Vec<_>>(),
    }))
}

/// What a finding's id names after its detector and code.
fn named(finding: &Finding) -> Option<&str> {
    finding
        .id
        .strip_prefix(finding.detector.as_str())?
        .strip_prefix('/')?
        .strip_prefix(finding.code.as_str())?
        .strip_prefix('/')
}
