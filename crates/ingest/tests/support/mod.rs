//! What the tests of reading share.
#![allow(dead_code)] // each test file uses some of it

use std::{
    fs,
    path::{Path, PathBuf},
};

use polars::prelude::*;
use taster_core::{Batch, Key, Role, Values};
use taster_ingest::{Dataset, Encoder, Error, Event, FileEnd, Frame, Options};
use tempfile::TempDir;

/// A folder of files that goes away with the test.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn parquet(&self, name: &str, frame: &mut DataFrame, group: usize, compression: ParquetCompression) -> PathBuf {
        self.write(name, parquet(frame, group, compression))
    }
}

pub fn parquet(frame: &mut DataFrame, group: usize, compression: ParquetCompression) -> Vec<u8> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_row_group_size(Some(group))
        .with_compression(compression)
        .finish(frame)
        .unwrap();
    bytes
}

pub fn open(path: &Path, options: &Options) -> Result<Dataset, Error> {
    Dataset::open(&[path.to_string_lossy().into_owned()], options)
}

/// All that one reading of a dataset gives.
pub struct Read {
    pub frames: Vec<Frame>,
    pub ends: Vec<FileEnd>,
}

impl Read {
    pub fn table(&self) -> DataFrame {
        let mut table = self.frames[0].frame.clone();
        for frame in &self.frames[1..] {
            table.vstack_mut(&frame.frame).unwrap();
        }
        table
    }

    /// A column's values as text, "" where missing.
    pub fn column(&self, name: &str) -> Vec<String> {
        let table = self.table();
        let column = table.column(name).unwrap().as_materialized_series();
        column.iter().map(|v| if v.is_null() { String::new() } else { v.str_value().into_owned() }).collect()
    }
}

pub fn read(dataset: &Dataset) -> Result<Read, Error> {
    let mut read = Read { frames: Vec::new(), ends: Vec::new() };
    for event in dataset.pieces() {
        match event? {
            Event::Piece(piece) => read.frames.extend(piece.decode()?),
            Event::FileEnd(end) => read.ends.push(end),
        }
    }
    Ok(read)
}

/// Reads a file to its end, widening types as the pipeline does.
pub fn read_file(path: &Path, options: &Options) -> Result<(Dataset, Read), Error> {
    let mut dataset = open(path, options)?;
    loop {
        match read(&dataset) {
            Ok(all) => return Ok((dataset, all)),
            Err(error) if dataset.widen(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

pub fn encode(dataset: &Dataset, read: &Read) -> Vec<Batch> {
    let encoder = Encoder::new(dataset, Key::new(7));
    read.frames.iter().map(|f| encoder.encode(f, &[])).collect()
}

/// Encoded values of a column over all batches, as text.
pub fn encoded(dataset: &Dataset, read: &Read, name: &str) -> Vec<Option<String>> {
    let at = dataset.schema().position(name).unwrap();
    let batches = encode(dataset, read);
    batches.iter().flat_map(|b| (0..b.table.len).map(move |row| b.table.columns[at].show(row))).collect()
}

pub fn values(dataset: &Dataset, read: &Read, name: &str) -> Values {
    let at = dataset.schema().position(name).unwrap();
    encode(dataset, read)[0].table.columns[at].clone()
}

pub fn role(dataset: &Dataset, name: &str) -> Role {
    dataset.schema().columns[dataset.schema().position(name).unwrap()].role
}

pub fn kind(dataset: &Dataset, name: &str) -> String {
    dataset.schema().columns[dataset.schema().position(name).unwrap()].kind.to_string()
}

/// A table with a column of each type.
pub fn all_types(rows: usize) -> DataFrame {
    let n = |i: usize| i as i64;
    let range = || 0..rows;
    let opt = |i: usize| (i % 5 != 3).then_some(i);
    let floats: Vec<Option<f64>> = range().map(|i| opt(i).map(|i| i as f64 / 3.0)).collect();
    let words: Vec<Option<String>> = range().map(|i| opt(i).map(|i| format!("word {}", i % 11))).collect();
    let vectors: ListChunked = range().map(|i| Series::new("".into(), [i as f32, 1.0, 2.0])).collect();
    let ragged: ListChunked = range().map(|i| Series::new("".into(), vec![1_i64; i % 4])).collect();
    let inner = [Series::new("a".into(), range().map(n).collect::<Vec<_>>()), Series::new("b".into(), words.clone())];
    let columns = vec![
        Series::new("bool".into(), range().map(|i| i % 2 == 0).collect::<Vec<_>>()),
        Series::new("i8".into(), range().map(|i| (i % 100) as i8).collect::<Vec<_>>()),
        Series::new("u16".into(), range().map(|i| i as u16).collect::<Vec<_>>()),
        Series::new("u64".into(), range().map(|i| u64::MAX - i as u64).collect::<Vec<_>>()),
        Series::new("i64".into(), range().map(n).collect::<Vec<_>>()),
        Series::new("f32".into(), range().map(|i| i as f32 / 2.0).collect::<Vec<_>>()),
        Series::new("f64".into(), floats),
        Series::new("word".into(), words.clone()),
        Series::new("cat".into(), words).cast(&DataType::from_categories(Categories::global())).unwrap(),
        Series::new("bytes".into(), range().map(|i| vec![i as u8; 3]).collect::<Vec<_>>()),
        Series::new("date".into(), range().map(|i| i as i32).collect::<Vec<_>>()).cast(&DataType::Date).unwrap(),
        Series::new("time".into(), range().map(n).collect::<Vec<_>>()).cast(&DataType::Time).unwrap(),
        Series::new("stamp".into(), range().map(|i| n(i) * 1_000_000).collect::<Vec<_>>())
            .cast(&DataType::Datetime(TimeUnit::Microseconds, TimeZone::opt_try_new(Some("Europe/Oslo")).unwrap()))
            .unwrap(),
        Series::new("took".into(), range().map(n).collect::<Vec<_>>())
            .cast(&DataType::Duration(TimeUnit::Milliseconds))
            .unwrap(),
        Series::new("price".into(), range().map(n).collect::<Vec<_>>()).cast(&DataType::Decimal(12, 2)).unwrap(),
        vectors.clone().into_series().with_name("list".into()),
        vectors.into_series().with_name("array".into()).cast(&DataType::Array(Box::new(DataType::Float32), 3)).unwrap(),
        ragged.into_series().with_name("ragged".into()),
        StructChunked::from_series("outer".into(), rows, inner.iter()).unwrap().into_series(),
        Series::full_null("nothing".into(), rows, &DataType::Null),
    ];
    DataFrame::new(rows, columns.into_iter().map(Column::from).collect()).unwrap()
}
