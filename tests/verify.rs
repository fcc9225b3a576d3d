use std::{fs, process::Command};

use serde_json::json;

use crate::support::{Room, Run, fixture, mixed, run};

/// A signed scan of `data.parquet`.
fn signed(algorithm: &str) -> Room {
    let room = Room::new();
    room.parquet("data.parquet", mixed(1500, 1));
    room.expect(0, &["keygen", "--out", "release", "--algorithm", algorithm]);
    let scan = room.run(&["scan", "data.parquet", "--label", "y", "--sign", "release.pem", "--out", "report"]);
    assert!(scan.status < 2, "{}", scan.stderr);
    room
}

fn verify(room: &Room, more: &[&str]) -> Run {
    let args = ["verify", "report/manifest.json", "--key", "release.pub.pem"];
    room.run(&args.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

#[track_caller]
fn holds(run: &Run) {
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
}

/// Verification was done and did not hold; the result names what differs.
#[track_caller]
fn fails(run: &Run, words: &[&str]) {
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    for word in words {
        assert!(run.stdout.contains(word), "{word:?} is not in:\n{}", run.stdout);
    }
}

#[test]
fn what_was_signed_holds() {
    for algorithm in ["ed25519", "p256"] {
        let room = signed(algorithm);
        holds(&verify(&room, &[]));
        holds(&verify(&room, &["data.parquet"]));
        assert_eq!(verify(&room, &["data.parquet", "--quiet"]).stdout, "");
    }
}

#[test]
fn a_key_that_is_not_trusted_does_not_count() {
    let room = signed("p256");
    room.expect(0, &["keygen", "--out", "stranger"]);
    fails(&room.run(&["verify", "report/manifest.json", "--key", "stranger.pub.pem"]), &["signature"]);
    holds(&room.run(&["verify", "report/manifest.json", "--key", "stranger.pub.pem", "--key", "release.pub.pem"]));
}

#[test]
fn a_manifest_that_was_edited_fails() {
    let room = signed("ed25519");
    let mut envelope = room.json("report/manifest.json");
    let payload = envelope["payload"].as_str().unwrap();
    let edited: String = payload
        .chars()
        .enumerate()
        .map(|(i, c)| if i == 1000 { if c == 'A' { 'B' } else { 'A' } } else { c })
        .collect();
    envelope["payload"] = edited.into();
    room.write("report/manifest.json", envelope.to_string());
    fails(&verify(&room, &[]), &["signature"]);
}

#[test]
fn a_report_file_that_was_edited_fails() {
    let room = signed("ed25519");
    let file = room.path("report/quarantine.parquet");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    fails(&verify(&room, &[]), &["quarantine.parquet"]);
    fs::remove_file(&file).unwrap();
    fails(&verify(&room, &[]), &["quarantine.parquet"]);
}

#[test]
fn rows_that_changed_are_named() {
    let room = Room::new();
    let text = fs::read_to_string(fixture("loans/loans.csv")).unwrap();
    room.write("loans.csv", &text);
    room.expect(0, &["keygen", "--out", "release"]);
    room.expect(
        0,
        &["scan", "loans.csv", "--label", "approved", "--seed", "1", "--sign", "release.pem", "--out", "report"],
    );
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let row = 700;
    let line = &mut lines[row + 1];
    *line = if line.ends_with("yes") { line.replace(",yes", ",no") } else { line.replace(",no", ",yes") };
    room.write("loans.csv", lines.join("\n") + "\n");
    fails(&verify(&room, &["loans.csv"]), &["loans.csv", "700"]);
}

#[test]
fn the_same_rows_in_another_packing_are_told_apart_from_other_rows() {
    let room = signed("p256");
    let mut frame = room.frame("data.parquet");
    let file = fs::File::create(room.path("data.parquet")).unwrap();
    polars::prelude::ParquetWriter::new(file).with_row_group_size(Some(100)).finish(&mut frame).unwrap();
    let run = verify(&room, &["data.parquet"]);
    assert!(run.stdout.contains("row"), "{}", run.stdout);
    assert!(run.stdout.contains("data.parquet"), "{}", run.stdout);
}

/// Rows may be equal in every column that was scanned, and the file be another all the same.
#[test]
fn columns_that_differ_are_named() {
    let told = |room: &Room, data: &str| -> (Run, serde_json::Value) {
        let text = verify(room, &[data]);
        assert_eq!(text.status, 1, "{}", text.stderr);
        let json = verify(room, &[data, "--format", "json"]).stdout;
        (text, serde_json::from_str::<serde_json::Value>(&json).unwrap()["data"][0].clone())
    };
    let room = signed("p256");
    let mut wider = room.frame("data.parquet");
    let fewer = wider.drop("n").unwrap();
    let copied = wider.column("n").unwrap().clone().with_name("extra".into());
    room.parquet("data.parquet", wider.with_column(copied).unwrap().clone());
    let (text, check) = told(&room, "data.parquet");
    assert_eq!((&check["status"], &check["columns"]), (&"changed".into(), &json!(["added \"extra\" (int)"])));
    let same = "the columns scanned";
    assert!(text.stdout.contains("columns added") && text.stdout.contains(same), "{}", text.stdout);
    room.parquet("data.parquet", fewer.clone());
    let (_, check) = told(&room, "data.parquet");
    assert_eq!(check["columns"], json!(["removed \"n\" (int)"]));
    assert!(check["problem"].as_str().unwrap().contains("cannot be compared"), "{check}");
    room.parquet("data.parquet", fewer.select(["c", "a", "b", "kind", "y"]).unwrap());
    assert_eq!(told(&room, "data.parquet").1["status"], "changed");

    // Text: other kinds are told where the values cannot be read as they were, and only there.
    let room = Room::new();
    room.write("t.csv", "n,y\n1,a\n2,b\n3,a\n");
    room.expect(0, &["keygen", "--out", "release"]);
    let scan = ["scan", "t.csv", "--label", "y", "--sign", "release.pem", "--out", "report"];
    assert!(room.run(&scan).status < 2);
    room.write("t.csv", "n,y\n1,a\nmany,b\n3,a\n");
    let (_, check) = told(&room, "t.csv");
    assert_eq!(check["columns"], json!(["kind of \"n\" differs (int and string)"]));
    room.write("t.csv", "y,n\na,1\nb,2\na,3\n");
    let (_, check) = told(&room, "t.csv");
    assert_eq!((&check["columns"], &check["status"]), (&json!(["order of the columns differs"]), &"changed".into()));
    room.write("t.csv", "n,y\r\n1,a\r\n2,b\r\n3,a\r\n");
    let (_, check) = told(&room, "t.csv");
    assert_eq!((&check["columns"], &check["status"]), (&json!([]), &"re-encoded".into()));
}

#[test]
fn data_that_is_missing_or_too_much_is_named() {
    let room = signed("ed25519");
    room.parquet("more.parquet", mixed(10, 3));
    fails(&verify(&room, &["data.parquet", "more.parquet"]), &["more.parquet"]);
}

#[test]
fn an_unsigned_manifest_holds_only_where_that_is_asked_for() {
    let room = Room::new();
    room.expect(0, &["scan", &fixture("loans/loans.csv"), "--label", "approved", "--seed", "1", "--out", "report"]);
    room.expect(0, &["keygen", "--out", "release"]);
    fails(&verify(&room, &[]), &["signature"]);
    holds(&room.run(&["verify", "report/manifest.json", "--unsigned"]));
    room.run(&["verify", "report/manifest.json"]).refused(&["--key"]);
}

#[test]
fn what_cannot_be_checked_is_an_error() {
    let room = signed("p256");
    room.run(&["verify", "nowhere.json", "--key", "release.pub.pem"]).refused(&["nowhere.json"]);
    room.run(&["verify", "report/manifest.json", "--key", "release.pem"]).refused(&["private key", "public"]);
    room.run(&["verify", "report/manifest.json", "--key", "nobody.pem"]).refused(&["nobody.pem"]);
    room.write("other.json", "{\"a\": 1}");
    room.run(&["verify", "other.json", "--key", "release.pub.pem"]).refused(&["other.json"]);
}

#[test]
fn results_for_programs_are_one_json_object() {
    let room = signed("p256");
    let run = verify(&room, &["--format", "json"]);
    holds(&run);
    let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(result["holds"], true);
}

#[test]
fn keys_come_from_the_environment_too() {
    let room = signed("p256");
    let pem = fs::read_to_string(room.path("release.pem")).unwrap();
    for key in ["release.pem", pem.as_str()] {
        let mut scan = room.command(&["scan", "data.parquet", "--label", "y", "--out", "report", "--quiet"]);
        let run = run(scan.env("TASTER_SIGNING_KEY", key));
        assert!(run.status < 2, "{}", run.stderr);
        holds(&verify(&room, &[]));
    }
    // A secret that a CI system withholds arrives empty.
    let mut scan = room.command(&["scan", "data.parquet", "--label", "y", "--out", "other"]);
    run(scan.env("TASTER_SIGNING_KEY", "")).refused(&["TASTER_SIGNING_KEY", "empty"]);
    assert!(!room.path("other").exists());
}

#[test]
fn an_encrypted_key_needs_its_passphrase() {
    let room = Room::new();
    room.parquet("data.parquet", mixed(200, 1));
    let keygen = ["keygen", "--out", "release", "--passphrase"];
    run(&mut room.command(&keygen)).refused(&["TASTER_SIGNING_PASSPHRASE"]);
    let passphrase = |command: &mut Command, words: &str| run(command.env("TASTER_SIGNING_PASSPHRASE", words));
    assert_eq!(passphrase(&mut room.command(&keygen), "correct horse").status, 0);
    let scan = || room.command(&["scan", "data.parquet", "--label", "y", "--sign", "release.pem", "--out", "report"]);
    run(&mut scan()).refused(&["TASTER_SIGNING_PASSPHRASE"]);
    passphrase(&mut scan(), "battery staple").refused(&["release.pem", "passphrase"]);
    assert!(passphrase(&mut scan(), "correct horse").status < 2);
    holds(&verify(&room, &["data.parquet"]));
}

#[test]
fn keygen_overwrites_nothing() {
    let room = Room::new();
    room.expect(0, &["keygen", "--out", "release"]);
    let before = fs::read(room.path("release.pem")).unwrap();
    room.run(&["keygen", "--out", "release"]).refused(&["release.pem"]);
    assert_eq!(fs::read(room.path("release.pem")).unwrap(), before);
}
