//! What will be done: which files, which columns in which roles, which detectors.

use serde_json::Value;
use taster_core::{Detector, Schema};
use taster_detect::{ALL, Entry};
use taster_ingest::{CsvOptions, Dataset, Options, Quote, Ragged, Roles};

use crate::{Config, ConfigError, CsvConfig, DatasetConfig, DetectorConfig, Error, Level, Request};

/// A scan's plan.
pub(crate) struct Plan {
    pub dataset: Dataset,
    pub reference: Option<Dataset>,
    pub detectors: Vec<Planned>,
}

/// One detector of the list, and what is to become of it.
pub(crate) struct Planned {
    pub entry: &'static Entry,
    pub config: DetectorConfig,
    pub course: Course,
}

/// What is to become of a detector.
pub(crate) enum Course {
    Run(Box<dyn Detector>),
    NotApplicable(String),
    Off,
}

impl Planned {
    pub fn id(&self) -> &'static str {
        self.entry.about.id
    }

    pub fn level(&self) -> Level {
        self.config.level.unwrap_or(Level::Warn)
    }

    pub fn parameters(&self) -> Value {
        Value::Object(self.config.parameters.clone())
    }
}

impl Plan {
    /// Looks at the files and decides what will run.
    pub fn new(request: &Request) -> Result<Self, Error> {
        let mut options = options(&request.config.dataset)?;
        // A reference is read as the columns of the dataset, so no more may come later.
        options.whole_json = !request.reference.is_empty();
        let dataset = Dataset::open(&request.inputs, &options)?;
        let reference = open_reference(request, &options, &dataset)?;
        let detectors = plan_detectors(&request.config, dataset.schema(), reference.is_some())?;
        Ok(Self { dataset, reference, detectors })
    }
}

fn open_reference(request: &Request, options: &Options, dataset: &Dataset) -> Result<Option<Dataset>, Error> {
    if request.reference.is_empty() {
        return Ok(None);
    }
    Dataset::open_like(&request.reference, options, dataset).map(Some).map_err(Error::Reference)
}

/// The detectors of the list with what is to become of each, for this schema.
pub(crate) fn plan_detectors(config: &Config, schema: &Schema, has_reference: bool) -> Result<Vec<Planned>, Error> {
    config.check()?;
    let plan = |entry: &'static Entry| {
        let config = config.detector(entry);
        let course = if config.level == Some(Level::Off) {
            Course::Off
        } else {
            let detector = (entry.build)(&Value::Object(config.parameters.clone())).map_err(|e| {
                ConfigError::Value { key: format!("detectors.{}", entry.about.id), problem: e.to_string() }
            })?;
            match detector.applies(schema, has_reference) {
                Ok(()) => Course::Run(detector),
                Err(why) => Course::NotApplicable(why.0),
            }
        };
        Ok(Planned { entry, config, course })
    };
    ALL.iter().map(plan).collect()
}

pub(crate) fn options(dataset: &DatasetConfig) -> Result<Options, ConfigError> {
    Ok(Options { csv: csv_options(&dataset.csv)?, roles: roles(dataset), ..Options::default() })
}

fn roles(dataset: &DatasetConfig) -> Roles {
    Roles {
        label: dataset.label.clone(),
        source: dataset.source.clone(),
        time: dataset.time.clone(),
        response: dataset.response.clone(),
        id: dataset.id.clone(),
        text: dataset.text.clone(),
        embedding: dataset.embedding.clone(),
        numeric: dataset.numeric.clone(),
        categorical: dataset.categorical.clone(),
        probabilities: dataset.probabilities.clone(),
        ignore: dataset.ignore.clone(),
    }
}

fn csv_options(csv: &CsvConfig) -> Result<CsvOptions, ConfigError> {
    let refuse = |key: &str, problem: String| ConfigError::Value { key: format!("dataset.csv.{key}"), problem };
    let byte = |key: &str, given: Option<char>| match given.map(|c| (c, u8::try_from(c))) {
        None => Ok(None),
        Some((_, Ok(byte))) if byte.is_ascii() => Ok(Some(byte)),
        Some((c, _)) => Err(refuse(key, format!("{c:?} is not one ASCII character"))),
    };
    let quote = match csv.quote.as_deref() {
        None => None,
        Some("none") => Some(Quote::Off),
        Some(given) => {
            let character =
                given.parse().map_err(|_| refuse("quote", format!("{given:?} is not one character, or none")))?;
            byte("quote", Some(character))?.map(Quote::Byte)
        }
    };
    let encoding = csv.encoding.as_deref().map(|name| name.parse().map_err(|e| refuse("encoding", e)));
    let ragged = match csv.ragged.as_deref() {
        None | Some("refuse") => Ragged::Refuse,
        Some("fill") => Ragged::Fill,
        Some(other) => return Err(refuse("ragged", format!("{other:?} is neither \"refuse\" nor \"fill\""))),
    };
    Ok(CsvOptions {
        separator: byte("separator", csv.separator)?,
        quote,
        header: csv.header,
        encoding: encoding.transpose()?,
        missing: csv.missing.clone(),
        thousands: byte("thousands", csv.thousands)?,
        decimal: byte("decimal", csv.decimal)?,
        ragged,
    })
}
