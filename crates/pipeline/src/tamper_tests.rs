//! A real scan, then a thousand seeded changes of each thing it wrote and of the data: none verifies, nothing panics.

use std::{fs, path::PathBuf};

use taster_provenance::{Algorithm, Envelope, SigningKey, VerifyingKey, oms::Bundle};
use tempfile::TempDir;

use super::*;
use crate::{Request, Silent, scan};

const ROUNDS: usize = 1000;

/// `data/` with two files, signed and scanned.
struct Room {
    folder: TempDir,
    key: VerifyingKey,
}

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        for (name, first) in [("a.csv", 0), ("b.csv", 150)] {
            let row = |i: i32| {
                let (x, label) = (f64::from(i * 7919 % 101) / 4.0, if i * 7919 % 101 > 50 { "yes" } else { "no" });
                format!("{x},text {},{label}\n", i % 17)
            };
            let rows: String = (first..first + 150).map(row).collect();
            fs::write(folder.path().join("data").join(name), format!("x,t,y\n{rows}")).unwrap();
        }
        let signer = SigningKey::generate(Algorithm::P256);
        let room = Self { key: signer.verifying_key(), folder };
        let mut config = Config::default();
        config.dataset.label = Some("y".into());
        let request = Request {
            inputs: vec![room.path("data").display().to_string()],
            reference: Vec::new(),
            reference_keys: Vec::new(),
            out: room.path("report"),
            scores: false,
            clean: None,
            seed: Some(1),
            threads: 1,
            memory: 64 << 20,
            batch_rows: 8192,
            keys: vec![Box::new(signer)],
            description: None,
            parent: None,
            decisions: None,
            reference_manifest: None,
            log: None,
            config,
        };
        scan(&request, &Silent).unwrap();
        assert!(room.holds("report/manifest.json") && room.holds("report/dataset.sig"));
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn holds(&self, file: &str) -> bool {
        let request = VerifyRequest {
            file: self.path(file),
            keys: vec![self.key.clone()],
            anchors: None,
            threshold: 1,
            unsigned: false,
            data: vec![self.path("data").display().to_string()],
            thoroughness: Thoroughness::default(),
            leniency: Leniency::default(),
        };
        verify(&request).is_ok_and(|found| found.holds)
    }

    /// Writes changes of a file one after the other; what is asked must hold for none, and again when all is mended.
    fn tamper(&self, name: &str, asked: &[&str], seed: u64, change: impl Fn(&[u8], &mut Random) -> Vec<u8>) {
        let bytes = fs::read(self.path(name)).unwrap();
        let mut random = Random(seed);
        let mut done = 0;
        while done < ROUNDS {
            let changed = change(&bytes, &mut random);
            if changed == bytes {
                continue;
            }
            done += 1;
            fs::write(self.path(name), &changed).unwrap();
            for file in asked {
                assert!(!self.holds(file), "{file} holds after change {done} of {name}");
            }
        }
        fs::write(self.path(name), &bytes).unwrap();
        assert!(asked.iter().all(|file| self.holds(file)), "{name} was mended");
    }
}

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

/// Bytes that are flipped, replaced, taken out, put in, doubled, swapped or cut off. Never white space alone: JSON with a
/// space more says the same.
fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let (at, other) = (random.below(bytes.len()), random.below(bytes.len()));
    let length = 1 + random.below((bytes.len() - at).min(40));
    match random.below(8) {
        0 => out[at] ^= 1 << random.below(8),
        1 => out[at] = out[at].wrapping_add(1 + random.below(255) as u8),
        2 => drop(out.drain(at..at + length)),
        3 => out.truncate(at),
        4 => out.insert(at, b'A' + random.below(26) as u8),
        5 => drop(out.splice(at..at, bytes[at..at + length].iter().copied()).collect::<Vec<_>>()),
        6 => out.swap(at, other),
        _ => out[at..at + length].fill(b'0' + random.below(10) as u8),
    }
    out
}

#[test]
fn no_change_of_a_manifest_verifies() {
    let room = Room::new();
    room.tamper("report/manifest.json", &["report/manifest.json"], 1, mutated);
}

/// The envelope stays whole; what it says is changed.
#[test]
fn no_change_of_what_a_manifest_says_verifies() {
    let room = Room::new();
    room.tamper("report/manifest.json", &["report/manifest.json"], 2, |bytes, random| {
        let mut envelope = Envelope::from_json(bytes).unwrap();
        envelope.payload = mutated(&envelope.payload, random);
        envelope.to_json().into_bytes()
    });
}

#[test]
fn no_change_of_a_signature_verifies() {
    let room = Room::new();
    room.tamper("report/manifest.json", &["report/manifest.json"], 3, |bytes, random| {
        let mut envelope = Envelope::from_json(bytes).unwrap();
        envelope.signatures[0].sig = mutated(&envelope.signatures[0].sig, random);
        envelope.to_json().into_bytes()
    });
}

#[test]
fn no_change_of_a_report_file_verifies() {
    let room = Room::new();
    for (seed, name) in (4..).zip(["test-result.json", "findings.json", "quarantine.parquet"]) {
        room.tamper(&format!("report/{name}"), &["report/manifest.json"], seed, mutated);
    }
}

/// Neither by itself nor as a file of the report.
#[test]
fn no_change_of_a_signed_dataset_verifies() {
    let room = Room::new();
    let both = ["report/manifest.json", "report/dataset.sig"];
    room.tamper("report/dataset.sig", &both, 8, mutated);
    room.tamper("report/dataset.sig", &both, 9, |bytes, random| {
        let mut bundle = Bundle::from_json(bytes).unwrap();
        bundle.envelope.payload = mutated(&bundle.envelope.payload, random);
        bundle.to_json().into_bytes()
    });
}

/// Neither by the manifest, which compares rows too, nor by `dataset.sig`.
#[test]
fn no_change_of_the_data_verifies() {
    let room = Room::new();
    room.tamper("data/b.csv", &["report/manifest.json", "report/dataset.sig"], 10, mutated);
}
