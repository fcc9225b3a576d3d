use std::path::PathBuf;

use super::{ExternalSigner, Format, ProgressWhen, values::bytes};

/// Make a cleaned dataset of what people decided on the quarantined rows, and scan it.
///
/// Rows stay in their order, with their types. Quarantined rows are left out unless a decision releases or relabels them;
/// rows that a decision removes are left out too. Then the result is scanned as the dataset was, and its manifest names the
/// manifest it comes from and who released which row: `taster lineage` follows that, and `taster verify` checks the file.
///
/// REPORT is the report folder as the scan wrote it, DATA what was scanned. If either is not what the manifest says, or the
/// decisions are about another scan, nothing is written. Decisions are made with `taster review` or
/// in report.html, or written as docs/lineage.md says.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster apply taster-report train.csv --decisions decisions.json --out clean.parquet
  taster apply raw-report data/ --decisions decisions.json --out clean.csv --report clean-report --sign release.pem
  taster lineage raw-report/manifest.json clean-report/manifest.json --key release.pub.pem

Exit status: that of scanning the result: 0 passed or warned; 1 failed; 2 nothing could be made or scanned.")]
pub struct ApplyArgs {
    /// The report folder of the scan, or its manifest.json
    #[arg(value_name = "REPORT")]
    pub report_of: PathBuf,

    /// The dataset that was scanned: the same files, folders or globs
    #[arg(value_name = "DATA", required = true)]
    pub data: Vec<String>,

    /// The file of decisions
    #[arg(long, value_name = "FILE")]
    pub decisions: PathBuf,

    /// Public key (PEM file) of somebody who may decide: one such must have signed the decisions; repeat for more [default:
    /// the decisions need no signature]
    #[arg(long, value_name = "KEY")]
    pub decisions_key: Vec<PathBuf>,

    /// Where to write the result: .parquet, .csv or .jsonl
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Where to write the report on the result
    #[arg(long, value_name = "DIR", default_value = "taster-applied")]
    pub report: PathBuf,

    /// Refuse while a quarantined row is undecided [default: such rows are left out]
    #[arg(long)]
    pub all_decided: bool,

    /// Trusted data to compare the result with, as for scan; repeat for more [default: none]
    #[arg(long, value_name = "PATH")]
    pub reference: Vec<String>,

    /// Private key (PEM file) to sign the manifest with; repeat for several signatures [default: TASTER_SIGNING_KEY, else
    /// unsigned]
    #[arg(long, value_name = "KEY")]
    pub sign: Vec<PathBuf>,

    #[command(flatten)]
    pub external: ExternalSigner,

    /// How much data may be in memory at once, such as 512MiB or 4GB
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "1GiB")]
    pub memory: usize,

    /// How to print the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,

    /// Whether to show progress
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ProgressWhen::Auto)]
    pub progress: ProgressWhen,

    /// Print nothing but errors; the exit status says it all
    #[arg(long, short)]
    pub quiet: bool,
}
