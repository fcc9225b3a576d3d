//! Bundles in `fixtures/oms`, made from the specification's description by another program: those that are well-formed
//! are read, the others refused, each for the fault it is named for.

use std::{
    fs,
    path::{Path, PathBuf},
};

use taster_provenance::oms::{Leniency, OmsTrust, verify};

fn vectors(kind: &str) -> Vec<PathBuf> {
    let folder = format!("{}/../../fixtures/oms/{kind}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Whether the bundle is one, whoever signed it.
fn is_well_formed(path: &Path) -> bool {
    verify(path, OmsTrust::Unsigned, None, &Leniency::default()).is_ok_and(|found| found.holds)
}

#[test]
fn valid_vectors_are_accepted_as_well_formed() {
    let vectors = vectors("valid");
    assert!(vectors.len() >= 13);
    for path in vectors {
        let found = verify(&path, OmsTrust::Unsigned, None, &Leniency::default());
        assert!(is_well_formed(&path), "{}: {found:?}", path.display());
    }
}

#[test]
fn invalid_vectors_are_refused() {
    let vectors = vectors("invalid");
    assert!(vectors.len() >= 40);
    for path in vectors {
        assert!(!is_well_formed(&path), "{}", path.display());
    }
}

/// Their signatures are none, so no key verifies them.
#[test]
fn no_vector_is_taken_for_signed() {
    let key = taster_provenance::SigningKey::generate(taster_provenance::Algorithm::P256).verifying_key();
    for path in vectors("valid") {
        let found = verify(&path, OmsTrust::Keys(std::slice::from_ref(&key)), None, &Leniency::default());
        assert!(!found.is_ok_and(|found| found.holds), "{}", path.display());
    }
}
