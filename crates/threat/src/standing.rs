//! How each threat stands: how likely it is, what answers it, what the scan saw of it.

use taster_core::{
    IMPACTS, LIKELIHOODS, Risk, Severity, Waiver,
    crosswalk::{self, Subject},
};
use taster_provenance::export::Trust;

use crate::{
    Answer, AnswerState, Check, ControlEntry, Facts, FindingFact, Rating, Status, THREATS, Threat, ThreatEntry,
};

/// Most findings that one threat lists.
const LISTED: usize = 10;

/// Every threat: what nobody answers first, and the worst of that first. `today` decides what has expired.
pub(crate) fn threats(facts: &Facts, today: &str) -> Vec<ThreatEntry> {
    let mut threats: Vec<ThreatEntry> = THREATS.iter().map(|threat| entry(threat, facts, today)).collect();
    threats.sort_by_key(|t| (t.state, std::cmp::Reverse(t.rating)));
    threats
}

/// Every control: those that taster can show, detectors last, and then those that were declared.
pub(crate) fn controls(facts: &Facts) -> Vec<ControlEntry> {
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
    let (answers, answered) = answers(threat, facts, today);
    let found = found(threat, facts);
    let seen = found.iter().any(|finding| finding.severity >= Severity::Important);
    let state = if seen && all_waived(&found) { answered.min(AnswerState::Accepted) } else { answered };
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
        answers,
        findings: found.iter().take(LISTED).map(|f| (f.id.clone(), f.message.clone())).collect(),
        waived: found.iter().take(LISTED).filter_map(|f| Some((f.id.clone(), accepted(f.waiver.as_ref()?)))).collect(),
        rest: threat.rest.into(),
        accepted: facts.declared.accepted.get(threat.id).cloned(),
        tags: crosswalk::tags(Subject::Threat, threat.id).to_vec(),
    }
}

/// Whether all that a scan found of a threat and that matters was let pass by somebody.
fn all_waived(found: &[&FindingFact]) -> bool {
    found.iter().filter(|finding| finding.severity >= Severity::Important).all(|finding| finding.waiver.is_some())
}

fn accepted(waiver: &Waiver) -> String {
    format!("by {} until {}: {}", waiver.by, waiver.expires, waiver.reason)
}

/// What answers a threat, and what that comes to.
fn answers(threat: &Threat, facts: &Facts, today: &str) -> (Vec<Answer>, AnswerState) {
    let answer = |control: &str, status| Answer { control: control.into(), status };
    let own: Vec<Answer> = threat.checks.iter().map(|c| answer(c.id(), c.state(facts).status)).collect();
    let declared = facts.declared.controls.iter().filter(|(_, control)| control.answers.iter().any(|a| a == threat.id));
    let declared: Vec<Answer> = declared.map(|(name, _)| answer(name, Status::Active)).collect();
    let best = |answers: &[Answer]| answers.iter().map(|a| a.status).max().unwrap_or(Status::Missing);
    let status = best(&own).min(threat.at_best).max(best(&declared));
    let accepted = facts.declared.accepted.get(threat.id);
    let in_force = accepted.is_some_and(|a| a.until.as_ref().is_none_or(|until| today <= until.as_str()));
    let state = match status {
        Status::Active => AnswerState::Answered,
        _ if in_force => AnswerState::Accepted,
        Status::Partial => AnswerState::Partly,
        Status::Missing => AnswerState::Unanswered,
    };
    ([own, declared].concat(), state)
}

/// What the scan found of a threat. What is found of the files' declarations is found of every threat that they answer.
fn found<'a>(threat: &Threat, facts: &'a Facts) -> Vec<&'a FindingFact> {
    let by = |check: &Check| match check {
        Check::Detector(id) => Some(*id),
        Check::DeclaredDigests => Some("sources"),
        _ => None,
    };
    threat.checks.iter().filter_map(by).flat_map(|id| facts.findings_of(id)).collect()
}

/// From 1 to 4: what was seen is certain; else by the least trusted source, one less where the threat is answered.
fn likelihood(threat: &Threat, facts: &Facts, state: AnswerState, seen: bool) -> u8 {
    if seen {
        return Risk::SEEN;
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
