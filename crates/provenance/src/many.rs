//! SHA-256 of many files, sixteen at a time on each thread where the processor can.

use std::{
    cmp::Reverse,
    fs::{self, File},
    io::{self, Seek as _, SeekFrom},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use rayon::prelude::*;
use taster_core::Digest;

use crate::{
    Error,
    file::{read_some, sha256_of_range},
    wide::{BLOCK, FIRST, LANES, States, Wide},
};

/// Bytes read at a time for each of the files that are hashed together; all of them stay in a core's own cache.
const BUFFER: usize = 32 * 1024;

/// Room for them, and for what ends a message: at most two blocks.
const ROOM: usize = BUFFER + 2 * BLOCK;

/// A regular file, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub path: &'a Path,
    /// Its first byte.
    pub start: u64,
    /// One more than its last byte, which must be there; `None` for all that there is.
    pub end: Option<u64>,
}

/// SHA-256 of each of these files, in their order. Each has its own error, as [`crate::sha256_of_file`] has it.
pub fn sha256_of_files<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Vec<Result<Digest, Error>> {
    let parts: Vec<_> = paths.into_iter().map(|path| Part { path, start: 0, end: None }).collect();
    sha256_of_parts(&parts)
}

/// SHA-256 of each of these parts, in their order.
pub(crate) fn sha256_of_parts(parts: &[Part<'_>]) -> Vec<Result<Digest, Error>> {
    match Wide::here() {
        Some(wide) => side_by_side(wide, parts),
        None => parts.par_iter().map(Part::sha256).collect(),
    }
}

/// Hashes what is short side by side, and by itself what would go on when all others are done.
fn side_by_side(wide: Wide, parts: &[Part<'_>]) -> Vec<Result<Digest, Error>> {
    let lengths: Vec<Option<u64>> = parts.par_iter().map(Part::length).collect();
    let threads = rayon::current_num_threads();
    let share = lengths.iter().flatten().sum::<u64>() / (LANES * threads) as u64;
    let is_short = |i: &usize| lengths[*i].is_some_and(|length| length <= share);
    let (mut short, long): (Vec<usize>, Vec<usize>) = (0..parts.len()).partition(is_short);
    short.sort_by_key(|&i| Reverse(lengths[i]));
    let next = AtomicUsize::new(0);
    let worker = |_| Lanes::new(wide, parts, &short, &next).run();
    let (alone, together) = rayon::join(
        || long.par_iter().map(|&i| (i, parts[i].sha256())).collect::<Vec<_>>(),
        || (0..threads).into_par_iter().map(worker).collect::<Vec<_>>(),
    );
    let mut all: Vec<_> = alone.into_iter().chain(together.into_iter().flatten()).collect();
    all.sort_unstable_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, digest)| digest).collect()
}

impl Part<'_> {
    fn sha256(&self) -> Result<Digest, Error> {
        sha256_of_range(self.path, self.start, self.end)
    }

    /// How long it is, by the system's word; `None` for what is no regular file.
    fn length(&self) -> Option<u64> {
        let meta = fs::metadata(self.path).ok().filter(fs::Metadata::is_file)?;
        Some(self.end.unwrap_or(meta.len()).saturating_sub(self.start))
    }

    fn open(&self) -> io::Result<File> {
        let mut file = File::open(self.path)?;
        if self.start > 0 {
            file.seek(SeekFrom::Start(self.start))?;
        }
        Ok(file)
    }
}

/// One thread's files.
struct Lanes<'a> {
    wide: Wide,
    parts: &'a [Part<'a>],
    /// Parts in the order in which they are taken.
    order: &'a [usize],
    /// The first that nobody took yet.
    next: &'a AtomicUsize,
    states: States,
    done: Vec<(usize, Result<Digest, Error>)>,
}

/// A file under way.
struct Lane {
    part: usize,
    file: File,
    /// Bytes that were read and not hashed yet, in the buffer.
    at: usize,
    end: usize,
    /// Bytes read, and bytes that still may be.
    length: u64,
    left: u64,
    /// Whether all is read, and what ends a message is in the buffer.
    ended: bool,
}

impl<'a> Lanes<'a> {
    fn new(wide: Wide, parts: &'a [Part<'a>], order: &'a [usize], next: &'a AtomicUsize) -> Self {
        Self { wide, parts, order, next, states: [[0; LANES]; 8], done: Vec::new() }
    }

    /// Hashes parts until none is left.
    fn run(mut self) -> Vec<(usize, Result<Digest, Error>)> {
        let mut lanes: [Option<Lane>; LANES] = std::array::from_fn(|_| None);
        let mut rooms = vec![0; LANES * ROOM];
        loop {
            for (i, (lane, buffer)) in lanes.iter_mut().zip(rooms.chunks_exact_mut(ROOM)).enumerate() {
                self.fill(i, lane, buffer);
            }
            let ready = |lane: &Lane| (lane.end - lane.at) / BLOCK;
            let Some(blocks) = lanes.iter().flatten().map(ready).min() else { return self.done };
            // An empty lane takes in anything: its state is set when a file comes.
            let message = |i: usize| {
                let room = &rooms[i * ROOM..][..ROOM];
                lanes[i].as_ref().map_or(room, |lane| &room[lane.at..lane.end])
            };
            self.wide.compress(&mut self.states, &std::array::from_fn(message), blocks);
            for lane in lanes.iter_mut().flatten() {
                lane.at += blocks * BLOCK;
            }
        }
    }

    /// Sees to it that the lane has a block to take in, or nothing is left to do.
    fn fill(&mut self, i: usize, slot: &mut Option<Lane>, buffer: &mut [u8]) {
        loop {
            match slot {
                Some(lane) if lane.end - lane.at >= BLOCK => return,
                Some(lane) if lane.ended => {
                    self.done.push((lane.part, Ok(self.digest(i))));
                    *slot = None;
                }
                Some(lane) => {
                    if let Err(e) = lane.read(buffer, &self.parts[lane.part]) {
                        self.done.push((lane.part, Err(Error::io(self.parts[lane.part].path)(e))));
                        *slot = None;
                    }
                }
                None => {
                    let Some(&part) = self.order.get(self.next.fetch_add(1, Ordering::Relaxed)) else { return };
                    match self.parts[part].open() {
                        Ok(file) => {
                            let Part { start, end, .. } = self.parts[part];
                            let left = end.map_or(u64::MAX, |end| end - start);
                            *slot = Some(Lane { part, file, at: 0, end: 0, length: 0, left, ended: false });
                            for (words, first) in self.states.iter_mut().zip(FIRST) {
                                words[i] = first;
                            }
                        }
                        Err(e) => self.done.push((part, Err(Error::io(self.parts[part].path)(e)))),
                    }
                }
            }
        }
    }

    fn digest(&self, lane: usize) -> Digest {
        let mut digest = Digest::default();
        for (bytes, words) in digest.0.chunks_exact_mut(4).zip(&self.states) {
            bytes.copy_from_slice(&words[lane].to_be_bytes());
        }
        digest
    }
}

impl Lane {
    /// Reads on, or puts what ends a message behind the last byte.
    fn read(&mut self, buffer: &mut [u8], part: &Part<'_>) -> io::Result<()> {
        buffer.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        let n = read_some(&mut self.file, &mut buffer[self.end..BUFFER], self.left)?;
        if n == 0 {
            if part.end.is_some_and(|end| self.length != end - part.start) {
                return Err(io::Error::other("it became shorter while it was read"));
            }
            self.pad(buffer);
        }
        self.end += n;
        self.length += n as u64;
        self.left -= n as u64;
        Ok(())
    }

    /// FIPS 180-4, section 5.1.1: a bit, zeros, and the length in bits, to the end of a block.
    fn pad(&mut self, buffer: &mut [u8]) {
        let whole = (self.end + 1 + 8).next_multiple_of(BLOCK);
        buffer[self.end..whole].fill(0);
        buffer[self.end] = 0x80;
        buffer[whole - 8..whole].copy_from_slice(&(self.length * 8).to_be_bytes());
        (self.end, self.ended) = (whole, true);
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::sha256_of_file;

    fn bytes(length: usize, seed: usize) -> Vec<u8> {
        (0..length).map(|i| ((i * i + seed * 7919) >> 5) as u8).collect()
    }

    fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// Lengths around every border: of what ends a message, of blocks, of the buffer.
    fn lengths() -> Vec<usize> {
        let near = |n: usize| n.saturating_sub(9)..n + 3;
        let mut lengths: Vec<usize> = (0..140).chain([4096, 100_000, 3 * BUFFER + 1]).collect();
        lengths.extend([near(BUFFER), near(BUFFER + BLOCK), near(2 * BUFFER)].into_iter().flatten());
        lengths
    }

    #[test]
    fn files_side_by_side_have_the_digests_they_have_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut expected = Vec::new();
        let paths: Vec<_> = lengths().iter().map(|n| folder.path().join(n.to_string())).collect();
        for (i, (path, length)) in paths.iter().zip(lengths()).enumerate() {
            fs::write(path, bytes(length, i)).unwrap();
            expected.push(of(&bytes(length, i)));
        }
        let found: Vec<_> = sha256_of_files(paths.iter().map(AsRef::as_ref)).into_iter().map(Result::unwrap).collect();
        assert_eq!(found, expected);
        // All of them in lanes, whatever their lengths, and each thread alone.
        let Some(wide) = Wide::here() else { return eprintln!("skipped: this processor has no 512-bit vectors") };
        let parts: Vec<_> = paths.iter().map(|path| Part { path, start: 0, end: None }).collect();
        for count in [1, 2, 15, 16, 17, parts.len()] {
            let order: Vec<usize> = (0..count).rev().collect();
            let mut done = Lanes::new(wide, &parts, &order, &AtomicUsize::new(0)).run();
            done.sort_unstable_by_key(|(i, _)| *i);
            let done: Vec<_> = done.into_iter().map(|(_, digest)| digest.unwrap()).collect();
            assert_eq!(done, expected[..count]);
        }
    }

    #[test]
    fn parts_have_the_digests_of_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let content = bytes(200_000, 3);
        fs::write(&path, &content).unwrap();
        let part = |start: u64, end| Part { path: &path, start, end };
        let parts: Vec<_> = (0..200).map(|i| part(i * 1000, Some(i * 1000 + 1000))).chain([part(7, None)]).collect();
        let found = sha256_of_parts(&parts);
        for (part, found) in parts.iter().zip(found) {
            let end = part.end.map_or(content.len(), |end| end as usize);
            assert_eq!(found.unwrap(), of(&content[part.start as usize..end]));
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let there: Vec<_> = (0..100).map(|i| folder.path().join(i.to_string())).collect();
        for path in &there {
            fs::write(path, path.to_str().unwrap()).unwrap();
        }
        let gone = folder.path().join("gone");
        let paths = there.iter().chain([&gone]).map(AsRef::as_ref).chain([folder.path()]);
        let found = sha256_of_files(paths);
        assert_eq!(found.iter().filter(|f| f.is_ok()).count(), 100);
        assert!(matches!(&found[100], Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound));
        assert!(found[101].as_ref().unwrap_err().to_string().contains("not a regular file"));
        assert_eq!(*found[3].as_ref().unwrap(), sha256_of_file(&there[3]).unwrap().0);
        let beyond: Vec<_> = there.iter().map(|path| Part { path, start: 0, end: Some(1000) }).collect();
        assert!(sha256_of_parts(&beyond).iter().all(|f| f.as_ref().unwrap_err().to_string().contains("shorter")));
    }
}
