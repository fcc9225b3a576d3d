//! Columns of frames read as numbers, texts and vectors.

use polars::prelude::{ChunkedArray, DataType, Series, TimeUnit};
use polars_arrow::array::{Array, FixedSizeListArray, ListArray, PrimitiveArray, StaticArray as _, Utf8ViewArray};

/// Numbers, NaN where missing: booleans as 0 and 1, times as seconds since 1970-01-01, durations and times of day as
/// seconds. `None` for a column that has no numbers.
pub(crate) fn numbers(series: &Series) -> Option<Vec<f64>> {
    let (times, per) = match series.dtype() {
        DataType::Float64 => return Some(doubles(series)),
        d if d.is_integer() || matches!(d, DataType::Float32 | DataType::Boolean) => (1.0, 1.0),
        // Frames cast a decimal by its value, not by its digits.
        DataType::Decimal(..) => return series.cast(&DataType::Float64).ok().map(|s| doubles(&s)),
        DataType::Date => (86_400.0, 1.0),
        DataType::Time => (1.0, 1e9),
        DataType::Datetime(unit, _) | DataType::Duration(unit) => (1.0, ticks(*unit)),
        DataType::Null => return Some(vec![f64::NAN; series.len()]),
        _ => return None,
    };
    let mut out = doubles(&series.to_physical_repr().cast(&DataType::Float64).ok()?);
    if (times, per) != (1.0, 1.0) {
        for value in &mut out {
            *value = *value * times / per;
        }
    }
    Some(out)
}

fn ticks(unit: TimeUnit) -> f64 {
    match unit {
        TimeUnit::Milliseconds => 1e3,
        TimeUnit::Microseconds => 1e6,
        TimeUnit::Nanoseconds => 1e9,
    }
}

fn doubles(series: &Series) -> Vec<f64> {
    let mut out = Vec::with_capacity(series.len());
    let Ok(column) = series.f64() else { return vec![f64::NAN; series.len()] };
    for chunk in column.downcast_iter() {
        match chunk.validity() {
            None => out.extend_from_slice(chunk.values()),
            Some(valid) => {
                out.extend(chunk.values().iter().zip(valid.iter()).map(|(&v, p)| if p { v } else { f64::NAN }));
            }
        }
    }
    out
}

/// Texts, `None` where missing; nothing if this is not a column of texts.
pub(crate) fn texts(series: &Series) -> Option<impl Iterator<Item = Option<&str>>> {
    series.str().ok().map(ChunkedArray::iter)
}

/// The texts of each list, `None` where missing; nothing if this is not a column of lists of texts. A missing item is
/// empty.
pub(crate) fn text_lists(series: &Series) -> Option<Vec<Option<Vec<String>>>> {
    let list = DataType::List(Box::new(DataType::String));
    let cast;
    let series = match series.dtype() {
        d if *d == list => series,
        DataType::Array(inner, _) if **inner == DataType::String => {
            cast = series.cast(&list).ok()?;
            &cast
        }
        _ => return None,
    };
    let mut out = Vec::with_capacity(series.len());
    for chunk in series.list().ok()?.downcast_iter() {
        let items = chunk.values().as_any().downcast_ref::<Utf8ViewArray>()?;
        for row in 0..chunk.len() {
            let (start, end) = chunk.offsets().start_end(row);
            let texts = || (start..end).map(|i| items.get(i).unwrap_or_default().to_owned()).collect();
            out.push(chunk.is_valid(row).then(texts));
        }
    }
    Some(out)
}

/// Each value as text, `None` where missing: whole numbers plainly, floats in the shortest form that reads back.
pub fn shown(series: &Series) -> Vec<Option<String>> {
    if let Some(column) = texts(series) {
        return column.map(|t| t.map(str::to_owned)).collect();
    }
    if series.dtype().is_integer() && *series.dtype() != DataType::UInt64 {
        let wide = series.cast(&DataType::Int64).ok();
        if let Some(column) = wide.as_ref().and_then(|s| s.i64().ok()) {
            return column.iter().map(|v| v.map(|v| v.to_string())).collect();
        }
    }
    if series.dtype().is_float() {
        let column = numbers(series).unwrap_or_default();
        return column.into_iter().map(|v| (!v.is_nan()).then(|| shown_float(v))).collect();
    }
    series.iter().map(|v| (!v.is_null()).then(|| v.str_value().into_owned())).collect()
}

/// The shortest form that reads back as the same number; "3" for 3.0.
pub(crate) fn shown_float(value: f64) -> String {
    let value = if value == 0.0 { 0.0 } else { value };
    if value != 0.0 && !(1e-5..1e17).contains(&value.abs()) { format!("{value:e}") } else { value.to_string() }
}

/// Lengths of a column of lists, `None` where missing; nothing if this is not one.
pub fn lengths(series: &Series) -> Option<Vec<Option<usize>>> {
    match series.dtype() {
        DataType::Array(_, width) => {
            let present = series.is_not_null();
            Some(present.iter().map(|p| (p == Some(true)).then_some(*width)).collect())
        }
        DataType::List(_) => {
            let mut out = Vec::with_capacity(series.len());
            for chunk in series.list().ok()?.downcast_iter() {
                out.extend((0..chunk.len()).map(|i| chunk.is_valid(i).then(|| length(chunk, i))));
            }
            Some(out)
        }
        _ => None,
    }
}

fn length(lists: &ListArray<i64>, row: usize) -> usize {
    let (start, end) = lists.offsets().start_end(row);
    end - start
}

/// Vectors of `dim` numbers, row by row; all NaN where missing or of another length.
pub fn vectors(series: &Series, dim: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(series.len() * dim);
    let inner = DataType::Float32;
    let cast = match series.dtype() {
        DataType::List(_) => series.cast(&DataType::List(Box::new(inner))),
        DataType::Array(_, width) => series.cast(&DataType::Array(Box::new(inner), *width)),
        _ => return vec![f32::NAN; series.len() * dim],
    };
    let Ok(cast) = cast else { return vec![f32::NAN; series.len() * dim] };
    for chunk in cast.chunks() {
        if let Some(lists) = chunk.as_any().downcast_ref::<ListArray<i64>>() {
            let range = |i: usize| lists.offsets().start_end(i);
            push_vectors(lists.len(), |i| lists.is_valid(i).then(|| range(i)), lists.values().as_ref(), dim, &mut out);
        } else if let Some(lists) = chunk.as_any().downcast_ref::<FixedSizeListArray>() {
            let range = |i: usize| (i * lists.size(), (i + 1) * lists.size());
            push_vectors(lists.len(), |i| lists.is_valid(i).then(|| range(i)), lists.values().as_ref(), dim, &mut out);
        }
    }
    out.resize(series.len() * dim, f32::NAN);
    out
}

fn push_vectors(
    rows: usize,
    range: impl Fn(usize) -> Option<(usize, usize)>,
    values: &dyn Array,
    dim: usize,
    out: &mut Vec<f32>,
) {
    let Some(values) = values.as_any().downcast_ref::<PrimitiveArray<f32>>() else { return };
    for row in 0..rows {
        match range(row).filter(|(start, end)| end - start == dim) {
            Some((start, end)) if values.validity().is_none() => out.extend_from_slice(&values.values()[start..end]),
            Some((start, end)) => out.extend((start..end).map(|i| values.get(i).unwrap_or(f32::NAN))),
            None => out.resize(out.len() + dim, f32::NAN),
        }
    }
}
