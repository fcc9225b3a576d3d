use std::{fs::File, io::Read as _, path::Path};

use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::Error;

/// SHA-256 of a regular file's bytes, and how many they are.
///
/// Errs where it cannot be read, or is not a regular file (a pipe would wait for ever).
pub fn sha256_of_file(path: &Path) -> Result<(Digest, u64), Error> {
    let mut file = open_regular(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    let mut length = 0;
    loop {
        let n = file.read(&mut buffer).map_err(Error::io(path))?;
        if n == 0 {
            return Ok((Digest(hash.finalize().into()), length));
        }
        hash.update(&buffer[..n]);
        length += n as u64;
    }
}

pub(crate) fn open_regular(path: &Path) -> Result<File, Error> {
    if !std::fs::metadata(path).map_err(Error::io(path))?.is_file() {
        return Err(Error::io(path)(std::io::Error::other("not a regular file")));
    }
    File::open(path).map_err(Error::io(path))
}
