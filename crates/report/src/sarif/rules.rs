use std::collections::BTreeMap;

use serde_json::{Value, json};
use taster_core::{DetectorRecord, DetectorStatus, Finding, Scan, Severity};

use super::message;
use crate::docs::RuleDoc;

/// The rules of a run: every detector in the order of the list, then whatever else made findings (`ingest`, `policy`).
pub(super) struct Rules<'a> {
    ids: Vec<&'a str>,
    docs: &'a [RuleDoc],
    worst: BTreeMap<&'a str, &'a Finding>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(scan: &'a Scan, docs: &'a [RuleDoc]) -> Self {
        let mut worst: BTreeMap<&str, &Finding> = BTreeMap::new();
        for finding in &scan.findings {
            let seen = worst.entry(&finding.detector).or_insert(finding);
            if finding.severity > seen.severity {
                *seen = finding;
            }
        }
        let mut ids: Vec<&str> = scan.detectors.iter().map(|d| d.id.as_str()).collect();
        let others: Vec<&str> = worst.keys().copied().filter(|id| !ids.contains(id)).collect();
        ids.extend(others);
        Self { ids, docs, worst }
    }

    pub(super) fn index(&self, id: &str) -> Option<usize> {
        self.ids.iter().position(|known| *known == id)
    }

    pub(super) fn to_json(&self) -> Vec<Value> {
        self.ids.iter().map(|id| self.rule(id)).collect()
    }

    fn rule(&self, id: &str) -> Value {
        let doc = RuleDoc::find(self.docs, id);
        let finds = doc.map_or_else(|| format!("What {id} saw."), |d| d.finds.clone());
        let help = doc.map_or(finds.as_str(), |d| d.readme.as_str());
        // A service shows one severity a rule, so it is that of the worst that was seen.
        let severity = self.worst.get(id).map_or(Severity::Monitor, |f| f.severity);
        let tags = self.worst.get(id).map_or(&[][..], |f| &f.tags);
        let mut labels = vec!["security".to_owned(), "data-poisoning".to_owned()];
        labels.extend(tags.iter().map(|t| format!("{} {}", t.catalogue, t.id)));
        let mut rule = json!({
            "id": id,
            "shortDescription": {"text": message(&finds)},
            "fullDescription": {"text": message(&finds)},
            "help": {"text": help, "markdown": help},
            "defaultConfiguration": {"level": level(severity)},
            "properties": {"tags": labels, "security-severity": security_severity(severity)},
        });
        // A name that differs from the id in case alone is not allowed.
        let name = pascal_case(id);
        if !name.eq_ignore_ascii_case(id) {
            rule["name"] = name.into();
        }
        rule
    }
}

/// How loud a result of this severity is.
pub(super) const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "error",
        Severity::Important => "warning",
        Severity::Monitor => "note",
        Severity::Info => "none",
    }
}

/// GitHub's scale: above 9 critical, 7 high, 4 medium, above 0 low.
pub(super) const fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::Important => "7.5",
        Severity::Monitor => "4.5",
        Severity::Info => "1.0",
    }
}

/// Says of a detector that it did not run, and why.
pub(super) fn notification(detector: &DetectorRecord) -> Option<Value> {
    let (level, what) = match detector.status {
        DetectorStatus::Ran => return None,
        DetectorStatus::NotApplicable => ("note", "does not apply"),
        DetectorStatus::Off => ("note", "was turned off"),
        DetectorStatus::Failed => ("error", "failed"),
    };
    let why = if detector.why.is_empty() { String::new() } else { format!(": {}", message(&detector.why)) };
    Some(json!({
        "level": level,
        "message": {"text": format!("{} {what}{why}", detector.id)},
        "associatedRule": {"id": detector.id},
    }))
}

fn pascal_case(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}
