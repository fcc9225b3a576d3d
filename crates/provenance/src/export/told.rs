//! What every export needs to know beside the manifest.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use taster_core::Digest;

use crate::{Envelope, Error, Statement, sha256_of_file};

/// What a manifest does not know of its dataset, in the words of who exports it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// What the dataset is called; `dataset` where left out.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its home page.
    pub url: Option<String>,
    /// What it is, in a sentence or two.
    pub description: Option<String>,
    /// Licences, by SPDX id or address; those of its sources where left out.
    pub licences: Vec<String>,
    /// Who made it; the owners of its sources where left out.
    pub creators: Vec<String>,
    /// When it was published: a date.
    pub published: Option<String>,
}

/// A manifest to export.
#[derive(Clone, Debug)]
pub struct Exported {
    /// What it says.
    pub statement: Statement,
    /// SHA-256 of its file.
    pub sha256: Digest,
    /// Where its threat model is, with the SHA-256 of that file.
    pub threat_model: Option<(String, Digest)>,
    /// SHA-256 of the proof that it is in a transparency log, where there is one beside it.
    pub log_proof: Option<Digest>,
}

/// What is declared of one source: `[sources.<name>]` of `taster.toml`, and so in the configuration of a scan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceRecord {
    /// How far its owner vouches for it.
    pub trust: Trust,
    /// The trust boundary that its data crosses, where the trust does not say it.
    pub boundary: Option<String>,
    /// Where it comes from: an address, or the name of a system.
    pub origin: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Its licence, by SPDX id or address.
    pub licence: Option<String>,
    /// How it was collected.
    pub collected: Option<String>,
    /// What it may be used for.
    pub allowed_use: Option<String>,
    /// What was done to it before it came here.
    pub processing: Option<String>,
    /// When it was fetched.
    pub retrieved: Option<String>,
    /// SHA-256 that its file must have; another one fails the scan.
    pub sha256: Option<Digest>,
}

/// How far a source is trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Made and kept inside.
    Trusted,
    /// Known, but outside our control.
    #[default]
    Unknown,
    /// Anybody could have written it.
    Untrusted,
}

impl Trust {
    /// The name used in config and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Unknown => "unknown",
            Self::Untrusted => "untrusted",
        }
    }
}

impl Exported {
    /// Reads the manifest in a file. Its signature is the caller's to check.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let statement = Statement::from_payload(&Envelope::read(path)?.payload)?;
        let proof = path.with_extension("tlog-proof");
        let log_proof = if proof.is_file() { Some(sha256_of_file(&proof)?.0) } else { None };
        Ok(Self { statement, sha256: sha256_of_file(path)?.0, threat_model: None, log_proof })
    }

    /// The sources that the configuration of the scan declared.
    pub fn sources(&self) -> BTreeMap<String, SourceRecord> {
        let sources = self.statement.predicate.config.get("sources").cloned();
        sources.and_then(|sources| serde_json::from_value(sources).ok()).unwrap_or_default()
    }

    pub(super) fn licences(&self, about: &About) -> Vec<String> {
        given_or(&about.licences, self.sources().into_values().filter_map(|source| source.licence))
    }

    pub(super) fn creators(&self, about: &About) -> Vec<String> {
        given_or(&about.creators, self.sources().into_values().filter_map(|source| source.owner))
    }

    pub(super) fn name(about: &About) -> &str {
        about.name.as_deref().unwrap_or("dataset")
    }

    /// What the dataset is: in the words given, else in those of the scan.
    pub(super) fn description(&self, about: &About) -> String {
        let dataset = &self.statement.predicate.dataset;
        let (rows, columns, files) = (dataset.rows, dataset.columns.len(), dataset.files.len());
        about.description.clone().unwrap_or_else(|| format!("{rows} rows and {columns} columns in {files} files."))
    }

    /// The verdict in one sentence.
    pub(super) fn verdict(&self) -> String {
        let (result, scanner) = (&self.statement.predicate.result, &self.statement.predicate.scanner);
        format!("taster {}: {}; {}", scanner.version, result.verdict, result.reason)
    }
}

fn given_or(given: &[String], known: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = if given.is_empty() { known.collect() } else { given.to_vec() };
    found.sort();
    found.dedup();
    found
}
