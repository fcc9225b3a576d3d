//! `taster prove`

use std::process::ExitCode;

use anyhow::Context;
use taster_pipeline::{ProveRequest, prove};

use crate::{args::ProveArgs, output};

/// Writes the proof.
pub fn run(args: &ProveArgs) -> anyhow::Result<ExitCode> {
    let proof = prove(&ProveRequest {
        manifest: args.manifest.clone(),
        row: args.row.clone(),
        data: args.data.clone(),
        memory: args.memory,
    })?;
    if proof.quarantined().is_none() {
        output::note("the proof says nothing of quarantine: quarantine.parquet is not beside the manifest");
    }
    let json = proof.to_json() + "\n";
    match &args.out {
        Some(path) => std::fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))?,
        None => output::result(&json)?,
    }
    Ok(ExitCode::SUCCESS)
}
