use std::path::PathBuf;

use super::values::{bytes, file_row};

/// Prove that one row was scanned, and whether it was quarantined.
///
/// The proof holds the manifest and the digests that lead from the row to it. `taster verify --proof PROOF --key PUB` checks
/// it without the data, the report or a network. Who has the row can compute its digest (docs/row-digest.md).
///
/// DATA is needed where the manifest knows only blocks of the file's rows: above 4096 rows. Whether the row was quarantined
/// is shown where quarantine.parquet is beside the manifest.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster prove taster-report/manifest.json --row train.csv:17 --out row.proof.json
  taster prove taster-report/manifest.json --row part/b.parquet:123456 data/ --out row.proof.json
  taster verify --proof row.proof.json --key release.pub.pem")]
pub struct ProveArgs {
    /// The manifest.json of a scan
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,

    /// The row: the file's name in the manifest, and its number in the file, from 0
    #[arg(long, value_name = "FILE:ROW", value_parser = file_row)]
    pub row: (String, u64),

    /// The dataset that was scanned, or the row's file alone
    #[arg(value_name = "DATA")]
    pub data: Vec<String>,

    /// Where to write the proof [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// How much data may be in memory at once, such as 512MiB or 4GB
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "1GiB")]
    pub memory: usize,
}
