//! The configuration in force: `taster.toml`, and the flags over it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use taster_pipeline::{Config, DatasetConfig};
use taster_provenance::export::Description;

use crate::args::ScanArgs;

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
    let default = Path::new("taster.toml");
    let found = (args.run.config.is_none() && default.is_file()).then(|| default.to_owned());
    let mut config = match args.run.config.as_ref().or(found.as_ref()) {
        Some(path) => read(path)?,
        None => Config::default(),
    };
    override_roles(&mut config.dataset, args);
    override_csv(&mut config, args);
    override_policy(&mut config, args);
    let description = args.croissant.as_deref().map(Description::read).transpose()?;
    if let Some(description) = &description {
        config.describe(description);
    }
    config.check()?;
    Ok(Loaded { config, found, description })
}

/// Reads a configuration file.
pub fn read(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Config::parse(&text).with_context(|| format!("{} cannot be used", path.display()))
}

/// A column that a flag names has that role, whatever the file says; a list given by flag replaces the file's.
fn override_roles(dataset: &mut DatasetConfig, args: &ScanArgs) {
    let given = &args.roles;
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

fn override_csv(config: &mut Config, args: &ScanArgs) {
    let csv = &mut config.dataset.csv;
    csv.separator = args.csv.separator.or(csv.separator);
    csv.header = if args.csv.no_header { Some(false) } else { csv.header };
    csv.quote = args.csv.quote.clone().or(csv.quote.take());
    csv.thousands = args.csv.thousands.or(csv.thousands);
    csv.decimal = args.csv.decimal.or(csv.decimal);
    csv.encoding = args.csv.encoding.clone().or(csv.encoding.take());
    csv.ragged = args.csv.ragged.clone().or(csv.ragged.take());
    if !args.csv.missing.is_empty() {
        csv.missing.clone_from(&args.csv.missing);
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
        override_roles(&mut dataset, &scan(&["--numeric", "a,y", "--id", "k"]));
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
