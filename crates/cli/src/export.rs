//! `taster export`

use std::process::ExitCode;

use anyhow::{Context, bail};
use taster_provenance::{
    Envelope,
    export::{About, Exported, to_croissant, to_cyclonedx},
    sha256_of_file,
};

use crate::{args::ExportArgs, output, secrets};

/// Writes the export. Where keys are given and none of them signed the manifest, nothing is written.
pub fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let keys = secrets::public_keys(&args.keys)?;
    if !keys.is_empty() && Envelope::read(&args.manifest)?.signers(&keys).is_empty() {
        output::note("the manifest is signed by none of the given keys; nothing was written");
        return Ok(ExitCode::FAILURE);
    }
    let mut exported = Exported::read(&args.manifest)?;
    if let Some(path) = &args.threat_model {
        exported.threat_model = Some((path.display().to_string(), sha256_of_file(path)?.0));
    }
    let about = about(args)?;
    let value = if args.croissant {
        let (value, missing) = to_croissant(&exported, &about);
        if !missing.is_empty() {
            output::note(&format!("Croissant asks for {} too; see the flags of taster export", missing.join(", ")));
        }
        value
    } else {
        to_cyclonedx(&exported, &about)
    };
    match &args.out {
        Some(path) => {
            std::fs::write(path, format!("{value:#}\n")).with_context(|| format!("cannot write {}", path.display()))?;
        }
        None => output::json(&value)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn about(args: &ExportArgs) -> anyhow::Result<About> {
    let is_date = |date: &String| date.parse::<jiff::civil::Date>().is_ok();
    if let Some(date) = args.published.as_ref().filter(|date| !is_date(date)) {
        bail!("--published {date:?} is no date such as 2026-01-31");
    }
    Ok(About {
        name: args.name.clone(),
        version: args.dataset_version.clone(),
        url: args.url.clone(),
        description: args.description.clone(),
        licences: args.license.clone(),
        creators: args.creator.clone(),
        published: args.published.clone(),
    })
}
