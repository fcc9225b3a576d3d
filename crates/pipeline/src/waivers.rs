//! Findings that somebody has accepted: fingerprints, the file of waivers, and what of it no longer holds.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taster_core::{DatasetRecord, Digest, Finding, Scope, Severity, Waiver};
use taster_provenance::canonical_sha256;

use crate::findings::plain_finding;

/// What findings about waivers go by in place of a detector.
pub(crate) const ID: &str = "waivers";

/// By how much a magnitude may grow before it is no longer what was accepted.
const GROWTH: f64 = 1.25;

const HEADER: &str = "\
# Findings that were accepted. `taster baseline` writes this file; edit reasons and dates as you need.
# A waiver that has expired fails the scan until it is renewed or removed.

";

/// `taster.waivers.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverFile {
    /// What is accepted.
    #[serde(default, rename = "waiver")]
    pub waivers: Vec<Waiver>,
}

/// A file of waivers cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WaiverFileError(String);

impl WaiverFile {
    /// Reads TOML text. A waiver without a reason, a name or a date is refused.
    pub fn parse(text: &str) -> Result<Self, WaiverFileError> {
        let file: Self = toml::from_str(text).map_err(|e| WaiverFileError(e.to_string()))?;
        for waiver in &file.waivers {
            let problem = |what: &str| Err(WaiverFileError(format!("the waiver of {:?} {what}", waiver.id)));
            if waiver.reason.trim().is_empty() {
                return problem("gives no reason");
            }
            if waiver.by.trim().is_empty() {
                return problem("does not say who accepted it");
            }
            if waiver.expires.len() != 10 || waiver.expires.parse::<jiff::civil::Date>().is_err() {
                return problem("does not end on a date such as 2026-12-31");
            }
        }
        Ok(file)
    }

    /// The file as TOML.
    pub fn to_toml(&self) -> String {
        format!("{HEADER}{}", toml::to_string_pretty(self).unwrap_or_default())
    }

    /// Accepts the findings of a report that matter and are not accepted yet; says which. Waivers of the same findings
    /// that no longer cover them are replaced.
    pub fn accept(&mut self, findings: &[Finding], reason: &str, by: &str, expires: &str) -> Vec<String> {
        let mut accepted = Vec::new();
        for finding in findings.iter().filter(|f| f.severity > Severity::Info && f.waiver.is_none()) {
            let Some(fingerprint) = finding.fingerprint else { continue };
            self.waivers.retain(|w| w.fingerprint != fingerprint);
            self.waivers.push(Waiver {
                id: finding.id.clone(),
                fingerprint,
                severity: finding.severity,
                magnitude_at_most: finding.magnitude.map(bound),
                reason: reason.to_owned(),
                by: by.to_owned(),
                expires: expires.to_owned(),
            });
            accepted.push(finding.id.clone());
        }
        accepted
    }
}

/// A little more than what was seen, in few digits.
fn bound(magnitude: f64) -> f64 {
    ((magnitude * GROWTH * 1e6).ceil() / 1e6).min(1.0)
}

/// Gives findings their fingerprints and the waivers that accept them. What of the waivers does not hold is said in
/// further findings.
pub(crate) fn waive(
    findings: &mut [Finding],
    waivers: &[Waiver],
    dataset: &DatasetRecord,
    today: &str,
) -> Vec<Finding> {
    for finding in findings.iter_mut() {
        // Work that was not done cannot be accepted as if it were a finding.
        if finding.code != "failed" {
            finding.fingerprint = Some(fingerprint(finding, dataset));
            let valid = |w: &&Waiver| w.covers(finding) && !w.has_expired(today);
            finding.waiver = waivers.iter().find(valid).cloned();
        }
    }
    waivers.iter().enumerate().filter_map(|(i, w)| remark(i, w, findings, today)).collect()
}

/// What a finding is, without what changes when rows are added, files renamed or written anew: no counts, no digests of
/// files, no names of files.
fn fingerprint(finding: &Finding, dataset: &DatasetRecord) -> Digest {
    let mut columns = finding.columns.clone();
    columns.sort();
    if finding.scope == Scope::Rows || finding.code == "dataset" {
        columns.clear(); // the most frequent ones: their order and number change with the rows
    }
    canonical_sha256(&json!({
        "version": 1,
        "detector": finding.detector,
        "code": finding.code,
        "scope": finding.scope,
        "columns": columns,
        "named": named(&finding.evidence, dataset),
    }))
}

/// What a finding names, so that another trigger or another contributor is another finding: a file by what is in it.
fn named(evidence: &Value, dataset: &DatasetRecord) -> Vec<Value> {
    let mut named: Vec<Value> =
        ["trigger", "values", "label", "measure"].iter().filter_map(|&key| evidence.get(key).cloned()).collect();
    let sources = evidence.get("sources").and_then(Value::as_array).into_iter().flatten();
    let odd = sources.filter(|s| s.get("odd").and_then(Value::as_bool) == Some(true));
    let mut names: Vec<String> = odd.filter_map(|s| Some(source(s.get("name")?.as_str()?, dataset))).collect();
    names.sort();
    named.extend(names.into_iter().map(Value::String));
    named
}

fn source(name: &str, dataset: &DatasetRecord) -> String {
    let file = dataset.files.iter().find(|file| file.name == name);
    file.map_or_else(|| name.to_owned(), |file| file.rows_root.to_string())
}

/// What of a waiver does not hold.
fn remark(i: usize, waiver: &Waiver, findings: &[Finding], today: &str) -> Option<Finding> {
    let id = &waiver.id;
    let known = findings.iter().find(|f| f.fingerprint == Some(waiver.fingerprint));
    let (code, severity, message) = if waiver.has_expired(today) {
        let text = format!("the waiver of {id} expired on {}: renew it or remove it", waiver.expires);
        ("expired", Severity::Critical, text)
    } else if known.is_none() {
        let text = format!("the waiver of {id} accepts nothing of this dataset, and could be removed");
        ("unused", Severity::Info, text)
    } else if known.is_some_and(|f| !waiver.covers(f)) {
        let text = format!("{id} has become worse than what its waiver accepts, so it is not waived");
        ("outgrown", Severity::Info, text)
    } else {
        return None;
    };
    Some(plain_finding(ID, &format!("{code}-{}", i + 1), severity, message))
}

#[cfg(test)]
#[path = "waivers_tests.rs"]
mod tests;
