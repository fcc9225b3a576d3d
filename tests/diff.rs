use std::fs;

use polars::prelude::{DataFrame, ParquetWriter};
use serde_json::Value;

use crate::support::{Room, mixed};

/// `data/` with two files, and the report of its scan.
fn scanned(rows: usize) -> Room {
    let room = Room::new();
    fs::create_dir(room.path("data")).unwrap();
    room.parquet("data/a.parquet", mixed(rows, 1));
    room.parquet("data/b.parquet", mixed(300, 2));
    let run = room.run(&["scan", "data", "--label", "y", "--out", "report", "--seed", "1"]);
    assert!(run.status < 2, "{}", run.stderr);
    fs::create_dir(room.path("old")).unwrap();
    for name in ["a.parquet", "b.parquet"] {
        fs::copy(room.path("data").join(name), room.path("old").join(name)).unwrap();
    }
    room
}

fn packed(room: &Room, name: &str, mut frame: DataFrame) {
    let file = fs::File::create(room.path(name)).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(77)).finish(&mut frame).unwrap();
}

/// The kinds of difference between the manifest and the data, and between the old data and the new; they must agree.
#[track_caller]
fn kinds(room: &Room, allow: &[&str]) -> (i32, Vec<String>) {
    let of = |old: &str| {
        let run = room.run(&[&["diff", old, "data", "--format", "json"], allow].concat());
        assert!(run.status < 2, "{}", run.stderr);
        let result: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(result["allowed"].as_bool().unwrap(), run.status == 0);
        let kinds = result["kinds"].as_array().unwrap();
        (run.status, kinds.iter().map(|kind| kind.as_str().unwrap().to_owned()).collect())
    };
    let by_manifest = of("report/manifest.json");
    assert_eq!(by_manifest, of("old"));
    by_manifest
}

#[test]
fn the_same_data_is_the_same() {
    let room = scanned(1000);
    assert_eq!(kinds(&room, &[]), (0, vec![]));
    assert!(room.expect(0, &["diff", "data", "old"]).stdout.starts_with("same\n"));
    assert_eq!(room.expect(0, &["diff", "report/manifest.json", "report/manifest.json", "--quiet"]).stdout, "");
}

#[test]
fn re_encode_reorder_truncation_and_content_swap_are_told_apart() {
    let room = scanned(1000);
    let a = mixed(1000, 1);
    packed(&room, "data/a.parquet", a.clone());
    assert_eq!(kinds(&room, &[]), (1, vec!["re-encode".into()]));
    assert_eq!(kinds(&room, &["--allow", "re-encode,reorder"]), (0, vec!["re-encode".into()]));
    packed(&room, "data/a.parquet", a.slice(10, 990).vstack(&a.slice(0, 10)).unwrap());
    assert_eq!(kinds(&room, &["--allow", "re-encode"]), (1, vec!["reorder".into()]));
    assert_eq!(kinds(&room, &["--allow", "re-encode,reorder"]), (0, vec!["reorder".into()]));
    packed(&room, "data/a.parquet", a.slice(0, 900));
    assert_eq!(kinds(&room, &["--allow", "re-encode,reorder"]), (1, vec!["truncation".into()]));
    packed(&room, "data/a.parquet", a.vstack(&mixed(5, 9)).unwrap());
    assert_eq!(kinds(&room, &[]), (1, vec!["append".into()]));
    let swapped = a.slice(0, 500).vstack(&mixed(2, 9)).unwrap().vstack(&a.slice(502, 498)).unwrap();
    packed(&room, "data/a.parquet", swapped);
    assert_eq!(kinds(&room, &[]), (1, vec!["content-swap".into()]));
    let text = room.expect(1, &["diff", "old", "data"]).stdout;
    assert!(text.contains("2 changed") && text.contains("old rows 500..501"), "{text}");
    packed(&room, "data/a.parquet", a.slice(0, 300).vstack(&a.slice(301, 699)).unwrap());
    assert_eq!(kinds(&room, &[]), (1, vec!["rows-removed".into()]));
}

#[test]
fn rows_that_moved_between_files_are_the_same_rows() {
    let room = scanned(1000);
    let all = mixed(1000, 1).vstack(&mixed(300, 2)).unwrap();
    packed(&room, "data/a.parquet", all.slice(0, 400));
    packed(&room, "data/b.parquet", all.slice(400, 700));
    packed(&room, "data/c.parquet", all.slice(1100, 200));
    assert_eq!(kinds(&room, &["--allow", "re-encode"]), (0, vec!["re-encode".into()]));
    fs::rename(room.path("data/a.parquet"), room.path("data/d.parquet")).unwrap();
    assert_eq!(kinds(&room, &["--allow", "re-encode"]).0, 1);
    assert_eq!(kinds(&room, &["--allow", "reorder"]), (0, vec!["reorder".into()]));
}

#[test]
fn files_are_named() {
    let room = scanned(500);
    fs::rename(room.path("data/b.parquet"), room.path("data/c.parquet")).unwrap();
    assert_eq!(kinds(&room, &[]), (1, vec!["rename".into()]));
    fs::remove_file(room.path("data/c.parquet")).unwrap();
    assert_eq!(kinds(&room, &[]), (1, vec!["file-removed".into()]));
    let text = room.expect(1, &["diff", "report/manifest.json", "data"]).stdout;
    assert!(text.contains("b.parquet") && text.contains("removed"), "{text}");
}

#[test]
fn other_columns_are_said() {
    let room = scanned(500);
    let fewer = room.frame("data/a.parquet").drop("n").unwrap();
    room.parquet("fewer.parquet", fewer);
    let run = room.expect(1, &["diff", "data/a.parquet", "fewer.parquet", "--format", "json"]);
    let result: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(result["columns"], serde_json::json!(["removed \"n\" (int)"]));
    assert_eq!(result["kinds"], serde_json::json!(["change", "columns"]));
    let more = room.run(&["diff", "report/manifest.json", "fewer.parquet", "--format", "json"]).stdout;
    assert!(more.contains("removed \\\"n\\\" (int)"), "{more}");
    let mut wider = room.frame("data/a.parquet");
    let copied = wider.column("n").unwrap().clone().with_name("extra".into());
    wider.with_column(copied).unwrap();
    room.parquet("wider.parquet", wider);
    for old in ["data/a.parquet", "report/manifest.json"] {
        let run = room.expect(1, &["diff", old, "wider.parquet", "--allow", "re-encode,reorder"]);
        assert!(run.stdout.contains("added \\\"extra\\\" (int)"), "a new column is no re-encode: {}", run.stdout);
    }
}

/// A manifest knows a long file by blocks; what it cannot tell it does not claim.
#[test]
fn a_long_file_is_compared_block_by_block_with_its_manifest() {
    let room = scanned(9000);
    let a = mixed(9000, 1);
    let kinds = |old: &str| -> Value {
        serde_json::from_str(&room.run(&["diff", old, "data", "--format", "json"]).stdout).unwrap()
    };
    packed(&room, "data/a.parquet", a.slice(0, 8000));
    assert_eq!(kinds("report/manifest.json")["kinds"][0], "truncation");
    assert_eq!(kinds("old")["rows"]["removed"], 1000);
    packed(&room, "data/a.parquet", a.slice(1, 8999).vstack(&a.slice(0, 1)).unwrap());
    assert_eq!(kinds("report/manifest.json")["kinds"][0], "change");
    assert_eq!(kinds("report/manifest.json")["files"][0]["rows"]["exact"], false);
    assert_eq!(kinds("old")["kinds"][0], "reorder");
    packed(&room, "data/a.parquet", a);
    assert_eq!(kinds("report/manifest.json")["kinds"][0], "re-encode");
}

/// Rows are held in memory to be compared, and memory is bounded: of more than fit, blocks of rows are compared.
#[test]
fn many_rows_are_compared_in_little_memory() {
    let room = scanned(6000);
    let a = mixed(6000, 1);
    let diff = |memory: &str| -> Value {
        let run = room.run(&["diff", "old", "data", "--memory", memory, "--format", "json"]);
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr))
    };
    let told = |frame: DataFrame| {
        packed(&room, "data/a.parquet", frame);
        let (little, much) = (diff("1MiB"), diff("64MiB"));
        assert_eq!(little["kinds"], much["kinds"]);
        (little["kinds"][0].as_str().unwrap().to_owned(), little["files"][0]["rows"]["exact"].as_bool().unwrap())
    };
    assert_eq!(told(a.clone()), ("re-encode".into(), true));
    assert_eq!(told(a.slice(1, 5999).vstack(&a.slice(0, 1)).unwrap()), ("reorder".into(), true));
    assert_eq!(told(a.slice(0, 4096)), ("truncation".into(), true));
    // Rows that moved between files, and one that was swapped: then only that something changed.
    let all = a.vstack(&mixed(300, 2)).unwrap();
    packed(&room, "data/b.parquet", all.slice(5000, 1300));
    packed(&room, "data/a.parquet", all.slice(0, 5000));
    assert_eq!(diff("1MiB")["kinds"], serde_json::json!(["reorder"]));
    packed(&room, "data/b.parquet", mixed(300, 2));
    packed(&room, "data/a.parquet", a.slice(0, 5000).vstack(&mixed(1000, 9)).unwrap());
    assert_eq!(diff("1MiB")["kinds"], serde_json::json!(["re-encode", "change"]));
    assert_eq!(diff("1MiB")["files"][0]["rows"]["differing"][0][0], 5000);
}

#[test]
fn only_what_leaves_rows_alone_can_be_allowed() {
    let room = scanned(300);
    room.run(&["diff", "old", "data", "--allow", "truncation"]).refused(&["other rows are other data"]);
    room.run(&["diff", "old", "data", "--allow", "anything"]).refused(&["re-encode"]);
    room.run(&["diff", "old", "nowhere"]).refused(&["nowhere"]);
    room.expect(0, &["keygen", "--out", "k"]);
    room.expect(1, &["diff", "report/manifest.json", "data", "--key", "k.pub.pem"]);
}
