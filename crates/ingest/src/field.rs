//! Columns as they are held in memory, and how those of several files become one.

use polars::prelude::{DataType, PolarsResult, Series, TimeUnit};
use taster_core::Kind;

/// A column: its name and how its values are held.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub name: String,
    pub dtype: DataType,
}

/// The logical type of a column held as `dtype`; `None` if it is not one that is read.
pub(crate) fn kind(dtype: &DataType) -> Option<Kind> {
    Some(match dtype {
        DataType::Null => Kind::Null,
        DataType::Boolean => Kind::Bool,
        d if d.is_integer() => Kind::Int,
        DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Decimal(_, scale) => Kind::Decimal { scale: *scale as u32 },
        DataType::String => Kind::String,
        DataType::Binary => Kind::Binary,
        DataType::Date => Kind::Date,
        DataType::Time => Kind::Time,
        DataType::Datetime(_, zone) => Kind::Timestamp { zone: zone.as_ref().map(|z| z.as_str().to_owned()) },
        DataType::Duration(_) => Kind::Duration,
        DataType::List(inner) | DataType::Array(inner, _) => Kind::List(Box::new(kind(inner)?)),
        _ => return None,
    })
}

/// One way to hold the values of both, exactly where that is possible; `None` if they are not of one kind.
pub(crate) fn unify(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType as D;
    Some(match (a, b) {
        (x, y) if x == y => x.clone(),
        (D::Null, x) | (x, D::Null) => x.clone(),
        (x, y) if x.is_integer() && y.is_integer() => wider_integer(x, y),
        (x, y) if is_number(x) && is_number(y) => {
            if *x == D::Float32 && *y == D::Float32 {
                D::Float32
            } else {
                D::Float64
            }
        }
        (D::Datetime(u, z), D::Datetime(v, w)) if z == w => D::Datetime(finer(*u, *v), z.clone()),
        (D::Duration(u), D::Duration(v)) => D::Duration(finer(*u, *v)),
        (D::Decimal(p, s), D::Decimal(q, t)) if s == t => D::Decimal(*p.max(q), *s),
        (D::List(x) | D::Array(x, _), D::List(y) | D::Array(y, _)) => D::List(Box::new(unify(x, y)?)),
        _ => return None,
    })
}

fn is_number(dtype: &DataType) -> bool {
    dtype.is_integer() || matches!(dtype, DataType::Float32 | DataType::Float64)
}

fn finer(a: TimeUnit, b: TimeUnit) -> TimeUnit {
    let rank = |u| match u {
        TimeUnit::Milliseconds => 0,
        TimeUnit::Microseconds => 1,
        TimeUnit::Nanoseconds => 2,
    };
    if rank(a) > rank(b) { a } else { b }
}

fn wider_integer(a: &DataType, b: &DataType) -> DataType {
    use DataType as D;
    let ((a_signed, a_bits), (b_signed, b_bits)) = (sign_and_bits(a), sign_and_bits(b));
    let signed = a_signed || b_signed;
    // A signed type must be twice as wide as an unsigned one to hold it.
    let need = |s: bool, bits: u8| if signed && !s { bits.saturating_mul(2).min(64) } else { bits };
    match (signed, need(a_signed, a_bits).max(need(b_signed, b_bits))) {
        (true, 8) => D::Int8,
        (true, 16) => D::Int16,
        (true, 32) => D::Int32,
        (true, _) => D::Int64,
        (false, 8) => D::UInt8,
        (false, 16) => D::UInt16,
        (false, 32) => D::UInt32,
        (false, _) => D::UInt64,
    }
}

fn sign_and_bits(dtype: &DataType) -> (bool, u8) {
    match dtype {
        DataType::UInt8 => (false, 8),
        DataType::UInt16 => (false, 16),
        DataType::UInt32 => (false, 32),
        DataType::UInt64 => (false, 64),
        DataType::Int8 => (true, 8),
        DataType::Int16 => (true, 16),
        DataType::Int32 => (true, 32),
        _ => (true, 64),
    }
}

/// The same values held as `dtype`; errs where one does not fit.
pub(crate) fn hold(series: Series, dtype: &DataType) -> PolarsResult<Series> {
    if series.dtype() == dtype { Ok(series) } else { series.strict_cast(dtype) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unifies_what_is_of_one_kind() {
        use DataType as D;
        let cases = [
            (D::Int8, D::UInt8, Some(D::Int16)),
            (D::UInt32, D::UInt8, Some(D::UInt32)),
            (D::Int64, D::Float64, Some(D::Float64)),
            (D::Null, D::String, Some(D::String)),
            (D::String, D::Int64, None),
            (D::Boolean, D::Int64, None),
            (D::List(Box::new(D::Float32)), D::Array(Box::new(D::Float32), 3), Some(D::List(Box::new(D::Float32)))),
        ];
        for (a, b, expected) in cases {
            assert_eq!(unify(&a, &b), expected, "{a} {b}");
            assert_eq!(unify(&b, &a), expected, "{b} {a}");
        }
    }
}
