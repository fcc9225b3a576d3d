use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::Error;

/// Bytes read at a time: few calls, and what was read is still in the cache when it is hashed.
const BUFFER: usize = 256 * 1024;

/// SHA-256 of a regular file's bytes, and how many they are.
///
/// Errs where it cannot be read, or is not a regular file (a pipe would wait for ever).
pub fn sha256_of_file(path: &Path) -> Result<(Digest, u64), Error> {
    sha256_of(&mut open_regular(path)?, u64::MAX).map_err(Error::io(path))
}

/// SHA-256 of the bytes of a regular file from `start` to `end`, or to its end.
///
/// Errs where it cannot be read, or ends before `end`.
pub(crate) fn sha256_of_range(path: &Path, start: u64, end: Option<u64>) -> Result<Digest, Error> {
    let mut file = open_regular(path)?;
    file.seek(SeekFrom::Start(start)).map_err(Error::io(path))?;
    let (digest, length) = sha256_of(&mut file, end.map_or(u64::MAX, |end| end - start)).map_err(Error::io(path))?;
    if end.is_some_and(|end| length != end - start) {
        return Err(Error::io(path)(std::io::Error::other("it became shorter while it was read")));
    }
    Ok(digest)
}

fn sha256_of(file: &mut File, at_most: u64) -> std::io::Result<(Digest, u64)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER.min(usize::try_from(at_most).unwrap_or(BUFFER)).max(1)];
    let mut length = 0;
    while length < at_most {
        let wanted = buffer.len().min(usize::try_from(at_most - length).unwrap_or(usize::MAX));
        match file.read(&mut buffer[..wanted]) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(&buffer[..n]);
                length += n as u64;
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok((Digest(hash.finalize().into()), length))
}

pub(crate) fn open_regular(path: &Path) -> Result<File, Error> {
    if !std::fs::metadata(path).map_err(Error::io(path))?.is_file() {
        return Err(Error::io(path)(std::io::Error::other("not a regular file")));
    }
    File::open(path).map_err(Error::io(path))
}

/// The bytes of a regular file that may not be longer than this.
pub(crate) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(most + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if bytes.len() as u64 > most {
        return Err(Error::io(path)(std::io::Error::other(format!("larger than {} MiB", most >> 20))));
    }
    Ok(bytes)
}
