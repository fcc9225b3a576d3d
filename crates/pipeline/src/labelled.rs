//! A row with another label.

use polars::prelude::{Column, DataFrame};
use serde_json::Value;
use taster_core::Kind;

/// The row with another label, or without one; `None` where the text is no value of the label's kind.
pub(crate) fn labelled(row: &DataFrame, name: &str, kind: &Kind, text: Option<&str>) -> Option<DataFrame> {
    let name = name.into();
    let label = match (kind, text) {
        (Kind::Int, text) => Column::new(name, [text.map(str::parse::<i64>).transpose().ok()?]),
        (Kind::Float, text) => Column::new(name, [text.map(str::parse::<f64>).transpose().ok()?]),
        (Kind::Bool, text) => Column::new(name, [text.map(str::parse::<bool>).transpose().ok()?]),
        (Kind::String, text) => Column::new(name, [text]),
        _ => return None,
    };
    let mut row = row.clone();
    row.with_column(label).ok()?;
    Some(row)
}

/// The same label as JSON has it.
pub(crate) fn json_label(kind: &Kind, text: Option<&str>) -> Option<Value> {
    let Some(text) = text else { return Some(Value::Null) };
    match kind {
        Kind::Int => text.parse::<i64>().ok().map(Value::from),
        Kind::Float => text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number),
        Kind::Bool => text.parse::<bool>().ok().map(Value::from),
        Kind::String => Some(text.into()),
        _ => None,
    }
}
