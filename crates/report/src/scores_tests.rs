use std::fs::File;

use polars::prelude::*;

use super::*;

fn score(row: usize, column: usize) -> f64 {
    if row % 7 == column { f64::NAN } else { ((row * 31 + column * 17) % 1009) as f64 / 1009.0 }
}

/// Writes rows of two files, pushed this many at a time.
fn write(path: &Path, rows: usize, step: usize) {
    let mut writer = ScoresWriter::create(path, &["outlier".into(), "label-flip".into()]).unwrap();
    for file in ["a.csv", "b.csv"] {
        for start in (0..rows).step_by(step) {
            let batch = start..rows.min(start + step);
            let column = |c: usize| batch.clone().map(|row| score(row, c)).collect::<Vec<_>>();
            writer.push(file, start as u64, &[column(0), column(1)], &vec![0.25; batch.len()]).unwrap();
        }
    }
    writer.finish().unwrap();
}

fn read(path: &Path) -> DataFrame {
    ParquetReader::new(File::open(path).unwrap()).finish().unwrap()
}

#[test]
fn what_is_pushed_is_read_back() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("scores.parquet");
    write(&path, 50_000, 999);
    let frame = read(&path);
    let names: Vec<&str> = frame.get_column_names().into_iter().map(PlSmallStr::as_str).collect();
    assert_eq!(names, ["file", "row", "outlier", "label-flip", "suspicion"]);
    assert_eq!(frame.height(), 100_000);
    for (at, file, row) in [(0, "a.csv", 0), (49_999, "a.csv", 49_999), (50_000, "b.csv", 0), (99_999, "b.csv", 49_999)]
    {
        assert_eq!(frame.column("file").unwrap().str().unwrap().get(at), Some(file));
        assert_eq!(frame.column("row").unwrap().i64().unwrap().get(at), Some(row as i64));
        let expected = Some(score(row, 1)).filter(|s| !s.is_nan());
        assert_eq!(frame.column("label-flip").unwrap().f64().unwrap().get(at), expected);
    }
    assert_eq!(frame.column("outlier").unwrap().null_count(), 2 * 7143);
}

#[test]
fn the_bytes_do_not_depend_on_how_rows_are_pushed() {
    let home = tempfile::tempdir().unwrap();
    let bytes = |step: usize| {
        let path = home.path().join(step.to_string());
        write(&path, 70_000, step);
        std::fs::read(path).unwrap()
    };
    let one = bytes(70_000);
    assert!(one == bytes(1000) && one == bytes(65_536) && one == bytes(65_537));
}

#[test]
fn no_rows_are_a_table_with_every_column() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("scores.parquet");
    write(&path, 0, 1);
    assert_eq!(read(&path).shape(), (0, 5));
}

#[test]
fn what_does_not_fit_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("scores.parquet");
    let mut writer = ScoresWriter::create(&path, &["outlier".into()]).unwrap();
    assert!(writer.push("a", 0, &[], &[0.5]).is_err());
    assert!(writer.push("a", 0, &[vec![0.5, 0.5]], &[0.5]).is_err());
    let twice = ScoresWriter::create(&path, &["suspicion".into()]);
    assert!(twice.err().unwrap().to_string().contains("two columns are named suspicion"));
}

/// Run with `--ignored --nocapture` to see time and size.
#[test]
#[ignore = "a measurement"]
fn two_million_rows() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("scores.parquet");
    let names: Vec<String> = (0..6).map(|i| format!("detector-{i}")).collect();
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let columns: Vec<Vec<f64>> = (0..6).map(|_| (0..100_000).map(|_| noise()).collect()).collect();
    let begin = std::time::Instant::now();
    let mut writer = ScoresWriter::create(&path, &names).unwrap();
    (0..20).for_each(|i| writer.push("a.parquet", i * 100_000, &columns, &columns[0]).unwrap());
    writer.finish().unwrap();
    eprintln!("{:?}, {} bytes", begin.elapsed(), std::fs::metadata(path).unwrap().len());
}
