//! Nested columns become flat ones: a struct's fields are columns of their own, and a list of structs is a list for each
//! field.

use polars::polars_utils::float16::pf16;
use polars_arrow::{
    array::{Array, FixedSizeListArray, ListArray, PrimitiveArray, StructArray},
    bitmap::Bitmap,
    datatypes::{ArrowDataType, Field},
};

type Arrays = Vec<Box<dyn Array>>;

/// The type to decode a column of this type as: plain values in place of dictionaries and extension types.
pub(super) fn plain(dtype: &ArrowDataType) -> ArrowDataType {
    use ArrowDataType as D;
    match dtype {
        D::Dictionary(_, values, _) => plain(values),
        D::Extension(extension) => plain(&extension.inner),
        D::List(item) | D::LargeList(item) | D::Map(item, _) | D::FixedSizeList(item, 0) => {
            D::LargeList(Box::new(plain_field(item)))
        }
        D::FixedSizeList(item, width) => D::FixedSizeList(Box::new(plain_field(item)), *width),
        D::Struct(fields) => D::Struct(fields.iter().map(plain_field).collect()),
        D::Utf8 | D::LargeUtf8 => D::Utf8View,
        D::Binary | D::LargeBinary => D::BinaryView,
        D::Timestamp(unit, Some(zone)) => D::Timestamp(*unit, Some(known_zone(zone).into())),
        other => other.clone(),
    }
}

pub(super) fn plain_field(field: &Field) -> Field {
    Field::new(field.name.clone(), plain(&field.dtype), field.is_nullable)
}

/// A zone that frames can hold; instants are stored in UTC, so another name does not move them.
fn known_zone(zone: &str) -> String {
    use polars::prelude::TimeZone;
    match TimeZone::opt_try_new(Some(zone)) {
        Ok(Some(known)) => known.as_str().to_owned(),
        _ => "UTC".to_owned(),
    }
}

/// Names and types of the flat columns that a column of this plain type becomes.
pub(crate) fn flat_types(name: String, dtype: &ArrowDataType) -> Vec<(String, ArrowDataType)> {
    match dtype {
        ArrowDataType::Struct(fields) => {
            fields.iter().flat_map(|f| flat_types(format!("{name}.{}", f.name), &f.dtype)).collect()
        }
        ArrowDataType::LargeList(item) => {
            wrapped(name, item, |inner| ArrowDataType::LargeList(Box::new(Field::new(item.name.clone(), inner, true))))
        }
        ArrowDataType::FixedSizeList(item, width) => wrapped(name, item, |inner| {
            ArrowDataType::FixedSizeList(Box::new(Field::new(item.name.clone(), inner, true)), *width)
        }),
        ArrowDataType::Float16 => vec![(name, ArrowDataType::Float32)],
        other => vec![(name, other.clone())],
    }
}

fn wrapped(name: String, item: &Field, wrap: impl Fn(ArrowDataType) -> ArrowDataType) -> Vec<(String, ArrowDataType)> {
    flat_types(name, &item.dtype).into_iter().map(|(name, inner)| (name, wrap(inner))).collect()
}

/// The flat columns of one decoded column, in the order of [`flat_types`].
pub(crate) fn flat_arrays(array: Box<dyn Array>) -> Arrays {
    match array.dtype().clone() {
        ArrowDataType::Struct(_) => flat_struct(array.as_ref()),
        ArrowDataType::LargeList(item) => flat_list(array.as_ref(), &item),
        ArrowDataType::FixedSizeList(item, width) => flat_array(array.as_ref(), &item, width),
        ArrowDataType::Float16 => vec![widened(array.as_ref())],
        _ => vec![array],
    }
}

fn flat_struct(array: &dyn Array) -> Arrays {
    let Some(array) = array.as_any().downcast_ref::<StructArray>() else { return Vec::new() };
    let outer = array.validity();
    array.values().iter().flat_map(|values| flat_arrays(masked(values.clone(), outer))).collect()
}

/// Values under a null are null.
fn masked(values: Box<dyn Array>, outer: Option<&Bitmap>) -> Box<dyn Array> {
    let validity = match (values.validity(), outer) {
        (Some(inner), Some(outer)) => Some(inner & outer),
        (None, Some(outer)) => Some(outer.clone()),
        (_, None) => return values,
    };
    if values.dtype() == &ArrowDataType::Null { values } else { values.with_validity(validity) }
}

fn flat_list(array: &dyn Array, item: &Field) -> Arrays {
    let Some(array) = array.as_any().downcast_ref::<ListArray<i64>>() else { return Vec::new() };
    let wrap = |values: Box<dyn Array>| {
        let dtype = ArrowDataType::LargeList(Box::new(Field::new(item.name.clone(), values.dtype().clone(), true)));
        ListArray::new(dtype, array.offsets().clone(), values, array.validity().cloned()).boxed()
    };
    flat_arrays(array.values().clone()).into_iter().map(wrap).collect()
}

fn flat_array(array: &dyn Array, item: &Field, width: usize) -> Arrays {
    let Some(array) = array.as_any().downcast_ref::<FixedSizeListArray>() else { return Vec::new() };
    let wrap = |values: Box<dyn Array>| {
        let item = Field::new(item.name.clone(), values.dtype().clone(), true);
        let dtype = ArrowDataType::FixedSizeList(Box::new(item), width);
        FixedSizeListArray::new(dtype, array.len(), values, array.validity().cloned()).boxed()
    };
    flat_arrays(array.values().clone()).into_iter().map(wrap).collect()
}

/// Half-precision numbers as single-precision ones, which is exact.
fn widened(array: &dyn Array) -> Box<dyn Array> {
    let Some(array) = array.as_any().downcast_ref::<PrimitiveArray<pf16>>() else { return array.to_boxed() };
    let values: Vec<f32> = array.values().iter().map(|v| v.0.to_f32()).collect();
    PrimitiveArray::new(ArrowDataType::Float32, values.into(), array.validity().cloned()).boxed()
}
