//! Where private keys and passphrases come from: flags, the environment, the configuration, the terminal.

use std::{
    env,
    io::IsTerminal,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use taster_provenance::{Error, Signer, SignerCommand, SigningKey, VerifyingKey};

use crate::args::ExternalSigner;

const KEY: &str = "TASTER_SIGNING_KEY";
const LOG_KEY: &str = "TASTER_LOG_KEY";
const PASSPHRASE: &str = "TASTER_SIGNING_PASSPHRASE";

/// Whatever signs: the external signer, then the keys of the flags; where neither is given, the environment's key, else
/// those of `taster.toml`.
pub fn signers(
    flags: &[PathBuf],
    config: &[PathBuf],
    external: &ExternalSigner,
) -> anyhow::Result<Vec<Box<dyn Signer>>> {
    let command = external_signer(external)?;
    let keys = match &command {
        Some(_) if flags.is_empty() => Vec::new(),
        _ => signing_keys(flags, config)?,
    };
    let keys = keys.into_iter().map(|key| Box::new(key) as Box<dyn Signer>);
    Ok(command.into_iter().map(|command| Box::new(command) as Box<dyn Signer>).chain(keys).collect())
}

/// The public keys in these files.
pub fn public_keys(paths: &[PathBuf]) -> anyhow::Result<Vec<VerifyingKey>> {
    Ok(paths.iter().map(|path| VerifyingKey::load(path)).collect::<Result<_, _>>()?)
}

fn external_signer(external: &ExternalSigner) -> anyhow::Result<Option<SignerCommand>> {
    let (Some(command), Some(key)) = (&external.signer_command, &external.signer_key) else {
        return Ok(None);
    };
    Ok(Some(SignerCommand { command: command.clone(), key: VerifyingKey::load(key)? }))
}

fn signing_keys(flags: &[PathBuf], config: &[PathBuf]) -> anyhow::Result<Vec<SigningKey>> {
    if !flags.is_empty() {
        return flags.iter().map(|path| from_file(path)).collect();
    }
    match env::var(KEY) {
        Ok(text) => Ok(vec![from_environment(KEY, &text)?]),
        Err(env::VarError::NotUnicode(_)) => bail!("{KEY} is not UTF-8"),
        Err(env::VarError::NotPresent) => config.iter().map(|path| from_file(path)).collect(),
    }
}

/// The key of a transparency log: of the flag, else the environment's.
pub fn log_key(flag: Option<&Path>) -> anyhow::Result<Option<SigningKey>> {
    match (flag, env::var(LOG_KEY)) {
        (Some(path), _) => from_file(path).map(Some),
        (None, Ok(text)) => from_environment(LOG_KEY, &text).map(Some),
        (None, Err(env::VarError::NotUnicode(_))) => bail!("{LOG_KEY} is not UTF-8"),
        (None, Err(env::VarError::NotPresent)) => Ok(None),
    }
}

fn from_environment(name: &str, text: &str) -> anyhow::Result<SigningKey> {
    if text.trim().is_empty() {
        // A secret that a CI system withholds arrives empty; signing must not be left out in silence.
        bail!("{name} is set but empty; give it a key, or unset it to go without");
    }
    if text.contains("-----BEGIN") {
        return with_passphrase(Path::new(name), |passphrase| SigningKey::from_pem(text, passphrase, Path::new(name)));
    }
    from_file(Path::new(text.trim())).with_context(|| format!("{name} names a key that cannot be used"))
}

fn from_file(path: &Path) -> anyhow::Result<SigningKey> {
    with_passphrase(path, |passphrase| SigningKey::load(path, passphrase))
}

/// Asks for a passphrase only where the key needs one.
fn with_passphrase(
    origin: &Path,
    load: impl Fn(Option<&str>) -> Result<SigningKey, Error>,
) -> anyhow::Result<SigningKey> {
    match load(None) {
        Err(Error::PassphraseNeeded(_)) => {
            Ok(load(Some(&passphrase(&format!("Passphrase of {}", origin.display()))?))?)
        }
        other => Ok(other?),
    }
}

/// A passphrase from the environment, else from the terminal.
fn passphrase(prompt: &str) -> anyhow::Result<String> {
    if let Ok(passphrase) = env::var(PASSPHRASE) {
        return Ok(passphrase);
    }
    if !std::io::stdin().is_terminal() {
        bail!("the key is encrypted; set {PASSPHRASE}, or run taster on a terminal to be asked");
    }
    rpassword::prompt_password(format!("{prompt}: ")).context("cannot read the passphrase")
}

/// A passphrase for a new key: from the environment, else asked for twice.
pub fn new_passphrase() -> anyhow::Result<String> {
    let first = passphrase("Passphrase for the new key")?;
    if first.is_empty() {
        bail!("the passphrase is empty; leave out --passphrase for a key without one");
    }
    if env::var_os(PASSPHRASE).is_none() && passphrase("The same again")? != first {
        bail!("the passphrases differ; nothing was written");
    }
    Ok(first)
}
