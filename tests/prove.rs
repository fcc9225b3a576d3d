use std::fs;

use crate::support::{Room, floats, mixed};

/// A signed scan of two files, one of them too long for the manifest to know each row.
fn signed() -> Room {
    let room = Room::new();
    fs::create_dir(room.path("data")).unwrap();
    room.parquet("data/a.parquet", mixed(700, 1));
    room.parquet("data/long.parquet", mixed(9001, 2));
    room.expect(0, &["keygen", "--out", "release", "--algorithm", "ed25519"]);
    let run = room.run(&["scan", "data", "--label", "y", "--sign", "release.pem", "--seed", "1", "--out", "report"]);
    assert!(run.status < 2, "{}", run.stderr);
    room
}

#[track_caller]
fn proved(room: &Room, row: &str, data: &[&str]) -> serde_json::Value {
    let prove = ["prove", "report/manifest.json", "--row", row, "--out", "row.proof.json"];
    room.expect(0, &[&prove[..], data].concat());
    let verify = ["verify", "--proof", "row.proof.json", "--key", "release.pub.pem", "--format", "json"];
    serde_json::from_str(&room.expect(0, &verify).stdout).unwrap()
}

#[test]
fn rows_are_proved_with_their_standing() {
    let room = signed();
    let list = room.frame("report/quarantine.parquet");
    let files = crate::support::strings(&list, "file");
    let quarantined: Vec<u64> = floats(&list, "row").iter().map(|row| *row as u64).collect();
    let of =
        |name: &str| quarantined.iter().zip(&files).filter(|(_, f)| *f == name).map(|(r, _)| *r).collect::<Vec<_>>();
    let (short, long) = (of("a.parquet"), of("long.parquet"));
    assert!(!short.is_empty() && !long.is_empty());
    for row in [0, 1, 350, 699, short[0]] {
        let found = proved(&room, &format!("a.parquet:{row}"), &[]);
        assert_eq!((&found["scanned"], found["quarantined"].as_bool()), (&true.into(), Some(short.contains(&row))));
    }
    for row in [0, 8191, 8192, 9000, long[0]] {
        let found = proved(&room, &format!("long.parquet:{row}"), &["data"]);
        assert_eq!((&found["scanned"], found["quarantined"].as_bool()), (&true.into(), Some(long.contains(&row))));
    }
    // The file alone will do, and the digest is that of the quarantine list.
    let found = proved(&room, &format!("long.parquet:{}", long[0]), &["data/long.parquet"]);
    let at = (0..list.height()).find(|&i| files[i] == "long.parquet" && quarantined[i] == long[0]).unwrap();
    assert_eq!(found["rowSha256"], crate::support::strings(&list, "row_sha256")[at]);
}

#[test]
fn what_cannot_be_proved_is_refused() {
    let room = signed();
    let prove = |row: &str, more: &[&str]| room.run(&[&["prove", "report/manifest.json", "--row", row], more].concat());
    prove("a.parquet:700", &[]).refused(&["has 700 rows"]);
    prove("b.parquet:0", &[]).refused(&["b.parquet"]);
    prove("a.parquet", &[]).refused(&["FILE:ROW"]);
    prove("long.parquet:5", &[]).refused(&["the data is needed"]);
    room.parquet("data/long.parquet", mixed(9001, 3));
    prove("long.parquet:5", &["data"]).refused(&["not the one that was scanned"]);
    fs::write(room.path("report/quarantine.parquet"), "x").unwrap();
    prove("a.parquet:5", &[]).refused(&["quarantine.parquet"]);
    fs::remove_file(room.path("report/quarantine.parquet")).unwrap();
    assert!(prove("a.parquet:5", &[]).stderr.contains("says nothing of quarantine"));
}

#[test]
fn a_proof_is_worth_what_its_key_is() {
    let room = signed();
    proved(&room, "a.parquet:5", &[]);
    room.expect(0, &["keygen", "--out", "stranger"]);
    room.expect(1, &["verify", "--proof", "row.proof.json", "--key", "stranger.pub.pem"]);
    let proof = fs::read_to_string(room.path("row.proof.json")).unwrap();
    room.write("row.proof.json", proof.replace("\"row\":5", "\"row\":6"));
    let run = room.expect(1, &["verify", "--proof", "row.proof.json", "--key", "release.pub.pem"]);
    assert!(run.stdout.contains("not the one that was scanned"), "{}", run.stdout);
    room.write("row.proof.json", "{}");
    room.run(&["verify", "--proof", "row.proof.json", "--key", "release.pub.pem"]).refused(&["not a proof"]);
}
