use std::path::PathBuf;

use super::{ExternalSigner, values::bytes};

/// Decide on the quarantined rows of a scan, in the terminal.
///
/// Shows the rows by detector and by what they have in common, what is said against each, its values, and the rows most
/// like it. For each you decide to keep it, to drop it or to give it another label, and why. Press ? for the keys.
///
/// Each decision is on the disk, in FILE.journal, before the screen shows it: after Ctrl-C or with the terminal closed, the
/// same command goes on where you were. At the end the decisions are written to FILE, for `taster apply`.
///
/// REPORT is the report folder as the scan wrote it, DATA what was scanned; where DATA is left out, the files are looked for
/// under the names they had. Without them there are no values to see, and rows cannot be relabelled.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster review taster-report train.csv
  taster review taster-report data/ --by ada@example.com --sign ada.pem
  taster apply taster-report train.csv --decisions decisions.json --out clean.parquet

Exit status: 0 the decisions were written; 2 they could not be, or there was nothing to review.")]
pub struct ReviewArgs {
    /// The report folder of the scan, or its manifest.json
    #[arg(value_name = "REPORT")]
    pub report_of: PathBuf,

    /// The dataset that was scanned: the same files, folders or globs
    #[arg(value_name = "DATA")]
    pub data: Vec<String>,

    /// Where to write the decisions; FILE.journal is kept beside it
    #[arg(long, value_name = "FILE", default_value = "decisions.json")]
    pub out: PathBuf,

    /// Who decides [default: EMAIL, else the name of the user]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,

    /// Write the decisions made so far, without a terminal
    #[arg(long)]
    pub finish: bool,

    /// Private key (PEM file) to sign the decisions with; repeat for several signatures [default: TASTER_SIGNING_KEY, else
    /// unsigned]
    #[arg(long, value_name = "KEY")]
    pub sign: Vec<PathBuf>,

    #[command(flatten)]
    pub external: ExternalSigner,

    /// How much data may be in memory at once while it is read, such as 512MiB or 4GB
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "1GiB")]
    pub memory: usize,
}
