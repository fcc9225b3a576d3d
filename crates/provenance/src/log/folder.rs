//! The files of a log: one writer at a time, and nothing half written under its name.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use super::tiles::{LEVELS, Layer, WIDTH};
use crate::{Error, file::read_bounded};

/// The file that holds the signed checkpoint.
pub(super) const CHECKPOINT: &str = "checkpoint";

/// The file that writers lock.
const LOCK: &str = ".lock";

/// The name of every file until it is whole. Only the writer that holds the lock uses it.
const DRAFT: &str = ".draft";

/// No tile is larger: 256 entries of at most 65,535 bytes.
const LARGEST: u64 = WIDTH * (2 + u16::MAX as u64);

/// A log's folder, locked for writing until this is dropped or the process ends, however it ends.
pub(super) struct Writer {
    root: PathBuf,
    _lock: File,
}

impl Writer {
    /// Makes the folder where it is not there, and waits for other writers.
    pub fn open(root: &Path) -> Result<Self, Error> {
        fs::create_dir_all(root).map_err(Error::io(root))?;
        let path = root.join(LOCK);
        let file = File::options().create(true).append(true).open(&path).map_err(Error::io(&path))?;
        file.lock().map_err(Error::io(&path))?;
        Ok(Self { root: root.to_owned(), _lock: file })
    }

    /// Puts a whole file in its place, so that it and its name outlast a power cut.
    pub fn place(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let (draft, path) = (self.root.join(DRAFT), self.root.join(name));
        let folder = path.parent().unwrap_or(&self.root);
        self.make_folder(folder)?;
        let write = || {
            let mut file = File::create(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(Error::io(&draft))?;
        fs::rename(&draft, &path).map_err(Error::io(&path))?;
        sync_folder(folder)
    }

    fn make_folder(&self, folder: &Path) -> Result<(), Error> {
        if folder.is_dir() {
            return Ok(());
        }
        let parent = folder.parent().unwrap_or(&self.root);
        self.make_folder(parent)?;
        match fs::create_dir(folder) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(Error::io(folder)(e)),
            _ => sync_folder(parent),
        }
    }

    /// Takes away what an append that did not come to its end has left: tiles beyond this size, and partial ones that
    /// full ones have taken the place of.
    pub fn repair(&self, size: u64) -> Result<(), Error> {
        let layers = std::iter::once(Layer::Entries).chain((0..LEVELS).map(Layer::Hashes));
        for layer in layers.filter(|layer| self.root.join(layer.folder()).is_dir()) {
            let count = layer.count(size);
            let (index, width) = (count / WIDTH, count % WIDTH);
            self.remove(&layer.full(index))?;
            self.remove_partials_above(layer, index, width)?;
            // Tiles are written in order, so the first that is not there is the end of them.
            let mut next = index + 1;
            while self.remove(&layer.full(next))? | self.remove(&layer.partials(next))? {
                next += 1;
            }
            self.remove_replaced(layer, index)?;
        }
        Ok(())
    }

    /// Takes away the partial tiles that full ones before this index have taken the place of.
    pub fn remove_replaced(&self, layer: Layer, before: u64) -> Result<(), Error> {
        for index in (0..before).rev() {
            if !self.remove(&layer.partials(index))? {
                break;
            }
        }
        Ok(())
    }

    fn remove_partials_above(&self, layer: Layer, index: u64, width: u64) -> Result<(), Error> {
        let folder = self.root.join(layer.partials(index));
        if width == 0 || !folder.is_dir() {
            self.remove(&layer.partials(index))?;
            return Ok(());
        }
        for entry in fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let name = entry.map_err(Error::io(&folder))?.file_name();
            if name.to_str().and_then(|name| name.parse::<u64>().ok()).is_none_or(|found| found > width) {
                self.remove(&format!("{}/{}", layer.partials(index), name.to_string_lossy()))?;
            }
        }
        Ok(())
    }

    /// Removes a file or folder; whether it was there.
    fn remove(&self, name: &str) -> Result<bool, Error> {
        let path = self.root.join(name);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Ok(()) => Ok(true),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(e) => Err(Error::io(&path)(e)),
        }
    }
}

/// The bytes of a tile, or of a larger one that begins with it; `None` where there is neither.
pub(super) fn read_tile(root: &Path, layer: Layer, index: u64, width: u64) -> Result<Option<Vec<u8>>, Error> {
    for name in [layer.path(index, width), layer.full(index)] {
        match read_bounded(&root.join(&name), LARGEST) {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

/// Makes new names in a folder last; only Unix can open a folder.
fn sync_folder(folder: &Path) -> Result<(), Error> {
    let sync = || if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) };
    sync().map_err(Error::io(folder))
}
