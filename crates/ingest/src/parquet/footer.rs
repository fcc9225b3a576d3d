use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Seek, SeekFrom},
    ops::Range,
    thread,
};

use polars::prelude::DataType;
use polars_arrow::datatypes::{ArrowDataType, Field as ArrowField};
use polars_parquet::{
    parquet::schema::types::{PrimitiveConvertedType, PrimitiveLogicalType},
    read::{FileMetadata, ParquetType, infer_schema, n_columns, read_metadata},
};

use super::{
    flatten::{flat_types, plain_field},
    thrift::schema_depth,
};
use crate::{
    Error, Limits,
    contain::contained,
    error::Place,
    field::{Field, kind},
    tap::Tap,
};

/// What the end of a Parquet file says of the rest, checked against the file's size.
pub(crate) struct Footer {
    pub meta: FileMetadata,
    /// Top-level columns, before structs are flattened.
    pub roots: Vec<Root>,
    /// Flat columns, root by root.
    pub fields: Vec<Field>,
    /// Stored bytes of each row group.
    pub ranges: Vec<Range<u64>>,
    /// The file's last bytes, from which all this was read.
    pub tail: Vec<u8>,
}

/// A top-level column.
pub(crate) struct Root {
    /// Its name and the type it is decoded as.
    pub field: ArrowField,
    /// Leaves in the file.
    pub leaves: usize,
    /// Where its flat columns are in [`Footer::fields`].
    pub flat: Range<usize>,
}

/// Rows a file may have whatever its size.
const FREE_ROWS: u64 = 100_000_000;
/// Rows a file may have beyond that, for each of its bytes. A constant column takes about a byte for a thousand.
const ROWS_PER_BYTE: u64 = 10_000;
/// Levels of groups within groups.
const LEVELS: usize = 100;

const REWRITE: &str = "write it again with a current Parquet writer";
const DAMAGED: &str = "the file is damaged or was cut short; fetch it again";

impl Footer {
    /// Reads the footer through `tap` and puts its position back to the start, without hashing.
    pub(crate) fn read(tap: &mut Tap, name: &str, limits: &Limits) -> Result<Self, Error> {
        let len = tap.len();
        let tail = read_tail(tap, name, limits)?;
        let (meta, mut roots) = parse_apart(&tail).map_err(|e| damaged(name, &e))?;
        let fields = flatten(&mut roots, name, limits)?;
        if fields.is_empty() {
            return Err(damaged(name, "it has no columns"));
        }
        let ranges = ranges(&meta, len - tail.len() as u64, name, limits)?;
        let footer = Self { meta, roots, fields, ranges, tail };
        footer.check_rows(len, name)?;
        Ok(footer)
    }

    /// A few bytes can claim rows without end.
    fn check_rows(&self, len: u64, name: &str) -> Result<(), Error> {
        let rows = self.meta.row_groups.iter().try_fold(0_u64, |sum, g| sum.checked_add(g.num_rows() as u64));
        let most = FREE_ROWS + len.saturating_mul(ROWS_PER_BYTE);
        if rows.is_some_and(|rows| rows <= most) {
            return Ok(());
        }
        let what = format!("{len} bytes claim to hold more than {most} rows");
        Err(Error::limit(Place::file(name), what, "this looks like a decompression bomb; if not, split the file"))
    }

    /// Rows of the file.
    pub(crate) fn rows(&self) -> u64 {
        self.meta.row_groups.iter().map(|g| g.num_rows() as u64).sum()
    }
}

fn damaged(name: &str, why: &str) -> Error {
    Error::malformed(Place::file(name), format!("not a sound Parquet file: {}", crate::error::shown(why)), DAMAGED)
}

fn read_tail(tap: &mut Tap, name: &str, limits: &Limits) -> Result<Vec<u8>, Error> {
    let len = tap.len();
    let io = |e| Error::io(name, e);
    if len < 12 {
        return Err(damaged(name, "shorter than the shortest Parquet file"));
    }
    let file = tap.file();
    let mut end = [0; 8];
    file.seek(SeekFrom::Start(len - 8)).and_then(|_| file.read_exact(&mut end)).map_err(io)?;
    match &end[4..] {
        b"PAR1" => {}
        b"PARE" => {
            let next = "decrypt it first";
            return Err(Error::unsupported(Place::file(name), "an encrypted Parquet file", next));
        }
        _ => return Err(damaged(name, "it does not end as one")),
    }
    let footer = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
    if footer + 12 > len {
        return Err(damaged(name, "the footer is said to be larger than the file"));
    }
    if footer > limits.footer_bytes as u64 {
        let what = format!("a footer of {footer} bytes; the limit is {}", limits.footer_bytes);
        return Err(Error::limit(Place::file(name), what, REWRITE));
    }
    let mut tail = vec![0; footer as usize + 8];
    file.seek(SeekFrom::Start(len - tail.len() as u64)).and_then(|_| file.read_exact(&mut tail)).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    Ok(tail)
}

/// Parses the footer on a thread with stack enough for however deep its Arrow schema is nested: decoders go down it by
/// recursion, twenty bytes or more a level.
fn parse_apart(tail: &[u8]) -> Result<(FileMetadata, Vec<Root>), String> {
    const STACK: usize = 8 << 20;
    match schema_depth(tail, LEVELS) {
        None => return Err("its footer cannot be read".to_owned()),
        Some(depth) if depth > LEVELS => return Err(format!("more than {LEVELS} levels of groups")),
        Some(_) => {}
    }
    // Most of a large footer is statistics; an Arrow schema is never a large part of one that is.
    let stack = STACK + tail.len().min(8 << 20).saturating_mul(128);
    thread::scope(|scope| {
        let parsing = thread::Builder::new()
            .stack_size(stack)
            .spawn_scoped(scope, || contained(|| parse(tail)).and_then(|parsed| parsed));
        let parsing = parsing.map_err(|e| format!("no thread to parse its footer: {e}"))?;
        parsing.join().unwrap_or_else(|_| Err("its footer cannot be read".to_owned()))
    })
}

fn parse(tail: &[u8]) -> Result<(FileMetadata, Vec<Root>), String> {
    // The reader wants a file: four bytes of magic before the footer are enough of one.
    let mut file = b"PAR1".to_vec();
    file.extend_from_slice(tail);
    let meta = read_metadata(&mut Cursor::new(file)).map_err(|e| e.to_string())?;
    if arrow_schema_bytes(&meta) > ARROW_SCHEMA_BYTES {
        return Err("its Arrow schema is too large".to_owned());
    }
    let schema = infer_schema(&meta).map_err(|e| e.to_string())?;
    let stored: BTreeMap<&str, &ParquetType> = meta.schema().fields().iter().map(|f| (f.name(), f)).collect();
    let mut roots = Vec::with_capacity(schema.len());
    for (_, field) in schema.iter() {
        let mut field = plain_field(field);
        if levels(&field.dtype) > LEVELS {
            return Err(format!("more than {LEVELS} levels of lists"));
        }
        let Some(stored) = stored.get(field.name.as_str()) else {
            return Err(format!("column {:?} is in the Arrow schema only", field.name.as_str()));
        };
        if field.dtype == ArrowDataType::BinaryView && is_text(stored) {
            field.dtype = ArrowDataType::Utf8View;
        }
        let leaves = n_columns(&field.dtype);
        roots.push(Root { field, leaves, flat: 0..0 });
    }
    if roots.len() != stored.len() {
        return Err("columns are missing from its Arrow schema".to_owned());
    }
    Ok((meta, roots))
}

/// As much as the thread's stack is made for.
const ARROW_SCHEMA_BYTES: usize = 8 << 20;

fn arrow_schema_bytes(meta: &FileMetadata) -> usize {
    let pairs = meta.key_value_metadata().iter().flatten();
    pairs.filter(|p| p.key.as_str() == "ARROW:schema").filter_map(|p| p.value.as_ref()).map(String::len).sum()
}

/// How many levels of lists and structs.
fn levels(dtype: &ArrowDataType) -> usize {
    match dtype {
        ArrowDataType::LargeList(item) | ArrowDataType::FixedSizeList(item, _) => 1 + levels(&item.dtype),
        ArrowDataType::Struct(fields) => 1 + fields.iter().map(|f| levels(&f.dtype)).max().unwrap_or(0),
        _ => 0,
    }
}

/// JSON and enumerations are bytes to the decoder, but text to people.
fn is_text(stored: &ParquetType) -> bool {
    let ParquetType::PrimitiveType(stored) = stored else { return false };
    matches!(stored.logical_type, Some(PrimitiveLogicalType::Json | PrimitiveLogicalType::Enum))
        || matches!(stored.converted_type, Some(PrimitiveConvertedType::Json | PrimitiveConvertedType::Enum))
}

fn flatten(roots: &mut [Root], name: &str, limits: &Limits) -> Result<Vec<Field>, Error> {
    let mut fields = Vec::with_capacity(roots.len());
    for root in roots {
        let start = fields.len();
        for (column, dtype) in flat_types(root.field.name.to_string(), &root.field.dtype) {
            let arrow = ArrowField::new(column.as_str().into(), dtype.clone(), true);
            let held = contained(|| DataType::from_arrow_field(&arrow)).ok().filter(|d| kind(d).is_some());
            let Some(held) = held else {
                let what = format!("values of type {dtype:?} are not read");
                let next = "cast the column to a common type, or leave it out of the file";
                return Err(Error::unsupported(Place::file(name).column(&column), what, next));
            };
            fields.push(Field { name: column, dtype: held });
        }
        root.flat = start..fields.len();
    }
    if fields.len() > limits.columns {
        let what = format!("{} columns; the limit is {}", fields.len(), limits.columns);
        return Err(Error::limit(Place::file(name), what, "split the table or raise the limit"));
    }
    Ok(fields)
}

/// Where each row group's bytes are; they must follow one another, since the file is read once, front to back.
fn ranges(meta: &FileMetadata, end: u64, name: &str, limits: &Limits) -> Result<Vec<Range<u64>>, Error> {
    let mut ranges = Vec::with_capacity(meta.row_groups.len());
    let mut position = 4;
    for (index, group) in meta.row_groups.iter().enumerate() {
        let at = || Place::file(name).row_group(index);
        if group.num_rows() == 0 || group.n_columns() == 0 {
            ranges.push(position..position);
            continue;
        }
        let mut chunks: Vec<_> = group.byte_ranges_iter().collect();
        chunks.sort_by_key(|r| (r.start, r.end));
        if chunks.windows(2).any(|w| w[0].end > w[1].start) {
            return Err(Error::malformed(at(), "columns overlap each other", REWRITE));
        }
        let range = group.full_byte_range();
        if range.end > end || range.start >= range.end {
            return Err(Error::malformed(at(), "it reaches beyond the data", DAMAGED));
        }
        if range.start < position {
            return Err(Error::unsupported(at(), "row groups are not stored one after the other", REWRITE));
        }
        if range.end - range.start > limits.row_group_bytes {
            let what = format!("{} stored bytes; the limit is {}", range.end - range.start, limits.row_group_bytes);
            return Err(Error::limit(at(), what, "write the file with smaller row groups, or raise the limit"));
        }
        position = range.end;
        ranges.push(range);
    }
    Ok(ranges)
}
