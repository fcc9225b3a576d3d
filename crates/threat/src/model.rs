use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use taster_core::crosswalk;
use taster_provenance::export::SourceRecord;

use crate::{
    AssetEntry, Changes, ControlEntry, Error, EvidenceBase, Facts, GoalEntry, SourceEntry, THREATS, ThreatEntry,
    diff::changes,
    entries::{default_boundary, missing},
    goals::GOALS,
    standing::{controls, threats},
};

/// The form of `THREAT-MODEL.json`.
const FORMAT: &str = "taster-threat-model/v1";

/// A threat model: what THREAT-MODEL.json holds, and the other forms show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreatModel {
    format: String,
    /// Counts up whenever something has changed.
    pub version: u32,
    /// Version of the crosswalk to public catalogues.
    pub crosswalk: String,
    /// The system that learns from the data.
    pub system: Option<String>,
    /// Who answers for this model.
    pub owner: Option<String>,
    /// When people last went through it.
    pub reviewed: Option<String>,
    /// When they will next.
    pub review_by: Option<String>,
    /// The scan that it rests on.
    pub evidence: EvidenceBase,
    /// What is to be protected.
    pub assets: Vec<AssetEntry>,
    /// Where the data comes from.
    pub sources: Vec<SourceEntry>,
    /// What answers threats.
    pub controls: Vec<ControlEntry>,
    /// What threatens: what nobody answers first, and the worst of that first.
    pub threats: Vec<ThreatEntry>,
    /// The attack trees: goals, and by what they are reached.
    pub goals: Vec<GoalEntry>,
    /// What is other than in the version before.
    pub changes: Changes,
}

impl ThreatModel {
    /// The threat model of these facts. `today` decides what has expired, `before` is the version before.
    pub fn of(facts: &Facts, today: &str, before: Option<&Self>) -> Self {
        let declared = &facts.declared;
        let mut model = Self {
            format: FORMAT.into(),
            version: 1,
            crosswalk: crosswalk::version().into(),
            system: declared.system.clone(),
            owner: declared.owner.clone(),
            reviewed: declared.reviewed.clone(),
            review_by: declared.review_by.clone(),
            evidence: evidence(facts),
            assets: assets(facts),
            sources: sources(facts),
            controls: controls(facts),
            threats: threats(facts, today),
            goals: goals(),
            changes: Changes::default(),
        };
        match before {
            Some(before) if before.same_but_for_history(&model) => {
                (model.version, model.changes) = (before.version, before.changes.clone());
            }
            Some(before) => {
                model.version = before.version + 1;
                model.changes = Changes { since: before.version, list: changes(before, &model) };
            }
            None => {}
        }
        model
    }

    /// Reads one that was written before.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read(path).map_err(Error::io(path))?;
        let refuse = |problem| Error::File { path: path.to_owned(), problem };
        let model: Self = serde_json::from_slice(&text).map_err(|e| refuse(e.to_string()))?;
        let known = model.format == FORMAT;
        known.then_some(model).ok_or_else(|| refuse(format!("not a threat model of the form {FORMAT}")))
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", serde_json::to_value(self).expect("every key is a string"))
    }

    fn same_but_for_history(&self, other: &Self) -> bool {
        let bare = |model: &Self| Self { version: 0, changes: Changes::default(), ..model.clone() };
        bare(self) == bare(other)
    }
}

fn evidence(facts: &Facts) -> EvidenceBase {
    let predicate = &facts.predicate;
    EvidenceBase {
        manifest_sha256: facts.manifest,
        scanned_on: predicate.metadata.scan_finished_on.clone(),
        scanner: predicate.scanner.version.clone(),
        verdict: predicate.result.verdict,
        reason: predicate.result.reason.clone(),
        rows: predicate.dataset.rows,
        rows_root: predicate.dataset.rows_root,
        signed_by: facts.signed_by.clone(),
        verified: facts.verified,
        findings_read: facts.has_findings,
    }
}

fn goals() -> Vec<GoalEntry> {
    let leads = |goal: &str| THREATS.iter().filter(|t| t.goal == goal).map(|t| t.id.to_owned()).collect();
    GOALS.iter().map(|g| GoalEntry { id: g.id.into(), title: g.title.into(), threats: leads(g.id) }).collect()
}

fn assets(facts: &Facts) -> Vec<AssetEntry> {
    let dataset = &facts.predicate.dataset;
    let own = |name: &str, description: String| AssetEntry {
        name: name.into(),
        description,
        owner: facts.declared.owner.clone(),
        value: None,
    };
    let mut assets = vec![
        own(
            "dataset",
            format!("{} rows and {} columns in {} files", dataset.rows, dataset.columns.len(), dataset.files.len()),
        ),
        own("model", facts.declared.system.clone().unwrap_or_else(|| "whatever learns from the dataset".into())),
        own("report", "manifest, findings and quarantine list of the scan".into()),
        own("signing key", "whoever has it can vouch for any data".into()),
    ];
    for (name, declared) in &facts.declared.assets {
        let found = assets.iter().position(|asset| asset.name == *name);
        let at = found.unwrap_or_else(|| {
            assets.push(own(name, String::new()));
            assets.len() - 1
        });
        let asset = &mut assets[at];
        asset.owner = declared.owner.clone().or(asset.owner.take());
        asset.value = declared.value;
        if let Some(description) = &declared.description {
            asset.description.clone_from(description);
        }
    }
    assets
}

/// The declared sources; where there are none, the files, of which nothing is known.
fn sources(facts: &Facts) -> Vec<SourceEntry> {
    let entry = |name: &String, record: &SourceRecord| SourceEntry {
        name: name.clone(),
        missing: missing(record),
        record: SourceRecord {
            boundary: record.boundary.clone().or_else(|| Some(default_boundary(record.trust).into())),
            ..record.clone()
        },
    };
    if facts.sources.is_empty() {
        let unknown = SourceRecord::default();
        return facts.predicate.dataset.files.iter().map(|file| entry(&file.name, &unknown)).collect();
    }
    facts.sources.iter().map(|(name, record)| entry(name, record)).collect()
}
