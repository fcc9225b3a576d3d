//! `taster sign`

use std::process::ExitCode;

use anyhow::anyhow;
use taster_provenance::oms::{Certificate, Identity, Method, Serialization, sign};

use crate::{args::SignArgs, output, secrets};

/// Signs every file of a folder, or one file, and says what was written.
pub fn run(args: &SignArgs) -> anyhow::Result<ExitCode> {
    let keys = secrets::signers(args.key.as_slice(), &[], &args.external)?;
    let signer = keys.first().ok_or_else(|| anyhow!("no key to sign with; give one with --key"))?;
    let certificates = args.certificates.iter().map(|path| Certificate::load(path)).collect::<Result<Vec<_>, _>>()?;
    let identity = Identity { signer: signer.as_ref(), certificates: certificates.concat() };
    let mut serialization = Serialization {
        method: args.shards.map_or(Method::Files, Method::Shards),
        allow_symlinks: args.allow_symlinks,
        ..Serialization::default()
    };
    serialization.ignore_paths.extend(args.ignore_paths.iter().map(|path| path.trim_end_matches('/').to_owned()));
    let bundle = sign(&args.dataset, &serialization, Some(&args.out), &identity)?;
    bundle.write(&args.out)?;
    if !args.quiet {
        let keyid = signer.verifying_key().keyid();
        output::result(&output::printable(&format!("{} signed by key {keyid}\n", args.out.display())))?;
    }
    Ok(ExitCode::SUCCESS)
}
