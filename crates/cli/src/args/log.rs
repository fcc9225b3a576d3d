use std::path::PathBuf;

use clap::Subcommand;

use super::Format;

/// Keep manifests in a transparency log: a folder to which entries are only ever added.
///
/// The log's key signs how much is in it and a root over all of that (C2SP tlog-tiles). A manifest that is in the log
/// cannot be replaced or denied later, and its proof is checked without the log. `scan --log` appends by itself.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
#[command(disable_help_subcommand = true)]
pub struct LogArgs {
    #[command(subcommand)]
    pub command: LogCommand,
}

const EXAMPLES: &str = "\
Examples:
  taster keygen --out log --algorithm ed25519
  taster scan data/ --label y --sign release.pem --log scans.log --log-key log.pem
  taster log append scans.log report/manifest.json --key log.pem --origin example.com/scans
  taster log verify scans.log --key log.pub.pem --since last-week.checkpoint
  taster log verify report/manifest.tlog-proof --key log.pub.pem
  taster log show scans.log

Exit status: 0 done, or everything holds; 1 something does not hold; 2 it could not be done.";

#[derive(Subcommand)]
pub enum LogCommand {
    Append(LogAppendArgs),
    Verify(LogVerifyArgs),
    Show(LogShowArgs),
}

/// Append manifests, and write the proof of each beside it.
///
/// Other processes may append to the same folder at the same time. Where one was stopped half way, the next mends what it
/// left. The proof of report/manifest.json is report/manifest.tlog-proof.
#[derive(clap::Args)]
pub struct LogAppendArgs {
    /// The log's folder; made where it is not there
    #[arg(value_name = "DIR")]
    pub log: PathBuf,

    /// Manifests, or other DSSE envelopes
    #[arg(value_name = "MANIFEST", required = true)]
    pub manifests: Vec<PathBuf>,

    /// The log's private key: Ed25519 (PEM file) [default: TASTER_LOG_KEY]
    #[arg(long, value_name = "KEY")]
    pub key: Option<PathBuf>,

    /// Name of a new log, such as example.com/scans; of one that is there, the name it must have [default: the folder's]
    #[arg(long, value_name = "NAME")]
    pub origin: Option<String>,

    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Check a log, or that a manifest is in one.
///
/// Of a folder: that a key you trust signed its checkpoint, and that its entries and hashes are those it was signed over.
/// With --since, also that all it held at an older checkpoint is still there, in the same order.
///
/// Of a .tlog-proof: that a key you trust signed the log's checkpoint, and that the manifest is in that log. The log
/// itself is not needed.
#[derive(clap::Args)]
pub struct LogVerifyArgs {
    /// The log's folder, or a proof
    #[arg(value_name = "DIR|PROOF")]
    pub path: PathBuf,

    /// The log's public key (PEM file); repeat for more, any one of them is enough
    #[arg(long = "key", value_name = "PUB", required = true)]
    pub keys: Vec<PathBuf>,

    /// The name the log must have [default: any that the key signed]
    #[arg(long, value_name = "NAME")]
    pub origin: Option<String>,

    /// An older checkpoint of the log: a copy of its file `checkpoint`
    #[arg(long, value_name = "CHECKPOINT")]
    pub since: Option<PathBuf>,

    /// The manifest that a proof is of [default: the .json beside it, of the same name]
    #[arg(long, value_name = "MANIFEST", conflicts_with = "since")]
    pub manifest: Option<PathBuf>,

    /// How to print the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,

    /// Print nothing but errors; the exit status says it all
    #[arg(long, short)]
    pub quiet: bool,
}

/// Print what is in a log. Nothing is verified.
#[derive(clap::Args)]
pub struct LogShowArgs {
    /// The log's folder
    #[arg(value_name = "DIR")]
    pub log: PathBuf,

    /// Index of the first entry to print
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    pub from: u64,

    /// The log's public key (PEM file), to print it as other tools for such logs take it
    #[arg(long, value_name = "PUB")]
    pub key: Option<PathBuf>,

    /// How to print the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,
}
