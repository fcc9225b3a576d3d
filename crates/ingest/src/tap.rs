use std::{
    fs::File,
    io::{self, Read},
};

use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::{Error, SourceFile};

/// A file whose every byte is hashed on its way to the decoder.
pub(crate) struct Tap {
    file: File,
    name: String,
    hasher: Option<Sha256>,
    read: u64,
    len: u64,
}

impl Tap {
    /// Opens a regular file. With `hash` false nothing is hashed, for a look before the real reading.
    pub(crate) fn open(source: &SourceFile, hash: bool) -> Result<Self, Error> {
        let io = |e| Error::io(&source.path, e);
        let file = File::open(&source.path).map_err(io)?;
        let meta = file.metadata().map_err(io)?;
        if !meta.is_file() {
            return Err(Error::input(&source.name, "no longer a regular file"));
        }
        Ok(Self { file, name: source.name.clone(), hasher: hash.then(Sha256::new), read: 0, len: meta.len() })
    }

    /// Bytes the file had when it was opened.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Bytes read so far.
    pub(crate) fn position(&self) -> u64 {
        self.read
    }

    /// The file, to look elsewhere in it; the position is put back by the caller.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Reads the rest, and gives the number of bytes and their digest.
    pub(crate) fn finish(mut self) -> Result<(u64, Digest), Error> {
        let io = |name: &str, e| Error::io(name, e);
        io::copy(&mut self, &mut io::sink()).map_err(|e| io(&self.name, e))?;
        let now = self.file.metadata().map_err(|e| io(&self.name, e))?.len();
        if now != self.read || self.read != self.len {
            return Err(Error::changed(&self.name));
        }
        let digest = self.hasher.map_or(Digest::default(), |h| Digest(h.finalize().into()));
        Ok((self.read, digest))
    }
}

impl Read for Tap {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(out)?;
        self.read += n as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&out[..n]);
        }
        Ok(n)
    }
}
