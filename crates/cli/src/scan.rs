//! `taster scan`

use std::{
    fs::{self, OpenOptions},
    io::Write,
    process::ExitCode,
};

use anyhow::Context;
use serde_json::json;
use taster_pipeline::{Config, LogRequest, Outcome, Request, scan};
use taster_provenance::Signer;
use taster_report::{junit, markdown};

use crate::{
    args::{Format, ScanArgs},
    baseline,
    config_file::{self, Loaded},
    output,
    progress::Display,
    secrets,
};

/// Scans, prints the verdict, and exits by it.
pub fn run(args: &ScanArgs) -> anyhow::Result<ExitCode> {
    let loaded = config_file::load(args)?;
    if args.run.print_config {
        output::result(&loaded.config.to_toml())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(found) = loaded.found.as_ref().filter(|_| !args.output.quiet) {
        output::note(&format!("using ./{}", found.display()));
    }
    let display = Display::new(args.output.progress, args.output.quiet)?;
    let request = request(args, loaded)?;
    let result = scan(&request, &display);
    display.end();
    let outcome = result?;
    if let Some(why) = &outcome.dataset_unsigned {
        output::note(&format!("dataset.sig was not written: {why}"));
    }
    if let (Some(index), Some(folder), false) = (outcome.logged, &args.output.log, args.output.quiet) {
        output::note(&format!("the manifest is entry {index} of the log in {}", folder.display()));
    }
    write_views(args, &outcome, &request.config)?;
    if !args.output.quiet {
        print(&outcome, args.output.format)?;
    }
    Ok(ExitCode::from(outcome.scan.verdict.exit_code()))
}

fn request(args: &ScanArgs, loaded: Loaded) -> anyhow::Result<Request> {
    let waivers = baseline::waivers(args.policy.waivers.as_deref(), args.output.quiet)?;
    Ok(Request {
        inputs: args.data.clone(),
        reference: args.reference.clone(),
        reference_keys: secrets::public_keys(&args.reference_key)?,
        out: args.output.out.clone(),
        scores: args.output.scores,
        clean: args.output.clean.clone(),
        seed: args.run.seed,
        threads: args.run.threads.map_or(0, usize::from),
        memory: args.run.memory,
        batch_rows: args.run.batch_size as usize,
        keys: secrets::signers(&args.output.sign, &loaded.config.sign.keys, &args.output.external)?,
        description: loaded.description,
        parent: args.parent.clone(),
        decisions: args.decisions.clone(),
        reference_manifest: args.reference_manifest.clone(),
        log: log(args)?,
        config: Config { waivers, ..loaded.config },
    })
}

/// Writes what was asked for beside the report folder.
fn write_views(args: &ScanArgs, outcome: &Outcome, config: &Config) -> anyhow::Result<()> {
    if let Some(path) = &args.output.junit {
        fs::write(path, junit(&outcome.scan, |finding| config.denies(finding)))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &args.output.summary {
        let append =
            || OpenOptions::new().create(true).append(true).open(path)?.write_all(markdown(&outcome.scan).as_bytes());
        append().with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn log(args: &ScanArgs) -> anyhow::Result<Option<LogRequest>> {
    let Some(folder) = args.output.log.clone() else { return Ok(None) };
    let key = secrets::log_key(args.output.log_key.as_deref())?.map(|key| Box::new(key) as Box<dyn Signer>);
    Ok(Some(LogRequest { folder, origin: args.output.log_origin.clone(), key }))
}

/// The verdict for people, or for programs.
pub fn print(outcome: &Outcome, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Text => output::result(&output::summary(outcome)),
        Format::Json => output::json(&as_json(outcome)),
    }
}

/// What a program that started the scan needs to know; everything else is in the report folder.
fn as_json(outcome: &Outcome) -> serde_json::Value {
    let scan = &outcome.scan;
    json!({
        "verdict": scan.verdict,
        "reason": scan.verdict_reason,
        "seed": scan.seed.to_string(),
        "rows": scan.dataset.rows,
        "rows_root": scan.dataset.rows_root,
        "quarantined_rows": scan.quarantined_rows,
        "detectors": scan.detectors,
        "findings": scan.findings,
        "signed_by": outcome.signed_by,
        "log_index": outcome.logged,
        "report": outcome.out,
        "files": outcome.files,
    })
}
