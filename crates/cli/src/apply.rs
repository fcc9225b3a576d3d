//! `taster apply`

use std::process::ExitCode;

use taster_pipeline::{ApplyRequest, Request, apply, scan};

use crate::{
    args::{ApplyArgs, manifest_of},
    output,
    progress::Display,
    scan::print,
    secrets,
};

/// Makes the dataset and scans it, prints the verdict, and exits by it.
pub fn run(args: &ApplyArgs) -> anyhow::Result<ExitCode> {
    let manifest = manifest_of(&args.report_of);
    // A key that cannot be used must be known before anything is written.
    let keys = secrets::signers(&args.sign, &[], &args.external)?;
    let decisions_keys = secrets::public_keys(&args.decisions_key)?;
    let display = Display::new(args.progress, args.quiet)?;
    let request = ApplyRequest {
        manifest: manifest.clone(),
        decisions: args.decisions.clone(),
        decisions_keys,
        data: args.data.clone(),
        out: args.out.clone(),
        all_decided: args.all_decided,
        memory: args.memory,
    };
    let (cleaned, config) = apply(&request, &display).inspect_err(|_| display.end())?;
    let request = Request {
        inputs: vec![args.out.display().to_string()],
        reference: args.reference.clone(),
        reference_keys: Vec::new(),
        out: args.report.clone(),
        scores: false,
        clean: None,
        seed: None,
        threads: 0,
        memory: args.memory,
        batch_rows: BATCH_ROWS,
        keys,
        description: None,
        parent: Some(manifest),
        decisions: Some(args.decisions.clone()),
        reference_manifest: None,
        log: None,
        config,
    };
    let outcome = scan(&request, &display);
    display.end();
    let outcome = outcome?;
    if !args.quiet {
        output::note(&format!("wrote {} rows to {}", cleaned.rows, args.out.display()));
        print(&outcome, args.format)?;
    }
    Ok(ExitCode::from(outcome.scan.verdict.exit_code()))
}

/// Rows in a batch; the result does not depend on it.
const BATCH_ROWS: usize = 65_536;
