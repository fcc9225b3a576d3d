//! What was declared of the files, by the sources of the configuration or a Croissant description, against what was read.

use std::collections::BTreeMap;

use glob::Pattern;
use serde_json::json;
use taster_core::{DatasetRecord, FileRecord, Finding, Scope, Severity};
use taster_provenance::export::{DescribedFile, Description, Expected, SourceRecord, is_file};

use crate::{Config, findings::plain_finding};

/// What such findings go by in place of a detector.
pub(crate) const ID: &str = "sources";

impl Config {
    /// Takes from a description the roles of columns that have none yet, and what it says of sources that are not
    /// declared yet.
    pub fn describe(&mut self, description: &Description) {
        let taken = self.dataset.named();
        let free = |column: &String| !taken.contains(column);
        if self.dataset.label.is_none() {
            self.dataset.label = description.label.clone().filter(free);
        }
        if self.dataset.time.is_none() {
            self.dataset.time = description.time.clone().filter(free);
        }
        if self.dataset.id.is_empty() {
            self.dataset.id = description.ids.iter().filter(|column| free(column)).cloned().collect();
        }
        for file in &description.files {
            let sha256 = if let Expected::Digest(digest) = file.sha256 { Some(digest) } else { None };
            let source = self.sources.entry(file.name.clone()).or_default();
            source.origin = source.origin.take().or_else(|| file.url.clone()).or_else(|| description.url.clone());
            source.owner = source.owner.take().or_else(|| description.creator.clone());
            source.licence = source.licence.take().or_else(|| description.licence.clone());
            source.sha256 = source.sha256.or(sha256);
        }
    }
}

/// What of the declarations does not hold, and what they leave open.
pub(crate) fn declared_findings(
    sources: &BTreeMap<String, SourceRecord>,
    description: Option<&Description>,
    dataset: &DatasetRecord,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        sources.iter().filter_map(|(name, source)| declared_digest(name, source, &dataset.files)).collect();
    if let Some(description) = description {
        findings.extend(description.files.iter().filter_map(unusable_digest));
        let patterns = local_patterns(&description.patterns, &dataset.files);
        findings.extend(dataset.files.iter().filter_map(|file| undescribed(file, description, &patterns)));
        if description.live {
            let message = "the publisher calls the dataset live: its files are expected to change";
            findings.push(finding("live-dataset", "", Severity::Info, message.into()));
        }
    }
    findings
}

/// Compares a declared digest with the file of that name.
fn declared_digest(name: &str, source: &SourceRecord, files: &[FileRecord]) -> Option<Finding> {
    let expected = source.sha256?;
    let Some(file) = files.iter().find(|file| is_file(name, &file.name)) else {
        let elsewhere = files.iter().find(|file| file.sha256 == expected);
        let (severity, told) = match elsewhere {
            Some(file) => (Severity::Info, format!("was read under another name, {}", file.name)),
            None => (Severity::Monitor, "was not among the files that were read".to_owned()),
        };
        return Some(finding("not-read", name, severity, format!("{name} is declared with a digest, and {told}")));
    };
    if file.sha256 == expected {
        return None;
    }
    let message = format!(
        "{} is not the file that was declared: its SHA-256 is {}, and {expected} was expected",
        file.name, file.sha256
    );
    let mut changed = finding("changed", name, Severity::Critical, message);
    changed.evidence = json!({"file": file.name, "sha256": file.sha256, "expected": expected});
    Some(changed)
}

fn unusable_digest(file: &DescribedFile) -> Option<Finding> {
    let Expected::Unusable(given) = &file.sha256 else { return None };
    let name = &file.name;
    let message = format!("{given:?} is no SHA-256, so the bytes of {name} could not be compared with its description");
    Some(finding("no-digest", name, Severity::Monitor, message))
}

/// A file that lies among the described ones and is not one of them.
fn undescribed(file: &FileRecord, description: &Description, patterns: &[Pattern]) -> Option<Finding> {
    let name = &file.name;
    if let Some(described) = description.files.iter().find(|described| is_file(&described.name, name)) {
        let message = format!("{name} is described without a digest");
        return (described.sha256 == Expected::Nothing).then(|| finding("no-digest", name, Severity::Info, message));
    }
    if patterns.iter().any(|pattern| pattern.matches(name)) {
        let message = format!("{name} is described by a pattern of names, without a digest");
        return Some(finding("no-digest", name, Severity::Info, message));
    }
    let message = format!("{name} is not described: nobody says where it comes from");
    Some(finding("undescribed", name, Severity::Important, message))
}

/// The patterns of names as they are seen from where the files are: folders at their beginning are left out where no file
/// has them.
fn local_patterns(patterns: &[String], files: &[FileRecord]) -> Vec<Pattern> {
    patterns.iter().filter_map(|pattern| local_pattern(pattern, files)).flatten().collect()
}

/// One pattern, and the same below any folder.
fn local_pattern(pattern: &str, files: &[FileRecord]) -> Option<[Pattern; 2]> {
    let ends = std::iter::successors(Some(pattern), |rest| rest.split_once('/').map(|(_, rest)| rest));
    let mut patterns = ends.filter_map(|end| Some([Pattern::new(end).ok()?, Pattern::new(&format!("**/{end}")).ok()?]));
    patterns.find(|pair| files.iter().any(|file| pair.iter().any(|pattern| pattern.matches(&file.name))))
}

fn finding(code: &str, name: &str, severity: Severity, message: String) -> Finding {
    let mut finding = plain_finding(ID, code, severity, message);
    if !name.is_empty() {
        finding.id = format!("{ID}/{code}/{name}");
        finding.scope = Scope::Source;
    }
    finding
}

#[cfg(test)]
mod tests {
    use taster_core::{Digest, Schema};

    use super::*;

    fn dataset(names: &[&str]) -> DatasetRecord {
        let file = |name: &&str| FileRecord {
            name: (*name).to_owned(),
            format: "csv".into(),
            bytes: 1,
            sha256: Digest([1; 32]),
            rows: 1,
            rows_root: Digest::default(),
        };
        let files = names.iter().map(file).collect();
        DatasetRecord { files, rows: 1, rows_root: Digest::default(), schema: Schema { columns: Vec::new() } }
    }

    fn described(name: &str, sha256: Expected) -> DescribedFile {
        DescribedFile { name: name.into(), url: None, sha256 }
    }

    fn ids(config: &Config, description: &Description, names: &[&str]) -> Vec<String> {
        let findings = declared_findings(&config.sources, Some(description), &dataset(names));
        findings.into_iter().map(|finding| format!("{} {}", finding.severity, finding.id)).collect()
    }

    #[test]
    fn files_are_compared_with_their_description() {
        let mut config = Config::default();
        let description = Description {
            files: vec![
                described("data/good.csv", Expected::Digest(Digest([1; 32]))),
                described("bad.csv", Expected::Digest(Digest([2; 32]))),
                described("absent.zip", Expected::Digest(Digest([3; 32]))),
                described("short.csv", Expected::Unusable("0b03".into())),
            ],
            patterns: vec!["set/*.csv".into()],
            ..Description::default()
        };
        config.describe(&description);
        let found =
            ids(&config, &description, &["good.csv", "part/bad.csv", "short.csv", "set/a.csv", "slipped-in.csv"]);
        let expected = [
            "monitor sources/not-read/absent.zip",
            "critical sources/changed/bad.csv",
            "monitor sources/no-digest/short.csv",
            "info sources/no-digest/set/a.csv",
            "important sources/undescribed/slipped-in.csv",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn patterns_match_from_where_the_files_are() {
        let matched = |pattern: &str, names: &[&str]| {
            let patterns = local_patterns(&[pattern.to_owned()], &dataset(names).files);
            names
                .iter()
                .filter(|name| patterns.iter().any(|p| p.matches(name)))
                .map(|n| (*n).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(matched("*.csv", &["part/a.csv", "a.json"]), ["part/a.csv"]);
        assert_eq!(matched("default/*/*.parquet", &["train/0.parquet", "test/0.parquet"]).len(), 2);
        assert_eq!(matched("part/*.csv", &["data/part/a.csv", "data/b.csv"]), ["data/part/a.csv"]);
        // Where some files have the folders, others cannot do without.
        assert_eq!(matched("set/*.csv", &["set/a.csv", "slipped-in.csv"]), ["set/a.csv"]);
        assert!(matched("[", &["a"]).is_empty() && matched("x/*.json", &["a.csv"]).is_empty());
    }

    #[test]
    fn what_the_configuration_says_stands() {
        let mut config = Config::parse("[dataset]\nlabel = \"mine\"\n[sources.\"a.csv\"]\nowner = \"us\"\n").unwrap();
        let file = described("a.csv", Expected::Nothing);
        config.describe(&Description {
            label: Some("theirs".into()),
            ids: vec!["mine".into(), "key".into()],
            creator: Some("them".into()),
            licence: Some("MIT".into()),
            files: vec![file],
            ..Description::default()
        });
        assert_eq!((config.dataset.label.as_deref(), config.dataset.id), (Some("mine"), vec!["key".to_owned()]));
        let source = &config.sources["a.csv"];
        assert_eq!((source.owner.as_deref(), source.licence.as_deref()), (Some("us"), Some("MIT")));
    }
}
