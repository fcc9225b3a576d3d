use std::path::PathBuf;

use super::{Format, values::instant};

/// Check a manifest or a dataset's signature: who signed it, and whether the data is still that.
///
/// Of a scan's manifest.json, three things are checked, in this order: that one of YOUR keys signed it (a key named inside
/// it is never trusted); that the files beside it in the report folder are those it names; and, with DATA, that the data
/// is byte for byte what was scanned. Where bytes differ, rows are compared, so that you learn which rows changed, or that
/// only their packing did.
///
/// Of a dataset.sig (OpenSSF Model Signing, by taster or by another tool), the signature and, with DATA, every file of
/// that folder or that one file are checked.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster verify taster-report/manifest.json --key release.pub.pem
  taster verify taster-report/manifest.json --key release.pub.pem data/
  taster verify taster-report/manifest.json --key a.pub.pem --key b.pub.pem --key c.pub.pem --threshold 2 data/
  taster verify taster-report/manifest.json --unsigned data/*.parquet
  taster verify --proof row.proof.json --key release.pub.pem
  taster verify dataset.sig --key release.pub.pem data/
  taster verify model.sig --certificate company-root.pem data/

Exit status: 0 everything holds; 1 something does not; 2 it could not be checked.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct VerifyArgs {
    /// The manifest.json of a scan, or a signature of a dataset
    #[arg(required_unless_present = "proof")]
    pub file: Option<PathBuf>,

    /// Files, folders or globs of the dataset that was scanned [default: the data is not checked]
    pub data: Vec<String>,

    /// A proof of one row, by `taster prove`, in place of a manifest
    #[arg(long, value_name = "PROOF", conflicts_with_all = ["file", "certificates"])]
    pub proof: Option<PathBuf>,

    /// A public key you trust (PEM file); repeat for more, any one of them is enough unless --threshold says otherwise
    #[arg(long = "key", value_name = "PUB", required_unless_present_any = ["unsigned", "certificates"])]
    pub keys: Vec<PathBuf>,

    /// How many of the given keys must have signed a manifest [default: 1]
    #[arg(long, value_name = "N", requires = "keys", value_parser = clap::value_parser!(u16).range(1..))]
    pub threshold: Option<u16>,

    /// A certificate you trust (PEM file), for signatures made with one; repeat for more
    #[arg(long = "certificate", value_name = "CERT", conflicts_with_all = ["keys", "unsigned"])]
    pub certificates: Vec<PathBuf>,

    /// Check digests only, whoever made the manifest
    ///
    /// Shows that nothing was damaged. Shows nothing about who made it: anyone can write a manifest that holds.
    #[arg(long, conflicts_with = "keys")]
    pub unsigned: bool,

    /// DATA is only a part of the dataset; do not miss the other files
    ///
    /// Of a pattern such as data/*.parquet the shell leaves out what is not there, so without this flag every file that
    /// was scanned must be given.
    #[arg(long)]
    pub subset: bool,

    /// Compare the bytes of files only; say nothing about the rows of those that differ
    #[arg(long)]
    pub files_only: bool,

    /// Judge certificates as of this time, such as 2026-01-31T00:00:00Z [default: now]
    #[arg(long, value_name = "TIME", requires = "certificates", value_parser = instant)]
    pub at: Option<u64>,

    /// For a dataset's signature: a path below DATA that need not be as signed; repeatable
    #[arg(long = "ignore-path", value_name = "PATH")]
    pub ignore_paths: Vec<String>,

    /// For a dataset's signature: let files pass that it does not list
    #[arg(long)]
    pub ignore_unsigned_files: bool,

    /// How to print the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,

    /// Print nothing but errors; the exit status says it all
    #[arg(long, short)]
    pub quiet: bool,
}
