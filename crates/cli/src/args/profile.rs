use std::path::PathBuf;

use clap::Subcommand;

use super::{
    ExternalSigner, Format, ProgressWhen,
    scan::{Csv, Roles},
    values::bytes,
};

/// Profile a dataset: all that later ones are compared with, in a few megabytes.
///
/// A profile tells of every column its missing values, how many different values it has and how they are distributed, and
/// has a sample of whole rows unless --no-rows. `scan --reference` takes it in place of the data. Its size is bounded
/// however many rows there are: 3 MiB of rows, and at most 64 KiB for each column (2 to 16 KiB are usual).
///
/// Profiles of parts of a dataset are merged to what one of the whole would have been, if they were made with one seed: give
/// --like FIRST for every further part.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(disable_help_subcommand = true)]
pub struct ProfileArgs {
    #[command(subcommand)]
    pub command: Option<ProfileCommand>,

    /// Files, folders or globs, read as one dataset
    #[arg(value_name = "DATA", required = true)]
    pub data: Vec<String>,

    /// Where to write the profile
    #[arg(long, value_name = "FILE", required = true)]
    pub out: Option<PathBuf>,

    /// Keep no rows, nothing that joins more than one value of a row, and no digest of a file
    ///
    /// What is kept of every column by itself still tells the values of its categories and its smallest and largest
    /// numbers: --ignore columns whose very values are secret.
    #[arg(long)]
    pub no_rows: bool,

    /// Take over columns, roles and seed of this profile, so that the two can be merged
    #[arg(long, value_name = "PROFILE", conflicts_with = "seed")]
    pub like: Option<PathBuf>,

    #[command(flatten, next_help_heading = "Signing")]
    pub sign: SignWith,

    #[command(
        flatten,
        next_help_heading = "Columns (inferred where not said; repeat a flag or separate names by commas)"
    )]
    pub roles: Roles,

    #[command(flatten, next_help_heading = "CSV (found out from the file where not said)")]
    pub csv: Csv,

    #[command(flatten, next_help_heading = "Running")]
    pub run: Running,
}

// Who signs it.
#[derive(clap::Args)]
pub struct SignWith {
    /// Sign the profile with this private key (PEM file); repeatable [default: TASTER_SIGNING_KEY, else unsigned]
    #[arg(long, value_name = "KEY")]
    pub sign: Vec<PathBuf>,

    #[command(flatten)]
    pub external: ExternalSigner,
}

// How the work is done.
#[derive(clap::Args)]
pub struct Running {
    /// Roles of columns as TOML [default: ./taster.toml if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Seed of all hashes [default: drawn at random and recorded in the profile]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,

    /// Worker threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// How much data may be in memory at once, such as 512MiB or 4GB
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "1GiB")]
    pub memory: usize,

    /// Rows worked on at a time
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=10_000_000), default_value_t = 65_536)]
    pub batch_size: u32,

    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,

    /// Show progress on stderr; auto means on a terminal only
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ProgressWhen::Auto)]
    pub progress: ProgressWhen,
}

const EXAMPLES: &str = "\
Examples:
  taster profile data/ --label y --out baseline.taster --sign release.pem
  taster scan new.parquet --reference baseline.taster --reference-key release.pub.pem
  taster profile march.csv --like february.taster --out march.taster
  taster profile merge february.taster march.taster --out spring.taster
  taster profile show spring.taster

Data in a folder that is called `merge` or `show` is given as ./merge or ./show.";

#[derive(Subcommand)]
pub enum ProfileCommand {
    Merge(ProfileMergeArgs),
    Show(ProfileShowArgs),
}

/// Make one profile of several: the one that their data together would have had.
#[derive(clap::Args)]
pub struct ProfileMergeArgs {
    /// Profiles of the same columns, roles and seed, in any order
    #[arg(value_name = "PROFILE", required = true)]
    pub profiles: Vec<PathBuf>,

    /// Where to write the profile of all
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    #[command(flatten)]
    pub sign: SignWith,

    /// A public key of which one must have signed every profile (PEM file); repeat for more [default: not checked]
    #[arg(long = "key", value_name = "PUB")]
    pub keys: Vec<PathBuf>,

    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Show what is in a profile.
#[derive(clap::Args)]
pub struct ProfileShowArgs {
    /// The profile
    pub profile: PathBuf,

    /// A public key that must have signed it (PEM file); repeat for more [default: the signature is not checked]
    #[arg(long = "key", value_name = "PUB")]
    pub keys: Vec<PathBuf>,

    /// How to print it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,
}
