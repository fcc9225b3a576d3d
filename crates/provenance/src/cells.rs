use std::ops::Range;

use polars::prelude::{DataType, PolarsError, Series, TimeUnit};
use polars_arrow::{
    array::{BinaryViewArray, BooleanArray, PrimitiveArray},
    bitmap::Bitmap,
};
use taster_core::Kind;

use crate::{Error, kind_of};

/// Some rows of one column in the few forms that the canonical encoding knows.
///
/// Typed once per column, so that measuring and writing run over plain arrays.
pub(crate) struct Cells {
    /// Which rows are not null; `None` if all are not.
    valid: Option<Bitmap>,
    values: Values,
}

enum Values {
    Null,
    Bool(BooleanArray),
    /// Whole numbers, and dates and times as such, all of which fit 64 bits.
    Int(Vec<i64>),
    IntArray(PrimitiveArray<i64>),
    /// Whole numbers of which some do not.
    Wide(Vec<i128>),
    Float(PrimitiveArray<f64>),
    Bytes(BinaryViewArray),
    /// Row `i` has the items `bounds[i]`.
    List {
        bounds: Vec<Range<usize>>,
        items: Box<Cells>,
    },
}

/// First byte of an encoded value.
const NULL: u8 = 0;
const PRESENT: u8 = 1;
/// A whole number in 16 bytes rather than 8.
const WIDE: u8 = 2;
const FALSE: u8 = 1;
const TRUE: u8 = 2;

/// The one bit pattern all NaNs are encoded as.
const NAN: u64 = 0x7ff8_0000_0000_0000;

/// Where each row's encoding stands: its length so far, or where its next byte goes.
pub(crate) trait Places {
    fn of(&mut self, row: usize) -> &mut usize;
}

/// A place per row, for columns.
pub(crate) struct PerRow<'a> {
    pub(crate) first: usize,
    pub(crate) places: &'a mut [usize],
}

impl Places for PerRow<'_> {
    #[inline]
    fn of(&mut self, row: usize) -> &mut usize {
        &mut self.places[row - self.first]
    }
}

/// One place for all, for the items of a list.
struct Run(usize);

impl Places for Run {
    #[inline]
    fn of(&mut self, _: usize) -> &mut usize {
        &mut self.0
    }
}

impl Cells {
    /// Reads a column as one of this kind.
    ///
    /// Errs where it is of another kind.
    pub(crate) fn of(series: &Series, kind: &Kind) -> Result<Self, Error> {
        let found = kind_of(series.dtype());
        if !found.as_ref().is_some_and(|found| reads_as(found, kind)) {
            let found = found.map_or_else(|| series.dtype().to_string(), |found| found.to_string());
            return Err(Error::column(series.name(), format!("{found} where {kind} was expected")));
        }
        Self::read(&series.rechunk()).map_err(|e| Error::column(series.name(), e.to_string()))
    }

    /// Adds the encoded length of these rows to their places.
    pub(crate) fn measure<P: Places>(&self, rows: Range<usize>, places: &mut P) {
        match &self.values {
            Values::Null | Values::Bool(_) => rows.for_each(|row| *places.of(row) += 1),
            Values::Int(_) | Values::IntArray(_) | Values::Float(_) => {
                self.each(rows, |row, valid| *places.of(row) += if valid { 9 } else { 1 });
            }
            Values::Wide(values) => self.each(rows, |row, valid| {
                *places.of(row) += match (valid, i64::try_from(values[row])) {
                    (false, _) => 1,
                    (true, Ok(_)) => 9,
                    (true, Err(_)) => 17,
                };
            }),
            Values::Bytes(values) => self.each(rows, |row, valid| {
                *places.of(row) += if valid { 9 + values.value(row).len() } else { 1 };
            }),
            Values::List { bounds, items } => self.each(rows, |row, valid| {
                let mut length = Run(1);
                if valid {
                    length.0 += 8;
                    items.measure(bounds[row].clone(), &mut length);
                }
                *places.of(row) += length.0;
            }),
        }
    }

    /// Writes these rows to their places in `out`, which has room for what [`Self::measure`] said, and moves the places
    /// past what was written.
    pub(crate) fn write<P: Places>(&self, rows: Range<usize>, out: &mut [u8], places: &mut P) {
        match &self.values {
            Values::Null => rows.for_each(|row| put(out, places.of(row), NULL, [])),
            Values::Bool(values) => self.each(rows, |row, valid| {
                let tag = if values.value(row) { TRUE } else { FALSE };
                put(out, places.of(row), if valid { tag } else { NULL }, []);
            }),
            Values::Int(values) => self.write_ints(rows, values, out, places),
            Values::IntArray(values) => self.write_ints(rows, values.values(), out, places),
            Values::Wide(values) => {
                self.each(rows, |row, valid| put_wide(out, places.of(row), valid.then_some(values[row])));
            }
            Values::Float(array) => {
                let values = array.values().as_slice();
                self.each(rows, |row, valid| put_word(out, places.of(row), valid, float_bits(values[row])));
            }
            Values::Bytes(values) => self.each(rows, |row, valid| {
                let place = places.of(row);
                let bytes = if valid { values.value(row) } else { &[] };
                put_word(out, place, valid, bytes.len() as u64);
                out[*place..*place + bytes.len()].copy_from_slice(bytes);
                *place += bytes.len();
            }),
            Values::List { bounds, items } => self.each(rows, |row, valid| {
                let place = places.of(row);
                put_word(out, place, valid, bounds[row].len() as u64);
                if valid {
                    let mut run = Run(*place);
                    items.write(bounds[row].clone(), out, &mut run);
                    *place = run.0;
                }
            }),
        }
    }

    fn write_ints<P: Places>(&self, rows: Range<usize>, values: &[i64], out: &mut [u8], places: &mut P) {
        self.each(rows, |row, valid| put_word(out, places.of(row), valid, values[row] as u64));
    }

    /// Calls `cell` with each row and whether it is not null; without nulls the test is compiled away.
    #[inline]
    fn each(&self, rows: Range<usize>, mut cell: impl FnMut(usize, bool)) {
        match &self.valid {
            None => rows.for_each(|row| cell(row, true)),
            Some(valid) => rows.for_each(|row| cell(row, valid.get_bit(row))),
        }
    }
}

#[inline]
fn float_bits(value: f64) -> u64 {
    if value.is_nan() { NAN } else { value.to_bits() }
}

#[inline]
fn put<const N: usize>(out: &mut [u8], place: &mut usize, tag: u8, value: [u8; N]) {
    let cell = &mut out[*place..*place + 1 + N];
    cell[0] = tag;
    cell[1..].copy_from_slice(&value);
    *place += 1 + N;
}

#[inline]
fn put_word(out: &mut [u8], place: &mut usize, valid: bool, word: u64) {
    if valid {
        put(out, place, PRESENT, word.to_le_bytes());
    } else {
        put(out, place, NULL, []);
    }
}

fn put_wide(out: &mut [u8], place: &mut usize, value: Option<i128>) {
    match value.map(|wide| (wide, i64::try_from(wide))) {
        None => put(out, place, NULL, []),
        Some((_, Ok(narrow))) => put(out, place, PRESENT, narrow.to_le_bytes()),
        Some((wide, Err(_))) => put(out, place, WIDE, wide.to_le_bytes()),
    }
}

/// Whether a column found to be of one kind may stand for one of the kind wanted: the same, or nothing but nulls.
fn reads_as(found: &Kind, wanted: &Kind) -> bool {
    match (found, wanted) {
        (Kind::List(found), Kind::List(wanted)) => reads_as(found, wanted),
        _ => *found == Kind::Null || found == wanted,
    }
}

/// Reading from polars.
impl Cells {
    /// Takes a series of one chunk.
    fn read(series: &Series) -> Result<Self, PolarsError> {
        use DataType as T;
        let valid = series.rechunk_validity().filter(|bits| bits.unset_bits() > 0);
        let values = match series.dtype() {
            T::Null => Values::Null,
            T::Boolean => Values::Bool(series.bool()?.downcast_as_array().clone()),
            T::Float32 | T::Float64 => Values::Float(series.cast(&T::Float64)?.f64()?.downcast_as_array().clone()),
            T::String | T::Categorical(..) | T::Enum(..) => {
                Values::Bytes(series.cast(&T::String)?.str()?.downcast_as_array().to_binview())
            }
            T::Binary => Values::Bytes(series.binary()?.downcast_as_array().clone()),
            T::List(_) | T::Array(..) => read_list(series)?,
            T::Datetime(unit, _) | T::Duration(unit) => scaled(series, nanoseconds(*unit), valid.as_ref())?,
            T::UInt64 => narrowed(series.u64()?.downcast_as_array().values_iter().map(|&v| v.into()), valid.as_ref()),
            T::Decimal(..) => {
                let physical = series.decimal()?.physical();
                narrowed(physical.downcast_as_array().values_iter().copied(), valid.as_ref())
            }
            T::Int128 => narrowed(series.i128()?.downcast_as_array().values_iter().copied(), valid.as_ref()),
            _ => Values::IntArray(as_i64(series)?),
        };
        Ok(Self { valid, values })
    }
}

fn as_i64(series: &Series) -> Result<PrimitiveArray<i64>, PolarsError> {
    let whole = series.to_physical_repr().cast(&DataType::Int64)?;
    Ok(whole.i64()?.downcast_as_array().clone())
}

fn nanoseconds(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => 1,
        TimeUnit::Microseconds => 1_000,
        TimeUnit::Milliseconds => 1_000_000,
    }
}

/// Whole numbers times a factor. Far dates in milliseconds do not fit 64 bits of nanoseconds.
fn scaled(series: &Series, factor: i64, valid: Option<&Bitmap>) -> Result<Values, PolarsError> {
    let array = as_i64(series)?;
    if factor == 1 {
        return Ok(Values::IntArray(array));
    }
    Ok(narrowed(array.values_iter().map(|&v| i128::from(v) * i128::from(factor)), valid))
}

/// 64 bits for each where that holds all that are not null.
fn narrowed(values: impl Iterator<Item = i128> + Clone, valid: Option<&Bitmap>) -> Values {
    let is_null = |row| valid.is_some_and(|bits| !bits.get_bit(row));
    if values.clone().enumerate().all(|(row, v)| i64::try_from(v).is_ok() || is_null(row)) {
        Values::Int(values.map(|v| v as i64).collect())
    } else {
        Values::Wide(values.collect())
    }
}

fn read_list(series: &Series) -> Result<Values, PolarsError> {
    let (starts, items) = if let DataType::Array(_, width) = series.dtype() {
        ((0..=series.len()).map(|row| row * width).collect(), series.array()?.get_inner())
    } else {
        let list = series.list()?;
        let starts: Vec<_> = list.downcast_as_array().offsets().iter().map(|&at| at as usize).collect();
        (starts, list.get_inner())
    };
    // A slice of a list column still holds the items of the whole.
    let (first, last) = (starts.first().copied().unwrap_or(0), starts.last().copied().unwrap_or(0));
    let items = items.slice(first as i64, last - first).rechunk();
    let bounds = starts.windows(2).map(|pair| pair[0] - first..pair[1] - first).collect();
    Ok(Values::List { bounds, items: Box::new(Cells::read(&items)?) })
}
