//! Proofs of rows: what they show, and that nothing else can be made of them.

mod support;

use std::fs;

use support::{Room, hasher, rows};
use taster_core::Digest;
use taster_provenance::{Algorithm, Envelope, Error, ProofCheck, RowProof, SigningKey, Statement, Trust, block_of};

fn digests(length: usize) -> Vec<Digest> {
    hasher().digests(&rows(&[], length)).unwrap()
}

fn prove(room: &Room, file: &str, row: u64, length: usize) -> Result<RowProof, Error> {
    let envelope = Envelope::read(&room.manifest()).unwrap();
    let scan = Statement::from_payload(&envelope.payload).unwrap().predicate;
    let range = block_of(&scan, file, row)?;
    let all = digests(length);
    let block = &all[range.start as usize..range.end as usize];
    RowProof::new(&envelope, (file, row), Some(block), Some(&support::quarantine()))
}

fn check(room: &Room, proof: &RowProof) -> ProofCheck {
    fs::write(room.path("proof"), proof.to_json()).unwrap();
    let read = RowProof::read(&room.path("proof")).unwrap();
    read.check(Trust::Keys(&[room.key.verifying_key()]))
}

#[test]
fn every_row_has_a_proof_that_names_its_standing() {
    let room = Room::signed(Algorithm::Ed25519);
    for (file, rows, length, quarantined) in [
        ("a.parquet", vec![0, 3, 4, 500, 999], 1000, vec![3, 500]),
        ("part/b.parquet", vec![0, 10, 15, 16, 9999, 19_999, 20_000], 20_001, vec![10, 20_000]),
    ] {
        for row in rows {
            let found = check(&room, &prove(&room, file, row, length).unwrap());
            assert!(found.holds && found.scanned, "{file} {row}: {found}");
            assert_eq!(found.quarantined, Some(quarantined.contains(&row)), "{file} {row}");
            assert_eq!(found.row_sha256, digests(length)[row as usize]);
        }
    }
}

#[test]
fn what_was_not_scanned_has_no_proof() {
    let room = Room::signed(Algorithm::P256);
    assert!(matches!(prove(&room, "a.parquet", 1000, 1001), Err(Error::Proof(_))));
    assert!(matches!(prove(&room, "c.parquet", 0, 1), Err(Error::Proof(_))));
    let envelope = Envelope::read(&room.manifest()).unwrap();
    let other = [Digest([1; 32]); 16];
    assert!(matches!(RowProof::new(&envelope, ("part/b.parquet", 3), Some(&other), None), Err(Error::Proof(_))));
    assert!(matches!(RowProof::new(&envelope, ("part/b.parquet", 3), None, None), Err(Error::Proof(_))));
    let proof = prove(&room, "a.parquet", 5, 1000).unwrap();
    let stranger = SigningKey::generate(Algorithm::P256).verifying_key();
    let found = proof.check(Trust::Keys(&[stranger]));
    assert!(!found.holds && !found.scanned && found.quarantined.is_none());
}

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n
    }
}

#[test]
fn no_mutation_of_a_proof_verifies() {
    let room = Room::signed(Algorithm::Ed25519);
    let keys = [room.key.verifying_key()];
    let mut random = Random(13);
    for row in [3, 4] {
        let text = prove(&room, "a.parquet", row, 1000).unwrap().to_json();
        let head = text.find("\"manifest\"").unwrap();
        for round in 0..1000 {
            // Most of them before the manifest, which is long and mutated by other tests.
            let at = random.below(if round % 8 == 0 { text.len() } else { head });
            let mut bytes = text.clone().into_bytes();
            match random.below(4) {
                0 => bytes[at] ^= 1 << random.below(8),
                1 => bytes[at] = bytes[at].wrapping_add(1 + random.below(255) as u8),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b'0' + random.below(10) as u8),
            }
            fs::write(room.path("proof"), &bytes).unwrap();
            let Ok(proof) = RowProof::read(&room.path("proof")) else { continue };
            let holds = proof.check(Trust::Keys(&keys)).holds;
            // Other letters for the same digests say the same.
            assert!(!holds || proof.to_json() == text, "{row} {round} at {at}: {}", String::from_utf8_lossy(&bytes));
        }
    }
}
