//! `taster lineage`

use std::process::ExitCode;

use taster_provenance::{Trust, chain};

use crate::{
    args::{Format, LineageArgs},
    output, secrets,
};

/// Follows the chain, prints it, and exits by it.
pub fn run(args: &LineageArgs) -> anyhow::Result<ExitCode> {
    let keys = secrets::public_keys(&args.keys)?;
    let trust = if args.unsigned { Trust::Unsigned } else { Trust::Keys(&keys) };
    let chain = chain(&args.manifests, trust)?;
    match args.format {
        _ if args.quiet => {}
        Format::Text => output::result(&output::printable(&chain.to_string()))?,
        Format::Json => output::json(&serde_json::to_value(&chain)?)?,
    }
    Ok(ExitCode::from(u8::from(!chain.holds)))
}
