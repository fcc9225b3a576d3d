//! `taster verify`

use std::process::ExitCode;

use taster_pipeline::{VerifyRequest, verify};
use taster_provenance::VerifyingKey;

use crate::{
    args::{Format, VerifyArgs},
    output,
};

/// Verifies, prints what holds and what does not, and exits by it.
pub fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let keys = args.keys.iter().map(|path| VerifyingKey::load(path)).collect::<Result<_, _>>()?;
    let request =
        VerifyRequest { manifest: args.manifest.clone(), keys, unsigned: args.unsigned, data: args.data.clone() };
    let verification = verify(&request)?;
    match args.format {
        _ if args.quiet => {}
        Format::Text => output::result(&output::printable(&verification.to_string()))?,
        Format::Json => output::json(&serde_json::to_value(&verification)?)?,
    }
    Ok(ExitCode::from(u8::from(!verification.holds)))
}
