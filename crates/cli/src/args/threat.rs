use std::path::PathBuf;

use clap::ValueEnum;

use super::Format;

/// Write the threat model of a dataset, with the evidence of its last scan.
///
/// Writes THREAT-MODEL.md, .json and .svg: assets, data flow with trust boundaries, threats by STRIDE with likelihood and
/// impact, attack trees, what answers each threat and what the scan saw of it. What nobody answers comes first. Where a
/// THREAT-MODEL.json is already there, the new one says what changed since.
///
/// Sources, owners, assets, controls and accepted threats are declared in taster.toml, and all of it may be left out.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster threat-model taster-report --out docs/
  taster threat-model taster-report/manifest.json --key release.pub.pem --log-key log.pub.pem --out docs/")]
pub struct ThreatModelArgs {
    /// The report folder of a scan, or its manifest.json
    #[arg(value_name = "REPORT", default_value = "taster-report")]
    pub report: PathBuf,

    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,

    /// What is declared of sources, assets and controls [default: ./taster.toml if there is one, else as it was at the
    /// scan]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// A public key that must have signed the manifest (PEM file); repeat for more [default: the signature is not checked]
    #[arg(long = "key", value_name = "PUB")]
    pub keys: Vec<PathBuf>,

    /// A public key of the transparency log (PEM file); repeat for more [default: the log's signature is not checked]
    #[arg(long = "log-key", value_name = "PUB")]
    pub log_keys: Vec<PathBuf>,

    /// The version before [default: THREAT-MODEL.json in --out, where there is one]
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Print what answers each requirement of a standard, by the evidence of a scan.
///
/// For each requirement: the controls that answer it, what shows that, where in the signed statement that is, and what is
/// left for others to answer.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster evidence taster-report/manifest.json --standard owasp-aisvs-1.0
  taster evidence taster-report/manifest.json --standard owasp-aisvs-1.0 --key release.pub.pem --format json")]
pub struct EvidenceArgs {
    /// The report folder of a scan, or its manifest.json
    #[arg(value_name = "REPORT", default_value = "taster-report")]
    pub report: PathBuf,

    /// The standard
    #[arg(long, value_enum, value_name = "NAME")]
    pub standard: Standard,

    /// A public key that must have signed the manifest (PEM file); repeat for more [default: the signature is not checked]
    #[arg(long = "key", value_name = "PUB")]
    pub keys: Vec<PathBuf>,

    /// A public key of the transparency log (PEM file); repeat for more [default: the log's signature is not checked]
    #[arg(long = "log-key", value_name = "PUB")]
    pub log_keys: Vec<PathBuf>,

    /// How to print the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,
}

/// Standards whose requirements can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Standard {
    /// OWASP AISVS 1.0, chapter C1: training data integrity and traceability.
    #[value(name = "owasp-aisvs-1.0")]
    OwaspAisvs1,
}
