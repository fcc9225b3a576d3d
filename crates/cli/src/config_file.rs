//! The configuration in force: `taster.toml`, and the flags over it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use taster_pipeline::{Config, DatasetConfig};
use taster_provenance::export::Description;

use crate::args::{Csv, Roles, ScanArgs};

/// A configuration and the file it came from.
pub struct Loaded {
    pub config: Config,
    /// The file, if it was found rather than named by the user.
    pub found: Option<PathBuf>,
    /// What the publisher says of the data.
    pub description: Option<Description>,
}

/// Reads the file that `--config` names, else `./taster.toml` if there is one, and puts the flags over it.
pub fn load(args: &ScanArgs) -> anyhow::Result<Loaded> {
    let (mut config, found) = named_or_found(args.run.config.as_deref())?;
    override_roles(&mut config.dataset, &args.roles);
    override_csv(&mut config, &args.csv);
    override_policy(&mut config, args);
    let description = args.croissant.as_deref().map(Description::read).transpose()?;
    if let Some(description) = &description {
        config.describe(description);
    }
    config.check()?;
    Ok(Loaded { config, found, description })
}

/// The same for a command that looks for nothing in the dataset.
pub fn of_dataset(path: Option<&Path>, roles: &Roles, csv: &Csv) -> anyhow::Result<Config> {
    let (mut config, _) = named_or_found(path)?;
    override_roles(&mut config.dataset, roles);
    override_csv(&mut config, csv);
    config.check()?;
    Ok(config)
}

/// The configuration of this file, or of `./taster.toml` if there is one; and the latter's path if so.
fn named_or_found(path: Option<&Path>) -> anyhow::Result<(Config, Option<PathBuf>)> {
    let default = Path::new("taster.toml");
    let found = (path.is_none() && default.is_file()).then(|| default.to_owned());
    let config = path.or(found.as_deref()).map(read).transpose()?;
    Ok((config.unwrap_or_default(), found))
}

/// Reads a configuration file.
pub fn read(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Config::parse(&text).with_context(|| format!("{} cannot be used", path.display()))
}

/// A column that a flag names has that role, whatever the file says; a list given by flag replaces the file's.
fn override_roles(dataset: &mut DatasetConfig, given: &Roles) {
    let lists = [&given.id, &given.text, &given.embedding, &given.probabilities];
    let more = [&given.numeric, &given.categorical, &given.ignore];
    let singles = [&given.label, &given.source, &given.time, &given.response];
    let named: Vec<&String> = lists.into_iter().chain(more).flatten().chain(singles.into_iter().flatten()).collect();
    forget(dataset, &named);

    let replace = |slot: &mut Option<String>, flag: &Option<String>| {
        if flag.is_some() {
            slot.clone_from(flag);
        }
    };
    replace(&mut dataset.label, &given.label);
    replace(&mut dataset.source, &given.source);
    replace(&mut dataset.time, &given.time);
    replace(&mut dataset.response, &given.response);

    let replace_all = |slot: &mut Vec<String>, flags: &Vec<String>| {
        if !flags.is_empty() {
            slot.clone_from(flags);
        }
    };
    replace_all(&mut dataset.id, &given.id);
    replace_all(&mut dataset.text, &given.text);
    replace_all(&mut dataset.embedding, &given.embedding);
    replace_all(&mut dataset.probabilities, &given.probabilities);
    replace_all(&mut dataset.numeric, &given.numeric);
    replace_all(&mut dataset.categorical, &given.categorical);
    replace_all(&mut dataset.ignore, &given.ignore);
}

fn forget(dataset: &mut DatasetConfig, columns: &[&String]) {
    for slot in [&mut dataset.label, &mut dataset.source, &mut dataset.time, &mut dataset.response] {
        if slot.as_ref().is_some_and(|column| columns.contains(&column)) {
            *slot = None;
        }
    }
    let lists = [&mut dataset.id, &mut dataset.text, &mut dataset.embedding, &mut dataset.probabilities];
    let more = [&mut dataset.numeric, &mut dataset.categorical, &mut dataset.ignore];
    for list in lists.into_iter().chain(more) {
        list.retain(|column| !columns.contains(&column));
    }
}

fn override_csv(config: &mut Config, given: &Csv) {
    let csv = &mut config.dataset.csv;
    csv.separator = given.separator.or(csv.separator);
    csv.header = if given.no_header { Some(false) } else { csv.header };
    csv.quote = given.quote.clone().or(csv.quote.take());
    csv.thousands = given.thousands.or(csv.thousands);
    csv.decimal = given.decimal.or(csv.decimal);
    csv.encoding = given.encoding.clone().or(csv.encoding.take());
    csv.ragged = given.ragged.clone().or(csv.ragged.take());
    if !given.missing.is_empty() {
        csv.missing.clone_from(&given.missing);
    }
}

fn override_policy(config: &mut Config, args: &ScanArgs) {
    for (id, level) in &args.policy.level {
        config.detectors.entry(id.clone()).or_default().level = Some(*level);
    }
    for (id, threshold) in &args.policy.threshold {
        config.detectors.entry(id.clone()).or_default().threshold = Some(*threshold);
    }
    config.policy.fail_on = args.policy.fail_on.unwrap_or(config.policy.fail_on);
    config.policy.fdr = args.policy.fdr.unwrap_or(config.policy.fdr);
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn scan(flags: &[&str]) -> ScanArgs {
        let line = ["taster", "scan", "data.csv"].into_iter().chain(flags.iter().copied());
        match Cli::parse_from(line).command {
            Command::Scan(args) => *args,
            _ => unreachable!("the line says scan"),
        }
    }

    #[test]
    fn a_flag_takes_its_column_from_the_role_the_file_gives_it() {
        let mut dataset =
            DatasetConfig { label: Some("y".into()), ignore: vec!["a".into(), "b".into()], ..Default::default() };
        override_roles(&mut dataset, &scan(&["--numeric", "a,y", "--id", "k"]).roles);
        assert_eq!(dataset.label, None);
        assert_eq!(dataset.ignore, ["b"]);
        assert_eq!(dataset.numeric, ["a", "y"]);
        assert_eq!(dataset.id, ["k"]);
    }

    #[test]
    fn flags_override_the_policy_of_the_file() {
        let mut config = Config::default();
        override_policy(&mut config, &scan(&["--fdr", "0.2", "--level", "outlier=deny", "--threshold", "outlier=0.9"]));
        assert_eq!(config.policy.fdr, 0.2);
        assert_eq!(config.detectors["outlier"].threshold, Some(0.9));
        assert_eq!(config.detectors["outlier"].level, Some(taster_pipeline::Level::Deny));
    }
}
