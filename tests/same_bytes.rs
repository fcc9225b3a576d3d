use std::fs;

use polars::prelude::DataFrame;

use crate::support::{Room, mixed};

/// More rows than the sample holds, so that sampling is at work too.
const ROWS: usize = 40_000;

const FILES: [&str; 3] = ["quarantine.parquet", "scores.parquet", "findings.json"];

fn scan(room: &Room, inputs: &[&str], out: &str, flags: &[&str]) {
    let fixed = ["--label", "y", "--scores", "--seed", "11", "--out", out];
    let run = room.run(&[&["scan"][..], inputs, &fixed, flags].concat());
    assert!(run.status < 2, "{}", run.stderr);
}

/// The manifest's payload without what may differ: when it ran, and the digests of files that tell it.
fn payload(room: &Room, out: &str) -> String {
    let mut statement = room.statement(out);
    let predicate = statement["predicate"].as_object_mut().unwrap();
    predicate.remove("metadata");
    predicate.remove("reportViews");
    statement.to_string()
}

fn same(room: &Room, one: &str, other: &str) {
    for file in FILES {
        let read = |out: &str| fs::read(room.path(out).join(file)).unwrap();
        assert!(read(one) == read(other), "{file} differs between {one} and {other}");
    }
    assert_eq!(payload(room, one), payload(room, other));
}

#[test]
fn threads_and_batches_do_not_show() {
    let room = Room::new();
    let data = room.parquet("data.parquet", mixed(ROWS, 5));
    scan(&room, &[&data], "base", &[]);
    for (i, flags) in [
        ["--threads", "1", "--batch-size", "1000"],
        ["--threads", "2", "--batch-size", "100000"],
        ["--threads", "7", "--batch-size", "1000"],
        ["--threads", "7", "--batch-size", "777"],
    ]
    .iter()
    .enumerate()
    {
        let out = format!("run{i}");
        scan(&room, &[&data], &out, flags);
        same(&room, "base", &out);
    }
}

#[test]
fn reading_once_or_twice_does_not_show() {
    let room = Room::new();
    let data = room.parquet("data.parquet", mixed(ROWS, 5));
    scan(&room, &[&data], "once", &[]);
    scan(&room, &[&data], "twice", &["--memory", "1MiB"]);
    same(&room, "once", "twice");
}

#[test]
fn threads_and_batches_do_not_show_with_a_reference_and_csv() {
    let room = Room::new();
    room.csv("data.csv", mixed(6000, 5));
    room.parquet("then.parquet", mixed(5000, 6));
    for (out, threads, rows) in [("one", "1", "1000"), ("two", "2", "100000"), ("seven", "7", "333")] {
        let flags = ["--threads", threads, "--batch-size", rows, "--reference", "then.parquet"];
        scan(&room, &["data.csv"], out, &flags);
    }
    same(&room, "one", "two");
    same(&room, "one", "seven");
}

#[test]
fn splitting_into_files_does_not_show() {
    let room = Room::new();
    let frame = mixed(ROWS, 8);
    let whole = room.parquet("whole.parquet", frame.clone());
    fs::create_dir(room.path("parts")).unwrap();
    let mut start = 0;
    for part in 0..13 {
        let rows = if part == 12 { ROWS - start } else { 500 + part * 400 };
        room.parquet(&format!("parts/{part:02}.parquet"), frame.slice(start as i64, rows));
        start += rows;
    }
    scan(&room, &[&whole], "one", &[]);
    scan(&room, &["parts"], "many", &[]);
    for file in ["scores.parquet", "quarantine.parquet"] {
        let rows = |out: &str| without_place(&room.frame(&format!("{out}/{file}")));
        assert!(rows("one").equals_missing(&rows("many")), "{file} differs");
    }
    let dataset = |out: &str| room.statement(out)["predicate"]["dataset"].clone();
    assert_eq!(dataset("one")["rowsRoot"], dataset("many")["rowsRoot"]);
    let result = |out: &str| room.statement(out)["predicate"]["result"].clone();
    assert_eq!(result("one"), result("many"));
}

fn without_place(frame: &DataFrame) -> DataFrame {
    frame.drop("file").unwrap().drop("row").unwrap()
}
