//! Parquet tables written row group by row group. The bytes depend on the rows and on where row groups end, never on
//! how the rows were handed in, and hold neither time nor machine.

use std::path::Path;

use polars::prelude::{PolarsError, PolarsResult};
use polars_arrow::{
    array::Array,
    datatypes::{ArrowDataType, ArrowSchema, Field, IntegerType},
};
use polars_parquet::parquet::error::ParquetError;
use polars_parquet::write::{
    CompressedPage, CompressionOptions, Compressor, DynIter, DynStreamingIterator, Encoding, FallibleStreamingIterator,
    FileWriter, ParquetType, StatisticsOptions, Version, WriteOptions, ZstdLevel, array_to_columns,
};

use crate::{
    Error,
    sink::{Fault, Sink},
};

/// Rows in a row group.
pub(crate) const GROUP_ROWS: usize = 65_536;

/// What a column holds, which decides its type and how it is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// One of few texts, as a dictionary array of `u32` keys.
    Choice,
    /// Texts, as a view array.
    Text,
    /// Lists of texts, of the type [`texts`].
    Texts,
    /// Row numbers, as `i64`.
    Row,
    /// Numbers, as `f64`; null where missing.
    Number,
}

impl Holds {
    fn field(self, name: &str) -> Field {
        let text = ArrowDataType::Utf8View;
        let (dtype, nullable) = match self {
            Self::Choice => (ArrowDataType::Dictionary(IntegerType::UInt32, Box::new(text), false), false),
            Self::Text => (text, true),
            Self::Texts => (texts(), false),
            Self::Row => (ArrowDataType::Int64, false),
            Self::Number => (ArrowDataType::Float64, true),
        };
        Field::new(name.into(), dtype, nullable)
    }

    /// Scores hardly ever repeat and row numbers step by little, so a dictionary would cost time for nothing.
    fn encoding(self) -> Encoding {
        match self {
            Self::Choice | Self::Text => Encoding::RleDictionary,
            Self::Texts | Self::Number => Encoding::Plain,
            Self::Row => Encoding::DeltaBinaryPacked,
        }
    }

    /// Statistics for numbers only: readers skip row groups by them, and texts may be long.
    fn options(self) -> WriteOptions {
        let statistics = match self {
            Self::Row | Self::Number => StatisticsOptions::default(),
            _ => StatisticsOptions::empty(),
        };
        WriteOptions { statistics, version: Version::V1, compression: compression(), data_page_size: None }
    }
}

/// The type of a large list of view arrays.
pub(crate) fn texts() -> ArrowDataType {
    ArrowDataType::LargeList(Box::new(Field::new("element".into(), ArrowDataType::Utf8View, false)))
}

/// The lowest level: scores are noise to a compressor, and the rest is small.
fn compression() -> CompressionOptions {
    CompressionOptions::Zstd(ZstdLevel::try_new(1).ok())
}

/// A Parquet file being written.
pub(crate) struct Table {
    name: String,
    columns: Vec<Holds>,
    types: Vec<ParquetType>,
    writer: FileWriter<Sink>,
    fault: Fault,
}

impl Table {
    /// Creates the file. Errs if two columns have the same name.
    pub(crate) fn create(path: &Path, columns: &[(&str, Holds)]) -> Result<Self, Error> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let mut schema = ArrowSchema::default();
        for (column, holds) in columns {
            if schema.insert((*column).into(), holds.field(column)).is_some() {
                return Err(Error::SameName { file: name, column: (*column).to_owned() });
            }
        }
        let (sink, fault) = Sink::create(path).map_err(Error::io("write the report file", &name))?;
        // Texts have no statistics, so the file must not promise a page index, which would need them for every page.
        let writer = FileWriter::try_new(sink, schema, Holds::Text.options())
            .map_err(|cause| Error::Parquet { file: name.clone(), cause })?;
        let types = writer.parquet_schema().fields().to_vec();
        Ok(Self { name, columns: columns.iter().map(|c| c.1).collect(), types, writer, fault })
    }

    /// Name of the file, for errors.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Writes one row group; the arrays are as the columns' [`Holds`] say.
    pub(crate) fn write(&mut self, rows: usize, arrays: &[Box<dyn Array>]) -> Result<(), Error> {
        if rows == 0 {
            return Ok(());
        }
        let mut pages = Vec::with_capacity(arrays.len());
        for ((array, type_), &holds) in arrays.iter().zip(&self.types).zip(&self.columns) {
            let compressed = compress(array.as_ref(), type_, holds);
            pages.push(Ok(compressed.map_err(|cause| self.error(cause))?));
        }
        let written = self.writer.write(rows as u64, DynIter::new(pages.into_iter()));
        written.map_err(|cause| self.error(cause))
    }

    /// Writes the footer. Without it the file is not a Parquet file.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        // An empty list of metadata keeps the Arrow schema out: with it, readers would have to know Arrow's newest types.
        let written = self.writer.end(Some(Vec::new()));
        written.map(drop).map_err(|cause| self.error(cause))
    }

    fn error(&self, cause: PolarsError) -> Error {
        let file = self.name.clone();
        match self.fault.take() {
            Some(cause) => Error::Io { what: "write the report file", path: file.into(), cause },
            None => Error::Parquet { file, cause },
        }
    }
}

type Pages = DynStreamingIterator<'static, CompressedPage, PolarsError>;

fn compress(array: &dyn Array, type_: &ParquetType, holds: Holds) -> PolarsResult<Pages> {
    let encoded = array_to_columns(array.to_boxed(), type_.clone(), holds.options(), &[holds.encoding()])?;
    let pages = encoded.into_iter().flatten();
    let pages = pages.map(|page| page.map_err(|e| ParquetError::FeatureNotSupported(e.to_string())));
    Ok(DynStreamingIterator::new(Compressor::new(pages, compression(), Vec::new()).map_err(PolarsError::from)))
}
