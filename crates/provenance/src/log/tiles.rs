//! Where tiles are and what is in them: C2SP `tlog-tiles`.

use taster_core::Digest;

/// Hashes in a full tile, entries in a full bundle.
pub(super) const WIDTH: u64 = 256;

/// Levels that a tree of 2^64 leaves has.
pub(super) const LEVELS: u8 = 8;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// Entries.
    Entries,
    /// Hashes of subtrees of 256^level leaves.
    Hashes(u8),
}

impl Layer {
    /// Folder of the layer below the log's.
    pub fn folder(self) -> String {
        match self {
            Self::Entries => "tile/entries".into(),
            Self::Hashes(level) => format!("tile/{level}"),
        }
    }

    /// How many entries or hashes a log of this size has in this layer.
    pub fn count(self, size: u64) -> u64 {
        match self {
            Self::Entries => size,
            Self::Hashes(level) => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
        }
    }

    /// Where a full tile is.
    pub fn full(self, index: u64) -> String {
        let mut parts = vec![format!("{:03}", index % 1000)];
        let mut rest = index / 1000;
        while rest > 0 {
            parts.insert(0, format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        format!("{}/{}", self.folder(), parts.join("/"))
    }

    /// The folder of the partial tiles with this index.
    pub fn partials(self, index: u64) -> String {
        format!("{}.p", self.full(index))
    }

    /// Where the tile with this index is while it has this many entries or hashes.
    pub fn path(self, index: u64, width: u64) -> String {
        if width == WIDTH { self.full(index) } else { format!("{}/{width}", self.partials(index)) }
    }
}

/// A tile's hashes as stored.
pub(super) fn encode_hashes(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hashes of a stored tile; `None` where the length does not fit.
pub(super) fn decode_hashes(bytes: &[u8]) -> Option<Vec<Digest>> {
    let (chunks, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| chunks.iter().map(|&hash| Digest(hash)).collect())
}

/// Appends an entry to a bundle. `None` where it is too long for one.
pub(super) fn encode_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Option<()> {
    bundle.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
    bundle.extend(entry);
    Some(())
}

/// The entries of a stored bundle; `None` where it ends within one.
pub(super) fn decode_entries(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bytes = rest;
    }
    bytes.is_empty().then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the specification.
    #[test]
    fn paths() {
        let layer = Layer::Hashes(0);
        assert_eq!(layer.full(1_234_067), "tile/0/x001/x234/067");
        assert_eq!(layer.path(0, 256), "tile/0/000");
        assert_eq!(layer.path(0, 5), "tile/0/000.p/5");
        assert_eq!(Layer::Entries.path(1000, 112), "tile/entries/x001/000.p/112");
        assert_eq!(layer.full(999), "tile/0/999");
    }

    #[test]
    fn widths_of_the_specification() {
        let widths = |level| Layer::Hashes(level).count(70_000);
        assert_eq!([widths(0) / 256, widths(0) % 256], [273, 112]);
        assert_eq!([widths(1) / 256, widths(1) % 256], [1, 17]);
        assert_eq!([widths(2), widths(3), Layer::Hashes(8).count(u64::MAX)], [1, 0, 0]);
    }

    #[test]
    fn bundles_and_tiles_are_read_back() {
        let mut bundle = Vec::new();
        for entry in [&b"one"[..], b"", b"three"] {
            encode_entry(&mut bundle, entry).unwrap();
        }
        assert_eq!(decode_entries(&bundle).unwrap(), [&b"one"[..], b"", b"three"]);
        assert_eq!(decode_entries(&bundle[..bundle.len() - 1]), None);
        assert_eq!(decode_entries(&bundle[..1]), None);
        assert_eq!(encode_entry(&mut bundle, &vec![0; 65_536]), None);
        let hashes = [Digest([1; 32]), Digest([2; 32])];
        assert_eq!(decode_hashes(&encode_hashes(&hashes)).unwrap(), hashes);
        assert_eq!(decode_hashes(&[0; 33]), None);
    }
}
