use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

use crate::support::{Room, Run, fixture};

const BASELINE: [&str; 6] = ["baseline", "taster-report", "--reason", "known noise", "--by", "Ada"];

fn scan(room: &Room, status: i32, data: &str) -> Run {
    room.expect(status, &["scan", data, "--label", "approved", "--seed", "1"])
}

/// The first `n` lines of the bundled poison.
fn poison(n: usize) -> String {
    let text = fs::read_to_string(fixture("loans/poisoned.csv")).unwrap();
    text.lines().take(n).flat_map(|line| [line, "\n"]).collect()
}

/// A room whose waivers accept what is in the first lines of the poison.
fn room(lines: usize) -> Room {
    let room = Room::new();
    room.write("loans.csv", poison(lines));
    scan(&room, 1, "loans.csv");
    let told = room.expect(0, &BASELINE).stdout;
    assert!(told.contains("label-flip/rows") && told.contains("duplicate-flood/rows"), "{told}");
    room
}

/// Ids of findings that matter, and whether they are waived.
fn findings(room: &Room) -> Vec<(String, bool)> {
    let document = room.json("taster-report/findings.json");
    let matters = |f: &&Value| f["severity"] != "info";
    let findings = document["findings"].as_array().unwrap().iter().filter(matters);
    findings.map(|f| (f["id"].as_str().unwrap().to_owned(), f["waiver"].is_object())).collect()
}

#[test]
fn waived_findings_pass_and_stay_visible() {
    let room = room(1001);
    let run = scan(&room, 0, "loans.csv");
    assert!(run.stdout.contains("PASSED") && run.stdout.contains("(waived) label-flip"), "{}", run.stdout);
    assert!(run.stderr.contains("using ./taster.waivers.toml"), "{}", run.stderr);
    let listed = findings(&room);
    assert!(listed.len() >= 3 && listed.iter().all(|(_, waived)| *waived), "{listed:?}");
    let sarif = room.json("taster-report/results.sarif");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let suppressed = results.iter().filter(|r| r["suppressions"][0]["status"] == "accepted").count();
    assert_eq!(suppressed, listed.len());
    let page = fs::read_to_string(room.path("taster-report/report.html")).unwrap();
    assert_eq!(page.matches("Waived by Ada until").count(), listed.len());
    let waivers = &room.statement("taster-report")["predicate"]["config"]["waivers"];
    assert_eq!(waivers.as_array().unwrap().len(), listed.len());
    // Accepting again accepts nothing new.
    let before = fs::read(room.path("taster.waivers.toml")).unwrap();
    assert!(room.expect(0, &BASELINE).stdout.starts_with("0 findings"));
    assert_eq!(fs::read(room.path("taster.waivers.toml")).unwrap(), before);
}

#[test]
fn rows_appended_files_renamed_and_written_anew_stay_waived() {
    let room = room(usize::MAX);
    let accepted = fs::read_to_string(room.path("taster.waivers.toml")).unwrap();
    // Rows of the clean book under new ids: some contradict rows whose labels were flipped, which is new.
    let clean = fs::read_to_string(fixture("loans/loans.csv")).unwrap();
    let more: String = clean.lines().skip(100).take(30).flat_map(|line| ["9", line, "\n"]).collect();
    let text = poison(usize::MAX) + &more;
    room.write("loans.csv", &text);
    scan(&room, 0, "loans.csv");
    let appended = findings(&room);
    assert!(appended.iter().all(|(id, waived)| *waived == accepted.contains(&format!("\"{id}\""))), "{appended:?}");
    assert!(appended.contains(&("label-flip/rows".into(), true)), "{appended:?}");
    assert!(appended.contains(&("conflicting-label/rows".into(), false)), "{appended:?}");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.replace(',', "\t").as_bytes()).unwrap();
    room.write("other-name.tsv.gz", packed.finish().unwrap());
    scan(&room, 0, "other-name.tsv.gz");
    assert_eq!(findings(&room), appended);
}

#[test]
fn more_of_the_same_is_found() {
    let room = room(1001);
    let text = poison(1001);
    let row = text.lines().nth(5).unwrap();
    let copies: String = (0..150).flat_map(|_| [row, "\n"]).collect();
    room.write("loans.csv", text.clone() + &copies);
    let run = scan(&room, 1, "loans.csv");
    assert!(run.stdout.contains("duplicate-flood"), "{}", run.stdout);
    let listed = findings(&room);
    assert!(listed.contains(&("duplicate-flood/rows".into(), false)), "{listed:?}");
}

#[test]
fn an_expired_waiver_fails() {
    let room = room(1001);
    room.expect(0, &[&BASELINE[..], &["--out", "dated.toml", "--expires", "2020-01-31"]].concat());
    let waivers = ["--waivers", "dated.toml", "--fail-on", "critical"];
    let run = room.expect(1, &[&["scan", "loans.csv", "--label", "approved", "--seed", "1"], &waivers[..]].concat());
    assert!(run.stdout.contains("expired on 2020-01-31"), "{}", run.stdout);
    // Renewed, it holds.
    room.expect(0, &[&BASELINE[..], &["--out", "dated.toml", "--expires", "2999-01-31"]].concat());
    room.expect(0, &[&["scan", "loans.csv", "--label", "approved", "--seed", "1"], &waivers[..]].concat());
}

#[test]
fn what_cannot_be_a_waiver_or_a_report_is_refused() {
    let room = room(1001);
    room.write("bad.toml", "[[waiver]]\nid = \"x\"\n");
    room.run(&["scan", "loans.csv", "--waivers", "bad.toml"]).refused(&["bad.toml", "fingerprint"]);
    room.run(&["scan", "loans.csv", "--waivers", "none.toml"]).refused(&["none.toml"]);
    room.run(&[&BASELINE[..], &["--expires", "soon"]].concat()).refused(&["does not end on a date"]);
    let told = fs::read_to_string(room.path("taster-report/findings.json")).unwrap();
    room.write("taster-report/findings.json", told.replace("critical", "monitor") + " ");
    room.run(&BASELINE).refused(&["findings.json", "not the file that the manifest"]);
}
