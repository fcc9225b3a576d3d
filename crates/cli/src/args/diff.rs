use std::path::PathBuf;

use taster_provenance::diff::Kind;

use super::{Format, values::bytes};

/// Say what changed between two datasets, or manifests of them.
///
/// Each side is the manifest.json of a scan, a file, a folder or a glob. Bytes are compared first; where they differ, rows
/// are. So a dataset that was only packed anew is told from one that was reordered, cut short, or whose content was
/// swapped: an answer for when a digest is not the expected one.
///
/// A manifest knows every row of a file of up to 4096 rows, and blocks of rows of a longer one; give the data itself to have
/// every row compared. Rows that are compared are held in memory by their digests, 2.7 million of each side for a GiB of --memory; of more, blocks of rows are compared.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster diff old/manifest.json data/               what is in data/ now, against what was scanned
  taster diff january.parquet february.parquet
  taster diff old/manifest.json new/manifest.json --format json
  taster diff old/manifest.json data/ --allow re-encode,reorder

Exit status: 0 the same, or different only as allowed; 1 different; 2 it could not be compared.")]
pub struct DiffArgs {
    /// What was: a manifest.json, a file, a folder or a glob
    #[arg(value_name = "OLD")]
    pub old: String,

    /// What is
    #[arg(value_name = "NEW")]
    pub new: String,

    /// Differences that leave every row as it was and do not matter: re-encode, reorder, rename [default: none]
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = str::parse::<Kind>)]
    pub allow: Vec<Kind>,

    /// A public key that must have signed each side that is a manifest (PEM file); repeat for more [default: signatures are
    /// not checked]
    #[arg(long = "key", value_name = "PUB")]
    pub keys: Vec<PathBuf>,

    /// How much data may be in memory at once, such as 512MiB or 4GB
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "1GiB")]
    pub memory: usize,

    /// How to print the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,

    /// Print nothing but errors; the exit status says it all
    #[arg(long, short)]
    pub quiet: bool,
}
