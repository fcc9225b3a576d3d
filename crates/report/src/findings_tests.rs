use serde_json::Value;

use super::*;
use crate::sample;
use json_schema::violations;

#[path = "../../../tests/json_schema.rs"]
mod json_schema;

const SCHEMA: &str = include_str!("../../../docs/findings.schema.json");

/// The schema, closed: in the file later versions may add fields, here each must be described.
fn closed() -> Value {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap();
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    if schema.get("properties").is_some() {
        schema["additionalProperties"] = false.into();
    }
    match schema {
        Value::Object(fields) => fields.values_mut().for_each(close),
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn document(scan: &Scan) -> Value {
    serde_json::from_str(&findings_json(scan)).unwrap()
}

#[test]
fn what_is_written_is_what_the_schema_says() {
    for scan in [sample::scan(), sample::clean(), sample::hostile()] {
        assert_eq!(violations(&closed(), &document(&scan)), [""; 0]);
    }
}

#[test]
fn the_schema_refuses_what_is_not_written() {
    let schema = closed();
    let break_it = |path: &str, value: Value| {
        let mut document = document(&sample::scan());
        *document.pointer_mut(path).unwrap() = value;
        !violations(&schema, &document).is_empty()
    };
    assert!(break_it("/verdict", "perhaps".into()));
    assert!(break_it("/findings/0/severity", "bad".into()));
    assert!(break_it("/findings/0/p_value", 1.5.into()));
    assert!(break_it("/dataset/rows_root", "abc".into()));
    assert!(break_it("/detectors/0/status", Value::Null));
}

#[test]
fn the_verdict_comes_first_and_times_are_left_out() {
    let text = findings_json(&sample::scan());
    let document = document(&sample::scan());
    assert_eq!(document["verdict"], "failed");
    assert_eq!(document["findings"].as_array().unwrap().len(), 4);
    assert_eq!(document["seed"], "17446744073709551615");
    assert_eq!(document["dataset"]["columns"][4]["kind"], "timestamp(UTC)");
    assert!(!text.contains("2026-11-21"), "the same scan at another time must give the same bytes");
}

#[test]
fn hidden_characters_are_written_as_escapes() {
    let text = findings_json(&sample::hostile());
    assert!(!text.chars().any(|c| crate::text::hides(c) && c != '\n'));
    assert!(text.contains("\\u202e"));
}
