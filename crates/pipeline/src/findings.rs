//! Findings that are not lists of rows.

use serde_json::json;
use taster_core::{DatasetRecord, Finding, Observation, Risk, Scope, Severity};
use taster_ingest::Note;

use crate::policy;

/// What a detector observed of the dataset.
pub(crate) fn observed_finding(detector: &str, o: &Observation) -> Finding {
    let risk = policy::observation_risk(detector, o);
    Finding {
        id: policy::finding_id(detector, o.code, o.scope, &o.columns),
        detector: detector.into(),
        code: o.code.into(),
        severity: policy::severity(risk),
        risk,
        scope: o.scope,
        message: o.message.clone(),
        columns: o.columns.clone(),
        rows: 0,
        magnitude: Some(o.magnitude),
        p_value: o.p_value,
        q_value: o.q_value,
        evidence: o.evidence.clone(),
        tags: Vec::new(),
        fingerprint: None,
        waiver: None,
    }
}

/// The i-th remark on how the files were read.
pub(crate) fn note_finding(i: usize, note: &Note) -> Finding {
    plain_finding("ingest", &format!("note-{}", i + 1), Severity::Info, note.to_string())
}

/// Fewer rows than columns: whatever the detectors say, it is little, and `passed` would be too much.
pub(crate) fn too_short(dataset: &DatasetRecord) -> Option<Finding> {
    let (rows, columns) = (dataset.rows, dataset.schema.columns.len());
    let message = || format!("{rows} rows are too few to judge {columns} columns by");
    (rows < columns as u64).then(|| plain_finding("policy", "too-few-rows", Severity::Monitor, message()))
}

/// A detector that could not do its work.
pub(crate) fn failure_finding(id: &str, why: &str) -> Finding {
    plain_finding(id, "failed", Severity::Important, format!("{id} could not do its work: {why}"))
}

/// A finding about the dataset as a whole that is its message.
pub(crate) fn plain_finding(detector: &str, code: &str, severity: Severity, message: String) -> Finding {
    Finding {
        id: format!("{detector}/{code}"),
        detector: detector.into(),
        code: code.into(),
        severity,
        risk: Risk::plain(severity),
        scope: Scope::Dataset,
        message,
        columns: Vec::new(),
        rows: 0,
        magnitude: None,
        p_value: None,
        q_value: None,
        evidence: json!({}),
        tags: Vec::new(),
        fingerprint: None,
        waiver: None,
    }
}
