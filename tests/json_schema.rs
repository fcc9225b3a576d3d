//! The part of JSON Schema 2020-12 that our schemas use. A keyword it does not know is a panic, so nothing passes
//! unread. (A full validator would bring fifty crates and, by their features, a second build of everything.)

use regex::Regex;
use serde_json::{Map, Value};

/// Keywords that only describe.
const NOTES: [&str; 6] = ["$schema", "$id", "$defs", "title", "description", "format"];

/// Where the document breaks the schema, and how; empty where it does not.
pub fn violations(schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Check { root: schema, found: &mut found }.value(schema, document, "");
    found
}

struct Check<'a> {
    root: &'a Value,
    found: &'a mut Vec<String>,
}

impl Check<'_> {
    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        let Value::Object(keywords) = schema else {
            assert_eq!(*schema, Value::Bool(true), "a schema is an object or true");
            return;
        };
        for (keyword, rule) in keywords {
            if let Err(what) = self.keyword(keyword, rule, keywords, value, at) {
                self.found.push(format!("{at}: {what}"));
            }
        }
    }

    fn keyword(
        &mut self,
        keyword: &str,
        rule: &Value,
        schema: &Map<String, Value>,
        value: &Value,
        at: &str,
    ) -> Result<(), String> {
        let fails = |ok: bool| if ok { Ok(()) } else { Err(format!("{value} is against {keyword} {rule}")) };
        let number = |v: &Value| v.as_f64().unwrap_or(f64::NAN);
        match keyword {
            "type" => fails(types(rule).any(|name| is(value, name))),
            "const" => fails(value == rule),
            "enum" => fails(rule.as_array().unwrap().contains(value)),
            "minimum" => fails(!value.is_number() || number(value) >= number(rule)),
            "maximum" => fails(!value.is_number() || number(value) <= number(rule)),
            "pattern" => {
                fails(value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)))
            }
            "required" => fails(value.as_object().is_none_or(|v| types(rule).all(|name| v.contains_key(name)))),
            "anyOf" => fails(rule.as_array().unwrap().iter().any(|option| self.holds(option, value))),
            "$ref" => {
                let target = self.root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap();
                self.value(target, value, at);
                Ok(())
            }
            "properties" | "additionalProperties" => self.fields(keyword, rule, schema, value, at),
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.value(rule, item, &format!("{at}/{i}"));
                }
                Ok(())
            }
            _ if NOTES.contains(&keyword) => Ok(()),
            _ => panic!("the keyword {keyword} is not known here"),
        }
    }

    fn fields(
        &mut self,
        keyword: &str,
        rule: &Value,
        schema: &Map<String, Value>,
        value: &Value,
        at: &str,
    ) -> Result<(), String> {
        for (name, field) in value.as_object().into_iter().flatten() {
            let own = schema.get("properties").and_then(|p| p.get(name));
            match (keyword, own) {
                ("properties", Some(own)) => self.value(own, field, &format!("{at}/{name}")),
                ("additionalProperties", None) if *rule == Value::Bool(false) => {
                    return Err(format!("{name} is too much"));
                }
                ("additionalProperties", None) => self.value(rule, field, &format!("{at}/{name}")),
                _ => {}
            }
        }
        Ok(())
    }

    fn holds(&self, schema: &Value, value: &Value) -> bool {
        let mut found = Vec::new();
        Check { root: self.root, found: &mut found }.value(schema, value, "");
        found.is_empty()
    }
}

/// A name or a list of names.
fn types(rule: &Value) -> impl Iterator<Item = &str> {
    rule.as_str().into_iter().chain(rule.as_array().into_iter().flatten().filter_map(Value::as_str))
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("the type {name} is not known here"),
    }
}

#[test]
fn it_tells_right_from_wrong() {
    let schema: Value = serde_json::from_str(
        r##"{"type": "object", "required": ["a"], "additionalProperties": false, "properties": {
            "a": {"$ref": "#/$defs/small"}, "b": {"items": {"enum": ["x", 1]}}, "c": {"pattern": "^z+$"},
            "d": {"anyOf": [{"type": "null"}, {"const": 3}]}}, "$defs": {"small": {"type": "integer", "maximum": 9}}}"##,
    )
    .unwrap();
    let wrong = |text: &str| violations(&schema, &serde_json::from_str(text).unwrap()).len();
    assert_eq!(wrong(r#"{"a": 9, "b": ["x", 1], "c": "zz", "d": null}"#), 0);
    assert_eq!(wrong(r#"{"a": 10}"#), 1);
    assert_eq!(wrong(r#"{"a": 1.5}"#), 1);
    assert_eq!(wrong(r#"{"b": ["x"]}"#), 1);
    assert_eq!(wrong(r#"{"a": 1, "b": ["x", 2, "y"], "c": "za", "d": 4, "e": 0}"#), 5);
    assert_eq!(wrong("[]"), 1);
}
