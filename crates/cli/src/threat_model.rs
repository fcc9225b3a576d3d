//! `taster threat-model` and `taster evidence`

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use serde_json::json;
use taster_threat::{
    AnswerState, Facts, Rating, ThreatModel, Trusted,
    aisvs::{self, Answered, Requirement},
    markdown, svg,
};

use crate::{
    args::{EvidenceArgs, Format, ThreatModelArgs},
    config_file, output, secrets,
};

/// Writes the threat model and says how it stands.
pub fn run(args: &ThreatModelArgs) -> anyhow::Result<ExitCode> {
    let mut facts = read(&args.report, &args.keys, &args.log_keys)?;
    declare(&mut facts, args)?;
    let json = args.out.join("THREAT-MODEL.json");
    let before = match &args.previous {
        Some(path) => Some(ThreatModel::read(path)?),
        None if json.is_file() => Some(ThreatModel::read(&json)?),
        None => None,
    };
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let model = ThreatModel::of(&facts, &today, before.as_ref());
    fs::create_dir_all(&args.out).with_context(|| format!("cannot make {}", args.out.display()))?;
    let files = [("md", markdown(&model, &today)), ("svg", svg(&model)), ("json", model.to_json())];
    for (ending, text) in files {
        let path = args.out.join(format!("THREAT-MODEL.{ending}"));
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if !args.quiet {
        output::result(&output::printable(&summary(&model, &args.out)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what answers the requirements of a standard.
pub fn evidence(args: &EvidenceArgs) -> anyhow::Result<ExitCode> {
    let facts = read(&args.report, &args.keys, &args.log_keys)?;
    let requirements = aisvs::requirements(&facts);
    match args.format {
        Format::Json => output::json(&json!({
            "standard": aisvs::NAME,
            "manifestSha256": facts.manifest,
            "signedBy": facts.signed_by,
            "verified": facts.verified,
            "requirements": requirements,
        }))?,
        Format::Text => output::result(&output::printable(&told(&facts, &requirements)))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn read(report: &Path, keys: &[PathBuf], log_keys: &[PathBuf]) -> anyhow::Result<Facts> {
    let trusted = Trusted { keys: secrets::public_keys(keys)?, log_keys: secrets::public_keys(log_keys)? };
    Ok(Facts::read(report, &trusted)?)
}

/// Takes the declarations of a configuration file in place of those that the scan recorded.
fn declare(facts: &mut Facts, args: &ThreatModelArgs) -> anyhow::Result<()> {
    let default = Path::new("taster.toml");
    let found = (args.config.is_none() && default.is_file()).then_some(default);
    let Some(path) = args.config.as_deref().or(found) else { return Ok(()) };
    if found.is_some() && !args.quiet {
        output::note("using ./taster.toml");
    }
    let config = config_file::read(path)?;
    facts.declared = config.threat_model;
    // What a description of the data said at the scan stays, where the file says nothing.
    facts.sources.extend(config.sources);
    Ok(())
}

fn summary(model: &ThreatModel, out: &Path) -> String {
    let count = |state: AnswerState| model.threats.iter().filter(|threat| threat.state == state).count();
    let critical = model.threats.iter().filter(|threat| threat.rating == Rating::Critical).count();
    let mut text = format!(
        "{}: version {}, {} threats: {} unanswered, {} answered in part, {} accepted, {} answered; {critical} critical\n",
        out.join("THREAT-MODEL.md").display(),
        model.version,
        model.threats.len(),
        count(AnswerState::Unanswered),
        count(AnswerState::Partly),
        count(AnswerState::Accepted),
        count(AnswerState::Answered),
    );
    if model.changes.since > 0 {
        let _ = writeln!(text, "{} changes since version {}", model.changes.list.len(), model.changes.since);
    }
    text
}

fn told(facts: &Facts, requirements: &[Requirement]) -> String {
    let signed = match (&facts.signed_by[..], facts.verified) {
        ([], _) => "not signed".to_owned(),
        (keys, true) => format!("signed by {}", keys.join(", ")),
        (_, false) => "signature not checked (--key)".to_owned(),
    };
    let mut text = format!("OWASP AISVS 1.0, chapter C1, by the manifest {} ({signed})\n", facts.manifest);
    // Writing to a string cannot fail.
    for requirement in requirements {
        let answered = match requirement.answered {
            Answered::Yes => "answered",
            Answered::Partly => "in part",
            Answered::No => "OPEN",
            Answered::NotOurs => "not ours",
        };
        let _ =
            writeln!(text, "\n{} (level {})  {answered:8}  {}", requirement.id, requirement.level, requirement.asks);
        for evidence in &requirement.evidence {
            let place = if evidence.pointer.is_empty() { String::new() } else { format!("  [{}]", evidence.pointer) };
            let _ = writeln!(text, "    {:7}  {}: {}{place}", evidence.status.name(), evidence.control, evidence.shows);
        }
        if !requirement.rest.is_empty() {
            let _ = writeln!(text, "    left:    {}", requirement.rest);
        }
    }
    text
}
