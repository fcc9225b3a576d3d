//! The manifest against its JSON Schema, in-toto's rules, and another DSSE implementation.

#[path = "../../../tests/json_schema.rs"]
mod json_schema;
mod support;

use std::collections::BTreeMap;

use json_schema::violations;
use serde_json::Value;
use support::Room;
use taster_core::Digest;
use taster_provenance::{Algorithm, Envelope, Manifest, Statement, canonical_json};

const SCHEMA: &str = include_str!("../../../docs/manifest.schema.json");
const DESCRIPTION: &str = include_str!("../../../docs/manifest.md");

fn payload(room: &Room) -> Value {
    serde_json::from_slice(&Envelope::read(&room.manifest()).unwrap().payload).unwrap()
}

#[test]
fn a_statement_fits_its_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let room = Room::signed(Algorithm::P256);
    let mut statement = payload(&room);
    assert_eq!(violations(&schema, &statement), [""; 0]);
    statement["predicate"]["dataset"]["files"][0]["sha256"] = "short".into();
    assert_eq!(violations(&schema, &statement).len(), 1);
}

/// Nothing is left out of the schema or of the description.
#[test]
fn every_field_is_described() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let properties = &schema["properties"]["predicate"]["properties"];
    for (name, _) in payload(&Room::signed(Algorithm::Ed25519))["predicate"].as_object().unwrap() {
        assert!(properties.get(name).is_some(), "{name} is not in the schema");
        assert!(DESCRIPTION.contains(&format!("`{name}")), "{name} is not described");
    }
}

#[test]
fn the_payload_is_canonical_and_its_subjects_are_the_files() {
    let room = Room::signed(Algorithm::Ed25519);
    let bytes = Envelope::read(&room.manifest()).unwrap().payload;
    let statement = payload(&room);
    assert_eq!(canonical_json(&statement).as_bytes(), bytes);
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["subject"][1]["name"], "part/b.parquet");
    assert_eq!(statement["subject"][1]["digest"]["sha256"], statement["predicate"]["dataset"]["files"][1]["sha256"]);
    assert_eq!(statement["predicate"]["seed"], u64::MAX.to_string());
    assert_eq!(Statement::from_payload(&bytes).unwrap().to_payload(), bytes);
}

#[test]
fn only_times_and_views_differ_between_two_scans() {
    let room = Room::signed(Algorithm::Ed25519);
    let of = |started: &str, view: u8, file: u8| {
        let mut scan = room.scan();
        scan.started = started.into();
        let files = [("report.html", view), ("results.sarif", view), ("findings.json", file)];
        let files: BTreeMap<_, _> = files.map(|(name, byte)| (name.to_owned(), Digest([byte; 32]))).into();
        Manifest::new(&scan, Vec::new(), files).statement().clone()
    };
    let (first, second) = (of("2025-11-21T11:00:00Z", 1, 1), of("2026-01-01T00:00:00Z", 2, 1));
    assert_ne!(first.to_payload(), second.to_payload());
    assert_eq!(first.to_payload_without_times(), second.to_payload_without_times());
    assert_ne!(first.to_payload_without_times(), of("2025-11-21T11:00:00Z", 1, 2).to_payload_without_times());
}
