use std::path::PathBuf;

/// Tell a manifest in a format of others: Croissant or CycloneDX.
///
/// Croissant 1.1 describes the dataset for those who load it: files with their SHA-256, columns with their types, the
/// label. CycloneDX 1.7 is a bill of materials with the dataset as a component of type `data`, its files and hashes, and
/// the manifest as its attestation.
///
/// What a manifest does not know (address, licence, maker, date) is taken from the flags below, or from the sources that
/// the scan's configuration declared.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster export taster-report/manifest.json --croissant --out croissant.json \\
      --name loans --url https://example.com/loans --license CC-BY-4.0 --creator 'Example Bank' --published 2026-01-31
  taster export taster-report/manifest.json --cyclonedx --key release.pub.pem > loans.cdx.json")]
#[command(group = clap::ArgGroup::new("format").required(true))]
pub struct ExportArgs {
    /// The manifest.json of a scan
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,

    /// Write Croissant 1.1 (JSON-LD)
    #[arg(long, group = "format")]
    pub croissant: bool,

    /// Write CycloneDX 1.7 (JSON)
    #[arg(long, group = "format")]
    pub cyclonedx: bool,

    /// Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// A public key that must have signed the manifest (PEM file); repeat for more [default: the signature is not checked]
    #[arg(long = "key", value_name = "PUB")]
    pub keys: Vec<PathBuf>,

    /// A threat model of the dataset (THREAT-MODEL.json), for CycloneDX to refer to [default: none]
    #[arg(long, value_name = "FILE", requires = "cyclonedx")]
    pub threat_model: Option<PathBuf>,

    /// What the dataset is called [default: dataset]
    #[arg(long)]
    pub name: Option<String>,

    /// Its version
    #[arg(long, value_name = "VERSION")]
    pub dataset_version: Option<String>,

    /// Its home page
    #[arg(long)]
    pub url: Option<String>,

    /// What it is, in a sentence or two [default: how large it is]
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,

    /// Its licence, by SPDX id or address; repeatable [default: those of its sources]
    #[arg(long, value_name = "LICENCE")]
    pub license: Vec<String>,

    /// Who made it; repeatable [default: the owners of its sources]
    #[arg(long, value_name = "NAME")]
    pub creator: Vec<String>,

    /// When it was published: a date such as 2026-01-31
    #[arg(long, value_name = "DATE")]
    pub published: Option<String>,
}
