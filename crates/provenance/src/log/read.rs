//! What is in a log, read tile by tile.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use super::{
    edge::{Edge, root_of},
    entry::Entry,
    folder::read_tile,
    tiles::{LEVELS, Layer, WIDTH, decode_entries, decode_hashes},
};
use crate::{Error, inclusion_path};

/// An entry and where it is in its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// The first entry has 0.
    pub index: u64,
    /// What it says; `None` where it is not one of taster's.
    pub entry: Option<Entry>,
}

/// The entries from this index on of a log of this size, in order. Nothing is verified.
pub fn entries(folder: &Path, size: u64, from: u64) -> Result<Vec<Logged>, Error> {
    let tiles = Tiles::new(folder, size);
    let mut logged = Vec::new();
    for index in from.min(size) / WIDTH..size.div_ceil(WIDTH) {
        let first = index * WIDTH;
        let bundle = tiles.entries(index)?;
        let entries = bundle.iter().enumerate().map(|(i, bytes)| (first + i as u64, bytes));
        let wanted = entries.filter(|&(index, _)| index >= from);
        logged.extend(wanted.map(|(index, bytes)| Logged { index, entry: Entry::parse(bytes) }));
    }
    Ok(logged)
}

/// Hash of an entry as a leaf (RFC 6962, section 2.1).
pub(super) fn leaf(entry: &[u8]) -> Digest {
    Digest(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// The tiles of a log of a certain size.
pub(super) struct Tiles {
    root: PathBuf,
    size: u64,
    read: RefCell<BTreeMap<(u8, u64), Vec<Digest>>>,
}

impl Tiles {
    pub fn new(root: &Path, size: u64) -> Self {
        Self { root: root.to_owned(), size, read: RefCell::default() }
    }

    /// The entries of a bundle.
    pub fn entries(&self, index: u64) -> Result<Vec<Vec<u8>>, Error> {
        let width = self.width(Layer::Entries, index);
        let bytes = self.bytes(Layer::Entries, index, width)?;
        let entries = decode_entries(&bytes).filter(|entries| entries.len() as u64 >= width);
        let entries = entries.ok_or_else(|| self.damaged(Layer::Entries, index, width, "ends too early"))?;
        Ok(entries.iter().take(width as usize).map(|&entry| entry.to_owned()).collect())
    }

    /// The hashes of a tile.
    pub fn hashes(&self, level: u8, index: u64) -> Result<Vec<Digest>, Error> {
        let layer = Layer::Hashes(level);
        let width = self.width(layer, index);
        let bytes = self.bytes(layer, index, width)?;
        let hashes = decode_hashes(&bytes).filter(|hashes| hashes.len() as u64 >= width);
        let mut hashes = hashes.ok_or_else(|| self.damaged(layer, index, width, "ends too early"))?;
        hashes.truncate(width as usize);
        Ok(hashes)
    }

    /// The partial tiles at the end of every level.
    pub fn edge(&self) -> Result<Edge, Error> {
        let partial = |level| {
            let count = Layer::Hashes(level).count(self.size);
            if count.is_multiple_of(WIDTH) { Ok(Vec::new()) } else { self.hashes(level, count / WIDTH) }
        };
        Ok(Edge::new(self.size, (0..LEVELS).map(partial).collect::<Result<_, _>>()?))
    }

    /// Siblings of a leaf, as a proof holds them.
    pub fn path(&self, index: u64) -> Result<Vec<Digest>, Error> {
        inclusion_path(index, self.size, &mut |level, position| self.subtree(level, position))
    }

    /// Root of a perfect subtree: over some hashes of one tile.
    fn subtree(&self, level: u32, position: u64) -> Result<Digest, Error> {
        let (tile_level, height) = ((level / 8) as u8, level % 8);
        let first = position << height;
        let at = (tile_level, first / WIDTH);
        let mut read = self.read.borrow_mut();
        let hashes = match read.entry(at) {
            std::collections::btree_map::Entry::Occupied(found) => found.into_mut(),
            std::collections::btree_map::Entry::Vacant(empty) => empty.insert(self.hashes(at.0, at.1)?),
        };
        let start = (first % WIDTH) as usize;
        let hashes = hashes.get(start..start + (1 << height));
        Ok(root_of(hashes.ok_or_else(|| self.damaged(Layer::Hashes(at.0), at.1, WIDTH, "ends too early"))?, 0))
    }

    fn width(&self, layer: Layer, index: u64) -> u64 {
        (layer.count(self.size) - index * WIDTH).min(WIDTH)
    }

    fn bytes(&self, layer: Layer, index: u64, width: u64) -> Result<Vec<u8>, Error> {
        let bytes = read_tile(&self.root, layer, index, width)?;
        bytes.ok_or_else(|| self.damaged(layer, index, width, "is missing"))
    }

    fn damaged(&self, layer: Layer, index: u64, width: u64, problem: &str) -> Error {
        Error::Log { path: self.root.join(layer.path(index, width)), problem: problem.to_owned() }
    }
}
