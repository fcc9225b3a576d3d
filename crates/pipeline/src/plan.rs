//! What will be done: which files, which columns in which roles, which detectors.

use std::path::Path;

use serde_json::Value;
use taster_core::{Detector, Role, Schema};
use taster_detect::{ALL, Entry};
use taster_ingest::{CsvOptions, Dataset, Note, Options, Quote, Ragged, Roles};

use crate::{
    Config, ConfigError, CsvConfig, DatasetConfig, DetectorConfig, Error, Level, LoadedProfile, Profile, Request,
    is_profile, profile::with_roles,
};

/// A scan's plan.
pub(crate) struct Plan {
    pub dataset: Dataset,
    pub reference: Option<Dataset>,
    /// The reference where it is a profile.
    pub profile: Option<LoadedProfile>,
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
        let mut dataset = Dataset::open(&request.inputs, &options)?;
        let profile = read_profile(request)?;
        if let Some(LoadedProfile { profile, .. }) = &profile {
            // A column has the role it had when it was profiled, whatever its first rows look like now.
            if let Some(roles) = with_roles(&options.roles, dataset.schema(), profile) {
                options.roles = roles;
                dataset = Dataset::open(&request.inputs, &options)?;
            }
            check_columns(&mut dataset, profile)?;
        }
        let reference = if profile.is_none() { open_reference(request, &options, &dataset)? } else { None };
        let has_reference = reference.is_some() || profile.is_some();
        let detectors = plan_detectors(&request.config, dataset.schema(), has_reference)?;
        Ok(Self { dataset, reference, profile, detectors })
    }

    /// Whether there is anything to compare with.
    pub fn has_reference(&self) -> bool {
        self.reference.is_some() || self.profile.is_some()
    }
}

/// The reference, if it is a profile; verified where keys are given.
fn read_profile(request: &Request) -> Result<Option<LoadedProfile>, Error> {
    let refuse = |problem: &str| Err(Error::Profiles { problem: problem.into() });
    let is = |input: &String| is_profile(Path::new(input));
    match request.reference.as_slice() {
        [only] if is(only) && request.reference_manifest.is_some() => refuse(
            "--reference-manifest is about data, and the reference is a profile; --reference-key tells whose it is",
        ),
        [only] if is(only) => {
            let loaded = LoadedProfile::read(Path::new(only))?;
            if !request.reference_keys.is_empty() {
                loaded.verified(&request.reference_keys)?;
            }
            Ok(Some(loaded))
        }
        several if several.iter().any(is) => {
            refuse("a profile is the only reference; make one of several with `taster profile merge`")
        }
        _ if !request.reference_keys.is_empty() => {
            refuse("--reference-key verifies a profile, and the reference is none")
        }
        _ => Ok(None),
    }
}

/// Every feature must have been profiled, in the same role; what else was profiled is noted.
fn check_columns(dataset: &mut Dataset, profile: &Profile) -> Result<(), Error> {
    let refuse = |problem: String| Err(Error::Profiles { problem });
    for column in &dataset.schema().columns {
        let theirs = profile.column(&column.name).map(|c| c.column.role);
        let counts = column.role.is_feature() || column.role == Role::Label;
        match theirs {
            None if column.role.is_feature() => {
                return refuse(format!(
                    "there is no column {:?} in the profile, but the data has it; profile data with the same columns, or \
                     pass --ignore for the column",
                    column.name
                ));
            }
            Some(role) if counts && role != column.role => {
                return refuse(format!(
                    "column {:?} is {} here and {role} in the profile; leave out the flag that says so, or profile anew",
                    column.name, column.role
                ));
            }
            _ => {}
        }
    }
    let gone = profile.columns.iter().map(|c| &c.column).filter(|c| c.role.is_feature() || c.role == Role::Label);
    let gone: Vec<&str> =
        gone.filter(|c| dataset.schema().position(&c.name).is_none()).map(|c| c.name.as_str()).collect();
    if !gone.is_empty() {
        let names = gone.join(", ");
        dataset.note(Note::new(format!("in the profile, but not in the data, so not compared: {names}")));
    }
    Ok(())
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
