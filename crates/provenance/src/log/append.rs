//! Appending: entries first, then the tiles over them, then the checkpoint that makes them count.

use std::{io::ErrorKind, path::Path};

use super::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    edge::Edge,
    folder::{CHECKPOINT, Writer},
    proof::Proof,
    read::{Tiles, leaf},
    tiles::{Layer, WIDTH, encode_entry, encode_hashes},
};
use crate::{Error, Signer, empty_root};

/// What an append came to.
#[derive(Clone, Debug)]
pub struct Appended {
    /// The checkpoint that covers the new entries.
    pub checkpoint: SignedCheckpoint,
    /// For each of them, in order, the proof that it is in the log.
    pub proofs: Vec<Proof>,
}

/// Appends entries to the log in this folder, which is made where it is not there. Other processes may append at the
/// same time; whatever a process that died has left half done is mended first.
///
/// `origin` names a new log, and must be the name of one that is there; left out, a new one has the folder's name.
///
/// Errs, and appends nothing, where the log cannot be read or written, is damaged, or is not signed by this key.
pub fn append(
    folder: &Path,
    origin: Option<&str>,
    signer: &dyn Signer,
    entries: &[Vec<u8>],
) -> Result<Appended, Error> {
    let writer = Writer::open(folder)?;
    let old = match SignedCheckpoint::read(&folder.join(CHECKPOINT)) {
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            begin(&writer, folder, origin, signer)?
        }
        found => checked(found?, folder, origin, signer)?,
    };
    let size = old.checkpoint().size;
    writer.repair(size)?;
    let mut edge = Tiles::new(folder, size).edge()?;
    if edge.root() != old.checkpoint().root {
        let problem = "the tiles are not those that the checkpoint was signed over; restore the log from a copy";
        return Err(Error::Log { path: folder.to_owned(), problem: problem.into() });
    }
    let checkpoint = if entries.is_empty() { old } else { write(&writer, folder, &mut edge, &old, signer, entries)? };
    let tiles = Tiles::new(folder, checkpoint.checkpoint().size);
    let proof = |index| Ok(Proof::new(index, tiles.path(index)?, checkpoint.clone()));
    let proofs = (size..size + entries.len() as u64).map(proof).collect::<Result<_, Error>>()?;
    Ok(Appended { checkpoint, proofs })
}

/// Makes an empty log. Its checkpoint is there before any tile, so tiles without one are a log that lost it.
fn begin(writer: &Writer, folder: &Path, origin: Option<&str>, signer: &dyn Signer) -> Result<SignedCheckpoint, Error> {
    if folder.join("tile").exists() {
        let problem = "the log has lost its checkpoint; restore it from a copy";
        return Err(Error::Log { path: folder.join(CHECKPOINT), problem: problem.into() });
    }
    let origin = origin.map_or_else(|| default_origin(folder), str::to_owned);
    let root = empty_root();
    let checkpoint = SignedCheckpoint::sign(Checkpoint { origin, size: 0, root }, signer)?;
    writer.place(CHECKPOINT, checkpoint.to_string().as_bytes())?;
    Ok(checkpoint)
}

/// The folder's name, made one that a log can have.
fn default_origin(folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let name = absolute.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.chars().map(|c| if c.is_whitespace() || c.is_control() || c == '+' { '-' } else { c }).collect()
}

fn checked(
    checkpoint: SignedCheckpoint,
    folder: &Path,
    origin: Option<&str>,
    signer: &dyn Signer,
) -> Result<SignedCheckpoint, Error> {
    let refuse = |problem: String| Err(Error::Log { path: folder.join(CHECKPOINT), problem });
    let found = &checkpoint.checkpoint().origin;
    if let Some(origin) = origin.filter(|origin| origin != found) {
        return refuse(format!("this is the log {found:?}, not {origin:?}"));
    }
    if !checkpoint.signed_by(&signer.verifying_key()) {
        return refuse("it is not signed by the given key; append with the key that the log was begun with".into());
    }
    Ok(checkpoint)
}

fn write(
    writer: &Writer,
    folder: &Path,
    edge: &mut Edge,
    old: &SignedCheckpoint,
    signer: &dyn Signer,
    entries: &[Vec<u8>],
) -> Result<SignedCheckpoint, Error> {
    let before = edge.size();
    write_entries(writer, folder, before, entries)?;
    for entry in entries {
        for tile in edge.push(leaf(entry)) {
            writer.place(&Layer::Hashes(tile.level).full(tile.index), &encode_hashes(&tile.hashes))?;
        }
    }
    for tile in edge.partial() {
        // Tiles that did not grow are there already.
        if Layer::Hashes(tile.level).count(before) < Layer::Hashes(tile.level).count(edge.size()) {
            let path = Layer::Hashes(tile.level).path(tile.index, tile.hashes.len() as u64);
            writer.place(&path, &encode_hashes(&tile.hashes))?;
        }
    }
    let new = Checkpoint { origin: old.checkpoint().origin.clone(), size: edge.size(), root: edge.root() };
    let signed = SignedCheckpoint::sign(new, signer)?;
    writer.place(CHECKPOINT, signed.to_string().as_bytes())?;
    let layers = std::iter::once(Layer::Entries).chain(edge.partial().map(|tile| Layer::Hashes(tile.level)));
    for layer in layers {
        writer.remove_replaced(layer, layer.count(edge.size()) / WIDTH)?;
    }
    Ok(signed)
}

fn write_entries(writer: &Writer, folder: &Path, before: u64, entries: &[Vec<u8>]) -> Result<(), Error> {
    let mut bundle = Vec::new();
    let mut index = before / WIDTH;
    let mut width = before % WIDTH;
    if width > 0 {
        for entry in Tiles::new(folder, before).entries(index)? {
            encode(&mut bundle, &entry)?;
        }
    }
    for entry in entries {
        encode(&mut bundle, entry)?;
        width += 1;
        if width == WIDTH {
            writer.place(&Layer::Entries.full(index), &bundle)?;
            bundle.clear();
            (index, width) = (index + 1, 0);
        }
    }
    if width > 0 {
        writer.place(&Layer::Entries.path(index, width), &bundle)?;
    }
    Ok(())
}

fn encode(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), Error> {
    let problem = || Error::Statement(format!("{} bytes are too many for an entry of a log", entry.len()));
    encode_entry(bundle, entry).ok_or_else(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_without_a_name_has_that_of_its_folder() {
        assert_eq!(default_origin(Path::new("/srv/our log+1")), "our-log-1");
        assert_eq!(default_origin(Path::new("logs/data/.")), "data");
    }
}
