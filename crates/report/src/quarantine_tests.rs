use std::fs::File;

use polars::prelude::*;
use taster_core::{Digest, Severity};

use super::*;

fn entry(row: u64, label: Option<&str>) -> Quarantined {
    Quarantined {
        file: (row % 2) as usize,
        row,
        row_sha256: Digest([7; 32]),
        detector: if row.is_multiple_of(3) { "outlier" } else { "label-flip" }.into(),
        score: 0.5,
        p_value: row.is_multiple_of(5).then_some(0.01),
        q_value: None,
        severity: Severity::Important,
        columns: (0..row % 4).map(|c| format!("c{c}")).collect(),
        reason: format!("row {row} is odd"),
        suggested_label: label.map(|l| (l.to_owned(), 0.9)),
    }
}

fn write(path: &Path, rows: u64) {
    let mut writer = QuarantineWriter::create(path, vec!["a.csv".into(), "b.csv".into()]).unwrap();
    (0..rows).for_each(|row| writer.push(&entry(row, (row % 2 == 0).then_some("yes"))).unwrap());
    writer.finish().unwrap();
}

fn read(path: &Path) -> DataFrame {
    ParquetReader::new(File::open(path).unwrap()).finish().unwrap()
}

#[test]
fn what_is_pushed_is_read_back() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("quarantine.parquet");
    write(&path, 70_000);
    let frame = read(&path);
    let names: Vec<&str> = frame.get_column_names().into_iter().map(PlSmallStr::as_str).collect();
    assert_eq!(names, COLUMNS.map(|c| c.0));
    assert_eq!(frame.height(), 70_000);
    assert_eq!(frame.column("row").unwrap().i64().unwrap().get(69_999), Some(69_999));
    assert_eq!(frame.column("file").unwrap().str().unwrap().get(69_999), Some("b.csv"));
    assert_eq!(frame.column("detector").unwrap().str().unwrap().get(3), Some("outlier"));
    assert_eq!(frame.column("row_sha256").unwrap().str().unwrap().get(0), Some("07".repeat(32).as_str()));
    assert_eq!(frame.column("p_value").unwrap().f64().unwrap().get(66_000), Some(0.01));
    assert_eq!(frame.column("q_value").unwrap().null_count(), 70_000);
    assert_eq!(frame.column("severity").unwrap().str().unwrap().get(1), Some("important"));
    assert_eq!(frame.column("reason").unwrap().str().unwrap().get(65_536), Some("row 65536 is odd"));
    assert_eq!(frame.column("suggested_label").unwrap().str().unwrap().get(65_537), None);
    assert_eq!(frame.column("suggested_probability").unwrap().f64().unwrap().get(0), Some(0.9));
    let columns = frame.column("columns").unwrap().list().unwrap().clone();
    let of = |row: usize| -> Vec<String> {
        columns.get_as_series(row).unwrap().str().unwrap().iter().map(|s| s.unwrap().to_owned()).collect()
    };
    assert_eq!((of(0), of(69_999)), (vec![], vec!["c0".to_owned(), "c1".into(), "c2".into()]));
}

#[test]
fn an_empty_list_is_a_table_with_every_column() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("quarantine.parquet");
    write(&path, 0);
    let frame = read(&path);
    assert_eq!((frame.height(), frame.width()), (0, 12));
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let (a, b) = (home.path().join("a"), home.path().join("b"));
    write(&a, 1000);
    write(&b, 1000);
    assert_eq!(std::fs::read(a).unwrap(), std::fs::read(b).unwrap());
}

#[test]
fn long_reasons_do_not_pile_up() {
    let home = tempfile::tempdir().unwrap();
    let mut writer = QuarantineWriter::create(&home.path().join("q"), vec![String::new()]).unwrap();
    let long = Quarantined { reason: "x".repeat(GROUP_BYTES / 4), ..entry(0, None) };
    (0..9).for_each(|_| writer.push(&long).unwrap());
    assert_eq!(writer.pending.len(), 1);
    writer.finish().unwrap();
    assert_eq!(read(&home.path().join("q")).height(), 9);
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut writer = QuarantineWriter::create(&home.path().join("q"), Vec::new()).unwrap();
    assert!(writer.push(&entry(0, None)).unwrap_err().to_string().contains("no file number 0"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let mut writer = QuarantineWriter::create(Path::new("/dev/full"), vec!["a".into(), "b".into()]).unwrap();
    writer.push(&entry(0, None)).unwrap();
    let message = writer.finish().unwrap_err().to_string();
    assert_eq!(message, "cannot write the report file full: No space left on device (os error 28)");
}
