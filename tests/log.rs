use std::fs;

use crate::support::{Room, run};

const DATA: &str = "data.csv";

fn room() -> Room {
    let room = Room::new();
    let rows: Vec<String> = (0..60).map(|i| format!("{},{}\n", i * 7 % 13, ["yes", "no"][i % 2])).collect();
    room.write(DATA, format!("a,y\n{}", rows.concat()));
    room.expect(0, &["keygen", "--out", "log", "--algorithm", "ed25519"]);
    room
}

fn scan<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["scan", DATA, "--label", "y", "--seed", "1", "--out", out, "--level", "label-flip=warn"], more].concat()
}

#[test]
fn a_logged_scan_has_its_proof_beside_the_manifest() {
    let room = room();
    let log = ["--log", "scans", "--log-key", "log.pem", "--log-origin", "example.com/scans"];
    let first = room.expect(0, &scan("one", &log));
    assert!(first.stderr.contains("entry 0 of the log in scans"), "{}", first.stderr);
    fs::copy(room.path("scans/checkpoint"), room.path("old")).unwrap();
    let second = room.expect(0, &scan("two", &[&log[..], &["--format", "json", "--fdr", "0.04"]].concat()));
    let second: serde_json::Value = serde_json::from_str(&second.stdout).unwrap();
    assert_eq!(second["log_index"], 1);
    // The report is replaced as any other.
    room.expect(0, &scan("two", &[&log[..], &["--fdr", "0.03"]].concat()));

    let verify = |more: &[&str]| room.run(&[&["log", "verify"], more, &["--key", "log.pub.pem"]].concat());
    let whole = verify(&["scans", "--since", "old", "--origin", "example.com/scans"]);
    assert_eq!((whole.status, whole.stdout.contains("all of the first 1 entries")), (0, true), "{}", whole.stdout);
    let proof = verify(&["two/manifest.tlog-proof"]);
    assert_eq!((proof.status, proof.stdout.contains("is entry 2")), (0, true), "{}", proof.stdout);
    let other = verify(&["two/manifest.tlog-proof", "--manifest", "one/manifest.json"]);
    assert_eq!((other.status, other.stdout.contains("not of this manifest")), (1, true), "{}", other.stdout);
    assert_eq!(verify(&["two/manifest.tlog-proof", "--origin", "example.com/other", "--quiet"]).status, 1);

    let shown = room.expect(0, &["log", "show", "scans", "--key", "log.pub.pem"]).stdout;
    assert!(shown.contains("log example.com/scans: 3 entries") && shown.contains("key example.com/scans+"), "{shown}");
    let shown = room.expect(0, &["log", "show", "scans", "--from", "2", "--format", "json"]).stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let entries = shown["entries"].as_array().unwrap();
    let statement = room.statement("two");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["entry"]["scan"]["rowsRoot"], statement["predicate"]["dataset"]["rowsRoot"]);
    assert_eq!(entries[0]["entry"]["scan"]["rows"], 60);
}

#[test]
fn manifests_are_appended_later_and_a_changed_log_does_not_hold() {
    let room = room();
    for out in ["one", "two"] {
        room.expect(0, &scan(out, &[]));
    }
    room.run(&["log", "append", "scans", "one/manifest.json"]).refused(&["--key"]);
    let append = ["log", "append", "scans", "one/manifest.json", "two/manifest.json"];
    let mut command = room.command(&append);
    let run = run(command.env("TASTER_LOG_KEY", room.path("log.pem")));
    assert_eq!((run.status, run.stdout.lines().count()), (0, 2), "{}", run.stderr);
    for report in ["one", "two"] {
        room.expect(0, &["log", "verify", &format!("{report}/manifest.tlog-proof"), "--key", "log.pub.pem"]);
    }
    // The folder's name is the log's where no other is given.
    assert!(fs::read_to_string(room.path("scans/checkpoint")).unwrap().starts_with("scans\n2\n"));

    let bundle = room.path("scans/tile/entries/000.p/2");
    let mut bytes = fs::read(&bundle).unwrap();
    bytes[40] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let verification = room.expect(1, &["log", "verify", "scans", "--key", "log.pub.pem"]);
    assert!(verification.stdout.starts_with("DOES NOT HOLD"), "{}", verification.stdout);
    room.run(&["log", "verify", "nowhere", "--key", "log.pub.pem"]).refused(&["nowhere"]);
}

/// What cannot be logged is not scanned: the error comes first, and no report is left.
#[test]
fn a_scan_that_cannot_be_logged_is_refused_before_it_begins() {
    let room = room();
    room.expect(0, &["keygen", "--out", "other", "--algorithm", "ed25519"]);
    room.expect(0, &["keygen", "--out", "p256"]);
    room.run(&scan("one", &["--log", "scans"])).refused(&["--log-key"]);
    room.run(&scan("one", &["--log", "scans", "--sign", "p256.pem"])).refused(&["--log-key"]);
    room.run(&scan("one", &["--log", "scans", "--log-key", "p256.pem"])).refused(&["Ed25519"]);
    room.run(&scan("one", &["--log", DATA, "--log-key", "log.pem"])).refused(&[DATA]);
    assert!(!room.path("one").exists());
    // An Ed25519 key that signs the manifest signs the log too.
    room.expect(0, &scan("one", &["--log", "scans", "--sign", "log.pem", "--quiet"]));
    room.run(&scan("two", &["--log", "scans", "--log-key", "other.pem"])).refused(&["not signed by the given key"]);
    room.run(&scan("two", &["--log", "scans", "--log-key", "log.pem", "--log-origin", "x"])).refused(&["scans", "x"]);
    assert!(!room.path("two").exists());
}
