use std::{
    cell::Cell,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    sync::mpsc::sync_channel,
    thread,
};

use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::Error;

/// Bytes read at a time: few calls, and what was read is still in the cache when it is hashed.
const BUFFER: usize = 256 * 1024;

/// A file of this many bytes is read by one thread and hashed by another.
const LARGE: u64 = 32 << 20;

/// Bytes handed from one thread to the other at a time: to wake a thread takes as long as to hash some kilobytes.
const HANDED: usize = 1 << 20;

/// Buffers that may wait to be hashed.
const AHEAD: usize = 4;

thread_local! {
    /// What small files are read into: to get and zero a buffer for each would take a tenth of the time of hashing it.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// SHA-256 of a regular file's bytes, and how many they are.
///
/// Errs where it cannot be read, or is not a regular file (a pipe would wait for ever).
pub fn sha256_of_file(path: &Path) -> Result<(Digest, u64), Error> {
    let (mut file, length) = open_regular(path)?;
    sha256_of(&mut file, length, u64::MAX).map_err(Error::io(path))
}

/// SHA-256 of bytes in memory.
pub fn sha256_of_bytes(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// SHA-256 of the bytes of a regular file from `start` to `end`, or to its end.
///
/// Errs where it cannot be read, or ends before `end`.
pub(crate) fn sha256_of_range(path: &Path, start: u64, end: Option<u64>) -> Result<Digest, Error> {
    let (mut file, length) = open_regular(path)?;
    file.seek(SeekFrom::Start(start)).map_err(Error::io(path))?;
    let at_most = end.map_or(u64::MAX, |end| end - start);
    let (digest, length) = sha256_of(&mut file, length, at_most).map_err(Error::io(path))?;
    if end.is_some_and(|end| length != end - start) {
        return Err(Error::io(path)(std::io::Error::other("it became shorter while it was read")));
    }
    Ok(digest)
}

/// The hash of what is there, at most this much. The length that is expected decides how it is read, and nothing else.
fn sha256_of(file: &mut File, expected: u64, at_most: u64) -> io::Result<(Digest, u64)> {
    let mut hash = Sha256::new();
    let mut length = 0;
    let mut update = |bytes: &[u8]| {
        hash.update(bytes);
        length += bytes.len() as u64;
    };
    if expected.min(at_most) < LARGE {
        let mut buffer = SPARE.take();
        buffer.resize(BUFFER, 0);
        let mut left = at_most;
        while let n @ 1.. = read_some(file, &mut buffer, left)? {
            update(&buffer[..n]);
            left -= n as u64;
        }
        SPARE.set(buffer);
    } else {
        read_beside(file, at_most, update)?;
    }
    Ok((Digest(hash.finalize().into()), length))
}

/// Reads on another thread than the one that works on what was read: SHA-256 of one file cannot be computed in parallel,
/// but it need not wait for the disk, nor for bytes to be copied.
fn read_beside(file: &mut File, at_most: u64, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let (to_work, filled) = sync_channel::<(Vec<u8>, usize)>(AHEAD);
    let (to_read, emptied) = sync_channel::<Vec<u8>>(AHEAD + 1);
    for _ in 0..=AHEAD {
        to_read.send(vec![0; HANDED]).map_err(io::Error::other)?;
    }
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut left = at_most;
            while let Ok(mut buffer) = emptied.recv() {
                let n = read_some(file, &mut buffer, left)?;
                left -= n as u64;
                if n == 0 || to_work.send((buffer, n)).is_err() {
                    break;
                }
            }
            Ok(())
        });
        for (buffer, n) in filled {
            each(&buffer[..n]);
            to_read.send(buffer).ok(); // at the end nobody takes it
        }
        drop(to_read);
        reader.join().unwrap_or_else(|_| Err(io::Error::other("reading stopped unexpectedly")))
    })
}

/// Reads what is there, at most this much; 0 at the end.
pub(crate) fn read_some(file: &mut File, buffer: &mut [u8], at_most: u64) -> io::Result<usize> {
    let wanted = buffer.len().min(usize::try_from(at_most).unwrap_or(usize::MAX));
    loop {
        match file.read(&mut buffer[..wanted]) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// The file, and how long it was.
fn open_regular(path: &Path) -> Result<(File, u64), Error> {
    let told = std::fs::metadata(path).map_err(Error::io(path))?;
    if !told.is_file() {
        return Err(Error::io(path)(std::io::Error::other("not a regular file")));
    }
    Ok((File::open(path).map_err(Error::io(path))?, told.len()))
}

/// The bytes of a regular file that may not be longer than this.
pub(crate) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    open_regular(path)?.0.take(most + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if bytes.len() as u64 > most {
        return Err(Error::io(path)(std::io::Error::other(format!("larger than {} MiB", most >> 20))));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_reading_does_not_show() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        for length in [0, 1, BUFFER - 1, BUFFER, BUFFER + 1, LARGE as usize - 1, LARGE as usize, LARGE as usize + 77] {
            let bytes: Vec<u8> = (0..length).map(|i| ((i * i) >> 8) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            let expected = Digest(Sha256::digest(&bytes).into());
            assert_eq!(sha256_of_file(&path).unwrap(), (expected, length as u64));
            let (start, end) = (length as u64 / 3, length as u64 / 2);
            let part = Digest(Sha256::digest(&bytes[start as usize..end as usize]).into());
            assert_eq!(sha256_of_range(&path, start, Some(end)).unwrap(), part);
            assert!(sha256_of_range(&path, start, Some(length as u64 + 1)).is_err());
        }
    }
}
