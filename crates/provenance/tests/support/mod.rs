//! A folder with two data files, a report and a manifest, made as a scan makes them.
#![allow(dead_code)] // each test binary uses some of it

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use polars::prelude::*;
use serde_json::json;
use taster_core::{DatasetRecord, DetectorRecord, DetectorStatus, Digest, FileRecord, Kind, Role, Scan, Tool, Verdict};
use taster_provenance::{
    Algorithm, CompactRange, Context, DataFile, Manifest, Predicate, QuarantineTree, RowHasher, RowSource,
    RowSourceError, RowTree, ScannedFile, Signer, SigningKey, Thoroughness, Trust, Verification, VerifyingKey,
    block_budget, canonical_sha256, sha256_of_file, verify,
};
use tempfile::TempDir;

/// The data files and how many rows they have.
const FILES: [(&str, usize); 2] = [("a.parquet", 1000), ("part/b.parquet", 20_001)];

pub struct Room {
    folder: TempDir,
    pub key: SigningKey,
}

impl Room {
    pub fn signed(algorithm: Algorithm) -> Self {
        let room = Self::empty(algorithm);
        room.write_manifest(&["findings.json", "quarantine.parquet", "report.html", "test-result.json"], true);
        room
    }

    pub fn unsigned() -> Self {
        let room = Self::empty(Algorithm::Ed25519);
        room.write_manifest(&["findings.json"], false);
        room
    }

    /// An unsigned manifest that names this report file too, which is not there.
    pub fn with_report_file(name: &str) -> Self {
        let room = Self::empty(Algorithm::Ed25519);
        let files = BTreeMap::from([(name.to_owned(), Digest::default())]);
        let scan = room.scan();
        Manifest::new(&scan, Vec::new(), files).to_envelope(&[]).unwrap().write(&room.manifest()).unwrap();
        room
    }

    fn empty(algorithm: Algorithm) -> Self {
        let room = Self { folder: tempfile::tempdir().unwrap(), key: SigningKey::generate(algorithm) };
        fs::create_dir_all(room.path("data/part")).unwrap();
        fs::create_dir_all(room.path("report")).unwrap();
        for (name, length) in FILES {
            room.write_rows(name, &[], length);
        }
        room
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn manifest(&self) -> PathBuf {
        self.path("report/manifest.json")
    }

    /// Writes a data file whose rows are as scanned but for those given.
    pub fn write_rows(&self, name: &str, changed: &[usize], length: usize) {
        let file = fs::File::create(self.path("data").join(name)).unwrap();
        ParquetWriter::new(file).finish(&mut rows(changed, length)).unwrap();
    }

    /// All files that are in the data folder now, named as a scan would.
    pub fn data(&self) -> Vec<DataFile> {
        let mut files = Vec::new();
        for folder in ["", "part/"] {
            for entry in fs::read_dir(self.path("data").join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    files.push(DataFile {
                        name: format!("{folder}{}", path.file_name().unwrap().to_str().unwrap()),
                        path,
                    });
                }
            }
        }
        files
    }

    pub fn verify(&self) -> Verification {
        self.verify_with(&[self.key.verifying_key()])
    }

    pub fn verify_with(&self, keys: &[VerifyingKey]) -> Verification {
        verify(&self.manifest(), Trust::Keys(keys), &self.data(), &Reader, Thoroughness::default()).unwrap()
    }

    fn write_manifest(&self, report: &[&str], signed: bool) {
        let mut digests = BTreeMap::new();
        for name in report {
            let path = self.path("report").join(name);
            fs::write(&path, format!("the contents of {name}")).unwrap();
            digests.insert((*name).to_owned(), sha256_of_file(&path).unwrap().0);
        }
        let blocks = FILES.map(|(_, length)| tree(&rows(&[], length)).blocks());
        let keys: Vec<&dyn Signer> = if signed { vec![&self.key] } else { Vec::new() };
        let context = Context { quarantine: Some(quarantine().record()), ..Context::default() };
        let manifest = Manifest::new(&self.scan(), blocks.into(), digests).with(context);
        manifest.to_envelope(&keys).unwrap().write(&self.manifest()).unwrap();
    }

    pub fn scan(&self) -> Scan {
        let config = json!({"detectors": {"outlier": {"level": "warn"}}, "policy": {"share": 0.5}});
        let mut whole = CompactRange::empty(0);
        let mut files = Vec::new();
        for (name, length) in FILES {
            let leaves = hasher().digests(&rows(&[], length)).unwrap();
            whole.append(CompactRange::of(whole.end(), &leaves)).unwrap();
            let (sha256, bytes) = sha256_of_file(&self.path("data").join(name)).unwrap();
            let rows_root = CompactRange::of(0, &leaves).root().unwrap();
            let (name, rows) = (name.to_owned(), length as u64);
            files.push(FileRecord { name, format: "parquet".into(), bytes, sha256, rows, rows_root });
        }
        Scan {
            tool: Tool { name: "taster".into(), version: "0.1.0".into() },
            started: "2025-11-21T11:00:00Z".into(),
            finished: "2025-11-21T11:00:01Z".into(),
            seed: u64::MAX,
            config_sha256: canonical_sha256(&config),
            config,
            dataset: DatasetRecord { rows: whole.end(), rows_root: whole.root().unwrap(), files, schema: schema() },
            reference: None,
            detectors: vec![detector()],
            findings: Vec::new(),
            verdict: Verdict::Warned,
            verdict_reason: "3 rows are outliers".into(),
            quarantined_rows: 3,
        }
    }
}

fn detector() -> DetectorRecord {
    DetectorRecord {
        id: "outlier".into(),
        status: DetectorStatus::Ran,
        why: String::new(),
        level: "warn".into(),
        parameters: json!({"trees": 100}),
        claims: "a score, no guarantee".into(),
        threshold: Some(0.95),
        quarantined: 3,
    }
}

/// Rows 3 and 500 of the first file, 10 and the last of the second.
pub fn quarantine() -> QuarantineTree {
    let all: Vec<Digest> =
        FILES.iter().flat_map(|(_, length)| hasher().digests(&rows(&[], *length)).unwrap()).collect();
    QuarantineTree::new(&[3, 500, 1010, 21_000].map(|position| (position, all[position as usize])).into())
}

/// Rows of two columns; those in `changed` are not as scanned.
pub fn rows(changed: &[usize], length: usize) -> DataFrame {
    let x: Vec<f64> = (0..length).map(|i| i as f64 / 4.0 + f64::from(u8::from(changed.contains(&i)))).collect();
    let s: Vec<String> = (0..length).map(|i| format!("row {i}")).collect();
    df!("x" => x, "s" => s).unwrap()
}

fn schema() -> taster_core::Schema {
    let column = |name: &str, kind, role| taster_core::Column { name: name.into(), kind, role, why: "inferred".into() };
    taster_core::Schema { columns: vec![column("x", Kind::Float, Role::Numeric), column("s", Kind::String, Role::Id)] }
}

pub fn hasher() -> RowHasher {
    RowHasher::new(&schema())
}

fn tree(rows: &DataFrame) -> RowTree {
    let mut tree = RowTree::new(2048);
    assert_eq!(block_budget(3), 2048);
    tree.append(RowTree::of(0, &hasher().digests(rows).unwrap(), 2048)).unwrap();
    tree
}

/// Reads Parquet with polars, in uneven pieces.
pub struct Reader;

impl RowSource for Reader {
    fn leaves(
        &self,
        path: &Path,
        _: &ScannedFile,
        scan: &Predicate,
        each: &mut dyn FnMut(&[Digest]),
    ) -> Result<(), RowSourceError> {
        let schema = scan.dataset.schema().ok_or("an unknown kind")?;
        let frame = ParquetReader::new(fs::File::open(path)?).finish()?;
        RowHasher::new(&schema).digests(&frame)?.chunks(77).for_each(each);
        Ok(())
    }
}
