//! THREAT-MODEL.md: the model for people.

use std::fmt::Write as _;

use taster_core::crosswalk;

use crate::{
    AnswerState, Rating, ThreatEntry, ThreatModel,
    diagram::{mermaid, tree},
    diff::state,
    text::{clip, plain},
};

/// Most sources, controls and changes that a table shows; the JSON has all of them.
const ROWS: usize = 60;

/// The model as Markdown. `today` says whether a review is overdue.
pub fn markdown(model: &ThreatModel, today: &str) -> String {
    let mut page = Page(String::new());
    let system = model.system.as_deref().unwrap_or("a training dataset");
    page.line(&format!("# Threat model of {}\n", plain(system)));
    head(&mut page, model, today);
    changes(&mut page, model);
    open(&mut page, model);
    page.line("## Data flow\n\n![Data flow with trust boundaries](THREAT-MODEL.svg)\n");
    page.line(&format!("```mermaid\n{}```\n", mermaid(model)));
    stride(&mut page, model);
    details(&mut page, model);
    trees(&mut page, model);
    assets(&mut page, model);
    sources(&mut page, model);
    controls(&mut page, model);
    catalogues(&mut page, model);
    page.0
}

struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.0, "{text}"); // writing to a string cannot fail
    }

    fn row(&mut self, cells: &[&str]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    fn table(&mut self, titles: &[&str]) {
        self.row(titles);
        self.row(&vec!["---"; titles.len()]);
    }
}

fn head(page: &mut Page, model: &ThreatModel, today: &str) {
    let evidence = &model.evidence;
    let signed = match (&evidence.signed_by[..], evidence.verified) {
        ([], _) => "not signed".to_owned(),
        (keys, true) => format!("signed by {}, verified", keys.join(", ")),
        (keys, false) => format!("carries a signature by {}, which was not checked", keys.join(", ")),
    };
    let review = match (&model.reviewed, &model.review_by) {
        (None, None) => "nobody has said when people went through it (`reviewed`, `review_by`)".to_owned(),
        (reviewed, by) => {
            let last = reviewed.as_deref().unwrap_or("never");
            let next = by.as_ref().map_or(String::new(), |by| {
                format!("; next by {by}{}", if today > by.as_str() { ", **which is overdue**" } else { "" })
            });
            format!("last on {last}{next}")
        }
    };
    page.table(&["", ""]);
    page.row(&["version", &model.version.to_string()]);
    page.row(&["owner", &plain(model.owner.as_deref().unwrap_or("nobody has said"))]);
    page.row(&["review", &review]);
    page.row(&[
        "evidence",
        &format!("scan of {} by taster {}: {} rows", evidence.scanned_on, evidence.scanner, evidence.rows),
    ]);
    page.row(&["verdict", &format!("{}: {}", evidence.verdict, plain(&evidence.reason))]);
    page.row(&["manifest", &format!("SHA-256 {}; {signed}", evidence.manifest_sha256)]);
    if !evidence.findings_read {
        page.row(&["findings", "findings.json is not beside the manifest, so no threat could be seen in them"]);
    }
    page.line("\nWritten by `taster threat-model`; change `taster.toml`, not this file.\n");
}

fn changes(page: &mut Page, model: &ThreatModel) {
    let changes = &model.changes;
    if changes.since == 0 {
        return page.line("## What changed\n\nThis is the first version.\n");
    }
    page.line(&format!("## What changed since version {}\n", changes.since));
    for change in changes.list.iter().take(ROWS) {
        page.line(&format!("- {}", plain(&clip(change, 300))));
    }
    cut(page, changes.list.len());
}

/// What nobody answers comes first.
fn open(page: &mut Page, model: &ThreatModel) {
    let open: Vec<&ThreatEntry> = model.threats.iter().filter(|t| t.state <= AnswerState::Partly).collect();
    let unanswered = open.iter().filter(|t| t.state == AnswerState::Unanswered).count();
    page.line("## Threats that nobody answers, or only in part\n");
    let (all, critical) = (model.threats.len(), model.threats.iter().filter(|t| t.rating == Rating::Critical).count());
    page.line(&format!(
        "{unanswered} of {all} threats are unanswered, {} answered in part; {critical} are critical.\n",
        open.len() - unanswered
    ));
    page.table(&["threat", "rating", "answered", "what stays open"]);
    for threat in open {
        page.row(&[&plain(&threat.title), threat.rating.name(), state(threat.state), &plain(&threat.rest)]);
    }
    page.line("");
}

fn stride(page: &mut Page, model: &ThreatModel) {
    page.line("## Threats\n\nUnanswered first, then by rating. Rating is likelihood times impact.\n");
    page.table(&[
        "threat",
        "STRIDE",
        "strikes",
        "likelihood",
        "impact",
        "rating",
        "answered",
        "by",
        "seen in the last scan",
    ]);
    for threat in &model.threats {
        let stride = threat.tags.iter().find(|tag| tag.catalogue == "STRIDE").map_or("", |tag| &*tag.title);
        let by = threat.answers.iter().map(|a| format!("{} ({})", plain(&a.control), a.status.name()));
        let by = by.collect::<Vec<_>>().join(", ");
        let seen = match threat.findings.len() {
            0 => "nothing".to_owned(),
            1 => "1 finding".to_owned(),
            n => format!("{n} findings"),
        };
        let cells = [&threat.id, stride, &threat.element, &threat.likelihood, &threat.impact, threat.rating.name()];
        page.row(&[&cells[..], &[state(threat.state), &by, &seen]].concat());
    }
    page.line("");
}

/// Each threat with its evidence.
fn details(page: &mut Page, model: &ThreatModel) {
    for threat in &model.threats {
        page.line(&format!("### {}\n\n{}. Stays open: {}.\n", threat.id, plain(&threat.title), plain(&threat.rest)));
        for (id, message) in &threat.findings {
            page.line(&format!("- found: {} ({})", plain(&clip(message, 300)), plain(&clip(id, 120))));
            if let Some(accepted) = threat.waived.get(id) {
                page.line(&format!("  - accepted {}", plain(&clip(accepted, 300))));
            }
        }
        if let Some(accepted) = &threat.accepted {
            let by = accepted.owner.as_deref().unwrap_or("somebody");
            let until = accepted.until.as_ref().map_or(String::new(), |until| format!(" until {until}"));
            page.line(&format!("- accepted by {}{until}: {}", plain(by), plain(&accepted.reason)));
        }
        let tags = threat.tags.iter().filter(|tag| tag.catalogue != "STRIDE");
        let tags: Vec<String> = tags.map(|tag| format!("{} {} {}", tag.catalogue, tag.id, tag.title)).collect();
        if !tags.is_empty() {
            page.line(&format!("- {}", plain(&tags.join("; "))));
        }
        page.line("");
    }
}

fn trees(page: &mut Page, model: &ThreatModel) {
    page.line("## Attack trees\n\nOne for each goal: the threats that lead there, and the controls in their way.\n");
    for goal in &model.goals {
        page.line(&format!("### {}\n\n```mermaid\n{}```\n", plain(&goal.title), tree(model, goal)));
    }
}

fn assets(page: &mut Page, model: &ThreatModel) {
    page.line("## Assets\n");
    page.table(&["asset", "what it is", "owner", "value"]);
    for asset in &model.assets {
        let owner = plain(asset.owner.as_deref().unwrap_or(""));
        page.row(&[&plain(&asset.name), &plain(&asset.description), &owner, asset.value.map_or("", Rating::name)]);
    }
    page.line("");
}

fn sources(page: &mut Page, model: &ThreatModel) {
    page.line("## Sources\n");
    let titles = ["source", "trust", "boundary", "origin", "owner", "licence", "collected", "allowed use", "missing"];
    page.table(&titles);
    for source in model.sources.iter().take(ROWS) {
        let record = &source.record;
        let told = [&record.origin, &record.owner, &record.licence, &record.collected, &record.allowed_use];
        let told = told.map(|text| plain(&clip(text.as_deref().unwrap_or(""), 120)));
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        let name = plain(&clip(&source.name, 80));
        let boundary = plain(&clip(source.boundary(), 60));
        let missing = source.missing.join(", ");
        page.row(&[&[&name, record.trust.name(), &boundary][..], &told, &[&missing]].concat());
    }
    cut(page, model.sources.len());
}

fn controls(page: &mut Page, model: &ThreatModel) {
    page.line("## Controls\n");
    page.table(&["control", "what it is", "status", "evidence of the last scan", "owner"]);
    for control in model.controls.iter().take(ROWS) {
        let owner = plain(control.owner.as_deref().unwrap_or("taster"));
        let (title, evidence) = (plain(&control.title), plain(&clip(&control.evidence, 300)));
        page.row(&[&plain(&control.id), &title, control.status.name(), &evidence, &owner]);
    }
    cut(page, model.controls.len());
}

fn cut(page: &mut Page, length: usize) {
    if length > ROWS {
        page.line(&format!("\nand {} more in THREAT-MODEL.json", length - ROWS));
    }
    page.line("");
}

fn catalogues(page: &mut Page, model: &ThreatModel) {
    page.line(&format!("## Catalogues\n\nCrosswalk {}. Ids move between releases:\n", model.crosswalk));
    let mut seen: Vec<&taster_core::Tag> = model.threats.iter().flat_map(|threat| &threat.tags).collect();
    seen.sort_by_key(|tag| (tag.catalogue.clone(), tag.id.clone()));
    seen.dedup();
    page.table(&["catalogue", "release", "id", "title", "formerly"]);
    for tag in seen {
        page.row(&[&tag.catalogue, &tag.release, &tag.id, &tag.title, crosswalk::formerly(&tag.id).unwrap_or("")]);
    }
}
