use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{BooleanChunked, Column, DataFrame};
use serde_json::{Value, json};

use crate::{
    json_schema::violations,
    support::{Room, Run, mixed, payload},
};

/// A signed scan of `raw.parquet` that wrote `clean.parquet`.
fn cleaned() -> Room {
    let room = Room::new();
    room.parquet("raw.parquet", mixed(1500, 1));
    room.expect(0, &["keygen", "--out", "release"]);
    let run = scan(&room, "raw.parquet", "raw", &["--clean", "clean.parquet"]);
    assert!(run.status < 2, "{}", run.stderr);
    room
}

fn scan(room: &Room, data: &str, out: &str, more: &[&str]) -> Run {
    let args = ["scan", data, "--label", "y", "--sign", "release.pem", "--seed", "1", "--out", out];
    room.run(&[&args[..], more].concat())
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    taster_core::Digest(sha2::Sha256::digest(bytes).into()).to_string()
}

fn findings(room: &Room, report: &str) -> Vec<String> {
    let findings = room.json(&format!("{report}/findings.json"))["findings"].clone();
    let ids = findings.as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned());
    ids.filter(|id| id.starts_with("lineage/")).collect()
}

#[test]
fn a_cleaned_file_is_known_by_its_parent() {
    let room = cleaned();
    let parent = room.statement("raw")["predicate"].clone();
    assert_eq!(parent["cleaned"]["sha256"], sha256(&std::fs::read(room.path("clean.parquet")).unwrap()));
    assert_eq!(parent["cleaned"]["rows"], room.frame("clean.parquet").height());
    assert_eq!(parent["quarantine"]["rows"], parent["result"]["quarantinedRows"]);
    assert!(parent["quarantine"]["rows"].as_u64().unwrap() > 0);
    assert!(scan(&room, "clean.parquet", "clean", &["--parent", "raw/manifest.json"]).status < 2);
    let lineage = room.statement("clean")["predicate"]["lineage"].clone();
    assert_eq!(lineage["parent"]["sha256"], sha256(&payload(&room.json("raw/manifest.json"))));
    assert_eq!(lineage["relation"], "cleaned");
    assert_eq!(lineage["removed"]["rows"], parent["quarantine"]["rows"]);
    assert_eq!(lineage["removed"]["quarantine"], parent["reportFiles"]["quarantine.parquet"]);
    assert_eq!(findings(&room, "clean"), [""; 0]);
}

#[test]
fn what_no_digest_shows_is_said() {
    let room = cleaned();
    room.parquet("other.parquet", mixed(900, 9));
    assert!(scan(&room, "other.parquet", "other", &["--parent", "raw/manifest.json"]).status < 2);
    assert_eq!(room.statement("other")["predicate"]["lineage"]["relation"], "declared");
    assert_eq!(findings(&room, "other"), ["lineage/undocumented"]);
}

/// Decisions on rows of the scan in `raw`, for `--decisions`.
fn decide(room: &Room, decisions: &[Value]) {
    let manifest = json!({"sha256": sha256(&payload(&room.json("raw/manifest.json")))});
    let file = json!({"type": "https://taster.dev/decisions/v0.1", "manifest": manifest, "decisions": decisions});
    let schema = format!("{}/../../docs/decisions.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    assert_eq!(violations(&schema, &file), [""; 0]);
    room.write("decisions.json", file.to_string());
}

/// The quarantined rows of `raw.parquet`, with their digests.
fn quarantined(room: &Room) -> BTreeMap<usize, String> {
    let frame = room.frame("raw/quarantine.parquet");
    let rows = crate::support::floats(&frame, "row").into_iter().map(|row| row as usize);
    rows.zip(crate::support::strings(&frame, "row_sha256")).collect()
}

fn decision(row: usize, digest: &str, choice: &str) -> Value {
    json!({"file": "raw.parquet", "row": row, "rowSha256": digest, "decision": choice, "by": "ada"})
}

/// The rows of `raw.parquet` in their order, but for these.
fn without(room: &Room, gone: &BTreeSet<usize>) -> DataFrame {
    let frame = room.frame("raw.parquet");
    let kept: BooleanChunked = (0..frame.height()).map(|row| Some(!gone.contains(&row))).collect();
    frame.filter(&kept).unwrap()
}

const REVIEWED: [&str; 4] = ["--parent", "raw/manifest.json", "--decisions", "decisions.json"];

/// Scans what is called a review of `raw.parquet`; gives the relation and what was found of it.
fn review(room: &Room, data: DataFrame) -> (Value, Vec<String>) {
    room.parquet("reviewed.parquet", data);
    let run = scan(room, "reviewed.parquet", "reviewed", &REVIEWED);
    assert!(run.status < 2, "{}", run.stderr);
    (room.statement("reviewed")["predicate"]["lineage"]["relation"].clone(), findings(room, "reviewed"))
}

#[test]
fn a_review_is_known_by_its_rows() {
    let room = cleaned();
    let mut gone = quarantined(&room);
    let (row, digest) = gone.pop_first().unwrap();
    let release = decision(row, &digest, "release");
    let kept = (0..1500).find(|i| *i != row && !gone.contains_key(i)).unwrap();
    let remove = decision(kept, &row_digest(&room, kept), "remove");
    decide(&room, &[release.clone(), remove]);
    let mut gone: BTreeSet<usize> = gone.into_keys().collect();
    gone.insert(kept);
    let rows = without(&room, &gone);
    assert_eq!(review(&room, rows.clone()), (json!("reviewed"), vec![]));
    let lineage = room.statement("reviewed")["predicate"]["lineage"].clone();
    assert_eq!(lineage["decisions"]["released"][0]["by"], "ada");
    assert_eq!(lineage["decisions"]["removed"][0]["row"], kept);
    let chain = |child: &str| room.run(&["lineage", "raw/manifest.json", child, "--key", "release.pub.pem"]);
    assert_eq!(chain("reviewed/manifest.json").status, 0, "{}", chain("reviewed/manifest.json").stdout);

    // As CSV, where kinds are found out anew: the same rows.
    room.csv("reviewed.csv", rows.clone());
    scan(&room, "reviewed.csv", "as-csv", &REVIEWED);
    assert_eq!(room.statement("as-csv")["predicate"]["lineage"]["relation"], "reviewed");

    // As many rows, but one of them another; or in another order; or the wrong ones gone; or too few.
    let another = rows.slice(1, rows.height() - 1).vstack(&mixed(1, 77)).unwrap();
    let moved = rows.slice(1, rows.height() - 1).vstack(&rows.slice(0, 1)).unwrap();
    let wrong = without(&room, &gone.iter().map(|i| if *i == kept { row } else { *i }).collect());
    for data in [another, moved, wrong, rows.slice(0, 900)] {
        assert_eq!(review(&room, data), (json!("declared"), vec!["lineage/decisions".to_owned()]));
    }
    assert_eq!(chain("reviewed/manifest.json").status, 1);

    // Decisions on rows that were not quarantined, or are others; and without the list of those that were.
    for (row, digest, choice) in [(kept, digest.as_str(), "release"), (row, &"0".repeat(64), "release")] {
        decide(&room, &[decision(row, digest, choice)]);
        assert_eq!(review(&room, rows.clone()).0, "declared");
    }
    decide(&room, &[release]);
    std::fs::remove_file(room.path("raw/quarantine.parquet")).unwrap();
    assert_eq!(review(&room, rows).0, "declared");
}

/// The digest of a row, as somebody has it who asks for a proof.
fn row_digest(room: &Room, row: usize) -> String {
    let proof = room.run(&["prove", "raw/manifest.json", "--row", &format!("raw.parquet:{row}")]).stdout;
    serde_json::from_str::<Value>(&proof).unwrap()["rowSha256"].as_str().unwrap().to_owned()
}

#[test]
fn only_the_label_of_a_relabelled_row_may_change() {
    let room = cleaned();
    let mut gone = quarantined(&room);
    let (row, digest) = gone.pop_first().unwrap();
    let gone: BTreeSet<usize> = gone.into_keys().collect();
    let rows = without(&room, &gone);
    let mut labels: Vec<String> = crate::support::strings(&rows, "y");
    let was = labels[row].clone(); // it is the first quarantined one: none before it is gone
    let label = if was == "yes" { "no" } else { "yes" };
    label.clone_into(&mut labels[row]);
    let relabelled = |labels: &[String]| {
        let mut frame = rows.clone();
        frame.with_column(Column::new("y".into(), labels)).unwrap();
        frame
    };
    let said = |label: &str, was: &str| {
        let mut said = decision(row, &digest, "relabel");
        (said["label"], said["was"]) = (label.into(), was.into());
        decide(&room, &[said]);
    };
    said(label, &was);
    assert_eq!(review(&room, relabelled(&labels)), (json!("reviewed"), vec![]));
    // Left as it was; other labels than were decided; and another value changed with it.
    assert_eq!(review(&room, rows.clone()).0, "declared");
    for (label, was) in [("maybe", was.as_str()), (label, "maybe"), (&was, label)] {
        said(label, was);
        assert_eq!(review(&room, relabelled(&labels)).0, "declared", "{label} {was}");
    }
    said(label, &was);
    let mut other = relabelled(&labels);
    let mut numbers: Vec<f64> = crate::support::floats(&other, "a");
    numbers[row] += 1.0;
    other.with_column(Column::new("a".into(), numbers)).unwrap();
    assert_eq!(review(&room, other).0, "declared");
    labels[row + 1] = if labels[row + 1] == "yes" { "no".into() } else { "yes".into() };
    assert_eq!(review(&room, relabelled(&labels)).0, "declared");
}

/// Applies `decisions.json` to `raw.parquet`.
fn apply(room: &Room, data: &str, out: &str, more: &[&str]) -> Run {
    let args = ["apply", "raw", data, "--decisions", "decisions.json", "--out", out, "--report", "applied"];
    room.run(&[&args[..], &["--sign", "release.pem"], more].concat())
}

#[test]
fn decisions_are_applied_and_the_result_names_its_parent() {
    let room = cleaned();
    let mut gone = quarantined(&room);
    let ((first, first_digest), (second, second_digest)) = (gone.pop_first().unwrap(), gone.pop_first().unwrap());
    let labels = crate::support::strings(&room.frame("raw.parquet"), "y");
    let label = if labels[first] == "yes" { "no" } else { "yes" };
    let mut relabel = decision(first, &first_digest, "relabel");
    (relabel["label"], relabel["was"]) = (label.into(), labels[first].clone().into());
    decide(&room, &[relabel.clone(), decision(second, &second_digest, "release")]);
    let gone: BTreeSet<usize> = gone.into_keys().collect();
    let mut expected = crate::support::strings(&without(&room, &gone), "y");
    label.clone_into(&mut expected[first]); // it is the first quarantined one: none before it is gone

    for out in ["kept.parquet", "kept.csv"] {
        let run = apply(&room, "raw.parquet", out, &[]);
        assert!(run.status < 2, "{}", run.stderr);
        assert_eq!(room.statement("applied")["predicate"]["lineage"]["relation"], "reviewed");
        let chain = ["lineage", "raw/manifest.json", "applied/manifest.json", "--key", "release.pub.pem"];
        room.expect(0, &chain);
        room.expect(0, &["verify", "applied/manifest.json", "--key", "release.pub.pem", out]);
    }
    let kept = room.frame("kept.parquet");
    assert_eq!(crate::support::strings(&kept, "y"), expected);
    assert_eq!(kept.schema(), room.frame("raw.parquet").schema());

    // Undecided rows, a label that it did not have, other data: nothing is written.
    let undecided = apply(&room, "raw.parquet", "x.parquet", &["--all-decided"]);
    undecided.refused(&["quarantined rows are undecided"]);
    relabel["was"] = label.into();
    decide(&room, &[relabel]);
    apply(&room, "raw.parquet", "x.parquet", &[]).refused(&["cannot be relabelled", "not the row that was decided on"]);
    room.parquet("other.parquet", mixed(1500, 2));
    decide(&room, &[]);
    apply(&room, "other.parquet", "x.parquet", &[]).refused(&["is not what was scanned"]);
    assert!(!room.path("x.parquet").exists());
}

#[test]
fn decisions_must_be_about_the_parent() {
    let room = cleaned();
    let (row, digest) = quarantined(&room).pop_first().unwrap();
    let release = decision(row, &digest, "release");
    let other = json!({"type": "https://taster.dev/decisions/v0.1", "manifest": {"sha256": "0".repeat(64)},
        "decisions": [release]});
    room.write("decisions.json", other.to_string());
    scan(&room, "clean.parquet", "x", &REVIEWED).refused(&["decisions.json", "another scan"]);
    room.write("decisions.json", "{}");
    scan(&room, "clean.parquet", "x", &REVIEWED).refused(&["decisions.json", "not usable"]);
}

#[test]
fn the_reference_must_be_what_its_manifest_says() {
    let room = cleaned();
    room.parquet("new.parquet", mixed(500, 4));
    let with = |reference| ["--reference", reference, "--reference-manifest", "raw/manifest.json"];
    assert!(scan(&room, "new.parquet", "new", &with("raw.parquet")).status < 2);
    assert_eq!(findings(&room, "new"), [""; 0]);
    let digest = &room.statement("new")["predicate"]["referenceManifest"]["sha256"];
    assert_eq!(*digest, sha256(&payload(&room.json("raw/manifest.json"))));
    assert_eq!(scan(&room, "new.parquet", "new", &with("clean.parquet")).status, 1);
    assert_eq!(findings(&room, "new"), ["lineage/reference-changed"]);
}

#[test]
fn the_verdict_is_told_in_words_of_in_toto() {
    let room = cleaned();
    let envelope = room.json("raw/test-result.json");
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    let manifest = room.json("raw/manifest.json");
    assert_eq!(envelope["signatures"][0]["keyid"], manifest["signatures"][0]["keyid"]);
    let statement: Value = serde_json::from_slice(&payload(&envelope)).unwrap();
    let scan = room.statement("raw");
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://in-toto.io/attestation/test-result/v0.1");
    assert_eq!(statement["subject"], scan["subject"]);
    let verdict = scan["predicate"]["result"]["verdict"].as_str().unwrap().to_uppercase();
    assert_eq!(statement["predicate"]["result"], verdict);
    assert_eq!(statement["predicate"]["configuration"][0]["digest"]["sha256"], scan["predicate"]["configSha256"]);
    let tests = ["passedTests", "warnedTests", "failedTests"].map(|name| statement["predicate"][name].clone());
    let all: usize = tests.iter().map(|t| t.as_array().unwrap().len()).sum();
    let detectors = scan["predicate"]["detectors"].as_array().unwrap();
    assert!(all >= detectors.iter().filter(|d| d["status"] == "ran").count());
    // It is one of the files that the manifest names, so it cannot be swapped.
    room.write("raw/test-result.json", envelope.to_string().replace("payload", "Payload"));
    room.expect(1, &["verify", "raw/manifest.json", "--key", "release.pub.pem"]);
}

#[test]
fn a_program_is_named_by_its_digest() {
    let room = cleaned();
    let scanner = room.statement("raw")["predicate"]["scanner"].clone();
    assert_eq!(scanner["digest"]["sha256"], sha256(&std::fs::read(crate::support::TASTER).unwrap()));
}

fn lineage(room: &Room, manifests: &[&str]) -> Run {
    room.run(&[&["lineage", "--key", "release.pub.pem"], manifests].concat())
}

#[test]
fn a_chain_is_followed_and_a_gap_is_found() {
    let room = cleaned();
    assert!(
        scan(&room, "clean.parquet", "clean", &["--parent", "raw/manifest.json", "--clean", "third.parquet"]).status
            < 2
    );
    assert!(scan(&room, "third.parquet", "third", &["--parent", "clean/manifest.json"]).status < 2);
    let all = ["third/manifest.json", "raw/manifest.json", "clean/manifest.json"];
    let run = lineage(&room, &all);
    assert_eq!(run.status, 0, "{}", run.stdout);
    let order: Vec<_> = ["raw/", "clean/", "third/"].map(|name| run.stdout.find(name).unwrap()).into();
    assert!(order.is_sorted(), "parents come first: {}", run.stdout);
    let gap = lineage(&room, &["third/manifest.json", "raw/manifest.json"]);
    assert_eq!(gap.status, 1);
    assert!(gap.stdout.contains("a gap"), "{}", gap.stdout);
    // Another key is no word to take.
    room.expect(0, &["keygen", "--out", "stranger"]);
    room.expect(1, &[&["lineage", "--key", "stranger.pub.pem"], &all[..]].concat());
    // Two beginnings are two chains.
    room.parquet("other.parquet", mixed(400, 7));
    assert!(scan(&room, "other.parquet", "other", &[]).status < 2);
    let two = lineage(&room, &["raw/manifest.json", "other/manifest.json"]);
    assert!(two.status == 1 && two.stdout.contains("not one chain"), "{}", two.stdout);
    // What no digest shows is a gap, too.
    assert!(scan(&room, "other.parquet", "other", &["--parent", "raw/manifest.json"]).status < 2);
    assert_eq!(lineage(&room, &["raw/manifest.json", "other/manifest.json"]).status, 1);
    let json = room.expect(0, &["lineage", "--unsigned", "raw/manifest.json", "--format", "json"]).stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["links"][0]["rows"], 1500);
}
