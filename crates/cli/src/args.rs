//! The command line: what can be said, its defaults and its help.

mod apply;
mod baseline;
mod diff;
mod export;
mod lineage;
mod log;
mod profile;
mod prove;
mod review;
mod scan;
mod sign;
mod threat;
mod values;
mod verify;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub use apply::ApplyArgs;
pub use baseline::BaselineArgs;
pub use diff::DiffArgs;
pub use export::ExportArgs;
pub use lineage::LineageArgs;
pub use log::{LogAppendArgs, LogArgs, LogCommand, LogShowArgs, LogVerifyArgs};
pub use profile::{ProfileArgs, ProfileCommand, ProfileMergeArgs, ProfileShowArgs};
pub use prove::ProveArgs;
pub use review::ReviewArgs;
pub use scan::{Csv, ProgressWhen, Roles, ScanArgs};
pub use sign::{ExternalSigner, SignArgs};
pub use threat::{EvidenceArgs, ThreatModelArgs};
pub use values::{manifest_of, nearest};
pub use verify::VerifyArgs;

/// Tastes training data for poison before a model eats it.
#[derive(Parser)]
#[command(name = "taster", version, long_about = ABOUT, after_help = EXAMPLES, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const ABOUT: &str = "\
Tastes training data for poison before a model eats it.

`scan` reads a dataset, records digests of every file and row, looks for label flips, outliers, shift and floods of \
duplicates, and writes a manifest (signed, if you give a key), a complete quarantine list and a verdict. `verify` checks \
later, byte for byte or row for row, that the data is what was scanned.";

const EXAMPLES: &str = "\
Examples:
  taster scan data/*.parquet --label income          pass or fail, before training
  taster scan new.csv --reference trusted.csv        compare with data you trust
  taster profile data/ --out baseline.taster         keep what later data is compared with
  taster keygen --out release                        make release.pem and release.pub.pem
  taster scan data/ --label y --sign release.pem     sign the manifest
  taster verify taster-report/manifest.json --key release.pub.pem data/
  taster review taster-report data/                  decide on the quarantined rows
  taster diff taster-report/manifest.json data/      what changed since it was scanned
  taster sign data/ --key release.pem                sign the files alone, for any tool

Exit status: 0 passed or warned; 1 failed, or verification did not hold; 2 the work could not be done.";

// The help of each is the doc comment of its arguments.
#[derive(Subcommand)]
pub enum Command {
    Scan(Box<ScanArgs>),
    Verify(VerifyArgs),
    Baseline(BaselineArgs),
    Sign(SignArgs),
    Diff(DiffArgs),
    Prove(ProveArgs),
    Review(ReviewArgs),
    Apply(Box<ApplyArgs>),
    Lineage(LineageArgs),
    Profile(Box<ProfileArgs>),
    Keygen(KeygenArgs),
    Log(LogArgs),
    Export(ExportArgs),
    ThreatModel(ThreatModelArgs),
    Evidence(EvidenceArgs),
    /// List what taster looks for.
    Detectors,
    Explain(ExplainArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object, for programs.
    Json,
}

/// Make a key pair for signing.
///
/// Writes NAME.pem (private, readable by you alone) and NAME.pub.pem (public, give it to those who verify). Files that
/// exist are never overwritten.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster keygen --out release
  taster keygen --out release --passphrase
  taster keygen --out release --algorithm ed25519")]
pub struct KeygenArgs {
    /// Where to write the pair: NAME.pem and NAME.pub.pem
    #[arg(long, value_name = "NAME")]
    pub out: PathBuf,

    /// Kind of key
    #[arg(long, value_enum, value_name = "ALGORITHM", default_value_t = KeyAlgorithm::P256)]
    pub algorithm: KeyAlgorithm,

    /// Encrypt the private key [default: not encrypted]
    ///
    /// The passphrase is taken from TASTER_SIGNING_PASSPHRASE, or asked for on the terminal.
    #[arg(long)]
    pub passphrase: bool,
}

/// Kinds of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyAlgorithm {
    /// ECDSA over NIST P-256 with SHA-256: what the OpenSSF signature formats expect.
    P256,
    /// ECDSA over NIST P-384 with SHA-384.
    P384,
    /// ECDSA over NIST P-521 with SHA-512.
    P521,
    /// Ed25519: shorter, and no randomness is needed to sign.
    Ed25519,
}

/// Explain one detector: what it finds, how it scores, where it is blind.
#[derive(clap::Args)]
pub struct ExplainArgs {
    /// Id of the detector, as `taster detectors` lists it
    pub detector: String,
}

/// Print a completion script for your shell.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster completions bash > ~/.local/share/bash-completion/completions/taster
  taster completions zsh > ~/.zfunc/_taster
  taster completions fish > ~/.config/fish/completions/taster.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Print a manual page.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster man | man -l -
  taster man scan > ~/.local/share/man/man1/taster-scan.1")]
pub struct ManArgs {
    /// The subcommand to describe [default: taster itself]
    pub command: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }
}
