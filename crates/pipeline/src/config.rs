//! What the user wants, as `taster.toml` says it. Everything has a default; unknown keys are refused with the nearest
//! known one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taster_core::{Finding, Waiver};
use taster_provenance::{Predicate, export::SourceRecord};
use taster_threat::Declared;

/// The whole of `taster.toml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Roles of columns and how CSV is read.
    pub dataset: DatasetConfig,
    /// What is known of the sources, by the value of the source column or the name of the file.
    pub sources: BTreeMap<String, SourceRecord>,
    /// Per detector: level, threshold and parameters. Detectors left out run with their defaults.
    pub detectors: BTreeMap<String, DetectorConfig>,
    /// When a finding matters.
    pub policy: PolicyConfig,
    /// Signing.
    pub sign: SignConfig,
    /// What the threat model knows beside the scan.
    #[serde(skip_serializing_if = "Declared::is_empty")]
    pub threat_model: Declared,
    /// What of the findings is accepted, of a file of its own; here so that it is in the manifest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
}

/// `[dataset]`: roles of columns; those left out are inferred.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DatasetConfig {
    /// The class a model would learn to predict.
    pub label: Option<String>,
    /// Who or where a row came from.
    pub source: Option<String>,
    /// When a row was made.
    pub time: Option<String>,
    /// What a generative model would learn to produce.
    pub response: Option<String>,
    /// Columns that name the row.
    pub id: Vec<String>,
    /// Columns of text.
    pub text: Vec<String>,
    /// Columns of vectors.
    pub embedding: Vec<String>,
    /// Columns of numbers.
    pub numeric: Vec<String>,
    /// Columns with a set of values.
    pub categorical: Vec<String>,
    /// Out-of-sample class probabilities, in the order of the sorted classes.
    pub probabilities: Vec<String>,
    /// Columns to hash and otherwise leave alone.
    pub ignore: Vec<String>,
    /// How CSV is read; what is left out is found out from the file.
    pub csv: CsvConfig,
}

impl DatasetConfig {
    /// Every column that has a role by name.
    pub(crate) fn named(&self) -> Vec<String> {
        let lists = [&self.id, &self.text, &self.embedding, &self.numeric, &self.categorical];
        let more = [&self.probabilities, &self.ignore];
        let singles = [&self.label, &self.source, &self.time, &self.response];
        let named = lists.into_iter().chain(more).flatten().chain(singles.into_iter().flatten());
        named.cloned().collect()
    }
}

/// `[dataset.csv]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CsvConfig {
    /// Field separator: one character.
    pub separator: Option<char>,
    /// Whether the first record names the columns.
    pub header: Option<bool>,
    /// The character around fields that hold separators or line ends; `none` if quotes are text.
    pub quote: Option<String>,
    /// The character that groups digits, as the comma in `1,234`.
    pub thousands: Option<char>,
    /// The character before the fraction.
    pub decimal: Option<char>,
    /// `utf-8`, `windows-1252`, `latin-1`, `utf-16le`, `utf-16be`.
    pub encoding: Option<String>,
    /// Texts that mean "missing", beside the usual ones.
    pub missing: Vec<String>,
    /// `refuse` records with too few fields (the default), or `fill` them with missing values.
    pub ragged: Option<String>,
}

/// What a detector's findings may do to the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The detector does not run.
    Off,
    /// It runs and reports; the verdict does not mind.
    Allow,
    /// At worst the verdict is `warned`.
    Warn,
    /// Findings of [`PolicyConfig::fail_on`] or worse fail the dataset.
    Deny,
}

impl Level {
    /// The name used in config and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// `[detectors.<id>]`: what policy knows of a detector, and its own parameters beside it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DetectorConfig {
    /// What its findings may do; the detector's own default where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Quarantine rows that score at least this, in [0, 1]; found from the scores where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Above this share of the rows, it is the dataset as a whole that is suspicious, not the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_share: Option<f64>,
    /// The detector's own parameters.
    #[serde(flatten)]
    pub parameters: serde_json::Map<String, Value>,
}

/// `[policy]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyConfig {
    /// The least severity that fails a dataset, for detectors at level `deny`.
    pub fail_on: taster_core::Severity,
    /// Share of quarantined rows that may be innocent, where a trusted reference lets it be controlled.
    pub fdr: f64,
    /// Chance of a false alarm that a test of the whole dataset may take.
    pub alpha: f64,
    /// Default of [`DetectorConfig::max_share`].
    pub max_share: f64,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self { fail_on: taster_core::Severity::Important, fdr: 0.05, alpha: 0.01, max_share: 0.3 }
    }
}

/// `[sign]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignConfig {
    /// Private key files (PKCS#8 PEM) to sign with.
    pub keys: Vec<std::path::PathBuf>,
}

/// `taster.toml` cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is not TOML, or a value has the wrong type.
    #[error("{0}")]
    Syntax(String),
    /// A key that means nothing.
    #[error("unknown key `{key}`{}", nearest.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    UnknownKey {
        /// Dotted path of the key.
        key: String,
        /// The most similar key that means something, if any is similar.
        nearest: Option<String>,
    },
    /// A value that cannot be.
    #[error("`{key}`: {problem}")]
    Value {
        /// Dotted path of the key.
        key: String,
        /// What is wrong with the value.
        problem: String,
    },
}

impl Config {
    /// Reads TOML text.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = toml::from_str(text).map_err(|e| ConfigError::Syntax(e.to_string()))?;
        let value = serde_json::to_value(&table).map_err(|e| ConfigError::Syntax(e.to_string()))?;
        refuse_unknown_keys(&value)?;
        let config: Self = toml::from_str(text).map_err(|e| ConfigError::Syntax(e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// How a dataset was scanned, as its manifest says; the defaults where that is of another version.
    pub(crate) fn of(manifest: &Predicate) -> Self {
        serde_json::from_value(manifest.config.clone()).unwrap_or_default()
    }

    /// Whether every value can be: ranges, parameters of detectors.
    pub fn check(&self) -> Result<(), ConfigError> {
        let share = |key: &str, value: f64| match value {
            v if v > 0.0 && v < 1.0 => Ok(()),
            v => Err(ConfigError::Value { key: key.into(), problem: format!("{v} is not between 0 and 1") }),
        };
        share("policy.fdr", self.policy.fdr)?;
        share("policy.alpha", self.policy.alpha)?;
        share("policy.max_share", self.policy.max_share)?;
        self.threat_model.check().map_err(|e| ConfigError::Syntax(e.to_string()))?;
        for (id, detector) in &self.detectors {
            for (key, value) in [("threshold", detector.threshold), ("max_share", detector.max_share)] {
                value.map_or(Ok(()), |v| share(&format!("detectors.{id}.{key}"), v))?;
            }
            let entry = taster_detect::find(id).ok_or_else(|| unknown(&["detectors"], id, &detector_ids()))?;
            (entry.build)(&Value::Object(detector.parameters.clone()))
                .map_err(|e| ConfigError::Value { key: format!("detectors.{id}"), problem: e.to_string() })?;
        }
        Ok(())
    }

    /// The configuration in force, with every default filled in, as TOML.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(&self.effective()).unwrap_or_default()
    }

    /// The configuration in force, with every default filled in.
    #[must_use]
    pub fn effective(&self) -> Self {
        let mut full = self.clone();
        full.detectors = taster_detect::ALL.iter().map(|e| (e.about.id.to_owned(), self.detector(e))).collect();
        full
    }

    /// Whether a finding fails the dataset.
    pub fn denies(&self, finding: &Finding) -> bool {
        let id = finding.detector.as_str();
        let own = taster_detect::find(id).and_then(|entry| self.detector(entry).level);
        let level = own.unwrap_or_else(|| crate::policy::pipeline_level(id));
        finding.waiver.is_none() && level >= Level::Deny && finding.severity >= self.policy.fail_on
    }

    /// A detector's configuration in force.
    pub fn detector(&self, entry: &taster_detect::Entry) -> DetectorConfig {
        let given = self.detectors.get(entry.about.id).cloned().unwrap_or_default();
        let mut parameters = match (entry.defaults)() {
            Value::Object(defaults) => defaults,
            _ => serde_json::Map::new(),
        };
        parameters.extend(given.parameters);
        DetectorConfig {
            level: Some(given.level.unwrap_or_else(|| crate::policy::default_level(entry.about.id))),
            threshold: given.threshold,
            max_share: Some(given.max_share.unwrap_or(self.policy.max_share)),
            parameters,
        }
    }
}

fn detector_ids() -> Vec<String> {
    taster_detect::ALL.iter().map(|e| e.about.id.to_owned()).collect()
}

/// Compares the keys given with those of the default configuration, which has every key there is.
fn refuse_unknown_keys(given: &Value) -> Result<(), ConfigError> {
    let known = serde_json::to_value(Config::default().effective()).map_err(|e| ConfigError::Syntax(e.to_string()))?;
    let Value::Object(sections) = given else { return Ok(()) };
    // The threat model is all names; its own types refuse keys that they do not know.
    for (section, value) in sections.iter().filter(|(section, _)| *section != "threat_model") {
        let Some(shape) = known.get(section) else {
            return Err(unknown(&[], section, &keys(&known)));
        };
        match section.as_str() {
            "sources" => {
                let shape = serde_json::to_value(SourceRecord::default()).unwrap_or_default();
                each_entry(value, |name, entry| compare(&["sources", name], entry, &shape, &[]))?;
            }
            "detectors" => each_entry(value, |id, entry| {
                let shape = shape.get(id).ok_or_else(|| unknown(&["detectors"], id, &keys(shape)))?;
                compare(&["detectors", id], entry, shape, &["level", "threshold", "max_share"])
            })?,
            _ => compare(&[section], value, shape, &[])?,
        }
    }
    Ok(())
}

fn each_entry(table: &Value, check: impl Fn(&str, &Value) -> Result<(), ConfigError>) -> Result<(), ConfigError> {
    table.as_object().into_iter().flatten().try_for_each(|(name, entry)| check(name, entry))
}

fn compare(path: &[&str], given: &Value, shape: &Value, extra: &[&str]) -> Result<(), ConfigError> {
    let (Value::Object(given), Value::Object(_)) = (given, shape) else { return Ok(()) };
    let mut known = keys(shape);
    known.extend(extra.iter().map(|&k| k.to_owned()));
    for (key, value) in given {
        if !known.contains(key) {
            return Err(unknown(path, key, &known));
        }
        let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
        compare(&path, value, shape.get(key).unwrap_or(&Value::Null), &[])?;
    }
    Ok(())
}

fn keys(value: &Value) -> Vec<String> {
    value.as_object().map(|m| m.keys().cloned().collect()).unwrap_or_default()
}

fn unknown(path: &[&str], key: &str, known: &[String]) -> ConfigError {
    let dotted = |key: &str| path.iter().copied().chain([key]).collect::<Vec<_>>().join(".");
    let nearest = known
        .iter()
        .map(|k| (strsim::jaro_winkler(k, key), k))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(similarity, _)| *similarity > 0.7)
        .map(|(_, k)| dotted(k));
    ConfigError::UnknownKey { key: dotted(key), nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_name_the_nearest() {
        let error = Config::parse("[dataset]\nlable = \"y\"\n").unwrap_err();
        assert_eq!(error.to_string(), "unknown key `dataset.lable`; did you mean `dataset.label`?");
        let error = Config::parse("[detectors.outlyer]\nlevel = \"warn\"\n").unwrap_err();
        assert_eq!(error.to_string(), "unknown key `detectors.outlyer`; did you mean `detectors.outlier`?");
        let error = Config::parse("[detectors.outlier]\ntreshold = 0.5\n").unwrap_err();
        assert!(error.to_string().contains("did you mean `detectors.outlier.threshold`?"), "{error}");
        assert!(Config::parse("[polcy]\n").is_err());
    }

    #[test]
    fn values_out_of_range_are_refused() {
        assert!(Config::parse("[policy]\nfdr = 1.5\n").unwrap_err().to_string().contains("policy.fdr"));
        assert!(Config::parse("[policy]\nfdr = \"x\"\n").is_err());
        assert!(Config::parse("[detectors.outlier]\nlevel = \"maybe\"\n").is_err());
    }

    #[test]
    fn the_printed_configuration_is_read_back() {
        let printed = Config::default().to_toml();
        assert_eq!(Config::parse(&printed).unwrap().to_toml(), printed);
    }
}
