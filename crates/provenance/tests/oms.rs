//! Bundles of OpenSSF Model Signing, against hostile folders, bundles and certificates.

mod certificates;

use std::{fs, path::PathBuf};

use certificates::{Issued, Template};
use taster_provenance::{
    Algorithm, Envelope, PAYLOAD_TYPE, SigningKey, Status, Verification, VerifyingKey,
    oms::{Anchors, Bundle, Identity, Leniency, Material, Method, OmsTrust, Serialization, sign, verify},
};
use tempfile::TempDir;

const CURVES: [Algorithm; 3] = [Algorithm::P256, Algorithm::P384, Algorithm::P521];

struct Room {
    home: TempDir,
    key: SigningKey,
}

impl Room {
    fn new(algorithm: Algorithm) -> Self {
        let room = Self { home: tempfile::tempdir().unwrap(), key: SigningKey::generate(algorithm) };
        for (name, content) in
            [("a.csv", "a,b\n1,2\n"), ("part/b", "0123456789"), ("part/odd:1:2", "x"), (".git/HEAD", "g")]
        {
            room.write(name, content);
        }
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path("data").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn sign(&self, serialization: &Serialization) {
        let identity = Identity { signer: &self.key, certificates: Vec::new() };
        sign(&self.path("data"), serialization, None, &identity).unwrap().write(&self.path("sig")).unwrap();
    }

    fn verify(&self) -> Verification {
        self.verify_by(OmsTrust::Keys(&[self.key.verifying_key()])).unwrap()
    }

    fn verify_by(&self, trust: OmsTrust<'_>) -> Result<Verification, taster_provenance::Error> {
        verify(&self.path("sig"), trust, Some(&self.path("data")), &Leniency::default())
    }

    fn certify(&self, certificates: &[&Issued], anchors: &[&Issued], at: u64) -> Verification {
        let identity = Identity {
            signer: &certificates[0].key,
            certificates: certificates.iter().map(|c| c.certificate.clone()).collect(),
        };
        let bundle = sign(&self.path("data"), &Serialization::default(), None, &identity).unwrap();
        bundle.write(&self.path("sig")).unwrap();
        let anchors = Anchors { certificates: anchors.iter().map(|c| c.certificate.clone()).collect(), at };
        self.verify_by(OmsTrust::Certificates(&anchors)).unwrap()
    }
}

fn shards(size: u64) -> Serialization {
    Serialization { method: Method::Shards(size), ..Serialization::default() }
}

fn status(found: &Verification) -> Vec<(&str, Status)> {
    found.data.iter().filter(|c| c.status != Status::Same).map(|c| (c.name.as_str(), c.status)).collect()
}

#[test]
fn what_was_signed_holds_for_every_curve_and_method() {
    for algorithm in CURVES {
        for serialization in [Serialization::default(), shards(4), shards(1), shards(u64::MAX)] {
            let room = Room::new(algorithm);
            room.sign(&serialization);
            let found = room.verify();
            assert!(found.holds && found.data.len() == 3, "{algorithm} {serialization:?}\n{found}");
        }
    }
}

#[test]
fn every_change_is_named() {
    for serialization in [Serialization::default(), shards(4)] {
        let room = Room::new(Algorithm::P256);
        room.sign(&serialization);
        room.write("part/b", "0123456x89");
        assert_eq!(status(&room.verify()), [("part/b", Status::Changed)]);
        room.write("part/b", "01234567");
        assert_eq!(status(&room.verify()), [("part/b", Status::Changed)]);
        room.write("part/b", "");
        assert_eq!(status(&room.verify()), [("part/b", Status::Changed)]);
        room.write("part/b", "0123456789");
        room.write("new", "x");
        fs::rename(room.path("data/a.csv"), room.path("data/z.csv")).unwrap();
        let expected = [("a.csv", Status::Missing), ("new", Status::Added), ("z.csv", Status::Added)];
        assert_eq!(status(&room.verify()), expected);
    }
}

#[test]
fn lenience_is_for_what_was_not_signed() {
    let room = Room::new(Algorithm::P256);
    room.sign(&Serialization::default());
    room.write("new", "x");
    let keys = [room.key.verifying_key()];
    let with = |leniency: &Leniency| {
        verify(&room.path("sig"), OmsTrust::Keys(&keys), Some(&room.path("data")), leniency).unwrap().holds
    };
    let unsigned = Leniency { ignore_unsigned_files: true, ..Leniency::default() };
    let named = Leniency { ignore_paths: vec!["new".into()], ..Leniency::default() };
    assert!(!with(&Leniency::default()) && with(&unsigned) && with(&named));
    assert!(!with(&Leniency { ignore_paths: vec!["new".into(), "a.csv".into()], ..Leniency::default() }));
    room.write("a.csv", "changed");
    assert!(!with(&unsigned) && !with(&named));
    fs::remove_file(room.path("data/a.csv")).unwrap();
    assert!(!with(&unsigned) && !with(&named));
}

#[cfg(unix)]
#[test]
fn links_are_followed_only_where_allowed() {
    let room = Room::new(Algorithm::P256);
    std::os::unix::fs::symlink("a.csv", room.path("data/link")).unwrap();
    let identity = Identity { signer: &room.key, certificates: Vec::new() };
    let refused = sign(&room.path("data"), &Serialization::default(), None, &identity).unwrap_err();
    assert!(refused.to_string().contains("link"), "{refused}");
    let follow = Serialization { allow_symlinks: true, ..Serialization::default() };
    room.sign(&follow);
    assert!(room.verify().holds);
    room.write("a.csv", "other");
    assert_eq!(status(&room.verify()), [("a.csv", Status::Changed), ("link", Status::Changed)]);
    std::os::unix::fs::symlink(".", room.path("data/cycle")).unwrap();
    assert!(sign(&room.path("data"), &follow, None, &identity).is_err());
}

#[test]
fn there_must_be_something_to_sign() {
    let room = Room::new(Algorithm::P256);
    fs::create_dir_all(room.path("empty/.git")).unwrap();
    fs::write(room.path("empty/.gitignore"), "x").unwrap();
    let identity = Identity { signer: &room.key, certificates: Vec::new() };
    assert!(sign(&room.path("empty"), &Serialization::default(), None, &identity).is_err());
    assert!(sign(&room.path("nowhere"), &Serialization::default(), None, &identity).is_err());
    let ed25519 = SigningKey::generate(Algorithm::Ed25519);
    let identity = Identity { signer: &ed25519, certificates: Vec::new() };
    let refused = sign(&room.path("data"), &Serialization::default(), None, &identity).unwrap_err();
    assert!(refused.to_string().contains("p256"), "{refused}");
}

#[test]
fn one_file_holds_by_either_name() {
    let room = Room::new(Algorithm::P256);
    let (file, keys) = (room.path("data/a.csv"), [room.key.verifying_key()]);
    let identity = Identity { signer: &room.key, certificates: Vec::new() };
    let mut bundle = sign(&file, &Serialization::default(), None, &identity).unwrap();
    let holds = |bundle: &Bundle| {
        bundle.write(&room.path("sig")).unwrap();
        verify(&room.path("sig"), OmsTrust::Keys(&keys), Some(&file), &Leniency::default()).unwrap().holds
    };
    assert!(holds(&bundle));
    // As the specification writes it.
    let payload = String::from_utf8(bundle.envelope.payload).unwrap().replace("\"name\":\".\"", "\"name\":\"a.csv\"");
    bundle.envelope = signed(&room.key, PAYLOAD_TYPE, &payload);
    assert!(holds(&bundle));
    fs::write(&file, "changed").unwrap();
    assert!(!holds(&bundle));
}

fn signed(key: &SigningKey, payload_type: &str, payload: &str) -> Envelope {
    let mut envelope = Envelope::new(payload_type, payload.as_bytes().to_vec());
    envelope.sign(key).unwrap();
    envelope.signatures[0].keyid.clear();
    envelope
}

/// A valid signature does not make up for a payload that is not a list of files.
#[test]
fn a_signed_payload_of_another_kind_is_refused() {
    let room = Room::new(Algorithm::P384);
    room.sign(&Serialization::default());
    let bundle = Bundle::read(&room.path("sig")).unwrap();
    let payload = String::from_utf8(bundle.envelope.payload.clone()).unwrap();
    let keys = [room.key.verifying_key()];
    let holds = |payload_type: &str, payload: &str| {
        let envelope = signed(&room.key, payload_type, payload);
        Bundle { envelope, ..bundle.clone() }.write(&room.path("sig")).unwrap();
        room.verify_by(OmsTrust::Keys(&keys)).is_ok_and(|found| found.holds)
    };
    assert!(holds(PAYLOAD_TYPE, &payload));
    assert!(!holds("application/octet-stream", &payload));
    let resources = payload.find("\"resources\"").unwrap()..payload.find(",\"serialization\"").unwrap();
    for (from, to) in [
        ("Statement/v1", "Statement/v0.1"),
        ("signature/v1.0", "signature/v9"),
        (&payload[resources], "\"resources\":[]"),
        ("\"serialization\":", "\"other\":"),
        ("\"hash_type\":\"sha256\"", "\"hash_type\":\"md5\""),
        ("part/b", "../data/part/b"),
    ] {
        assert!(payload.contains(from) && !holds(PAYLOAD_TYPE, &payload.replace(from, to)), "{to}");
    }
}

#[test]
fn methods_are_not_mixed_up() {
    let room = Room::new(Algorithm::P256);
    room.sign(&Serialization::default());
    let root = Template::authority("root").self_signed();
    let anchors = Anchors { certificates: vec![root.certificate.clone()], at: certificates::NOW };
    assert!(!room.verify_by(OmsTrust::Certificates(&anchors)).unwrap().holds);
    let leaf = Template::leaf("leaf").issued_by(&root);
    assert!(room.certify(&[&leaf], &[&root], certificates::NOW).holds);
    assert!(!room.verify_by(OmsTrust::Keys(&[leaf.key.verifying_key()])).unwrap().holds);
    assert!(room.verify_by(OmsTrust::Unsigned).unwrap().holds);
    let stranger: [VerifyingKey; 1] = [room.key.verifying_key()];
    assert!(!room.verify_by(OmsTrust::Keys(&stranger)).unwrap().holds);
}

#[test]
fn a_chain_must_lead_to_a_trusted_certificate() {
    use certificates::NOW;
    let room = Room::new(Algorithm::P256);
    for algorithm in CURVES {
        let root = Template { algorithm, ..Template::authority("root") }.self_signed();
        let middle = Template { algorithm, ..Template::authority("middle") }.issued_by(&root);
        let leaf = Template { algorithm, ..Template::leaf("leaf") }.issued_by(&middle);
        let found = room.certify(&[&leaf, &middle], &[&root], NOW);
        assert!(found.holds && found.to_string().contains("valid, by leaf"), "{found}");
        assert!(room.certify(&[&leaf, &middle, &root], &[&root], NOW).holds);
        assert!(room.certify(&[&leaf], &[&root, &middle], NOW).holds);
        assert!(!room.certify(&[&leaf], &[&root], NOW).holds, "a link of the chain is not there");
        let same_name = Template { algorithm, ..Template::authority("root") }.self_signed();
        assert!(!room.certify(&[&leaf, &middle, &same_name], &[&same_name], NOW).holds);
    }
    let own = Template::leaf("own").self_signed();
    assert!(room.certify(&[&own], &[&own], NOW).holds);
    assert!(!room.certify(&[&own], &[], NOW).holds);
}

#[test]
fn certificates_that_do_not_allow_it_do_not_count() {
    use certificates::{EARLY, LATE, NOW};
    let room = Room::new(Algorithm::P256);
    let root = Template::authority("root").self_signed();
    let holds = |middle: Template, leaf: Template, at: u64| {
        let middle = middle.issued_by(&root);
        let leaf = leaf.issued_by(&middle);
        room.certify(&[&leaf, &middle], &[&root], at).holds
    };
    let (middle, leaf) = (|| Template::authority("middle"), || Template::leaf("leaf"));
    assert!(holds(middle(), leaf(), NOW));
    assert!(!holds(middle(), leaf(), EARLY - 1) && !holds(middle(), leaf(), LATE + 1));
    assert!(!holds(Template { valid: (EARLY, NOW - 1), ..middle() }, leaf(), NOW));
    assert!(!holds(middle(), Template { valid: (EARLY, NOW - 1), ..leaf() }, NOW));
    assert!(!holds(Template { authority: false, ..middle() }, leaf(), NOW));
    assert!(!holds(Template { usage: 0x80, ..middle() }, leaf(), NOW));
    assert!(!holds(middle(), Template { usage: 0x20, ..leaf() }, NOW));
    assert!(!holds(middle(), Template { critical: true, ..leaf() }, NOW));
    assert!(holds(Template { path_length: Some(0), ..middle() }, leaf(), NOW));
    let short = Template { path_length: Some(0), ..Template::authority("short") }.self_signed();
    let below = middle().issued_by(&short);
    assert!(!room.certify(&[&leaf().issued_by(&below), &below], &[&short], NOW).holds);
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
fn no_mutation_of_a_bundle_verifies() {
    let room = Room::new(Algorithm::P256);
    room.sign(&Serialization::default());
    let root = Template::authority("root").self_signed();
    let leaf = Template::leaf("leaf").issued_by(&root);
    let anchors = Anchors { certificates: vec![root.certificate.clone()], at: certificates::NOW };
    let keys = [room.key.verifying_key()];
    let mut random = Random(3);
    for certified in [false, true] {
        if certified {
            assert!(room.certify(&[&leaf], &[&root], certificates::NOW).holds);
        }
        let trust = if certified { OmsTrust::Certificates(&anchors) } else { OmsTrust::Keys(&keys) };
        let bytes = fs::read(room.path("sig")).unwrap();
        for round in 0..1000 {
            let changed = mutated(&bytes, &mut random);
            fs::write(room.path("sig"), &changed).unwrap();
            let found = room.verify_by(trust);
            let text = String::from_utf8_lossy(&changed);
            assert!(changed == bytes || !found.is_ok_and(|found| found.holds), "{round}: {text}");
        }
        fs::write(room.path("sig"), &bytes).unwrap();
    }
}

#[test]
fn hostile_certificates_are_refused_and_nothing_panics() {
    let der = Template::leaf("leaf").self_signed().certificate.der().to_vec();
    let mut random = Random(5);
    for cut in 0..der.len() {
        assert!(taster_provenance::oms::Certificate::from_der(&der[..cut]).is_err());
    }
    for _ in 0..2000 {
        let _ = taster_provenance::oms::Certificate::from_der(&mutated(&der, &mut random)).map(|c| (c.key(), c.name()));
    }
}

#[test]
fn a_hint_of_another_key_is_refused() {
    let room = Room::new(Algorithm::P256);
    room.sign(&Serialization::default());
    let mut bundle = Bundle::read(&room.path("sig")).unwrap();
    for (hint, holds) in [(String::new(), true), (room.key.verifying_key().keyid(), true), ("ab".into(), false)] {
        bundle.material = Material::PublicKey { hint };
        bundle.write(&room.path("sig")).unwrap();
        assert_eq!(room.verify().holds, holds);
    }
}
