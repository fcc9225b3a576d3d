use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use tempfile::TempDir;

use crate::{Error, text::one_line};

/// Every file a report may hold. A folder that holds any other is never replaced.
pub const FILES: [&str; 9] = [
    "manifest.json",
    "manifest.tlog-proof",
    "dataset.sig",
    "test-result.json",
    "quarantine.parquet",
    "findings.json",
    "scores.parquet",
    "report.html",
    "results.sarif",
];

/// What the predicate types of our manifests begin with, whatever their version.
const PREDICATE: &str = "https://taster.dev/attestation/dataset-scan/";

/// A report folder in the making. It is written under a hidden name beside its place and appears there whole, by
/// [`Folder::publish`], or not at all: dropping it removes everything.
#[derive(Debug)]
pub struct Folder {
    place: PathBuf,
    draft: TempDir,
}

impl Folder {
    /// Begins a report that will appear at `out`; folders above it are made where missing.
    ///
    /// Errs, before any work is done, if something that is not an empty folder or a report of ours is at `out`, or if
    /// its parent cannot be written to.
    pub fn create(out: &Path) -> Result<Self, Error> {
        let place = resolve(out)?;
        check_replaceable(&place)?;
        let parent = parent(&place);
        fs::create_dir_all(parent).map_err(Error::io("create the folder", parent))?;
        let draft = hidden(parent).map_err(Error::io("write in the folder", parent))?;
        Ok(Self { place, draft })
    }

    /// Where to write the file of this name, one of [`FILES`].
    pub fn path(&self, name: &str) -> PathBuf {
        self.draft.path().join(name)
    }

    /// Writes a whole file of this name, one of [`FILES`].
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<(), Error> {
        let write = || File::create_new(self.path(name))?.write_all(content.as_ref());
        write().map_err(Error::io("write the report file", name))
    }

    /// Flushes every file to disk and moves the folder to its place; a report that was there before is moved aside
    /// first and then removed. Whenever the process is killed, there is the old report, the new one, or none: never a
    /// mix. Gives the folder's place.
    pub fn publish(self) -> Result<PathBuf, Error> {
        sync(self.draft.path())?;
        check_replaceable(&self.place)?;
        let parent = parent(&self.place).to_owned();
        if self.place.exists() {
            self.replace(&parent)?;
        } else {
            fs::rename(self.draft.path(), &self.place).map_err(Error::io("create the report", &self.place))?;
        }
        let Self { place, draft } = self;
        let _moved = draft.keep();
        sync_folder(&parent).map_err(Error::io("flush the folder", parent))?;
        Ok(place)
    }

    fn replace(&self, parent: &Path) -> Result<(), Error> {
        let aside = hidden(parent).map_err(Error::io("write in the folder", parent))?;
        let old = aside.path().join("replaced");
        fs::rename(&self.place, &old).map_err(Error::io("replace the report", &self.place))?;
        fs::rename(self.draft.path(), &self.place).map_err(|cause| {
            if fs::rename(&old, &self.place).is_err() {
                let _kept = aside.keep();
            }
            Error::Io { what: "replace the report", path: self.place.clone(), cause }
        })
    }
}

/// The absolute path, links followed, so that the folder is made and renamed on the file system it will live on.
fn resolve(out: &Path) -> Result<PathBuf, Error> {
    let in_the_way = |why: &str| Error::InTheWay { path: out.to_owned(), why: why.to_owned() };
    let place = match fs::symlink_metadata(out) {
        Ok(_) => fs::canonicalize(out).map_err(|_| in_the_way("it is a link to nowhere"))?,
        Err(_) => std::path::absolute(out).map_err(Error::io("use the path", out))?,
    };
    match (place.parent(), place.file_name()) {
        (Some(_), Some(_)) => Ok(place),
        _ => Err(in_the_way("it does not name a folder that could be made")),
    }
}

/// The folder that holds the report; [`resolve`] has made sure that there is one.
fn parent(place: &Path) -> &Path {
    place.parent().unwrap_or(place)
}

/// A new folder under a name that nobody uses, removed when dropped.
fn hidden(parent: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(".taster-report.").tempdir_in(parent)
}

fn check_replaceable(place: &Path) -> Result<(), Error> {
    let in_the_way = |why: String| Err(Error::InTheWay { path: place.to_owned(), why });
    match fs::metadata(place) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(Error::Io { what: "look at", path: place.to_owned(), cause }),
        Ok(meta) if !meta.is_dir() => return in_the_way("it is a file".into()),
        Ok(_) => {}
    }
    if is_mount_point(place) {
        return in_the_way("it is a mount point, and a report is put in place as a whole; name a folder in it".into());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(place).map_err(Error::io("look into", place))? {
        names.push(entry.map_err(Error::io("look into", place))?.file_name());
    }
    names.sort();
    if let Some(foreign) = names.iter().find(|name| !is_ours(place, name)) {
        return in_the_way(format!("it holds {}, which taster did not write", one_line(&foreign.to_string_lossy())));
    }
    if !names.is_empty() && !holds_manifest(place) {
        return in_the_way("it holds no manifest.json of taster".into());
    }
    Ok(())
}

fn is_ours(place: &Path, name: &OsStr) -> bool {
    FILES.iter().any(|file| name == *file) && fs::symlink_metadata(place.join(name)).is_ok_and(|m| m.is_file())
}

/// Whether `manifest.json` is a DSSE envelope around an in-toto statement of ours. No signature is checked: this only
/// keeps us from removing what somebody else made.
fn holds_manifest(place: &Path) -> bool {
    #[derive(Deserialize)]
    struct Envelope {
        payload: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Statement {
        predicate_type: String,
    }
    let statement = || -> Option<Statement> {
        let envelope: Envelope = serde_json::from_slice(&fs::read(place.join("manifest.json")).ok()?).ok()?;
        serde_json::from_slice(&STANDARD.decode(envelope.payload).ok()?).ok()
    };
    statement().is_some_and(|s| s.predicate_type.starts_with(PREDICATE))
}

/// A folder on another device than its parent cannot be renamed. (A bind mount of the same device is only found out
/// when the report is published.)
#[cfg(unix)]
fn is_mount_point(place: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| fs::metadata(path).map(|m| m.dev()).ok();
    device(place) != device(parent(place))
}

#[cfg(not(unix))]
fn is_mount_point(_: &Path) -> bool {
    false
}

fn sync(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("look into", folder))? {
        let entry = entry.map_err(Error::io("look into", folder))?;
        let flushed = File::options().append(true).open(entry.path()).and_then(|file| file.sync_all());
        flushed.map_err(Error::io("write the report file", entry.file_name()))?;
    }
    sync_folder(folder).map_err(Error::io("flush the folder", folder))
}

/// Makes renames in a folder last through a power cut; only Unix can open a folder.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
