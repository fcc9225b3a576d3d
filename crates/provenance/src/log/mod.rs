//! A transparency log of manifests in a folder: C2SP tlog-tiles on plain files (`docs/log.md`).
//!
//! Every entry is a few facts about a manifest, bound to it by the digest of its payload. The log's key signs a
//! *checkpoint*: how many entries there are, and the RFC 6962 root over them. Who kept an old checkpoint can be shown
//! that nothing was taken away since, and who has a [`Proof`] that a manifest is in it, without the log.

mod append;
mod checkpoint;
mod edge;
mod entry;
mod folder;
mod note;
mod proof;
mod read;
mod tiles;
mod verify;

pub use append::{Appended, append};
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use entry::{Entry, entry_of};
pub use note::verifier_key;
pub use proof::Proof;
pub use read::{Logged, entries};
pub use verify::{LogVerification, verify, verify_proof};
