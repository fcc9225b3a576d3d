use polars::prelude::{DataType, TimeZone};
use taster_core::Kind;

/// The kind of a column of this polars type; `None` for types without a row digest (structs, which are flattened
/// before, and half-width or 128-bit unsigned numbers, which no file format gives).
pub fn kind_of(dtype: &DataType) -> Option<Kind> {
    use DataType as T;
    Some(match dtype {
        T::Null => Kind::Null,
        T::Boolean => Kind::Bool,
        T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::Int128 | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => {
            Kind::Int
        }
        T::Float32 | T::Float64 => Kind::Float,
        T::Decimal(_, scale) => Kind::Decimal { scale: *scale as u32 },
        T::String | T::Categorical(..) | T::Enum(..) => Kind::String,
        T::Binary => Kind::Binary,
        T::Date => Kind::Date,
        T::Time => Kind::Time,
        T::Datetime(_, zone) => Kind::Timestamp { zone: zone.as_ref().map(zone_name) },
        T::Duration(_) => Kind::Duration,
        T::List(inner) | T::Array(inner, _) => Kind::List(Box::new(kind_of(inner)?)),
        _ => return None,
    })
}

fn zone_name(zone: &TimeZone) -> String {
    zone.as_str().to_owned()
}

/// Reads a kind as its `Display` writes it: `int`, `decimal(2)`, `list(timestamp(UTC))`.
pub fn parse_kind(text: &str) -> Option<Kind> {
    Some(match text {
        "null" => Kind::Null,
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "float" => Kind::Float,
        "string" => Kind::String,
        "binary" => Kind::Binary,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "timestamp" => Kind::Timestamp { zone: None },
        "duration" => Kind::Duration,
        _ => return parse_nested(text),
    })
}

fn parse_nested(text: &str) -> Option<Kind> {
    let (name, rest) = text.split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    match name {
        "decimal" => inner.parse().ok().map(|scale| Kind::Decimal { scale }),
        "timestamp" => Some(Kind::Timestamp { zone: Some(inner.to_owned()) }),
        "list" if inner.len() < MAX_KIND => parse_kind(inner).map(|kind| Kind::List(Box::new(kind))),
        _ => None,
    }
}

/// Longest nested kind that is read, so that hostile text cannot exhaust the stack.
const MAX_KIND: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_survive_being_written() {
        let zoned = Kind::Timestamp { zone: Some("Etc/GMT+1".into()) };
        let nested = Kind::List(Box::new(Kind::List(Box::new(zoned.clone()))));
        let flat = [Kind::Null, Kind::Bool, Kind::Int, Kind::Float, Kind::Decimal { scale: 7 }, Kind::String];
        let times = [Kind::Binary, Kind::Date, Kind::Time, Kind::Timestamp { zone: None }, Kind::Duration];
        for kind in flat.into_iter().chain(times).chain([zoned, nested]) {
            assert_eq!(parse_kind(&kind.to_string()), Some(kind));
        }
    }

    #[test]
    fn nonsense_is_no_kind() {
        for text in ["", "list(", "list()", "decimal(x)", "map(int)", "list(int", &"list(".repeat(100_000)] {
            assert_eq!(parse_kind(text), None);
        }
    }
}
