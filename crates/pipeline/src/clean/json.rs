use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use polars::prelude::{AnyValue, Column, DataFrame, PolarsResult};
use serde_json::{Number, Value};

/// Writes one JSON object a line.
pub(super) struct JsonLines {
    out: BufWriter<File>,
}

impl JsonLines {
    pub(super) fn new(file: File) -> Self {
        Self { out: BufWriter::new(file) }
    }

    /// Writes whole lines.
    pub(super) fn push_text(&mut self, text: &[u8]) -> io::Result<()> {
        self.out.write_all(text)
    }

    /// Writes each row as an object of its columns. Numbers that JSON has not, and missing values, are null; dates and
    /// times are in ISO 8601, decimals are strings.
    pub(super) fn push_frame(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        let columns: Vec<_> = frame.columns().iter().map(Column::as_materialized_series).collect();
        for row in 0..frame.height() {
            let mut separator = b'{';
            for column in &columns {
                self.out.write_all(&[separator])?;
                serde_json::to_writer(&mut self.out, column.name().as_str()).map_err(io::Error::from)?;
                self.out.write_all(b":")?;
                serde_json::to_writer(&mut self.out, &json(&column.get(row)?)).map_err(io::Error::from)?;
                separator = b',';
            }
            self.out.write_all(b"}\n")?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The records as they are, one a line. One that goes over several lines, as within an array, is put on one: in JSON a
/// line end is never part of a value.
pub(super) fn one_a_line<'a>(records: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        out.extend(record.iter().filter(|b| !matches!(b, b'\n' | b'\r')));
        out.push(b'\n');
    }
    out
}

fn json(value: &AnyValue<'_>) -> Value {
    match value {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(b) => Value::Bool(*b),
        AnyValue::String(s) => Value::String((*s).to_owned()),
        AnyValue::Float32(v) => float(f64::from(*v)),
        AnyValue::Float64(v) => float(*v),
        AnyValue::UInt64(v) => Value::from(*v),
        AnyValue::List(items) | AnyValue::Array(items, _) => items.iter().map(|v| json(&v)).collect(),
        AnyValue::Binary(bytes) => bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat().into(),
        other if other.is_integer() => other.extract::<i64>().map_or(Value::Null, Value::from),
        other => Value::String(other.str_value().into_owned()),
    }
}

fn float(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}
