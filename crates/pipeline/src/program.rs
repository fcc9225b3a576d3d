//! The digest of the program that is running.

use std::{path::PathBuf, thread::JoinHandle};

use taster_core::Digest;
use taster_provenance::sha256_of_file;

/// A digest under way; it is made beside the scan.
pub(crate) struct Program(JoinHandle<Option<Digest>>);

impl Program {
    /// Begins to hash the program.
    pub fn hash() -> Self {
        Self(std::thread::spawn(|| Some(sha256_of_file(&place()?).ok()?.0)))
    }

    /// The digest, unless the program cannot be read.
    pub fn sha256(self) -> Option<Digest> {
        self.0.join().ok().flatten()
    }
}

/// Linux gives the file that is running even where another has taken its name since.
fn place() -> Option<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { Some(own) } else { std::env::current_exe().ok() }
}
