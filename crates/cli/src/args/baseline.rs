use std::path::PathBuf;

/// Accept what a scan found, so that the next one fails on new things only.
///
/// Every finding of the report that is worth watching gets a waiver: what was found, how bad, why it is accepted, by whom
/// and until when. Waived findings stay visible in every report, and the manifest records the waivers. What is not in the
/// report, or becomes worse than it is there, is found as before. An expired waiver fails the scan.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  taster baseline taster-report --reason 'known label noise, ticket 71' --by 'Ada'
  taster baseline taster-report --reason 'accepted for the pilot' --by 'Ada' --expires 2027-01-31
  taster scan data/ --label y --waivers taster.waivers.toml")]
pub struct BaselineArgs {
    /// The report folder of a scan
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,

    /// Why the findings are accepted
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// Who accepts them
    #[arg(long, value_name = "NAME")]
    pub by: String,

    /// The last day on which they are accepted [default: in 90 days]
    #[arg(long, value_name = "DATE")]
    pub expires: Option<String>,

    /// The file of waivers; those that are there stay
    #[arg(long, value_name = "FILE", default_value = "taster.waivers.toml")]
    pub out: PathBuf,
}
