use std::path::PathBuf;

/// Sign a dataset: every file of a folder, or one file.
///
/// Writes a signature in the format of OpenSSF Model Signing 1.0, which `taster verify` and other tools (such as
/// `model_signing verify`) check. Every file counts, whatever is in it; .git and its like at the top are left out. Use
/// `scan --sign` to sign what a scan found as well.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster sign data/ --key release.pem
  taster sign data/ --key release.pem --out data.sig --ignore-path cache --ignore-path README.md
  taster sign big.parquet --key release.pem --shards
  taster sign data/ --key leaf.key.pem --certificate leaf.pem --certificate intermediate.pem
  taster sign data/ --signer-command 'kms-sign --key prod' --signer-key prod.pub.pem")]
pub struct SignArgs {
    /// The folder or file to sign
    #[arg(value_name = "DATASET")]
    pub dataset: PathBuf,

    /// Private key: P-256, P-384 or P-521 (PEM file) [default: TASTER_SIGNING_KEY]
    #[arg(long, value_name = "KEY", conflicts_with = "signer_command")]
    pub key: Option<PathBuf>,

    #[command(flatten)]
    pub external: ExternalSigner,

    /// The key's certificate, then those that lead to an authority (PEM files, in this order)
    #[arg(long = "certificate", value_name = "CERT")]
    pub certificates: Vec<PathBuf>,

    /// Where to write the signature
    #[arg(long, value_name = "FILE", default_value = "dataset.sig")]
    pub out: PathBuf,

    /// Sign shards of BYTES bytes instead of whole files, so that one large file is hashed in parallel [default size:
    /// 1000000000]
    #[arg(long, value_name = "BYTES", num_args = 0..=1, require_equals = true, default_missing_value = "1000000000")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub shards: Option<u64>,

    /// Path below DATASET to leave out, with all below it; repeatable
    #[arg(long = "ignore-path", value_name = "PATH")]
    pub ignore_paths: Vec<String>,

    /// Follow symbolic links to files [default: a link is an error]
    #[arg(long)]
    pub allow_symlinks: bool,

    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

// A key that another program keeps.
#[derive(clap::Args)]
pub struct ExternalSigner {
    /// Command that signs: reads bytes from its standard input, writes the signature (raw or base64)
    ///
    /// For keys in a KMS or an HSM. Run by the shell; the signature is checked with --signer-key before it is used.
    #[arg(long, value_name = "COMMAND", requires = "signer_key")]
    pub signer_command: Option<String>,

    /// Public key of --signer-command (PEM file)
    #[arg(long, value_name = "PUB", requires = "signer_command")]
    pub signer_key: Option<PathBuf>,
}
