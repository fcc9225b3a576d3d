use std::fs;

use polars::prelude::{Column, DataFrame};
use serde_json::Value;

use crate::support::{Draw, Room, frame, mixed};

/// A room with `all.parquet` and the same rows in `part-0.csv` to `part-15.csv`, of unequal lengths.
fn in_parts(data: &DataFrame) -> Room {
    let room = Room::new();
    room.parquet("all.parquet", data.clone());
    let rows = data.height();
    let cuts: Vec<usize> = (0..=16).map(|i| rows * i * i / 256).collect();
    for (i, cut) in cuts.windows(2).enumerate() {
        room.csv(&format!("part-{i}.csv"), data.slice(cut[0] as i64, cut[1] - cut[0]));
    }
    room
}

/// Profiles the whole and the parts, and merges those in another order.
fn profile_both(room: &Room, flags: &[&str]) {
    let with = |args: &[&str]| room.expect(0, &[args, flags].concat());
    with(&["profile", "all.parquet", "--label", "y", "--seed", "7", "--out", "whole.taster"]);
    for i in 0..16 {
        let (data, out) = (format!("part-{i}.csv"), format!("part-{i}.taster"));
        with(&["profile", &data, "--like", "whole.taster", "--out", &out]);
    }
    let parts: Vec<String> = (0..16).rev().map(|i| format!("part-{i}.taster")).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    room.expect(0, &[&["profile", "merge", "--out", "merged.taster"], parts.as_slice()].concat());
}

/// What is behind the statement.
fn body(room: &Room, name: &str) -> Vec<u8> {
    let bytes = fs::read(room.path(name)).unwrap();
    let ends: Vec<usize> = bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i).take(2).collect();
    bytes[ends[1] + 1..].to_vec()
}

fn scan(room: &Room, data: &str, reference: &str, out: &str) -> Value {
    let args = ["scan", data, "--label", "y", "--seed", "3", "--reference", reference, "--out", out, "--scores"];
    let run = room.run(&args);
    assert!(run.status < 2, "{}", run.stderr);
    room.json(&format!("{out}/findings.json"))
}

fn codes(findings: &Value, detector: &str) -> Vec<String> {
    let all = findings["findings"].as_array().unwrap().iter();
    all.filter(|f| f["detector"] == detector).map(|f| f["code"].as_str().unwrap().to_owned()).collect()
}

/// Rows whose `a` and `kind` come from elsewhere.
fn shifted(rows: usize) -> DataFrame {
    let mut data = mixed(rows, 9);
    let moved = data.column("a").unwrap().f64().unwrap().iter().map(|x| x.unwrap_or(0.0) + 0.5).collect::<Vec<_>>();
    data.with_column(Column::new("a".into(), moved)).unwrap();
    data
}

#[test]
fn the_parts_merged_are_the_whole() {
    // More rows than a sample holds, some of them copies.
    let room = in_parts(&mixed(45_000, 1));
    room.parquet("new.parquet", shifted(3000));
    for flags in [&[][..], &["--no-rows"][..]] {
        profile_both(&room, flags);
        assert!(body(&room, "whole.taster") == body(&room, "merged.taster"), "{flags:?}");
        let findings = [("whole.taster", "by-whole"), ("merged.taster", "by-merged")].map(|(reference, out)| {
            // The record of the reference names the profile; all else is the same.
            let findings = scan(&room, "new.parquet", reference, out)["findings"].to_string();
            let read = |file: &str| fs::read(room.path(format!("{out}/{file}"))).unwrap();
            (findings, read("scores.parquet"), read("quarantine.parquet"))
        });
        assert!(findings[0] == findings[1], "{flags:?}");
        let seen = scan(&room, "new.parquet", "merged.taster", "again");
        assert!(codes(&seen, "shift").contains(&"column-changed".to_owned()), "{seen:#}");
    }
}

#[test]
fn a_small_reference_is_compared_as_the_data_itself_would_be() {
    let room = Room::new();
    room.parquet("old.parquet", mixed(2000, 1));
    room.parquet("same.parquet", mixed(2000, 2));
    room.parquet("new.parquet", shifted(2000));
    room.expect(0, &["profile", "old.parquet", "--label", "y", "--out", "old.taster"]);
    for (data, out) in [("same.parquet", "quiet"), ("new.parquet", "loud")] {
        let [by_data, by_profile] = [("old.parquet", "data"), ("old.taster", "profile")]
            .map(|(reference, kind)| scan(&room, data, reference, &format!("{out}-{kind}")));
        let of = |findings: &Value| -> Vec<Value> {
            let all = findings["findings"].as_array().unwrap().iter();
            all.filter(|f| f["code"] == "column-changed" || f["code"] == "part-changed").cloned().collect()
        };
        assert_eq!(of(&by_data), of(&by_profile));
        assert_eq!(of(&by_profile).is_empty(), out == "quiet");
    }
    let statement = room.statement("loud-profile");
    let reference = &statement["predicate"]["reference"];
    assert_eq!((&reference["files"][0]["name"], &reference["rows"]), (&"old.taster".into(), &2000.into()));
    let digest = taster_digest(&fs::read(room.path("old.taster")).unwrap());
    assert_eq!(reference["files"][0]["sha256"], digest.as_str());
}

fn taster_digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes)
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .map(|n| char::from(b"0123456789abcdef"[usize::from(n)]))
        .collect()
}

#[test]
fn without_rows_columns_are_compared_and_the_rest_is_said() {
    let room = Room::new();
    room.parquet("old.parquet", mixed(4000, 1));
    room.parquet("same.parquet", mixed(4000, 2));
    room.parquet("new.parquet", shifted(4000));
    room.expect(0, &["profile", "old.parquet", "--label", "y", "--no-rows", "--out", "old.taster"]);
    let quiet = scan(&room, "same.parquet", "old.taster", "quiet");
    assert_eq!(codes(&quiet, "shift"), ["not-tested"], "{quiet:#}");
    let loud = scan(&room, "new.parquet", "old.taster", "loud");
    assert!(codes(&loud, "shift").iter().any(|c| c == "column-changed"), "{loud:#}");
    assert!(codes(&loud, "shift").iter().any(|c| c == "not-tested"));
    // Nothing of a row, and no digest that could confirm a guess.
    let shown: Value =
        serde_json::from_str(&room.expect(0, &["profile", "show", "old.taster", "--format", "json"]).stdout).unwrap();
    assert_eq!((&shown["sampled_rows"], &shown["rows"]), (&0.into(), &4000.into()));
    assert_eq!(shown["files"].as_array().unwrap().len(), 0);
}

#[test]
fn texts_are_compared_without_rows_too() {
    let room = Room::new();
    let notes = |rows: usize, seed: u64, words: usize| {
        let mut draw = Draw::new(seed);
        let mut note = || {
            (0..3 + (draw.uniform() * words as f64) as usize)
                .map(|_| ["plain", "words", "here", "again"][(draw.uniform() * 4.0) as usize])
                .collect::<Vec<_>>()
                .join(" ")
        };
        frame(vec![Column::new("note".into(), (0..rows).map(|_| note()).collect::<Vec<_>>())])
    };
    room.parquet("old.parquet", notes(3000, 1, 10));
    room.parquet("new.parquet", notes(3000, 2, 30));
    room.expect(0, &["profile", "old.parquet", "--text", "note", "--no-rows", "--out", "old.taster"]);
    let args = ["scan", "new.parquet", "--text", "note", "--reference", "old.taster", "--out", "report"];
    assert!(room.run(&args).status < 2);
    let seen = room.json("report/findings.json");
    let changed = seen["findings"].as_array().unwrap().iter().find(|f| f["code"] == "column-changed").unwrap();
    assert_eq!(changed["columns"][0], "note");
    assert!(changed["message"].as_str().unwrap().contains("note (length)"), "{changed}");
}

#[test]
fn signatures_are_demanded_and_checked() {
    let room = Room::new();
    room.parquet("old.parquet", mixed(500, 1));
    for name in ["release", "other"] {
        room.expect(0, &["keygen", "--out", name]);
    }
    room.expect(0, &["profile", "old.parquet", "--label", "y", "--out", "old.taster", "--sign", "release.pem"]);
    room.expect(0, &["profile", "old.parquet", "--label", "y", "--out", "unsigned.taster"]);
    let scan = |reference: &str, key: &str| {
        let args = ["scan", "old.parquet", "--label", "y", "--reference", reference, "--reference-key", key];
        room.run(&args)
    };
    assert!(scan("old.taster", "release.pub.pem").status < 2);
    scan("old.taster", "other.pub.pem").refused(&["none of the keys given signed it"]);
    scan("unsigned.taster", "release.pub.pem").refused(&["not signed"]);
    scan("old.parquet", "release.pub.pem").refused(&["--reference-key verifies a profile"]);
    let shown = room.expect(0, &["profile", "show", "old.taster", "--key", "release.pub.pem"]).stdout;
    assert!(shown.contains("signed by key") && shown.contains("500 rows"), "{shown}");
    room.run(&["profile", "show", "old.taster", "--key", "other.pub.pem"]).refused(&["none of the keys"]);
}

#[test]
fn broken_profiles_are_refused() {
    let room = Room::new();
    room.parquet("old.parquet", mixed(500, 1));
    room.expect(0, &["profile", "old.parquet", "--label", "y", "--out", "old.taster"]);
    let whole = fs::read(room.path("old.taster")).unwrap();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    let line = whole.iter().skip(17).position(|&b| b == b'\n').unwrap() + 17;
    let cases: [(&str, Vec<u8>); 6] = [
        ("cut", whole[..whole.len() - 100].to_vec()),
        ("changed", changed),
        ("no-body", whole[..=line].to_vec()),
        ("half-statement", whole[..100].to_vec()),
        ("no-statement", [&whole[..17], b"{}\n".as_slice(), &whole[line + 1..]].concat()),
        ("long", [whole.as_slice(), &vec![0; 65 << 20]].concat()),
    ];
    for (name, bytes) in cases {
        room.write(name, bytes);
        let args = ["scan", "old.parquet", "--label", "y", "--reference", name];
        room.run(&args).refused(&["profile ", name]);
        room.run(&["profile", "show", name]).refused(&["profile "]);
    }
    room.run(&["profile", "show", "old.parquet"]).refused(&["not a profile"]);
    room.run(&["profile", "show", "nowhere"]).refused(&["nowhere"]);
}

#[test]
fn profiles_that_do_not_go_together_are_refused() {
    let room = Room::new();
    room.parquet("old.parquet", mixed(500, 1));
    room.csv("other.csv", mixed(500, 1).drop("c").unwrap());
    let profile = |data: &str, out: &str, flags: &[&str]| {
        room.expect(0, &[&["profile", data, "--label", "y", "--out", out], flags].concat());
    };
    profile("old.parquet", "a", &["--seed", "1"]);
    profile("old.parquet", "b", &["--seed", "2"]);
    profile("old.parquet", "c", &["--seed", "1", "--no-rows"]);
    profile("other.csv", "d", &["--seed", "1"]);
    profile("old.parquet", "e", &["--seed", "1", "--categorical", "n"]);
    for (other, words) in [("b", "seed"), ("c", "--no-rows"), ("d", "columns"), ("e", "\"n\"")] {
        room.run(&["profile", "merge", "a", other, "--out", "merged"]).refused(&[words]);
    }
    assert!(!room.names().contains(&"merged".to_owned()));
    room.run(&["scan", "old.parquet", "--label", "y", "--reference", "d"]).refused(&["\"c\"", "in the profile"]);
    room.run(&["scan", "old.parquet", "--label", "y", "--reference", "a", "--reference", "b"]).refused(&["merge"]);
    // A column that is gone is said.
    assert!(room.run(&["scan", "other.csv", "--label", "y", "--reference", "a", "--out", "report"]).status < 2);
    let told = room.json("report/findings.json").to_string();
    assert!(told.contains("in the profile, but not in the data"), "{told}");
}

/// Three numbers, of which the second follows the first unless `apart`, and a colour that follows the third.
fn together(rows: usize, seed: u64, apart: bool) -> DataFrame {
    let mut draw = Draw::new(seed);
    let mut columns: [Vec<f64>; 3] = Default::default();
    let mut colours = Vec::new();
    for _ in 0..rows {
        let [a, b, c] = [draw.normal(), draw.normal(), draw.normal()];
        // The same distribution either way.
        let second = if apart { b } else { 0.8 * a + 0.6 * b };
        [a, 100.0 + 15.0 * second, c.exp()].into_iter().zip(&mut columns).for_each(|(x, column)| column.push(x));
        colours.push(["red", "green", "blue"][((c + 0.5 * draw.normal()).clamp(-1.0, 1.0) + 1.4) as usize]);
    }
    let [a, b, c] = columns;
    frame(vec![
        Column::new("a".into(), a),
        Column::new("b".into(), b),
        Column::new("c".into(), c),
        Column::new("colour".into(), colours),
    ])
}

#[test]
fn a_changed_dependence_is_found_without_rows() {
    let room = Room::new();
    room.parquet("old.parquet", together(6000, 1, false));
    room.parquet("same.parquet", together(6000, 2, false));
    room.parquet("new.parquet", together(6000, 3, true));
    room.expect(0, &["profile", "old.parquet", "--no-rows", "--out", "old.taster"]);
    let seen = |data: &str, out: &str| {
        let args = ["scan", data, "--seed", "3", "--reference", "old.taster", "--out", out];
        assert!(room.run(&args).status < 2);
        let findings = room.json(&format!("{out}/findings.json"));
        let all = findings["findings"].as_array().unwrap().iter();
        all.filter(|f| f["detector"] == "shift" && f["code"] != "not-tested").cloned().collect::<Vec<_>>()
    };
    assert_eq!(seen("same.parquet", "quiet"), Vec::<Value>::new());
    let loud = seen("new.parquet", "loud");
    assert_eq!(loud.len(), 1, "{loud:#?}");
    assert_eq!((&loud[0]["code"], &loud[0]["columns"]), (&"dependence-changed".into(), &serde_json::json!(["a", "b"])));
    let phi = &loud[0]["evidence"]["pairs"][0]["phi"];
    let of = |side: &str| phi[side].as_f64().unwrap().abs();
    assert!(of("reference") > 0.3 && of("current") < 0.1, "{phi}");
}
