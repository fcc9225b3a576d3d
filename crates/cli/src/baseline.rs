//! `taster baseline`, and the waivers that `scan` reads.

use std::{fs, path::Path, process::ExitCode};

use anyhow::{Context, bail};
use jiff::{ToSpan, Zoned};
use serde_json::Value;
use taster_core::{Finding, Waiver};
use taster_pipeline::WaiverFile;
use taster_provenance::{Envelope, Statement, sha256_of_file};

use crate::{args::BaselineArgs, output};

/// Where waivers are looked for.
const DEFAULT: &str = "taster.waivers.toml";

/// Accepts the findings of a report.
pub fn run(args: &BaselineArgs) -> anyhow::Result<ExitCode> {
    let findings = findings(&args.report)?;
    let expires = match &args.expires {
        Some(date) => date.clone(),
        None => Zoned::now().date().checked_add(90.days())?.to_string(),
    };
    let mut file = if args.out.exists() { read(&args.out)? } else { WaiverFile::default() };
    let accepted = file.accept(&findings, &args.reason, &args.by, &expires);
    let text = file.to_toml();
    // What a scan would refuse is not written.
    WaiverFile::parse(&text)?;
    fs::write(&args.out, text).with_context(|| format!("cannot write {}", args.out.display()))?;
    let mut told = format!("{} findings accepted until {expires} in {}\n", accepted.len(), args.out.display());
    for id in &accepted {
        told.push_str("  ");
        told.extend(id.escape_debug());
        told.push('\n');
    }
    output::result(&told)?;
    Ok(ExitCode::SUCCESS)
}

/// The waivers of the file that was named, else of the default file if there is one.
pub fn waivers(named: Option<&Path>, quiet: bool) -> anyhow::Result<Vec<Waiver>> {
    let default = Path::new(DEFAULT);
    match named {
        Some(path) => Ok(read(path)?.waivers),
        None if default.is_file() => {
            if !quiet {
                output::note(&format!("using ./{DEFAULT}"));
            }
            Ok(read(default)?.waivers)
        }
        None => Ok(Vec::new()),
    }
}

fn read(path: &Path) -> anyhow::Result<WaiverFile> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    WaiverFile::parse(&text).with_context(|| format!("{} cannot be used", path.display()))
}

/// The findings of a report, which must be those that its manifest names.
fn findings(report: &Path) -> anyhow::Result<Vec<Finding>> {
    let path = report.join("findings.json");
    let envelope = Envelope::read(&report.join("manifest.json"))?;
    let statement = Statement::from_payload(&envelope.payload)?;
    let named = statement.predicate.report_files.get("findings.json").map(|digest| digest.sha256);
    if named != Some(sha256_of_file(&path)?.0) {
        bail!("{} is not the file that the manifest beside it names", path.display());
    }
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut document: Value =
        serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", path.display()))?;
    serde_json::from_value(document["findings"].take())
        .with_context(|| format!("{} cannot be understood", path.display()))
}
