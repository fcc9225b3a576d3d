//! `taster completions` and `taster man`, generated from the definitions of the arguments.

use std::process::ExitCode;

use anyhow::anyhow;
use clap::{Command, CommandFactory};

use crate::{
    args::{Cli, CompletionsArgs, ManArgs, nearest},
    output,
};

/// Prints a completion script.
pub fn completions(args: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "taster", &mut script);
    print(&script)
}

/// Prints a manual page in roff.
pub fn manual(args: &ManArgs) -> anyhow::Result<ExitCode> {
    let mut page = Vec::new();
    clap_mangen::Man::new(described(args.command.as_deref())?).render(&mut page)?;
    print(&page)
}

fn described(name: Option<&str>) -> anyhow::Result<Command> {
    let mut taster = Cli::command();
    let Some(name) = name else { return Ok(taster) };
    taster.build(); // gives subcommands their full names
    let Some(command) = taster.find_subcommand(name) else {
        let names: Vec<_> = taster.get_subcommands().map(Command::get_name).collect();
        return Err(anyhow!("no subcommand is called `{name}`{}", nearest(name, names)));
    };
    Ok(command.clone())
}

fn print(bytes: &[u8]) -> anyhow::Result<ExitCode> {
    output::result(&String::from_utf8_lossy(bytes))?;
    Ok(ExitCode::SUCCESS)
}
