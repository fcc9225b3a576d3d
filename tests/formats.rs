use std::{
    fs::{self, File},
    io::{BufWriter, Write},
};

use polars::prelude::DataFrame;
use serde_json::{Value, json};

use crate::support::{Room, mixed};

/// The rows as JSON objects.
fn objects(frame: &DataFrame) -> Vec<Value> {
    let value = |v: polars::prelude::AnyValue<'_>| match v {
        polars::prelude::AnyValue::Float64(x) => json!(x),
        polars::prelude::AnyValue::Int64(x) => json!(x),
        polars::prelude::AnyValue::String(s) => json!(s),
        _ => Value::Null,
    };
    let row = |i: usize| {
        let cells = frame.columns().iter().map(|c| (c.name().to_string(), value(c.get(i).unwrap())));
        Value::Object(cells.collect())
    };
    (0..frame.height()).map(row).collect()
}

fn json_lines(frame: &DataFrame) -> String {
    objects(frame).iter().map(|o| format!("{o}\n")).collect::<Vec<_>>().concat()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

#[test]
fn the_same_rows_have_the_same_digests_in_every_format() {
    let room = Room::new();
    let frame = mixed(3000, 5);
    room.parquet("data.parquet", frame.clone());
    room.csv("data.csv", frame.clone());
    let lines = json_lines(&frame);
    room.write("data.jsonl", &lines);
    room.write("data.json", Value::Array(objects(&frame)).to_string());
    room.write("data.ndjson.gz", gzip(&lines));
    room.write("data.jsonl.zst", zstd::encode_all(lines.as_bytes(), 1).unwrap());
    let scan = |file: &str| {
        room.run(&["scan", file, "--label", "y", "--seed", "7", "--out", "report"]);
        let dataset = room.statement("report")["predicate"]["dataset"].clone();
        let findings = room.json("report/findings.json")["findings"].clone();
        (dataset["rowsRoot"].clone(), findings)
    };
    let parquet = scan("data.parquet");
    for file in ["data.csv", "data.jsonl", "data.json", "data.ndjson.gz", "data.jsonl.zst"] {
        assert_eq!(scan(file), parquet, "{file}");
    }
}

#[test]
fn verify_reads_json_as_it_was_scanned() {
    let room = Room::new();
    room.write("data.jsonl", json_lines(&mixed(500, 2)));
    room.run(&["scan", "data.jsonl", "--label", "y", "--out", "report"]);
    room.expect(0, &["verify", "report/manifest.json", "--unsigned", "data.jsonl"]);
    let text = fs::read_to_string(room.path("data.jsonl")).unwrap();
    room.write("data.jsonl", text.replacen("\"red\"", "\"rad\"", 1));
    let run = room.expect(1, &["verify", "report/manifest.json", "--unsigned", "data.jsonl"]);
    assert!(format!("{}{}", run.stdout, run.stderr).contains("row"), "{}{}", run.stdout, run.stderr);
}

#[test]
fn clean_keeps_the_records_of_json_files_as_they_are() {
    let room = Room::new();
    let frame = mixed(3000, 5);
    let lines: Vec<String> =
        objects(&frame).iter().map(|o| format!("{}  ", o.to_string().replace(':', " : "))).collect();
    room.write("data.jsonl", lines.join("\n"));
    room.run(&["scan", "data.jsonl", "--label", "y", "--seed", "7", "--out", "report", "--clean", "clean.jsonl"]);
    let quarantined: std::collections::BTreeSet<usize> =
        crate::support::floats(&room.frame("report/quarantine.parquet"), "row").iter().map(|&r| r as usize).collect();
    assert!(!quarantined.is_empty());
    let expected = (0..lines.len())
        .filter(|i| !quarantined.contains(i))
        .map(|i| format!("{}\n", lines[i].trim_end()))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(fs::read_to_string(room.path("clean.jsonl")).unwrap(), expected);
    room.run(&["scan", "data.jsonl", "--label", "y", "--seed", "7", "--out", "report", "--clean", "clean.parquet"]);
    assert_eq!(room.frame("clean.parquet").height(), 3000 - quarantined.len());
}

#[test]
fn clean_json_lines_of_other_formats_hold_the_same_rows() {
    let room = Room::new();
    let frame = mixed(3000, 5);
    room.parquet("data.parquet", frame);
    let scan = ["scan", "data.parquet", "--label", "y", "--seed", "7", "--out", "report"];
    let root = |clean: &str| {
        room.run(&[&scan[..], &["--clean", clean]].concat());
        room.run(&["scan", clean, "--label", "y", "--out", "again"]);
        room.statement("again")["predicate"]["dataset"]["rowsRoot"].clone()
    };
    assert_eq!(root("clean.jsonl"), root("clean.parquet"));
}

#[cfg(unix)]
#[test]
fn clean_files_follow_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let room = Room::new();
    room.parquet("data.parquet", mixed(500, 1));
    room.run(&["scan", "data.parquet", "--label", "y", "--out", "report", "--clean", "clean.parquet"]);
    let mode = |name: &str| fs::metadata(room.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("clean.parquet"), mode("data.parquet"));
}

#[test]
fn broken_json_is_refused_with_its_place() {
    let room = Room::new();
    let lines = json_lines(&mixed(300, 3));
    room.write("cut.jsonl", &lines[..lines.len() - 20]);
    room.run(&["scan", "cut.jsonl"]).refused(&["cut.jsonl, line 300", "not JSON"]);
    let mut bytes = lines.clone().into_bytes();
    bytes[lines.find("blue").unwrap()] = 0xff;
    room.write("bytes.jsonl", bytes);
    room.run(&["scan", "bytes.jsonl"]).refused(&["bytes.jsonl, line", "UTF-8"]);
    room.write("types.jsonl", format!("{lines}{{\"a\":{{\"b\":1}}}}\n"));
    room.run(&["scan", "types.jsonl"]).refused(&["types.jsonl, line 301", "\"a\"", "--text a"]);
    room.write("deep.jsonl", format!("{lines}{{\"a\":{}}}\n", "[".repeat(10_000)));
    room.run(&["scan", "deep.jsonl"]).refused(&["deep.jsonl, line 301", "deep"]);
    let whole = gzip(&lines);
    room.write("cut.jsonl.gz", &whole[..whole.len() / 2]);
    room.run(&["scan", "cut.jsonl.gz"]).refused(&["cut.jsonl.gz"]);
    assert!(!room.names().iter().any(|n| n.contains("report")));
}

#[test]
fn a_line_of_200_megabytes() {
    let room = Room::new();
    let mut out = BufWriter::new(File::create(room.path("data.jsonl")).unwrap());
    out.write_all(b"{\"a\":1}\n{\"a\":\"").unwrap();
    for _ in 0..200 {
        out.write_all(&vec![b'x'; 1_000_000]).unwrap();
    }
    out.write_all(b"\"}\n").unwrap();
    drop(out);
    room.run(&["scan", "data.jsonl"]).refused(&["data.jsonl, line 2"]);
}
