//! Reads real datasets, if `TASTER_SHARED_DATA` names a folder of them.
#![allow(clippy::print_stdout)] // what was found is for people to read, with --nocapture

use std::{
    fs,
    path::{Path, PathBuf},
};

use polars::prelude::{AnyValue, DataFrame, DataType};
use taster_core::{Key, Role};
use taster_ingest::{Dataset, Encoder, Event, Options, Roles};

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("TASTER_SHARED_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: TASTER_SHARED_DATA names no folder of real datasets");
    }
    folder
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "parquet" || e == "csv") {
            out.push(path);
        }
    }
    out.sort();
}

/// All rows of a file, and what the encoder makes of them is checked for its shape.
fn read(path: &Path, roles: Roles) -> (Dataset, DataFrame) {
    let options = Options { roles, ..Options::default() };
    let dataset = Dataset::open(&[path.to_string_lossy().into_owned()], &options).unwrap();
    let encoder = Encoder::new(&dataset, Key::new(7));
    let mut all: Option<DataFrame> = None;
    let mut rows = 0;
    for event in dataset.pieces() {
        match event.unwrap() {
            Event::Piece(piece) => {
                for frame in piece.decode().unwrap() {
                    assert_eq!(frame.offset, rows);
                    rows += frame.rows() as u64;
                    let batch = encoder.encode(&frame, &[]);
                    assert_eq!(batch.table.columns.len(), dataset.schema().columns.len());
                    assert_eq!(batch.table.feature_keys.len(), frame.rows());
                    match &mut all {
                        None => all = Some(frame.frame),
                        Some(all) => all.vstack_mut(&frame.frame).map(|_| ()).unwrap(),
                    }
                }
            }
            Event::FileEnd(end) => assert_eq!(end.rows, rows),
        }
    }
    (dataset, all.unwrap())
}

#[test]
fn every_file_reads() {
    let Some(folder) = shared() else { return };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    for path in paths {
        let (dataset, frame) = read(&path, Roles::default());
        println!("{} rows={} columns={}", path.display(), frame.height(), frame.width());
        for column in &dataset.schema().columns {
            println!(
                "    {:24} {:12} {:13} {}",
                column.name,
                column.kind.to_string(),
                column.role.to_string(),
                column.why
            );
        }
        for note in dataset.notes() {
            println!("    note: {note}");
        }
        assert!(dataset.schema().columns.iter().any(|c| c.role != Role::Ignored));
    }
}

/// `raw.csv` beside `data.parquet` holds the same rows as text.
#[test]
fn messy_text_reads_as_its_parquet_twin() {
    let Some(folder) = shared() else { return };
    for entry in fs::read_dir(folder.join("messy")).unwrap() {
        let folder = entry.unwrap().path();
        let (_, raw) = read(&folder.join("raw.csv"), Roles::default());
        let (_, twin) = read(&folder.join("data.parquet"), Roles::default());
        assert_eq!(raw.height(), twin.height(), "{}", folder.display());
        let mut different = 0;
        for (a, b) in raw.columns().iter().zip(twin.columns()) {
            let (a, b) = (a.as_materialized_series(), b.as_materialized_series());
            for row in 0..raw.height() {
                let (x, y) = (a.get(row).unwrap(), b.get(row).unwrap());
                if !same(&x, &y) {
                    different += 1;
                    if different < 5 {
                        println!("{} {} row {row}: {x:?} / {y:?}", folder.display(), a.name());
                    }
                }
            }
        }
        println!("{}: {} rows, {} cells differ", folder.display(), raw.height(), different);
    }
}

fn same(parsed: &AnyValue<'_>, text: &AnyValue<'_>) -> bool {
    let missing = ["", "NA", "?", "-", "None", "NULL", "null", "N/A", "nan", "NaN"];
    let text = if text.is_null() { String::new() } else { text.str_value().into_owned() };
    match parsed {
        AnyValue::Null => missing.contains(&text.trim()),
        AnyValue::String(s) => *s == text,
        other => {
            let number = other.cast(&DataType::Float64).extract::<f64>();
            number.is_some() && number == text.trim().parse().ok() || other.to_string() == text
        }
    }
}
