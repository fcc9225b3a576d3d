//! The `taster` command: arguments, configuration file, progress and exit status. The work is done by
//! [`taster_pipeline`].

mod apply;
mod args;
mod baseline;
mod config_file;
mod detectors;
mod diff;
mod explain;
mod export;
mod generate;
mod keygen;
mod lineage;
mod log;
mod output;
mod profile;
mod progress;
mod prove;
mod review;
mod scan;
mod secrets;
mod sign;
mod threat_model;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// Batches are allocated by one thread and freed by another, which the system's allocator answers with page faults: a
/// sixth of the time of a scan.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Scan(args) => scan::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Baseline(args) => baseline::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Prove(args) => prove::run(&args),
        Command::Review(args) => review::run(&args),
        Command::Apply(args) => apply::run(&args),
        Command::Lineage(args) => lineage::run(&args),
        Command::Profile(args) => profile::run(&args),
        Command::Keygen(args) => keygen::run(&args),
        Command::Log(args) => log::run(&args),
        Command::Export(args) => export::run(&args),
        Command::ThreatModel(args) => threat_model::run(&args),
        Command::Evidence(args) => threat_model::evidence(&args),
        Command::Detectors => detectors::run(),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => generate::completions(&args),
        Command::Man(args) => generate::manual(&args),
    }
}
