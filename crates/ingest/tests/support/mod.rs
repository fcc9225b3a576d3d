//! What the tests of reading share.
#![allow(dead_code)] // each test file uses some of it

use std::{
    fs,
    path::{Path, PathBuf},
};

use polars::prelude::{DataFrame, ParquetCompression, ParquetWriter};
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
