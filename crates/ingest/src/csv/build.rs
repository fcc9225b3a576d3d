use polars::prelude::{DataType, PlSmallStr, PolarsResult, Series, TimeUnit, TimeZone};
use polars_arrow::{
    array::{Array, BooleanArray, MutableBinaryViewArray, NullArray, PrimitiveArray},
    bitmap::BitmapBuilder,
    datatypes::{ArrowDataType, TimeUnit as ArrowUnit},
    types::NativeType,
};
use taster_core::Kind;

use super::{Missing, date, number::Digits};

/// What the cells of a column are parsed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellType {
    /// No cell with a value is known.
    Empty,
    Bool,
    Int(Digits),
    Float(Digits),
    Date,
    Timestamp {
        /// Whether a zone is given, and values are in UTC.
        zoned: bool,
    },
    Text,
}

impl CellType {
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Empty => Kind::Null,
            Self::Bool => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Date => Kind::Date,
            Self::Timestamp { zoned } => Kind::Timestamp { zone: zoned.then(|| "UTC".to_owned()) },
            Self::Text => Kind::String,
        }
    }

    pub(crate) fn dtype(self) -> DataType {
        match self {
            Self::Empty => DataType::Null,
            Self::Bool => DataType::Boolean,
            Self::Int(_) => DataType::Int64,
            Self::Float(_) => DataType::Float64,
            Self::Date => DataType::Date,
            Self::Timestamp { zoned } => DataType::Datetime(TimeUnit::Microseconds, zoned.then_some(TimeZone::UTC)),
            Self::Text => DataType::String,
        }
    }
}

/// A cell does not fit its column's type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    Value,
    NotUtf8,
}

pub(crate) fn boolean(cell: &[u8]) -> Option<bool> {
    match cell {
        b"true" | b"True" | b"TRUE" => Some(true),
        b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// A column in the making.
pub(crate) enum Builder {
    Empty(usize),
    Bool(BitmapBuilder, BitmapBuilder),
    Int(Digits, Numbers<i64>),
    Float(Digits, Numbers<f64>),
    Date(Numbers<i32>),
    Timestamp(bool, Numbers<i64>),
    Text(MutableBinaryViewArray<str>),
}

/// Numbers and which of them are there.
pub(crate) struct Numbers<T> {
    values: Vec<T>,
    /// `None` while all are.
    valid: Option<BitmapBuilder>,
}

impl<T: NativeType> Numbers<T> {
    pub(crate) fn new(rows: usize) -> Self {
        Self { values: Vec::with_capacity(rows), valid: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: Option<T>) {
        match (&mut self.valid, value) {
            (None, Some(_)) => {}
            (None, None) => {
                let mut valid = BitmapBuilder::with_capacity(self.values.capacity());
                valid.extend_constant(self.values.len(), true);
                valid.push(false);
                self.valid = Some(valid);
            }
            (Some(valid), value) => valid.push(value.is_some()),
        }
        self.values.push(value.unwrap_or_default());
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn finish(self, dtype: ArrowDataType) -> Box<dyn Array> {
        PrimitiveArray::new(dtype, self.values.into(), self.valid.map(BitmapBuilder::freeze)).boxed()
    }
}

impl Builder {
    pub(crate) fn new(cell_type: CellType, rows: usize) -> Self {
        match cell_type {
            CellType::Empty => Self::Empty(0),
            CellType::Bool => Self::Bool(BitmapBuilder::with_capacity(rows), BitmapBuilder::with_capacity(rows)),
            CellType::Int(digits) => Self::Int(digits, Numbers::new(rows)),
            CellType::Float(digits) => Self::Float(digits, Numbers::new(rows)),
            CellType::Date => Self::Date(Numbers::new(rows)),
            CellType::Timestamp { zoned } => Self::Timestamp(zoned, Numbers::new(rows)),
            CellType::Text => Self::Text(MutableBinaryViewArray::with_capacity(rows)),
        }
    }

    /// Appends a cell.
    #[inline]
    pub(crate) fn push(&mut self, cell: &[u8], missing: &Missing) -> Result<(), Misfit> {
        if missing.numeric && missing.is(cell.trim_ascii()) {
            self.push_missing();
            return Ok(());
        }
        match self {
            Self::Float(digits, numbers) => push(numbers, cell, missing, |c| digits.float(c), |v| !v.is_nan()),
            Self::Int(digits, numbers) => push(numbers, cell, missing, |c| digits.int(c), |_| true),
            Self::Text(texts) => push_text(texts, cell, missing),
            Self::Date(numbers) => push(numbers, cell, missing, date::date, |_| true),
            Self::Timestamp(zoned, numbers) => {
                let parse = |c: &[u8]| date::timestamp(c).filter(|(_, z)| z == zoned).map(|(micros, _)| micros);
                push(numbers, cell, missing, parse, |_| true)
            }
            Self::Bool(values, valid) => push_bool(values, valid, cell.trim_ascii(), missing),
            Self::Empty(rows) => {
                *rows += 1;
                if missing.is(cell.trim_ascii()) { Ok(()) } else { Err(Misfit::Value) }
            }
        }
    }

    /// Appends a missing value.
    pub(crate) fn push_missing(&mut self) {
        match self {
            Self::Empty(rows) => *rows += 1,
            Self::Bool(values, valid) => {
                values.push(false);
                valid.push(false);
            }
            Self::Int(_, numbers) | Self::Timestamp(_, numbers) => numbers.push(None),
            Self::Float(_, numbers) => numbers.push(None),
            Self::Date(numbers) => numbers.push(None),
            Self::Text(texts) => texts.push_null(),
        }
    }

    /// The column.
    pub(crate) fn finish(self, name: &str) -> PolarsResult<Series> {
        let array: Box<dyn Array> = match self {
            Self::Empty(rows) => NullArray::new(ArrowDataType::Null, rows).boxed(),
            Self::Bool(values, valid) => {
                BooleanArray::new(ArrowDataType::Boolean, values.freeze(), valid.into_opt_validity()).boxed()
            }
            Self::Int(_, numbers) => numbers.finish(ArrowDataType::Int64),
            Self::Float(_, numbers) => numbers.finish(ArrowDataType::Float64),
            Self::Date(numbers) => numbers.finish(ArrowDataType::Date32),
            Self::Timestamp(zoned, numbers) => {
                let zone = zoned.then(|| "UTC".into());
                numbers.finish(ArrowDataType::Timestamp(ArrowUnit::Microsecond, zone))
            }
            Self::Text(texts) => texts.freeze().boxed(),
        };
        Series::try_from((PlSmallStr::from_str(name), array))
    }
}

#[inline]
fn push<T: NativeType>(
    numbers: &mut Numbers<T>,
    cell: &[u8],
    missing: &Missing,
    parse: impl Fn(&[u8]) -> Option<T>,
    present: impl Fn(T) -> bool,
) -> Result<(), Misfit> {
    if let Some(value) = parse(cell) {
        numbers.push(Some(value).filter(|&v| present(v)));
        return Ok(());
    }
    let trimmed = cell.trim_ascii();
    if missing.is(trimmed) {
        numbers.push(None);
        return Ok(());
    }
    let value = parse(trimmed).ok_or(Misfit::Value)?;
    numbers.push(Some(value).filter(|&v| present(v)));
    Ok(())
}

fn push_bool(
    values: &mut BitmapBuilder,
    valid: &mut BitmapBuilder,
    cell: &[u8],
    missing: &Missing,
) -> Result<(), Misfit> {
    let value = boolean(cell);
    if value.is_none() && !missing.is(cell) {
        return Err(Misfit::Value);
    }
    values.push(value.unwrap_or_default());
    valid.push(value.is_some());
    Ok(())
}

#[inline]
fn push_text(texts: &mut MutableBinaryViewArray<str>, cell: &[u8], missing: &Missing) -> Result<(), Misfit> {
    if missing.is(cell.trim_ascii()) {
        texts.push_null();
        return Ok(());
    }
    texts.push_value(std::str::from_utf8(cell).map_err(|_| Misfit::NotUtf8)?);
    Ok(())
}
