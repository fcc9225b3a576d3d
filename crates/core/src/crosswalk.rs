//! Detectors, threats and controls in the words of public catalogues, from one versioned file: `crosswalk.json`.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::Tag;

/// The file, as it is in the repository.
const FILE: &str = include_str!("crosswalk.json");

/// Read when first asked for.
static CROSSWALK: LazyLock<Crosswalk> = LazyLock::new(|| {
    let raw: RawCrosswalk = serde_json::from_str(FILE).expect("the bundled crosswalk is valid; a test reads it");
    Crosswalk::of(raw)
});

/// What kind of thing is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A detector, or what stands in its place in a finding.
    Detector,
    /// A threat of the threat model.
    Threat,
    /// A control of the threat model.
    Control,
}

/// The version of the crosswalk: which releases of the catalogues it speaks of.
pub fn version() -> &'static str {
    &CROSSWALK.version
}

/// The catalogue entries for this detector, threat or control; none where it is not in the crosswalk.
pub fn tags(subject: Subject, id: &str) -> &'static [Tag] {
    CROSSWALK.subjects.get(&(subject, id.to_owned())).map_or(&[], Vec::as_slice)
}

/// What an entry was called in earlier releases.
pub fn formerly(entry: &str) -> Option<&'static str> {
    CROSSWALK.formerly.get(entry).map(String::as_str)
}

struct Crosswalk {
    version: String,
    formerly: BTreeMap<String, String>,
    subjects: BTreeMap<(Subject, String), Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCrosswalk {
    version: String,
    catalogues: BTreeMap<String, RawCatalogue>,
    formerly: BTreeMap<String, String>,
    detectors: BTreeMap<String, Vec<String>>,
    threats: BTreeMap<String, Vec<String>>,
    controls: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCatalogue {
    release: String,
    entries: BTreeMap<String, String>,
}

impl Crosswalk {
    fn of(raw: RawCrosswalk) -> Self {
        let mut entries: BTreeMap<&str, Tag> = BTreeMap::new();
        for (name, catalogue) in &raw.catalogues {
            for (id, title) in &catalogue.entries {
                let owned = |text: &String| std::borrow::Cow::Owned(text.clone());
                let (catalogue, release) = (owned(name), owned(&catalogue.release));
                entries.insert(id, Tag { catalogue, id: owned(id), title: owned(title), release });
            }
        }
        let kinds =
            [(Subject::Detector, raw.detectors), (Subject::Threat, raw.threats), (Subject::Control, raw.controls)];
        let mut subjects = BTreeMap::new();
        for (subject, listed) in kinds {
            for (id, tags) in listed {
                subjects.insert((subject, id), tags.iter().filter_map(|tag| entries.get(&**tag).cloned()).collect());
            }
        }
        Self { version: raw.version, formerly: raw.formerly, subjects }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reference_is_to_an_entry_and_every_entry_is_used() {
        let raw: RawCrosswalk = serde_json::from_str(FILE).unwrap();
        let entries: Vec<&String> = raw.catalogues.values().flat_map(|c| c.entries.keys()).collect();
        let distinct: BTreeSet<&String> = entries.iter().copied().collect();
        assert_eq!(entries.len(), distinct.len(), "an id is in two catalogues");
        let lists = [&raw.detectors, &raw.threats, &raw.controls];
        let used: BTreeSet<&String> = lists.into_iter().flat_map(BTreeMap::values).flatten().collect();
        let unknown: Vec<_> = used.difference(&distinct).collect();
        assert!(unknown.is_empty(), "not in any catalogue: {unknown:?}");
        for id in raw.formerly.keys() {
            assert!(distinct.contains(id), "{id}");
        }
        let idle: Vec<_> = distinct.difference(&used).filter(|id| id.len() > 1).collect();
        assert!(idle.is_empty(), "never used: {idle:?}");
        assert!(raw.detectors.values().chain(raw.threats.values()).all(|tags| !tags.is_empty()));
    }

    #[test]
    fn entries_come_with_title_and_release() {
        let tags = tags(Subject::Detector, "trigger");
        let backdoor = tags.iter().find(|tag| tag.id == "AML.T0043.004").unwrap();
        assert_eq!((&*backdoor.catalogue, &*backdoor.title), ("MITRE ATLAS", "Insert Backdoor Trigger"));
        assert!(!backdoor.release.is_empty() && version().starts_with("20"));
        assert!(formerly("AML.T0115.000").unwrap().contains("AML.T0019"));
        assert!(super::tags(Subject::Threat, "no such threat").is_empty());
    }
}
