//! Digests, Merkle trees, manifests, signatures: what binds a verdict to the data it is about.
//!
//! - [`RowHasher`] gives the SHA-256 of every row, the same whatever format the row is stored in
//!   (`docs/row-digest.md`). A row's digest is its leaf in an RFC 6962 tree.
//! - [`CompactRange`] and [`RowTree`] fold leaves to a root. Ranges are built on any thread and appended in order.
//! - [`Manifest`] tells a scan as an in-toto statement; [`Envelope`] carries it, signed or not, as DSSE
//!   (`docs/manifest.md`).
//! - [`SigningKey`], [`VerifyingKey`] and [`keygen`] are the only keys in the workspace.
//! - [`oms`] signs and verifies whole folders the way OpenSSF Model Signing has it (`docs/signing.md`).
//! - [`log`] is a transparency log of manifests in a folder (`docs/log.md`).
//! - [`export`] tells a manifest as Croissant or CycloneDX, and reads what a Croissant file says of a dataset.
//! - [`diff`] says what changed between two datasets; [`RowProof`] shows one row to somebody who has neither; [`chain`]
//!   follows a dataset back to what was first received (`docs/verifying.md`, `docs/lineage.md`).
//! - [`verify()`] checks a manifest against keys, the report folder and the data, and says what differs.
//!
//! ```
//! use taster_provenance::{Algorithm, Envelope, SigningKey};
//!
//! let key = SigningKey::generate(Algorithm::Ed25519);
//! let mut envelope = Envelope::new("text/plain", b"tasted".to_vec());
//! envelope.sign(&key)?;
//! assert_eq!(envelope.signers(&[key.verifying_key()]).len(), 1);
//! # Ok::<(), taster_provenance::Error>(())
//! ```

mod canonical;
mod cells;
mod chain;
mod check;
mod compare;
mod decisions;
pub mod diff;
mod dsse;
mod error;
pub mod export;
mod file;
mod inclusion;
mod keyfile;
mod keys;
mod kind;
mod lineage;
pub mod log;
mod manifest;
mod many;
mod matching;
mod merkle;
pub mod oms;
mod proof;
mod quarantined;
mod row;
mod signer;
mod statement;
mod test_result;
mod tree;
mod verify;
mod wide;

pub use canonical::{canonical_json, canonical_sha256};
pub use chain::{Chain, Link, chain};
pub use check::{Check, SignatureCheck, Status, Verification};
pub use compare::{RowDifference, RowSource, RowSourceError};
pub use decisions::{Applied, Choice, DECISIONS_MEDIA_TYPE, DECISIONS_TYPE, Decision, Decisions};
pub use dsse::{Envelope, Signature, pae};
pub use error::Error;
pub use file::{sha256_of_bytes, sha256_of_file};
pub use inclusion::{inclusion_path, inclusion_root};
pub use keyfile::{KeyPair, keygen};
pub use keys::{Algorithm, SigningKey, VerifyingKey};
pub use kind::{kind_of, parse_kind};
pub use lineage::{Cleaned, DecisionsRecord, Lineage, Relation, Removed, Restored};
pub use manifest::{Context, Manifest};
pub use many::sha256_of_files;
pub use matching::DataFile;
pub use merkle::{CompactRange, empty_root, node};
pub use proof::{PROOF_TYPE, ProofCheck, RowProof, block_of};
pub use quarantined::{QuarantineProof, QuarantineRecord, QuarantineTree, Standing};
pub use row::{ROW_DIGEST, RowHasher};
pub use signer::{Signer, SignerCommand};
pub use statement::{
    ColumnRecord, Dataset, DetectorResult, DigestSet, FindingCounts, Metadata, Outcome, PAYLOAD_TYPE, PREDICATE_TYPE,
    Predicate, STATEMENT_TYPE, ScannedFile, Scanner, Statement, Subject, subjects,
};
pub use test_result::{Configuration, TEST_RESULT_TYPE, TestResult};
pub use tree::{RowBlocks, RowTree, block_budget};
pub use verify::{Thoroughness, Trust, is_bundle, verify};
