use std::collections::BTreeMap;

use serde_json::{Value, json};
use taster_core::{Scan, Tag};

/// The threat catalogues that findings point into, by name and release, each with the entries that are used.
pub(super) struct Taxonomies<'a>(BTreeMap<(&'a str, &'a str), BTreeMap<&'a str, &'a str>>);

impl<'a> Taxonomies<'a> {
    pub(super) fn of(scan: &'a Scan) -> Self {
        let mut catalogues: BTreeMap<_, BTreeMap<&str, &str>> = BTreeMap::new();
        for tag in scan.findings.iter().flat_map(|f| &f.tags) {
            catalogues.entry((&*tag.catalogue, &*tag.release)).or_default().insert(&*tag.id, &*tag.title);
        }
        Self(catalogues)
    }

    pub(super) fn to_json(&self) -> Vec<Value> {
        self.0.iter().map(|(&(name, release), entries)| taxonomy(name, release, entries)).collect()
    }

    /// A result's pointer to the entry of this tag.
    pub(super) fn reference(&self, tag: &Tag) -> Option<Value> {
        let at = self.0.keys().position(|key| *key == (&*tag.catalogue, &*tag.release))?;
        Some(json!({"id": tag.id, "toolComponent": {"name": tag.catalogue, "index": at}}))
    }
}

fn taxonomy(name: &str, release: &str, entries: &BTreeMap<&str, &str>) -> Value {
    let taxa = entries.iter().map(|(id, title)| json!({"id": id, "name": title, "shortDescription": {"text": title}}));
    let mut taxonomy = json!({"name": name, "taxa": taxa.collect::<Vec<_>>()});
    if !release.is_empty() {
        taxonomy["version"] = release.into();
    }
    taxonomy
}
