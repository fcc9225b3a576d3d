//! A manifest from scan to verification: what holds, what is named when it does not, and that tampering shows.

mod support;

use std::fs;

use polars::prelude::*;
use support::{Reader, Room, hasher};
use taster_provenance::{
    Algorithm, Check, Envelope, Error, SignatureCheck, SigningKey, Status, Thoroughness, Trust, Verification,
    VerifyingKey, verify,
};

fn status(checks: &[Check]) -> Vec<(&str, Status)> {
    checks.iter().map(|check| (check.name.as_str(), check.status)).collect()
}

const ALL_SAME: [(&str, Status); 2] = [("a.parquet", Status::Same), ("part/b.parquet", Status::Same)];

#[test]
fn what_was_signed_holds() {
    for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
        let room = Room::signed(algorithm);
        let found = room.verify();
        assert!(found.holds, "{found}");
        assert_eq!(found.signature, SignatureCheck::Valid { keyids: vec![room.key.verifying_key().keyid()] });
        assert_eq!(status(&found.data), ALL_SAME);
        assert_eq!(found.report_files.len(), 4);
    }
}

#[test]
fn any_given_key_suffices_and_no_other_does() {
    let room = Room::signed(Algorithm::Ed25519);
    let stranger = SigningKey::generate(Algorithm::Ed25519).verifying_key();
    assert!(room.verify_with(&[stranger.clone(), room.key.verifying_key()]).holds);
    let found = room.verify_with(&[stranger]);
    assert!(!found.holds && found.data.is_empty());
    assert_eq!(found.signature, SignatureCheck::Invalid { reason: "signed by none of the given keys".into() });
    assert!(matches!(
        verify(&room.manifest(), Trust::Keys(&[]), &[], &Reader, Thoroughness::default()),
        Err(Error::KeyNeeded)
    ));
}

#[test]
fn a_quorum_counts_keys_and_not_signatures() {
    let room = Room::signed(Algorithm::Ed25519);
    let second = SigningKey::generate(Algorithm::P256);
    let mut envelope = Envelope::read(&room.manifest()).unwrap();
    envelope.sign(&second).unwrap();
    let again = envelope.signatures[0].clone();
    envelope.signatures.push(again);
    envelope.write(&room.manifest()).unwrap();
    let (first, second) = (room.key.verifying_key(), second.verifying_key());
    let stranger = SigningKey::generate(Algorithm::P256).verifying_key();
    let holds = |keys: &[VerifyingKey], needed| {
        let trust = Trust::Quorum(keys, needed);
        verify(&room.manifest(), trust, &[], &Reader, Thoroughness::default()).unwrap().holds
    };
    assert!(holds(&[first.clone(), second.clone(), stranger.clone()], 2));
    assert!(!holds(&[first.clone(), second.clone(), stranger.clone()], 3));
    assert!(!holds(&[first.clone(), first.clone(), stranger], 2), "a key given twice signs once");
    assert!(holds(&[first, second], 0));
}

#[test]
fn a_key_in_the_file_is_not_trusted() {
    let room = Room::signed(Algorithm::P256);
    let attacker = SigningKey::generate(Algorithm::P256);
    let mut envelope = Envelope::read(&room.manifest()).unwrap();
    envelope.signatures.clear();
    envelope.sign(&attacker).unwrap();
    envelope.signatures[0].keyid = room.key.verifying_key().keyid();
    envelope.write(&room.manifest()).unwrap();
    assert!(!room.verify().holds);
    let mut json: serde_json::Value = serde_json::from_str(&envelope.to_json()).unwrap();
    json["signatures"][0]["publicKey"] = attacker.verifying_key().to_pem().unwrap().into();
    fs::write(room.manifest(), json.to_string()).unwrap();
    let found =
        verify(&room.manifest(), Trust::Keys(&[room.key.verifying_key()]), &[], &Reader, Thoroughness::default());
    assert!(matches!(found, Err(Error::Envelope { .. })));
}

#[test]
fn an_unsigned_manifest_holds_only_where_no_word_is_taken() {
    let room = Room::unsigned();
    let found = room.verify_with(&[SigningKey::generate(Algorithm::P256).verifying_key()]);
    assert_eq!(found.signature, SignatureCheck::Invalid { reason: "the manifest is not signed".into() });
    assert!(!found.holds);
    let found = verify(&room.manifest(), Trust::Unsigned, &room.data(), &Reader, Thoroughness::default()).unwrap();
    assert!(found.holds && found.signature == SignatureCheck::Unchecked);
}

#[test]
fn report_files_are_checked() {
    let room = Room::signed(Algorithm::Ed25519);
    fs::write(room.path("report/findings.json"), "{}").unwrap();
    fs::remove_file(room.path("report/report.html")).unwrap();
    fs::write(room.path("report/scores.parquet"), "forged").unwrap();
    let found = room.verify();
    assert!(!found.holds);
    let names = |wanted| {
        status(&found.report_files).into_iter().filter(|(_, s)| *s == wanted).map(|(n, _)| n).collect::<Vec<_>>()
    };
    assert_eq!(names(Status::Changed), ["findings.json"]);
    assert_eq!(names(Status::Missing), ["report.html"]);
    assert_eq!(names(Status::Added), ["scores.parquet"]);
}

#[test]
fn files_missing_added_and_renamed_are_named() {
    let room = Room::signed(Algorithm::Ed25519);
    fs::rename(room.path("data/a.parquet"), room.path("data/c.parquet")).unwrap();
    fs::remove_file(room.path("data/part/b.parquet")).unwrap();
    fs::write(room.path("data/d.parquet"), "new").unwrap();
    let found = room.verify();
    assert!(!found.holds);
    let expected = [("a.parquet", Status::Renamed), ("part/b.parquet", Status::Missing), ("d.parquet", Status::Added)];
    assert_eq!(status(&found.data), expected);
    assert_eq!(found.data[0].now.as_deref(), Some("c.parquet"));
}

#[test]
fn swapped_names_are_renames() {
    let room = Room::signed(Algorithm::Ed25519);
    let (a, b) = (room.path("data/a.parquet"), room.path("data/part/b.parquet"));
    let bytes = fs::read(&a).unwrap();
    fs::rename(&b, &a).unwrap();
    fs::write(&b, bytes).unwrap();
    let found = room.verify();
    assert!(found.data.iter().all(|check| check.status == Status::Renamed) && !found.holds, "{found}");
}

#[test]
fn the_rows_that_changed_are_named() {
    let room = Room::signed(Algorithm::Ed25519);
    room.write_rows("a.parquet", &[17, 18, 900], 1000);
    let found = room.verify();
    let rows = found.data[0].rows.as_ref().unwrap();
    assert_eq!((rows.rows_scanned, rows.rows_found), (1000, 1000));
    assert_eq!(rows.differing, [(17, 18), (900, 900)]);
    assert!(found.to_string().contains("a.parquet: changed: rows 17..18, 900 differ"), "{found}");
}

#[test]
fn rows_are_named_by_block_where_there_are_many() {
    let room = Room::signed(Algorithm::Ed25519);
    room.write_rows("part/b.parquet", &[5000, 8191, 20_000], 20_001);
    let found = room.verify();
    let rows = found.data[1].rows.clone().unwrap();
    assert_eq!(rows.differing, [(4992, 5007), (8176, 8191), (20_000, 20_000)]);
}

#[test]
fn truncation_and_growth_are_told() {
    let room = Room::signed(Algorithm::Ed25519);
    room.write_rows("a.parquet", &[], 990);
    let rows = room.verify().data[0].rows.clone().unwrap();
    assert_eq!((rows.to_string().as_str(), rows.differing.len()), ("rows 990..999 differ; 10 rows fewer", 1));
    room.write_rows("a.parquet", &[], 1005);
    let rows = room.verify().data[0].rows.clone().unwrap();
    assert_eq!(rows.to_string(), "all scanned rows are the same; 5 rows more at the end");
    room.write_rows("a.parquet", &[], 0);
    let found = room.verify();
    assert_eq!(found.data[0].rows.as_ref().unwrap().differing, [(0, 999)]);
}

#[test]
fn a_re_encoded_file_is_told_from_a_changed_one() {
    let room = Room::signed(Algorithm::Ed25519);
    let mut rows = support::rows(&[], 1000);
    let file = fs::File::create(room.path("data/a.parquet")).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(64)).finish(&mut rows).unwrap();
    let found = room.verify();
    assert_eq!(found.data[0].status, Status::ReEncoded);
    assert!(!found.holds, "the bytes are not those that were signed");
}

#[test]
fn rows_that_cannot_be_read_are_not_called_equal() {
    let room = Room::signed(Algorithm::Ed25519);
    fs::write(room.path("data/a.parquet"), "not parquet").unwrap();
    let found = room.verify();
    assert_eq!(found.data[0].status, Status::Changed);
    assert!(found.data[0].problem.as_ref().unwrap().contains("cannot be compared"));
}

#[test]
fn names_in_a_manifest_do_not_leave_the_folder() {
    for name in ["../data/a.parquet", "/etc/hostname", "..", "", "a/b"] {
        let room = Room::with_report_file(name);
        let found = verify(&room.manifest(), Trust::Unsigned, &[], &Reader, Thoroughness::default()).unwrap();
        assert!(found.report_files.iter().any(|check| check.status == Status::Unreadable), "{name:?}");
    }
}

#[test]
fn control_characters_are_not_printed() {
    let room = Room::with_report_file("\u{1b}[2Jx");
    let found = verify(&room.manifest(), Trust::Unsigned, &[], &Reader, Thoroughness::default()).unwrap();
    assert!(!found.to_string().contains('\u{1b}'));
}

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n
    }
}

fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let at = random.below(bytes.len());
    match random.below(5) {
        0 => out[at] ^= 1 << random.below(8),
        1 => out[at] = out[at].wrapping_add(1 + random.below(255) as u8),
        2 => drop(out.remove(at)),
        3 => out.truncate(at),
        _ => out.insert(at, b'A' + random.below(26) as u8),
    }
    out
}

#[test]
fn no_mutation_of_a_manifest_verifies() {
    for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
        let room = Room::signed(algorithm);
        let bytes = fs::read(room.manifest()).unwrap();
        let mut random = Random(7);
        for round in 0..1000 {
            // Half of them at the end, where the signature is.
            let head = if round % 2 == 0 { 0 } else { bytes.len() - 260 };
            let changed = [&bytes[..head], &mutated(&bytes[head..], &mut random)].concat();
            fs::write(room.manifest(), &changed).unwrap();
            let found = verify(
                &room.manifest(),
                Trust::Keys(&[room.key.verifying_key()]),
                &[],
                &Reader,
                Thoroughness::default(),
            );
            let text = String::from_utf8_lossy(&changed[head..]).into_owned();
            assert!(!found.is_ok_and(|found: Verification| found.holds), "{round}: {text}");
        }
    }
}

#[test]
fn no_mutation_of_a_report_file_or_of_data_verifies() {
    let room = Room::signed(Algorithm::Ed25519);
    let mut random = Random(11);
    for name in ["report/findings.json", "report/quarantine.parquet", "data/a.parquet"] {
        let bytes = fs::read(room.path(name)).unwrap();
        for round in 0..100 {
            let changed = mutated(&bytes, &mut random);
            fs::write(room.path(name), &changed).unwrap();
            assert!(changed == bytes || !room.verify().holds, "{name} {round}");
        }
        fs::write(room.path(name), &bytes).unwrap();
    }
    assert!(room.verify().holds);
}

#[test]
fn a_statement_about_something_else_is_refused() {
    let key = SigningKey::generate(Algorithm::Ed25519);
    let room = Room::unsigned();
    let original = Envelope::read(&room.manifest()).unwrap();
    let payload = String::from_utf8(original.payload.clone()).unwrap();
    let of = |text: &str| {
        let mut envelope = Envelope::new(&original.payload_type, text.as_bytes().to_vec());
        envelope.sign(&key).unwrap();
        envelope.write(&room.manifest()).unwrap();
        verify(&room.manifest(), Trust::Keys(&[key.verifying_key()]), &[], &Reader, Thoroughness::default())
    };
    assert!(of(&payload).unwrap().holds);
    for (from, to) in
        [("Statement/v1", "Statement/v2"), ("dataset-scan/v0.1", "dataset-scan/v9"), ("\"subject\"", "\"object\"")]
    {
        assert!(matches!(of(&payload.replace(from, to)), Err(Error::Statement(_))), "{to}");
    }
    let subjects = payload.replace("\"subject\":[{", "\"subject\":[{\"digest\":{\"sha256\":\"00\"},\"name\":\"x\"},{");
    assert!(matches!(of(&subjects), Err(Error::Statement(_))));
    assert!(matches!(of("[]"), Err(Error::Statement(_))));
    let other = Envelope { payload_type: "text/plain".into(), ..original };
    other.write(&room.manifest()).unwrap();
    let keys: [VerifyingKey; 1] = [key.verifying_key()];
    assert!(!verify(&room.manifest(), Trust::Keys(&keys), &[], &Reader, Thoroughness::default()).unwrap().holds);
}

#[test]
fn the_reader_digests_as_the_scan_did() {
    // Guards the tests above: the reader and the manifest would agree on nonsense too.
    let frame = support::rows(&[], 10);
    assert_eq!(hasher().digests(&frame).unwrap().len(), 10);
}
