//! `taster diff`

use std::{path::Path, process::ExitCode};

use taster_pipeline::{DiffRequest, diff};
use taster_provenance::Envelope;

use crate::{
    args::{DiffArgs, Format},
    output, secrets,
};

/// Compares, prints what differs, and exits by it.
pub fn run(args: &DiffArgs) -> anyhow::Result<ExitCode> {
    if let Some(side) = unsigned(args)? {
        output::note(&format!("{side} is signed by none of the given keys; nothing was compared"));
        return Ok(ExitCode::FAILURE);
    }
    let difference = diff(&DiffRequest {
        old: args.old.clone(),
        new: args.new.clone(),
        allowed: args.allow.iter().copied().collect(),
        memory: args.memory,
    })?;
    match args.format {
        _ if args.quiet => {}
        Format::Text => output::result(&output::printable(&difference.to_string()))?,
        Format::Json => output::json(&serde_json::to_value(&difference)?)?,
    }
    Ok(ExitCode::from(u8::from(!difference.allowed)))
}

/// A manifest that none of the given keys signed, if keys are given.
fn unsigned(args: &DiffArgs) -> anyhow::Result<Option<&str>> {
    let keys = secrets::public_keys(&args.keys)?;
    if keys.is_empty() {
        return Ok(None);
    }
    let manifests =
        [&args.old, &args.new].into_iter().filter(|side| Path::new(side).extension().is_some_and(|e| e == "json"));
    for side in manifests {
        if Envelope::read(Path::new(side)).is_ok_and(|envelope| envelope.signers(&keys).is_empty()) {
            return Ok(Some(side));
        }
    }
    Ok(None)
}
