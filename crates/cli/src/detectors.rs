//! `taster detectors`

use std::{fmt::Write, process::ExitCode};

use anstyle::Style;
use taster_pipeline::{Config, Level};

use crate::output;

/// Prints the list: id, level and what is found.
pub fn run() -> anyhow::Result<ExitCode> {
    output::result(&table())?;
    Ok(ExitCode::SUCCESS)
}

fn table() -> String {
    let bold = Style::new().bold();
    let width = taster_detect::ALL.iter().map(|e| e.about.id.len()).max().unwrap_or(0);
    let mut out = format!("{bold}{:width$}  {:5}  FINDS{bold:#}\n", "DETECTOR", "LEVEL");
    for entry in taster_detect::ALL {
        let level = Config::default().detector(entry).level.map_or("", Level::name);
        let _ = writeln!(out, "{:width$}  {level:5}  {}", entry.about.id, entry.about.finds);
    }
    out.push_str("\nLevels: off, allow (report only), warn, deny. Change one with --level DETECTOR=LEVEL.\n");
    out.push_str("`taster explain DETECTOR` says how it works and where it is blind.\n");
    out
}
