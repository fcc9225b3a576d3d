use std::collections::BTreeMap;

use crate::{AnswerState, ThreatModel};

/// What is other in the new version, one sentence each.
pub(crate) fn changes(old: &ThreatModel, new: &ThreatModel) -> Vec<String> {
    let mut list = Vec::new();
    if old.evidence.manifest_sha256 != new.evidence.manifest_sha256 {
        let (before, after) = (&old.evidence, &new.evidence);
        list.push(format!(
            "a new scan: verdict {} (was {}), {} rows (were {})",
            after.verdict, before.verdict, after.rows, before.rows
        ));
    }
    if old.crosswalk != new.crosswalk {
        list.push(format!("the crosswalk is of {} (was {})", new.crosswalk, old.crosswalk));
    }
    if old.reviewed != new.reviewed {
        let told = |date: &Option<String>| date.clone().unwrap_or_else(|| "never".into());
        list.push(format!("reviewed {} (was {})", told(&new.reviewed), told(&old.reviewed)));
    }
    let named = |entries: &[crate::AssetEntry]| entries.iter().map(|a| (a.name.clone(), format!("{a:?}"))).collect();
    compare(&mut list, "asset", &named(&old.assets), &named(&new.assets), |_, _| "was declared anew".into());
    let named = |entries: &[crate::SourceEntry]| entries.iter().map(|s| (s.name.clone(), format!("{s:?}"))).collect();
    compare(&mut list, "source", &named(&old.sources), &named(&new.sources), |_, _| "was declared anew".into());
    let statuses =
        |model: &ThreatModel| model.controls.iter().map(|c| (c.id.clone(), c.status.name().to_owned())).collect();
    compare(&mut list, "control", &statuses(old), &statuses(new), |before, after| format!("is {after} (was {before})"));
    let standing = |model: &ThreatModel| {
        model.threats.iter().map(|t| (t.id.clone(), format!("{}, {}", t.rating.name(), state(t.state)))).collect()
    };
    compare(&mut list, "threat", &standing(old), &standing(new), |before, after| format!("is {after} (was {before})"));
    let findings = |model: &ThreatModel| -> BTreeMap<String, String> {
        model.threats.iter().flat_map(|t| t.findings.keys()).map(|id| (id.clone(), String::new())).collect()
    };
    compare(&mut list, "finding", &findings(old), &findings(new), |_, _| String::new());
    list
}

fn compare(
    list: &mut Vec<String>,
    kind: &str,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
    changed: impl Fn(&str, &str) -> String,
) {
    for (name, after) in new {
        match old.get(name) {
            None => list.push(format!("new {kind} {name}")),
            Some(before) if before != after => list.push(format!("{kind} {name} {}", changed(before, after))),
            Some(_) => {}
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        list.push(format!("{kind} {name} is gone"));
    }
}

pub(crate) fn state(state: AnswerState) -> &'static str {
    match state {
        AnswerState::Unanswered => "unanswered",
        AnswerState::Partly => "partly answered",
        AnswerState::Accepted => "accepted",
        AnswerState::Answered => "answered",
    }
}
