//! Arrow IPC: the same rows as in Parquet, and files that lie.

mod support;

use std::sync::Arc;

use polars::prelude::{CompatLevel, DataFrame, DataType, ParquetCompression};
use polars_arrow::{
    array::Array,
    datatypes::{ArrowSchema, Field},
    io::ipc::write::{FileWriter, StreamWriter, WriteOptions},
    record_batch::RecordBatchT,
};
use support::{Folder, all_types, open, read, read_file};
use taster_ingest::{Dataset, Error, Options};

const PLAIN: WriteOptions = WriteOptions { compression: None };

/// The rows of a frame, some at a time.
fn batches(frame: &DataFrame, rows: usize) -> (Arc<ArrowSchema>, Vec<RecordBatchT<Box<dyn Array>>>) {
    let arrays = |part: &DataFrame| -> Vec<Box<dyn Array>> {
        part.columns().iter().map(|c| c.as_materialized_series().rechunk().to_arrow(0, CompatLevel::newest())).collect()
    };
    let fields = frame.columns().iter().zip(arrays(frame));
    let schema: ArrowSchema = fields.map(|(c, a)| Field::new(c.name().clone(), a.dtype().clone(), true)).collect();
    let schema = Arc::new(schema);
    let part = |start: usize| frame.slice(start as i64, rows);
    let starts = (0..frame.height()).step_by(rows);
    let batches =
        starts.map(part).map(|part| RecordBatchT::new(part.height(), schema.clone(), arrays(&part))).collect();
    (schema, batches)
}

/// A file has one dictionary for all its batches, which this writer makes only if there is one batch.
fn file(frame: &DataFrame, rows: usize) -> Vec<u8> {
    let mut frame = frame.clone();
    if rows < frame.height() {
        let words = frame.column("cat").unwrap().cast(&DataType::String).unwrap();
        frame.with_column(words).unwrap();
    }
    let (schema, batches) = batches(&frame, rows);
    let mut writer = FileWriter::try_new(Vec::new(), schema, None, PLAIN).unwrap();
    for batch in &batches {
        writer.write(batch, None).unwrap();
    }
    writer.finish().unwrap();
    writer.into_inner()
}

fn stream(frame: &DataFrame, rows: usize) -> Vec<u8> {
    let (schema, batches) = batches(frame, rows);
    let mut writer = StreamWriter::new(Vec::new(), PLAIN);
    writer.start(&schema, None).unwrap();
    for batch in &batches {
        writer.write(batch, None).unwrap();
    }
    writer.finish().unwrap();
    writer.into_inner()
}

#[test]
fn the_same_rows_as_in_parquet() {
    let folder = Folder::new();
    let mut frame = all_types(1000);
    let parquet = folder.parquet("a.parquet", &mut frame, 300, ParquetCompression::Snappy);
    let (expected, rows) = read_file(&parquet, &Options::default()).unwrap();
    for (name, bytes) in [("a.arrow", file(&frame, 300)), ("b.arrows", stream(&frame, 300)), ("c", file(&frame, 1000))]
    {
        let (dataset, all) = read_file(&folder.write(name, bytes), &Options::default()).unwrap();
        assert_eq!(all.ends[0].rows, 1000, "{name}");
        let kinds =
            |d: &Dataset| d.schema().columns.iter().map(|c| (c.name.clone(), c.kind.clone())).collect::<Vec<_>>();
        assert_eq!(kinds(&dataset), kinds(&expected), "{name}");
        assert!(all.table().equals_missing(&rows.table()), "{name}");
    }
}

/// Every cut, and a flipped bit in many places: rows or an error, never a panic.
#[test]
fn damaged_files_are_contained() {
    let folder = Folder::new();
    let frame = all_types(40);
    for (name, bytes) in [("a.arrow", file(&frame, 20)), ("a.arrows", stream(&frame, 20))] {
        let attempt = |damaged: &[u8]| -> Result<usize, Error> {
            let dataset = open(&folder.write(name, damaged), &Options::default())?;
            Ok(read(&dataset)?.ends[0].rows as usize)
        };
        assert_eq!(attempt(&bytes).unwrap(), 40);
        for cut in (0..bytes.len()).step_by(101) {
            let rows = attempt(&bytes[..cut]).unwrap_or(0);
            assert!(rows < 40 || name == "a.arrows", "{name} cut at {cut}");
        }
        for at in (0..bytes.len()).step_by(67) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x41;
            attempt(&flipped).ok();
        }
    }
}

/// Most readers go by the list at the end of a file. If it names other batches than those that stand in it, what they
/// train on is not what was looked at.
#[test]
fn a_list_of_other_batches_is_refused() {
    let folder = Folder::new();
    let bytes = file(&all_types(40), 20);
    let (footer, end) = (bytes.len() - 10, bytes.len());
    let length = i32::from_le_bytes(bytes[footer..footer + 4].try_into().unwrap()) as usize;
    let batch = bytes.windows(4).rposition(|w| w == [0xff; 4]).unwrap();
    let mut second = None;
    // The second batch's place in the list becomes that of the first.
    let places: Vec<i64> =
        (8..batch as i64).step_by(8).filter(|&at| bytes[at as usize..].starts_with(&[0xff; 4])).collect();
    for at in footer - length..footer - 8 {
        let place = i64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        if place == *places.last().unwrap() {
            second = Some(at);
        }
    }
    let mut lying = bytes.clone();
    let at = second.unwrap();
    lying[at..at + 8].copy_from_slice(&places[places.len() - 2].to_le_bytes());
    assert_eq!(lying.len(), end);
    let attempt = open(&folder.write("a.arrow", lying), &Options::default()).and_then(|dataset| read(&dataset));
    let error = attempt.err().unwrap().to_string();
    assert!(error.contains("list of batches"), "{error}");
}
