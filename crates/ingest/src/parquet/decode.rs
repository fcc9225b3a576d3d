use std::{io::Cursor, ops::Range};

use polars::prelude::{PlSmallStr, Series};
use polars_arrow::array::Array;
use polars_buffer::Buffer;
use polars_parquet::read::{BasicDecompressor, ColumnChunkMetadata, Filter, PageReader, column_iter_to_arrays};

use super::{RowGroup, flatten::flat_arrays, footer::Root, page_header::PageHeader};
use crate::{
    Error, Limits,
    contain::contained,
    error::{Place, shown},
};

const DAMAGED: &str = "the file is damaged; fetch it again";

/// Decodes some rows of one top-level column into its flat columns.
pub(crate) fn decode(
    group: &RowGroup,
    root: &Root,
    rows: Range<usize>,
    file: &str,
    limits: &Limits,
) -> Result<Vec<Series>, Error> {
    let at = || Place::file(file).row_group(group.index).column(&root.field.name);
    let damaged = |why: &str| Error::malformed(at(), shown(why), DAMAGED);
    let meta = &group.footer.meta.row_groups[group.index];
    let chunks: Vec<_> = meta.columns_under_root_iter(&root.field.name).into_iter().flatten().collect();
    if chunks.len() != root.leaves {
        return Err(damaged("the schemas in the file contradict each other"));
    }
    let mut leaves = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let flat = root.leaves == 1 && !root.field.dtype.is_nested();
        let bytes = stored(group, chunk).ok_or_else(|| damaged("it reaches beyond its row group"))?;
        check_pages(&bytes, chunk, flat.then_some(meta.num_rows()), limits)
            .map_err(|problem| problem.into_error(at()))?;
        leaves.push((chunk, bytes));
    }
    let wanted = rows.len();
    let arrays = contained(|| arrays(leaves, root, rows)).and_then(|r| r).map_err(|e| damaged(&e))?;
    if arrays.iter().map(|a| a.len()).sum::<usize>() != wanted {
        return Err(damaged("it holds fewer rows than it says"));
    }
    contained(|| series(arrays, root, group)).and_then(|r| r).map_err(|e| damaged(&e))
}

/// The bytes of a column, within those of its row group.
fn stored(group: &RowGroup, chunk: &ColumnChunkMetadata) -> Option<Buffer<u8>> {
    let range = chunk.byte_range();
    let start = usize::try_from(range.start.checked_sub(group.start)?).ok()?;
    let end = usize::try_from(range.end.checked_sub(group.start)?).ok()?;
    (start <= end && end <= group.bytes.len()).then(|| group.bytes.clone().sliced(start..end))
}

fn arrays(
    leaves: Vec<(&ColumnChunkMetadata, Buffer<u8>)>,
    root: &Root,
    rows: Range<usize>,
) -> Result<Vec<Box<dyn Array>>, String> {
    let (columns, types) = leaves
        .into_iter()
        .map(|(chunk, bytes)| {
            let pages = PageReader::new(Cursor::new(bytes), chunk, Vec::new(), usize::MAX);
            (BasicDecompressor::new(pages, Vec::new()), &chunk.descriptor().descriptor.primitive_type)
        })
        .unzip();
    let filter = Filter::new_ranged(rows.start, rows.end);
    let (arrays, _) =
        column_iter_to_arrays(columns, types, root.field.clone(), Some(filter)).map_err(|e| e.to_string())?;
    Ok(arrays)
}

fn series(arrays: Vec<Box<dyn Array>>, root: &Root, group: &RowGroup) -> Result<Vec<Series>, String> {
    let fields = &group.footer.fields[root.flat.clone()];
    let mut chunks: Vec<Vec<Box<dyn Array>>> = fields.iter().map(|_| Vec::new()).collect();
    for array in arrays {
        let flat = flat_arrays(array);
        if flat.len() != fields.len() {
            return Err("its type changes within the file".to_owned());
        }
        chunks.iter_mut().zip(flat).for_each(|(column, array)| column.push(array));
    }
    fields
        .iter()
        .zip(chunks)
        .map(|(field, chunks)| Series::try_from((PlSmallStr::from_str(&field.name), chunks)).map_err(|e| e.to_string()))
        .collect()
}

enum Problem {
    Damaged(&'static str),
    TooLarge(String),
}

impl Problem {
    fn into_error(self, at: Place) -> Error {
        match self {
            Self::Damaged(what) => Error::malformed(at, what, DAMAGED),
            Self::TooLarge(what) => Error::limit(at, what, "write the file with smaller pages, or raise the limit"),
        }
    }
}

/// Walks the pages of a column and checks what they say of themselves before a decoder allocates by it. A flat column
/// must hold as many values as the row group has rows.
fn check_pages(
    bytes: &[u8],
    chunk: &ColumnChunkMetadata,
    flat_rows: Option<usize>,
    limits: &Limits,
) -> Result<(), Problem> {
    let total = usize::try_from(chunk.num_values()).map_err(|_| Problem::Damaged("a negative number of values"))?;
    let (mut at, mut values) = (0, 0);
    while values < total {
        let (header, length) = PageHeader::read(&bytes[at..]).ok_or(Problem::Damaged("a page header is not sound"))?;
        let page = Page::of(header, limits)?;
        values += page.values;
        let end = (at + length).checked_add(page.stored).filter(|&end| end <= bytes.len());
        at = end.ok_or(Problem::Damaged("a page reaches beyond its column"))?;
    }
    if values > total || flat_rows.is_some_and(|rows| rows != total) {
        return Err(Problem::Damaged("its pages hold another number of values than it says"));
    }
    Ok(())
}

struct Page {
    stored: usize,
    values: usize,
}

impl Page {
    fn of(header: PageHeader, limits: &Limits) -> Result<Self, Problem> {
        let size = |v: i64| usize::try_from(v).map_err(|_| Problem::Damaged("a page of negative size"));
        let (stored, inflated) = (size(header.compressed_size)?, size(header.uncompressed_size)?);
        let (values, distinct) = (size(header.values)?, size(header.dictionary_values)?);
        if inflated.max(stored) > limits.page_bytes {
            return Err(Problem::TooLarge(format!(
                "a page of {} bytes; the limit is {}",
                inflated.max(stored),
                limits.page_bytes
            )));
        }
        if values.max(distinct) > limits.page_values {
            return Err(Problem::TooLarge(format!("a page of {values} values; the limit is {}", limits.page_values)));
        }
        Ok(Self { stored, values })
    }
}
