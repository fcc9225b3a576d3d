use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};
use taster_core::{
    Digest, Severity, Tag, Verdict,
    crosswalk::{self, Subject},
};
use taster_provenance::export::{SourceRecord, Trust};

use crate::{
    Acceptance, Check, Error, Facts, Rating, Status, THREATS, Threat,
    diff::changes,
    goals::GOALS,
    rating::{IMPACTS, LIKELIHOODS, SEEN},
};

/// The form of `THREAT-MODEL.json`.
const FORMAT: &str = "taster-threat-model/v1";

/// Most findings that one threat lists.
const LISTED: usize = 10;

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

/// The scan that a model rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceBase {
    /// SHA-256 of the manifest.
    pub manifest_sha256: Digest,
    /// When the scan was finished.
    pub scanned_on: String,
    /// Version of taster.
    pub scanner: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// Rows that were scanned.
    pub rows: u64,
    /// Merkle root over them.
    pub rows_root: Digest,
    /// Keys that signed the manifest.
    pub signed_by: Vec<String>,
    /// Whether that was checked.
    pub verified: bool,
    /// Whether findings could be read beside the manifest.
    pub findings_read: bool,
}

/// Something to be protected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetEntry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// How bad its loss would be.
    pub value: Option<Rating>,
}

/// Where data comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// A value of the source column, or a file.
    pub name: String,
    /// What is known of it; the boundary is filled in.
    #[serde(flatten)]
    pub record: SourceRecord,
    /// What an inventory asks for and nobody has said.
    pub missing: Vec<String>,
}

/// What answers threats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlEntry {
    /// Its id.
    pub id: String,
    /// What it is.
    pub title: String,
    /// How far it is there.
    pub status: Status,
    /// What shows that.
    pub evidence: String,
    /// Who answers for it, where it was declared.
    pub owner: Option<String>,
    /// Entries of public catalogues.
    pub tags: Vec<Tag>,
}

/// Whether a threat is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerState {
    /// Nobody answers it.
    Unanswered,
    /// Something answers a part of it.
    Partly,
    /// Its owner accepted it.
    Accepted,
    /// It is answered.
    Answered,
}

/// A control that answers a threat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Id of the control.
    pub control: String,
    /// How far it is there.
    pub status: Status,
}

/// A threat, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreatEntry {
    /// Its id.
    pub id: String,
    /// What happens.
    pub title: String,
    /// The goal that it serves.
    pub goal: String,
    /// The element of the data flow that it strikes.
    pub element: String,
    /// `unlikely`, `possible`, `likely` or `seen`.
    pub likelihood: String,
    /// `limited`, `high` or `severe`.
    pub impact: String,
    /// What the two come to.
    pub rating: Rating,
    /// Whether it is answered.
    pub state: AnswerState,
    /// By what.
    pub answers: Vec<Answer>,
    /// What the last scan found of it: ids and messages of findings.
    pub findings: BTreeMap<String, String>,
    /// What stays open.
    pub rest: String,
    /// Why it is accepted, by whom and how long.
    pub accepted: Option<Acceptance>,
    /// Entries of public catalogues.
    pub tags: Vec<Tag>,
}

/// The root of an attack tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoalEntry {
    /// Its id.
    pub id: String,
    /// What the attacker wants.
    pub title: String,
    /// Ids of the threats that lead there.
    pub threats: Vec<String>,
}

/// What is other than before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// The version before; 0 where there was none.
    pub since: u32,
    /// One sentence each.
    pub list: Vec<String>,
}

impl ThreatModel {
    /// The threat model of these facts. `today` decides what has expired, `before` is the version before.
    pub fn of(facts: &Facts, today: &str, before: Option<&Self>) -> Self {
        let declared = &facts.declared;
        let predicate = &facts.predicate;
        let mut threats: Vec<ThreatEntry> = THREATS.iter().map(|threat| entry(threat, facts, today)).collect();
        threats.sort_by_key(|t| (t.state, std::cmp::Reverse(t.rating)));
        let leads = |goal: &str| THREATS.iter().filter(|t| t.goal == goal).map(|t| t.id.to_owned()).collect();
        let goal = |g: &crate::goals::Goal| GoalEntry { id: g.id.into(), title: g.title.into(), threats: leads(g.id) };
        let mut model = Self {
            format: FORMAT.into(),
            version: 1,
            crosswalk: crosswalk::version().into(),
            system: declared.system.clone(),
            owner: declared.owner.clone(),
            reviewed: declared.reviewed.clone(),
            review_by: declared.review_by.clone(),
            evidence: EvidenceBase {
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
            },
            assets: assets(facts),
            sources: sources(facts),
            controls: controls(facts),
            threats,
            goals: GOALS.iter().map(goal).collect(),
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
        serde_json::from_slice(&text).map_err(|e| Error::File { path: path.to_owned(), problem: e.to_string() })
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

/// What an inventory of sources asks for and this one does not say.
pub(crate) fn missing(source: &SourceRecord) -> Vec<String> {
    let asked = [
        ("origin", &source.origin),
        ("owner", &source.owner),
        ("licence", &source.licence),
        ("how it was collected", &source.collected),
        ("allowed use", &source.allowed_use),
    ];
    asked.iter().filter(|(_, said)| said.is_none()).map(|(name, _)| (*name).to_owned()).collect()
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

impl SourceEntry {
    /// The trust boundary that its data crosses.
    pub fn boundary(&self) -> &str {
        self.record.boundary.as_deref().unwrap_or_else(|| default_boundary(self.record.trust))
    }
}

fn default_boundary(trust: Trust) -> &'static str {
    match trust {
        Trust::Trusted => "inside",
        Trust::Unknown => "outside",
        Trust::Untrusted => "the public",
    }
}

fn controls(facts: &Facts) -> Vec<ControlEntry> {
    let mut checks: Vec<Check> = THREATS.iter().flat_map(|threat| threat.checks).copied().collect();
    checks.sort_by_key(|check| (matches!(check, Check::Detector(_)), check.id()));
    checks.dedup();
    let own = checks.into_iter().map(|check| {
        let state = check.state(facts);
        let kind = if matches!(check, Check::Detector(_)) { "detectors" } else { check.id() };
        ControlEntry {
            id: check.id().into(),
            title: check.title(),
            status: state.status,
            evidence: state.evidence,
            owner: None,
            tags: crosswalk::tags(Subject::Control, kind).to_vec(),
        }
    });
    let declared = facts.declared.controls.iter().map(|(name, control)| ControlEntry {
        id: name.clone(),
        title: control.description.clone().unwrap_or_else(|| name.clone()),
        status: Status::Active,
        evidence: control.evidence.clone().unwrap_or_else(|| "declared, without evidence".into()),
        owner: control.owner.clone(),
        tags: Vec::new(),
    });
    own.chain(declared).collect()
}

fn entry(threat: &Threat, facts: &Facts, today: &str) -> ThreatEntry {
    let own =
        threat.checks.iter().map(|check| Answer { control: check.id().into(), status: check.state(facts).status });
    let declared = facts.declared.controls.iter().filter(|(_, control)| control.answers.iter().any(|a| a == threat.id));
    let declared = declared.map(|(name, _)| Answer { control: name.clone(), status: Status::Active });
    let by_own = own.clone().map(|answer| answer.status).max().unwrap_or(Status::Missing).min(threat.at_best);
    let by_declared = declared.clone().map(|answer| answer.status).max().unwrap_or(Status::Missing);
    let accepted = facts.declared.accepted.get(threat.id).cloned();
    let in_force = accepted.as_ref().is_some_and(|a| a.until.as_ref().is_none_or(|until| today <= until.as_str()));
    let state = match by_own.max(by_declared) {
        Status::Active => AnswerState::Answered,
        _ if in_force => AnswerState::Accepted,
        Status::Partial => AnswerState::Partly,
        Status::Missing => AnswerState::Unanswered,
    };
    let detectors =
        threat.checks.iter().filter_map(|check| if let Check::Detector(id) = check { Some(*id) } else { None });
    // What is found of the files' declarations is found of every threat that those answer.
    let declarations = threat.checks.contains(&Check::DeclaredDigests).then_some("sources");
    let found: Vec<_> = detectors.chain(declarations).flat_map(|id| facts.findings_of(id)).collect();
    let seen = found.iter().any(|finding| finding.severity >= Severity::Important);
    let likelihood = likelihood(threat, facts, state, seen);
    ThreatEntry {
        id: threat.id.into(),
        title: threat.title.into(),
        goal: threat.goal.into(),
        element: threat.element.into(),
        likelihood: LIKELIHOODS[usize::from(likelihood) - 1].into(),
        impact: IMPACTS[usize::from(threat.impact) - 1].into(),
        rating: Rating::of(likelihood, threat.impact),
        state,
        answers: own.chain(declared).collect(),
        findings: found.iter().take(LISTED).map(|f| (f.id.clone(), f.message.clone())).collect(),
        rest: threat.rest.into(),
        accepted,
        tags: crosswalk::tags(Subject::Threat, threat.id).to_vec(),
    }
}

/// From 1 to 4: what was seen is certain; else by the least trusted source, one less where the threat is answered.
fn likelihood(threat: &Threat, facts: &Facts, state: AnswerState, seen: bool) -> u8 {
    if seen {
        return SEEN;
    }
    let worst = facts.sources.values().map(|source| source.trust).max().unwrap_or_default();
    let exposure = match worst {
        Trust::Trusted => 1,
        Trust::Unknown => 2,
        Trust::Untrusted => 3,
    };
    let base: u8 = if threat.by_source { exposure } else { 2 };
    if state == AnswerState::Answered { base.saturating_sub(1).max(1) } else { base }
}
