//! `taster verify`

use std::{path::Path, process::ExitCode, time::SystemTime};

use taster_pipeline::{VerifyRequest, verify};
use taster_provenance::{
    RowProof, Thoroughness, Trust,
    oms::{Anchors, Certificate, Leniency},
};

use crate::{
    args::{Format, VerifyArgs},
    output, secrets,
};

/// Verifies, prints what holds and what does not, and exits by it.
pub fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    if let Some(proof) = &args.proof {
        return run_proof(args, proof);
    }
    let verification = verify(&request(args)?)?;
    match args.format {
        _ if args.quiet => {}
        Format::Text => output::result(&output::printable(&verification.to_string()))?,
        Format::Json => output::json(&serde_json::to_value(&verification)?)?,
    }
    Ok(ExitCode::from(u8::from(!verification.holds)))
}

/// Checks the proof of a row.
fn run_proof(args: &VerifyArgs, path: &Path) -> anyhow::Result<ExitCode> {
    let keys = secrets::public_keys(&args.keys)?;
    let needed = args.threshold.map_or(1, usize::from);
    let trust = if args.unsigned { Trust::Unsigned } else { Trust::Quorum(&keys, needed) };
    let check = RowProof::read(path)?.check(trust);
    match args.format {
        _ if args.quiet => {}
        Format::Text => output::result(&output::printable(&check.to_string()))?,
        Format::Json => output::json(&serde_json::to_value(&check)?)?,
    }
    Ok(ExitCode::from(u8::from(!check.holds)))
}

fn request(args: &VerifyArgs) -> anyhow::Result<VerifyRequest> {
    let keys = secrets::public_keys(&args.keys)?;
    let certificates = args.certificates.iter().map(|path| Certificate::load(path)).collect::<Result<Vec<_>, _>>()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let anchors = Anchors { certificates: certificates.concat(), at: args.at.unwrap_or(now) };
    Ok(VerifyRequest {
        file: args.file.clone().unwrap_or_default(),
        keys,
        anchors: (!args.certificates.is_empty()).then_some(anchors),
        threshold: args.threshold.map_or(1, usize::from),
        unsigned: args.unsigned,
        data: args.data.clone(),
        thoroughness: Thoroughness { subset: args.subset, files_only: args.files_only },
        leniency: Leniency {
            ignore_paths: args.ignore_paths.iter().map(|path| path.trim_end_matches('/').to_owned()).collect(),
            ignore_unsigned_files: args.ignore_unsigned_files,
        },
    })
}
