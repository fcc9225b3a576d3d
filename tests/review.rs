use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Room, TASTER, mixed, payload};

/// A scan of `raw.parquet` in `raw`, and two pairs of keys.
fn scanned() -> Room {
    let room = Room::new();
    room.parquet("raw.parquet", mixed(1500, 1));
    for name in ["ada", "eve"] {
        room.expect(0, &["keygen", "--out", name]);
    }
    assert!(room.run(&["scan", "raw.parquet", "--label", "y", "--seed", "1", "--out", "raw"]).status < 2);
    room
}

fn manifest(room: &Room) -> Value {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(payload(&room.json("raw/manifest.json")));
    json!({"sha256": taster_core::Digest(digest.into()).to_string()})
}

/// A decision to release a quarantined row, by its place in the list.
fn release(room: &Room, at: usize) -> Value {
    let frame = room.frame("raw/quarantine.parquet");
    let row = crate::support::floats(&frame, "row")[at] as u64;
    let digest = &crate::support::strings(&frame, "row_sha256")[at];
    json!({"file": "raw.parquet", "row": row, "rowSha256": digest, "decision": "release", "by": "ada", "on": null, "why": null})
}

fn journal(room: &Room, lines: &[Value]) {
    let head = json!({"type": "https://taster.dev/review/v0.1", "manifest": manifest(room)});
    let lines: Vec<String> = std::iter::once(&head).chain(lines).map(Value::to_string).collect();
    room.write("decisions.json.journal", lines.join("\n") + "\n");
}

const FINISH: [&str; 4] = ["review", "raw", "raw.parquet", "--finish"];

/// Keys typed at a terminal that is closed in between; the decisions applied; the result verified with its lineage.
#[test]
fn a_review_at_a_terminal_survives_its_end_and_is_applied() {
    let script = format!("{}/../../scripts/check_review.py", env!("CARGO_MANIFEST_DIR"));
    let Ok(done) = Command::new("python3").args([&script, TASTER]).output() else {
        return eprintln!("skipped: there is no python3 here");
    };
    let told = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && told.contains("its lineage holds"), "{told}");
}

#[test]
fn without_a_terminal_the_decisions_made_so_far_are_written() {
    let room = scanned();
    room.run(&["review", "raw", "raw.parquet", "--by", "ada"]).refused(&["terminal", "--finish"]);
    assert!(!room.path("decisions.json").exists());
    let (first, second) = (release(&room, 0), release(&room, 1));
    journal(&room, &[json!({"decide": [first]}), json!({"decide": [second]}), json!("undo")]);
    let told = room.expect(0, &FINISH).stderr;
    assert!(told.contains("1 to keep, 0 to drop, 0 to relabel"), "{told}");
    assert_eq!(room.json("decisions.json")["decisions"], json!([first]));
    // It is an ordinary file of decisions.
    assert!(
        room.run(&["apply", "raw", "raw.parquet", "--decisions", "decisions.json", "--out", "c.parquet"]).status < 2
    );
}

#[test]
fn signed_decisions_are_taken_from_those_who_may_decide() {
    let room = scanned();
    journal(&room, &[json!({"decide": [release(&room, 0)]})]);
    room.expect(0, &[&FINISH[..], &["--sign", "ada.pem"]].concat());
    assert_eq!(room.json("decisions.json")["payloadType"], "application/vnd.taster.decisions+json");
    let apply = |more: &[&str]| {
        let args = ["apply", "raw", "raw.parquet", "--decisions", "decisions.json", "--out", "c.parquet"];
        room.run(&[&args[..], more].concat())
    };
    apply(&["--decisions-key", "eve.pub.pem"]).refused(&["decisions.json", "none of the given keys"]);
    assert!(!room.path("c.parquet").exists());
    assert!(apply(&["--decisions-key", "eve.pub.pem", "--decisions-key", "ada.pub.pem"]).status < 2);
    assert!(apply(&[]).status < 2, "a signature that nobody asks for does no harm");
    // Somebody changes what was signed.
    let mut changed = room.json("decisions.json");
    changed["payload"] = "e30=".into();
    room.write("decisions.json", changed.to_string());
    apply(&["--decisions-key", "ada.pub.pem"]).refused(&["none of the given keys"]);
    // Bare decisions are signed by nobody.
    room.expect(0, &FINISH);
    apply(&["--decisions-key", "ada.pub.pem"]).refused(&["not signed"]);
}

#[test]
fn decisions_made_in_the_page_are_gone_on_with() {
    let room = scanned();
    let made = json!({"type": "https://taster.dev/decisions/v0.1", "manifest": manifest(&room), "decisions": [release(&room, 1)]});
    room.write("decisions.json", made.to_string());
    room.expect(0, &FINISH);
    assert_eq!(room.json("decisions.json"), made);
    let journal = std::fs::read_to_string(room.path("decisions.json.journal")).unwrap();
    assert_eq!(journal.lines().count(), 2, "{journal}");
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let room = scanned();
    room.parquet("other.parquet", mixed(1500, 2));
    room.run(&["review", "raw", "other.parquet", "--finish"]).refused(&["this is not the dataset of the report"]);
    let wrong = json!({"decide": [{"file": "raw.parquet", "row": 0, "rowSha256": "00".repeat(32), "decision": "release", "by": "x", "on": null, "why": null}]});
    journal(&room, &[wrong]);
    room.run(&FINISH).refused(&["journal"]);
    let before = std::fs::read_to_string(room.path("decisions.json.journal")).unwrap();
    assert!(room.run(&["scan", "other.parquet", "--label", "y", "--seed", "1", "--out", "other"]).status < 2);
    room.run(&["review", "other", "other.parquet", "--finish"]).refused(&["another scan", "--out"]);
    assert_eq!(std::fs::read_to_string(room.path("decisions.json.journal")).unwrap(), before);
    std::fs::remove_file(room.path("decisions.json.journal")).unwrap();
    let made = json!({"type": "https://taster.dev/decisions/v0.1", "manifest": manifest(&room), "decisions": []});
    room.write("decisions.json", made.to_string());
    room.run(&["review", "other", "other.parquet", "--finish"]).refused(&["another scan", "--out"]);
    assert!(!room.path("decisions.json.journal").exists());
    room.write("raw/quarantine.parquet", "another");
    room.run(&FINISH).refused(&["quarantine.parquet", "not the list that the manifest names"]);
    std::fs::remove_file(room.path("raw/quarantine.parquet")).unwrap();
    room.run(&FINISH).refused(&["quarantine.parquet is not beside the manifest"]);
}
