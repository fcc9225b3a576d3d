//! `taster log`

use std::{fmt::Write, path::Path, process::ExitCode};

use anyhow::Context;
use serde_json::json;
use taster_provenance::{
    Envelope, VerifyingKey,
    log::{self, Entry, Logged, Proof, SignedCheckpoint, entry_of, verifier_key},
};

use crate::{
    args::{Format, LogAppendArgs, LogArgs, LogCommand, LogShowArgs, LogVerifyArgs},
    output, secrets,
};

/// Appends, verifies or shows.
pub fn run(args: &LogArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        LogCommand::Append(args) => append(args),
        LogCommand::Verify(args) => verify(args),
        LogCommand::Show(args) => show(args),
    }
}

fn append(args: &LogAppendArgs) -> anyhow::Result<ExitCode> {
    let key = secrets::log_key(args.key.as_deref())?.context("a log needs a key; give one with --key")?;
    let entry = |path| Ok(entry_of(&Envelope::read(path)?));
    let entries = args.manifests.iter().map(|path| entry(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let appended = log::append(&args.log, args.origin.as_deref(), &key, &entries)?;
    for (manifest, proof) in args.manifests.iter().zip(&appended.proofs) {
        let path = manifest.with_extension("tlog-proof");
        proof.write(&path)?;
        if !args.quiet {
            let (manifest, path) = (manifest.display(), path.display());
            let line = format!("{manifest} is entry {} of {}; proof in {path}\n", proof.index(), args.log.display());
            output::result(&output::printable(&line))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(args: &LogVerifyArgs) -> anyhow::Result<ExitCode> {
    let keys = secrets::public_keys(&args.keys)?;
    let origin = args.origin.as_deref();
    let verification = if args.path.is_dir() {
        let since = args.since.as_deref().map(SignedCheckpoint::read).transpose()?;
        log::verify(&args.path, &keys, origin, since.as_ref())?
    } else {
        let manifest = args.manifest.clone().unwrap_or_else(|| args.path.with_extension("json"));
        log::verify_proof(&Proof::read(&args.path)?, &entry_of(&Envelope::read(&manifest)?), &keys, origin)
    };
    match args.format {
        _ if args.quiet => {}
        Format::Text => output::result(&output::printable(&verification.to_string()))?,
        Format::Json => output::json(&serde_json::to_value(&verification)?)?,
    }
    Ok(ExitCode::from(u8::from(!verification.holds)))
}

fn show(args: &LogShowArgs) -> anyhow::Result<ExitCode> {
    let signed = SignedCheckpoint::read(&args.log.join("checkpoint"))?;
    let checkpoint = signed.checkpoint();
    let entries = log::entries(&args.log, checkpoint.size, args.from)?;
    let key = args.key.as_deref().map(|path| key_of(&checkpoint.origin, path)).transpose()?;
    match args.format {
        Format::Json => output::json(&json!({
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root,
            "key": key,
            "entries": entries,
        }))?,
        Format::Text => {
            let mut text =
                format!("log {}: {} entries, root {}\n", checkpoint.origin, checkpoint.size, checkpoint.root);
            if let Some(key) = key {
                let _ = writeln!(text, "key {key}"); // writing to a string cannot fail
            }
            for entry in &entries {
                line(&mut text, entry);
            }
            output::result(&output::printable(&text))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn key_of(origin: &str, path: &Path) -> anyhow::Result<String> {
    verifier_key(origin, &VerifyingKey::load(path)?).context("the key is not Ed25519, so it is not that of a log")
}

fn line(text: &mut String, logged: &Logged) {
    let told = match &logged.entry {
        None => "not an entry of taster".to_owned(),
        Some(Entry { scan: Some(scan), payload_sha256, .. }) => {
            format!("{}  {:10}  {} rows  {payload_sha256}", scan.finished_on, scan.verdict, scan.rows)
        }
        Some(entry) => {
            let kind = entry.predicate_type.as_ref().unwrap_or(&entry.payload_type);
            format!("{kind}  {}", entry.payload_sha256)
        }
    };
    let _ = writeln!(text, "{:>6}  {told}", logged.index); // writing to a string cannot fail
}
