//! From batches to flat columns, in the types that all formats share.

use std::io::Cursor;

use polars::prelude::{CompatLevel, DataType, Field as PolarsField, PlSmallStr, Series};
use polars_arrow::{
    array::{Array, new_empty_array},
    datatypes::{ArrowDataType, ArrowSchema},
    io::ipc::read::{StreamReader, StreamState, read_stream_metadata},
};

use super::ArrowBatch;
use crate::{
    Error, Limits,
    contain::contained,
    error::{Place, shown},
    field::{Field, kind},
    parquet::{flat_arrays, flat_types},
};

/// Levels of lists and structs.
const LEVELS: usize = 100;

/// The flat columns of a file.
pub(crate) fn fields(schema: &ArrowSchema, name: &str, limits: &Limits) -> Result<Vec<Field>, Error> {
    let mut fields = Vec::new();
    for (column, field) in schema.iter() {
        let at = || Place::file(name).column(column);
        if levels(&field.dtype) > LEVELS {
            return Err(Error::limit(at(), format!("more than {LEVELS} levels of lists"), "flatten the column"));
        }
        let empty = contained(|| flat(column, new_empty_array(field.dtype.clone()))).and_then(|r| r);
        let flat = empty.ok().filter(|flat| flat.iter().all(|series| kind(series.dtype()).is_some()));
        let Some(flat) = flat else {
            let what = format!("values of type {:?} are not read", field.dtype);
            let next = "cast the column to a common type, or leave it out of the file";
            return Err(Error::unsupported(at(), what, next));
        };
        fields.extend(flat.iter().map(|s| Field { name: s.name().to_string(), dtype: s.dtype().clone() }));
        if fields.len() > limits.columns {
            let what = format!("more than {} columns, which is the limit", limits.columns);
            return Err(Error::limit(Place::file(name), what, "split the table or raise the limit"));
        }
    }
    Ok(fields)
}

/// Decodes a batch into the flat columns of its file.
pub(crate) fn decode(batch: &ArrowBatch, name: &str) -> Result<Vec<Series>, Error> {
    let decoded = contained(|| series(batch)).and_then(|r| r);
    decoded.map_err(|e| {
        let at = Place::file(name).row_group(batch.index);
        Error::malformed(at, shown(&e), "the file is damaged; fetch it again")
    })
}

fn series(batch: &ArrowBatch) -> Result<Vec<Series>, String> {
    let mut stream = Cursor::new(batch.stream());
    let metadata = read_stream_metadata(&mut stream).map_err(|e| e.to_string())?;
    let names: Vec<PlSmallStr> = metadata.schema.iter_names().cloned().collect();
    let mut reader = StreamReader::new(stream, metadata, None);
    let Some(StreamState::Some(rows)) = reader.next().transpose().map_err(|e| e.to_string())? else {
        return Err("it holds no rows".to_owned());
    };
    let arrays = rows.into_arrays();
    if arrays.len() != names.len() || arrays.iter().any(|array| array.len() != batch.rows) {
        return Err("it holds another number of rows than it says".to_owned());
    }
    let mut out = Vec::with_capacity(arrays.len());
    for (name, array) in names.iter().zip(arrays) {
        out.extend(flat(name, array)?);
    }
    Ok(out)
}

/// The flat columns that an array becomes: plain values in place of dictionaries, a column for each field of a struct.
fn flat(name: &str, array: Box<dyn Array>) -> Result<Vec<Series>, String> {
    let series = Series::try_from((PlSmallStr::from_str(name), array)).map_err(|e| e.to_string())?;
    let plain = plain(series.dtype());
    let series = if *series.dtype() == plain { series } else { series.cast(&plain).map_err(|e| e.to_string())? };
    let array = series.rechunk().to_arrow(0, CompatLevel::newest());
    let names = flat_types(name.to_owned(), array.dtype());
    let one = |((name, _), array): ((String, ArrowDataType), Box<dyn Array>)| {
        Series::try_from((PlSmallStr::from_str(&name), array)).map_err(|e| e.to_string())
    };
    names.into_iter().zip(flat_arrays(array)).map(one).collect()
}

fn plain(dtype: &DataType) -> DataType {
    match dtype {
        DataType::Categorical(..) | DataType::Enum(..) => DataType::String,
        DataType::List(item) => DataType::List(Box::new(plain(item))),
        DataType::Array(item, width) => DataType::Array(Box::new(plain(item)), *width),
        DataType::Struct(fields) => DataType::Struct(
            fields.iter().map(|field| PolarsField::new(field.name().clone(), plain(field.dtype()))).collect(),
        ),
        other => other.clone(),
    }
}

fn levels(dtype: &ArrowDataType) -> usize {
    match dtype {
        ArrowDataType::List(item)
        | ArrowDataType::LargeList(item)
        | ArrowDataType::Map(item, _)
        | ArrowDataType::FixedSizeList(item, _) => 1 + levels(&item.dtype),
        ArrowDataType::Struct(fields) => 1 + fields.iter().map(|f| levels(&f.dtype)).max().unwrap_or(0),
        ArrowDataType::Dictionary(_, values, _) => levels(values),
        ArrowDataType::Extension(extension) => levels(&extension.inner),
        _ => 0,
    }
}
