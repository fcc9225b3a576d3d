//! `taster explain`

use std::process::ExitCode;

use anyhow::anyhow;

use crate::{
    args::{ExplainArgs, nearest},
    output,
};

/// Prints the detector's README.
pub fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let entry = taster_detect::find(&args.detector).ok_or_else(|| unknown(&args.detector))?;
    output::result(&format!("{}\n", entry.about.readme.trim_end()))?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(id: &str) -> anyhow::Error {
    let ids = taster_detect::ALL.iter().map(|entry| entry.about.id);
    anyhow!("no detector is called `{id}`{}\n`taster detectors` lists them", nearest(id, ids))
}
