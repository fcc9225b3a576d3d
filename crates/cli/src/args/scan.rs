//! The flags of `taster scan`.

use std::path::PathBuf;

use clap::ValueEnum;
use taster_core::Severity;
use taster_pipeline::Level;

use super::{
    ExternalSigner, Format,
    values::{bytes, character, detector_level, detector_threshold, quote, severity, share},
};

/// Scan a dataset: pass or fail, before training.
///
/// Reads the data twice: once to digest and observe it, once to judge every row. Writes a report folder, whole or not at
/// all, and prints the verdict. Memory stays bounded however many rows there are.
///
/// What is left out is found out: formats, separators, kinds and roles of columns. The summary shows what was assumed;
/// flags and taster.toml override it. Name the label column if there is one: most poison shows in the labels.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ScanArgs {
    /// Files, folders or globs, read as one dataset
    ///
    /// Parquet, JSON and CSV (.parquet, .jsonl, .json, .csv, .tsv; text also as .gz and .zst). Folders are searched; `key=value` folders become
    /// columns. All files must have the same columns.
    #[arg(value_name = "DATA", required_unless_present = "print_config")]
    pub data: Vec<String>,

    /// Trusted data to compare with, or a profile of it (`taster profile`) [default: none]
    ///
    /// Same columns, from before anyone could tamper. Enables `shift`, and p-values with a controlled share of false
    /// alarms (--fdr). Repeat for more.
    #[arg(long, value_name = "DATA")]
    pub reference: Vec<String>,

    /// A public key that must have signed the profile given as --reference (PEM file); repeat for more [default: the
    /// signature is not checked]
    #[arg(long, value_name = "PUB", requires = "reference")]
    pub reference_key: Vec<PathBuf>,

    /// The manifest.json that --reference must be the data of; other data is a critical finding [default: not checked]
    #[arg(long, value_name = "MANIFEST", requires = "reference")]
    pub reference_manifest: Option<PathBuf>,

    /// The manifest.json of the dataset that DATA was made from, by --clean or by review [default: no parent]
    ///
    /// Recorded by its digest, with what was taken out. `taster lineage` follows the chain.
    #[arg(long, value_name = "MANIFEST")]
    pub parent: Option<PathBuf>,

    /// The decisions on rows of the parent that were applied: who released which row [default: none]
    #[arg(long, value_name = "FILE", requires = "parent")]
    pub decisions: Option<PathBuf>,

    /// A Croissant description of DATA (JSON-LD), by its publisher [default: none]
    ///
    /// Files must have the SHA-256 it gives, and no other files may be there; its label, key and date columns get their
    /// roles, and its sources are recorded, where neither flags nor taster.toml say otherwise.
    #[arg(long, value_name = "FILE")]
    pub croissant: Option<PathBuf>,

    #[command(
        flatten,
        next_help_heading = "Columns (inferred where not said; repeat a flag or separate names by commas)"
    )]
    pub roles: Roles,

    #[command(flatten, next_help_heading = "Policy")]
    pub policy: Policy,

    #[command(flatten, next_help_heading = "Output")]
    pub output: Output,

    #[command(flatten, next_help_heading = "CSV (found out from the file where not said)")]
    pub csv: Csv,

    #[command(flatten, next_help_heading = "Running")]
    pub run: Run,
}

const EXAMPLES: &str = "\
Examples:
  taster scan data/*.parquet --label income
  taster scan today.csv --reference last-year.csv --label y --fdr 0.01
  taster scan chats.jsonl --response output --clean cleaned.jsonl
  taster scan data/ --label y --level outlier=allow --fail-on critical
  taster scan data/ --label y --sign release.pem --clean cleaned.parquet
  taster scan data/ --label y --print-config > taster.toml

Exit status: 0 passed or warned; 1 the policy failed the data; 2 the work could not be done.";

// The groups below carry plain comments: clap would take a doc comment of theirs for the help of `scan`.

// What the columns are for.
#[derive(clap::Args)]
pub struct Roles {
    /// The class a model would learn to predict
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,

    /// Names the row; never a feature
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub id: Vec<String>,

    /// Who or where the row came from
    #[arg(long, value_name = "COLUMN")]
    pub source: Option<String>,

    /// When the row was made
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,

    /// What people wrote: sentences, documents
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub text: Vec<String>,

    /// What a generative model would learn to produce
    #[arg(long, value_name = "COLUMN")]
    pub response: Option<String>,

    /// Vectors of one length
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub embedding: Vec<String>,

    /// Out-of-sample class probabilities of your own model, in the order of the sorted classes
    #[arg(long, value_name = "P0,P1,...", value_delimiter = ',')]
    pub probabilities: Vec<String>,

    /// Numbers whose order means something
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub numeric: Vec<String>,

    /// A set of values, numbers or not
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub categorical: Vec<String>,

    /// Hash, and otherwise leave alone
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub ignore: Vec<String>,
}

// What fails a dataset.
#[derive(clap::Args)]
pub struct Policy {
    /// What a detector may do to the verdict: off, allow, warn or deny; repeatable [default: see `taster detectors`]
    #[arg(long, value_name = "DETECTOR=LEVEL", value_parser = detector_level)]
    pub level: Vec<(String, Level)>,

    /// Quarantine rows that score at least this, in (0, 1); repeatable [default: found from the scores]
    #[arg(long, value_name = "DETECTOR=SCORE", value_parser = detector_threshold)]
    pub threshold: Vec<(String, f64)>,

    /// The least severity that fails the dataset: info, monitor, important or critical [default: important]
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<Severity>,

    /// Findings that are accepted, as `taster baseline` writes them [default: ./taster.waivers.toml if there is one]
    #[arg(long, value_name = "FILE")]
    pub waivers: Option<PathBuf>,

    /// Share of quarantined rows that may be innocent, where --reference lets it be controlled [default: 0.05]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub fdr: Option<f64>,
}

// What is written and printed.
#[derive(clap::Args)]
pub struct Output {
    /// The report folder; one that taster wrote before is replaced
    #[arg(long, value_name = "DIR", default_value = "taster-report")]
    pub out: PathBuf,

    /// Also write every row's scores (scores.parquet) [default: no]
    #[arg(long)]
    pub scores: bool,

    /// Also write the dataset without the quarantined rows, as .parquet, .csv or .jsonl [default: no]
    #[arg(long, value_name = "FILE")]
    pub clean: Option<PathBuf>,

    /// Also write the verdict as JUnit XML, one test case a detector [default: no]
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Also append a summary in Markdown to this file, such as "$GITHUB_STEP_SUMMARY" [default: no]
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,

    /// Sign the manifest with this private key (PEM file); repeatable [default: unsigned]
    ///
    /// Without it, TASTER_SIGNING_KEY is used if set: a path, or the PEM text itself. An encrypted key's passphrase is
    /// taken from TASTER_SIGNING_PASSPHRASE, or asked for on the terminal.
    #[arg(long, value_name = "KEY")]
    pub sign: Vec<PathBuf>,

    #[command(flatten)]
    pub external: ExternalSigner,

    /// Append the manifest to the transparency log in this folder, which is made if need be [default: no log]
    ///
    /// The proof that it is in there is written beside the manifest (manifest.tlog-proof). See `taster log`.
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,

    /// The log's private key: Ed25519 (PEM file) [default: TASTER_LOG_KEY, else the first Ed25519 key that signs]
    #[arg(long, value_name = "KEY", requires = "log")]
    pub log_key: Option<PathBuf>,

    /// Name of a new log, such as example.com/scans; of one that is there, the name it must have [default: the folder's]
    #[arg(long, value_name = "NAME", requires = "log")]
    pub log_origin: Option<String>,

    /// How to print the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,

    /// Print nothing but errors; the exit status says it all
    #[arg(long, short)]
    pub quiet: bool,

    /// Show progress on stderr; auto means on a terminal only
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ProgressWhen::Auto)]
    pub progress: ProgressWhen,
}

/// When progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressWhen {
    /// On a terminal only.
    Auto,
    /// Also elsewhere, one line a phase.
    Always,
    /// Not at all.
    Never,
}

// How CSV is read.
#[derive(clap::Args)]
pub struct Csv {
    /// Field separator: one character, or `tab`
    #[arg(long, value_name = "CHAR", value_parser = character)]
    pub separator: Option<char>,

    /// The first line is data; columns are named column_1, column_2, ...
    #[arg(long)]
    pub no_header: bool,

    /// Character around fields that hold separators or line ends; `none` if quotes are text
    #[arg(long, value_name = "CHAR", value_parser = quote)]
    pub quote: Option<String>,

    /// utf-8, latin-1, windows-1252, utf-16le or utf-16be
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,

    /// Texts that mean "missing", beside the usual (empty, NA, NULL, ?, -); repeatable
    #[arg(long, value_name = "TEXTS", value_delimiter = ',')]
    pub missing: Vec<String>,

    /// Character that groups digits, as the comma in 1,234
    #[arg(long, value_name = "CHAR", value_parser = character)]
    pub thousands: Option<char>,

    /// Character before the fraction, as the comma in 3,14
    #[arg(long, value_name = "CHAR", value_parser = character)]
    pub decimal: Option<char>,

    /// Lines with too few fields: refuse the file, or fill them with missing values [default: refuse]
    #[arg(long, value_name = "HOW", value_parser = ["refuse", "fill"])]
    pub ragged: Option<String>,
}

// How the work is done; none of it but the seed changes a result.
#[derive(clap::Args)]
pub struct Run {
    /// Roles, detectors and policy as TOML [default: ./taster.toml if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print the configuration in force as TOML, and stop
    #[arg(long)]
    pub print_config: bool,

    /// Seed of all sampling, to repeat a scan exactly [default: drawn at random and recorded in the manifest]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,

    /// Worker threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// How much data may be in memory at once, such as 512MiB or 4GB; what fits half of it is read only once
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "1GiB")]
    pub memory: usize,

    /// Rows worked on at a time
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=10_000_000), default_value_t = 65_536)]
    pub batch_size: u32,
}
