//! The transparency log: what it proves, what tampering looks like, and that neither other writers nor a crash at any
//! point lose an entry or break it.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use taster_provenance::{
    Algorithm, Envelope, Error, SigningKey, VerifyingKey,
    log::{self, Proof, SignedCheckpoint, entry_of},
};
use tempfile::TempDir;

const ORIGIN: &str = "example.com/tests";

/// What the parent asks of a child that appends.
const CHILD: &str = "TASTER_TEST_LOG_CHILD";

struct Room {
    folder: TempDir,
    key: SigningKey,
}

impl Room {
    fn new() -> Self {
        let room = Self { folder: tempfile::tempdir().unwrap(), key: SigningKey::generate(Algorithm::Ed25519) };
        fs::write(room.path("key.pem"), room.key.to_pem(None).unwrap()).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, log: &str, entries: std::ops::Range<usize>) -> Vec<Proof> {
        let entries: Vec<Vec<u8>> = entries.map(entry).collect();
        log::append(&self.path(log), Some(ORIGIN), &self.key, &entries).unwrap().proofs
    }

    fn keys(&self) -> [VerifyingKey; 1] {
        [self.key.verifying_key()]
    }

    /// The size of a log that holds.
    #[track_caller]
    fn size(&self, log: &str) -> u64 {
        let verification = log::verify(&self.path(log), &self.keys(), Some(ORIGIN), None).unwrap();
        assert!(verification.holds, "{verification}");
        verification.size
    }

    fn checkpoint(&self, log: &str) -> SignedCheckpoint {
        SignedCheckpoint::read(&self.path(log).join("checkpoint")).unwrap()
    }

    /// A process that appends entries of its own, one after the other.
    fn child(&self, log: &str, name: &str, count: usize) -> Child {
        let order = format!("{}|{log}|{name}|{count}", self.folder.path().display());
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "a_child_appends", "--nocapture"]).env(CHILD, order);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }
}

fn entry(i: usize) -> Vec<u8> {
    format!("entry {i}").into_bytes()
}

/// Not a test of itself: what [`Room::child`] runs. Each entry is noted once its append has returned.
#[test]
fn a_child_appends() {
    let Ok(order) = env::var(CHILD) else { return };
    let [folder, log, name, count] = order.split('|').collect::<Vec<_>>().try_into().unwrap();
    let folder = Path::new(folder);
    let key = SigningKey::load(&folder.join("key.pem"), None).unwrap();
    let mut noted = File::options().create(true).append(true).open(folder.join(name)).unwrap();
    for i in 0..count.parse().unwrap() {
        let entry = format!("{name} {i}").into_bytes();
        let done = log::append(&folder.join(log), Some(ORIGIN), &key, std::slice::from_ref(&entry)).unwrap();
        assert!(done.proofs[0].holds_for(&entry));
        writeln!(noted, "{}|{name} {i}", done.proofs[0].index()).unwrap();
    }
}

/// The entries of a log as text, by index.
fn texts(log: &Path, size: u64) -> Vec<String> {
    let mut texts = Vec::new();
    for index in 0..size.div_ceil(256) {
        let width = (size - index * 256).min(256);
        let full = log.join(format!("tile/entries/{index:03}"));
        let path = if width == 256 { full } else { log.join(format!("tile/entries/{index:03}.p/{width}")) };
        let mut bytes = &fs::read(path).unwrap()[..];
        while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
            let (entry, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
            texts.push(String::from_utf8(entry.to_vec()).unwrap());
            bytes = rest;
        }
    }
    texts
}

/// Every file below a folder with its content, but for the lock.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn collect(folder: &Path, root: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, root, found);
            } else if path.file_name().unwrap() != ".lock" {
                found.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

fn lay_out(folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn every_entry_has_a_proof_however_appended() {
    let room = Room::new();
    let mut next = 0;
    for count in [1, 2, 252, 1, 1, 1, 600] {
        for (i, proof) in room.append("log", next..next + count).iter().enumerate() {
            let read = Proof::parse(proof.to_string().as_bytes()).unwrap();
            assert_eq!((&read, read.index()), (proof, (next + i) as u64));
            assert!(read.holds_for(&entry(next + i)) && !read.holds_for(&entry(next + i + 1)));
            let keys = room.keys();
            assert!(log::verify_proof(&read, &entry(next + i), &keys, Some(ORIGIN)).holds);
            assert!(!log::verify_proof(&read, &entry(next + i), &keys, Some("example.com/other")).holds);
            assert!(!log::verify_proof(&read, &entry(next + i), &[], None).holds);
        }
        next += count;
        assert_eq!(room.size("log"), next as u64);
    }
    assert_eq!(texts(&room.path("log"), next as u64), (0..next).map(|i| format!("entry {i}")).collect::<Vec<_>>());
    // However it came about, it is the same log; nothing but the partial tiles of the last bundle is over.
    room.append("whole", 0..next);
    let (grown, whole) = (files(&room.path("log")), files(&room.path("whole")));
    assert!(whole.iter().all(|(name, bytes)| grown.get(name) == Some(bytes)));
    assert!(grown.keys().all(|name| !name.starts_with("tile/0/000.p") && !name.starts_with("tile/entries/000.p")));
}

#[test]
fn growth_is_proved_since_an_older_checkpoint() {
    let room = Room::new();
    room.append("log", 0..300);
    let old = room.checkpoint("log");
    room.append("log", 300..700);
    let since = |log: &str| log::verify(&room.path(log), &room.keys(), None, Some(&old)).unwrap();
    assert_eq!((since("log").holds, since("log").grown_since), (true, Some(300)));
    // One that was cut, one that was begun anew with another entry, one of another name.
    room.append("cut", 0..200);
    room.append("forked", 1..500);
    let other = log::append(&room.path("other"), Some("example.com/other"), &room.key, &[entry(0)]);
    assert!(other.is_ok());
    for (log, word) in [("cut", "was cut"), ("forked", "another root"), ("other", "is of the log")] {
        let verification = since(log);
        assert!(!verification.holds && verification.grown_since.is_none(), "{verification}");
        assert!(verification.to_string().contains(word), "{verification}");
    }
}

#[test]
fn a_changed_file_is_found_and_nothing_is_appended_to_it() {
    let room = Room::new();
    room.append("log", 0..300);
    let good = files(&room.path("log"));
    for (name, bytes) in &good {
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(room.path("log").join(name), &changed).unwrap();
            let verification = log::verify(&room.path("log"), &room.keys(), None, None);
            assert!(verification.is_err() || verification.is_ok_and(|v| !v.holds), "{} {at}", name.display());
        }
        fs::write(room.path("log").join(name), bytes).unwrap();
    }
    assert_eq!(room.size("log"), 300);
    fs::remove_file(room.path("log/tile/0/001.p/44")).unwrap();
    assert!(!log::verify(&room.path("log"), &room.keys(), None, None).unwrap().holds);
    let refused = log::append(&room.path("log"), None, &room.key, &[entry(1)]);
    assert!(matches!(refused, Err(Error::Log { .. })));
    lay_out(&room.path("log"), &good);
    fs::remove_file(room.path("log/checkpoint")).unwrap();
    let error = log::append(&room.path("log"), None, &room.key, &[entry(1)]).unwrap_err();
    assert!(error.to_string().contains("lost its checkpoint"), "{error}");
}

#[test]
fn only_its_key_and_its_name_append() {
    let room = Room::new();
    room.append("log", 0..3);
    let append = |origin: Option<&str>, key: &SigningKey| log::append(&room.path("log"), origin, key, &[entry(9)]);
    assert!(append(Some("example.com/other"), &room.key).is_err());
    for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
        let other = SigningKey::generate(algorithm);
        assert!(append(None, &other).is_err(), "{algorithm}");
    }
    assert!(log::append(&room.path("log"), None, &room.key, &[vec![0; 70_000]]).is_err());
    assert_eq!(room.size("log"), 3);
}

/// Whatever part of an append was written before the power went: the next one leaves what it would have left anyway.
#[test]
fn a_torn_append_is_mended_by_the_next() {
    let room = Room::new();
    for (before, torn, after) in [(1, 1, 1), (250, 3, 2), (255, 1, 1), (254, 700, 3), (256, 1, 300), (0, 300, 1)] {
        let name = format!("{before}-{torn}-{after}");
        room.append(&name, 0..before);
        let old = files(&room.path(&name));
        room.append(&name, before..before + torn);
        let mut new = files(&room.path(&name));
        new.retain(|file, bytes| file != Path::new("checkpoint") && old.get(file) != Some(bytes));
        let mut order: Vec<_> = new.into_iter().collect();
        // Entries come first, and sort last.
        order.sort_by_key(|(file, _)| !file.starts_with("tile/entries"));
        for written in 0..=order.len() {
            let log = format!("{name}-{written}");
            lay_out(&room.path(&log), &old);
            lay_out(&room.path(&log), &order[..written].iter().cloned().collect());
            fs::write(room.path(&log).join(".draft"), "half of someth").unwrap();
            assert_eq!(room.size(&log), before as u64);
            room.append(&log, 5000..5000 + after);
            assert_eq!(room.size(&log), (before + after) as u64);
            let clean = format!("{log}-clean");
            lay_out(&room.path(&clean), &old);
            room.append(&clean, 5000..5000 + after);
            let names = |log: &str| files(&room.path(log)).into_keys().collect::<Vec<_>>();
            assert_eq!(names(&log), names(&clean), "{log}");
        }
    }
}

#[test]
fn two_processes_append_500_entries_each_and_lose_none() {
    let room = Room::new();
    let mut children = [room.child("log", "left", 500), room.child("log", "right", 500)];
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(room.size("log"), 1000);
    let mut found = texts(&room.path("log"), 1000);
    for name in ["left", "right"] {
        // Each process's own entries are in its order.
        let own: Vec<_> = found.iter().filter(|text| text.starts_with(name)).cloned().collect();
        assert_eq!(own, (0..500).map(|i| format!("{name} {i}")).collect::<Vec<_>>());
    }
    found.dedup_by_key(|text| text.split(' ').next().map(str::to_owned));
    assert!(found.len() > 2, "the two never took turns, so nothing was tested");
}

/// Real processes, killed without warning at points that a seed draws. Half of the rounds cross the end of a bundle,
/// the other half the end of a tile of the second level.
#[test]
fn a_log_whose_writer_was_killed_at_200_points_is_whole() {
    let room = Room::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut killed = 0;
    for (log, start, check_all) in [("small", 250, true), ("large", 65_500, false)] {
        room.append(log, 0..start);
        let mut old = room.checkpoint(log);
        for round in 0..100 {
            let name = format!("{log}{round}");
            let mut child = room.child(log, &name, 100_000);
            std::thread::sleep(Duration::from_micros(draw(40_000)));
            child.kill().unwrap();
            killed += usize::from(!child.wait().unwrap().success());
            let [proof] = room.append(log, round..round + 1).try_into().unwrap();
            assert!(proof.holds_for(&entry(round)));
            let since = (check_all || round == 99).then_some(&old);
            if since.is_some() {
                let verification = log::verify(&room.path(log), &room.keys(), None, since).unwrap();
                assert!(verification.holds, "{verification}");
            }
            let size = proof.index() + 1;
            let noted = fs::read_to_string(room.path(&name)).unwrap_or_default();
            let whole_lines = noted.rsplit_once('\n').map_or("", |(lines, _)| lines);
            if !whole_lines.is_empty() {
                let texts = texts(&room.path(log), size);
                for (index, text) in whole_lines.lines().map(|line| line.split_once('|').unwrap()) {
                    assert_eq!(texts[index.parse::<usize>().unwrap()], text);
                }
            }
            if check_all {
                old = room.checkpoint(log);
            }
        }
        assert!(room.size(log) > start as u64 + 100, "no child appended anything");
    }
    assert_eq!(killed, 200);
}

#[test]
fn a_manifest_is_logged_by_its_payload() {
    let room = Room::new();
    let mut envelope = Envelope::new("application/vnd.in-toto+json", b"{}".to_vec());
    let proof = log::append(&room.path("log"), None, &room.key, &[entry_of(&envelope)]).unwrap().proofs.remove(0);
    envelope.sign(&SigningKey::generate(Algorithm::P256)).unwrap();
    assert!(proof.holds_for(&entry_of(&envelope)));
    envelope.payload.push(b' ');
    assert!(!proof.holds_for(&entry_of(&envelope)));
    let logged = log::entries(&room.path("log"), 1, 0).unwrap();
    assert_eq!(
        (logged[0].index, logged[0].entry.as_ref().unwrap().payload_type.as_str()),
        (0, "application/vnd.in-toto+json")
    );
}
