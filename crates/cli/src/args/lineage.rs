use std::path::PathBuf;

use super::Format;

/// Follow a dataset back to what was first received, by the manifests of its scans.
///
/// Prints the manifests, parents first: who signed each, what was taken out, who released which row, where the sources
/// come from. A missing parent, a number that does not add up, a file that is not the one its parent's scan wrote: all are
/// gaps, and the chain does not hold.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster lineage raw-report/manifest.json clean-report/manifest.json --key release.pub.pem
  taster lineage reports/*/manifest.json --unsigned --format json

Exit status: 0 an unbroken chain; 1 it does not hold; 2 it could not be checked.")]
pub struct LineageArgs {
    /// Manifests, in any order
    #[arg(value_name = "MANIFEST", required = true)]
    pub manifests: Vec<PathBuf>,

    /// A public key you trust (PEM file); repeat for more, any one of them is enough for each manifest
    #[arg(long = "key", value_name = "PUB", required_unless_present = "unsigned")]
    pub keys: Vec<PathBuf>,

    /// Follow digests only, whoever made the manifests
    #[arg(long, conflicts_with = "keys")]
    pub unsigned: bool,

    /// How to print the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,

    /// Print nothing but errors; the exit status says it all
    #[arg(long, short)]
    pub quiet: bool,
}
