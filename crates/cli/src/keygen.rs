//! `taster keygen`

use std::process::ExitCode;

use taster_provenance::{Algorithm, keygen};

use crate::{
    args::{KeyAlgorithm, KeygenArgs},
    output, secrets,
};

/// Writes a key pair and says what to do with it.
pub fn run(args: &KeygenArgs) -> anyhow::Result<ExitCode> {
    let algorithm = match args.algorithm {
        KeyAlgorithm::P256 => Algorithm::P256,
        KeyAlgorithm::P384 => Algorithm::P384,
        KeyAlgorithm::P521 => Algorithm::P521,
        KeyAlgorithm::Ed25519 => Algorithm::Ed25519,
    };
    let passphrase = args.passphrase.then(secrets::new_passphrase).transpose()?;
    let pair = keygen(algorithm, &args.out, passphrase.as_deref())?;
    let (private, public) = (pair.private.display(), pair.public.display());
    output::result(&format!(
        "private key  {private}  (keep it secret: taster scan DATA --sign {private})\n\
         public key   {public}  (give it away: taster verify MANIFEST --key {public})\n\
         key id       {}\n",
        pair.keyid
    ))?;
    Ok(ExitCode::SUCCESS)
}
