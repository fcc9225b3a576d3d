use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Serialization;
use crate::Error;

/// The name of the one resource of a single file. The specification asks for the file's own name; the reference client
/// writes and expects this.
pub(super) const SINGLE: &str = ".";

/// A regular file below the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its path below the root, with `/`; [`SINGLE`] where the root is the file.
    pub name: String,
    pub path: PathBuf,
    pub bytes: u64,
}

/// What is below a root.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Sorted by name.
    pub files: Vec<Found>,
    /// Names of what cannot be signed, and why.
    pub problems: Vec<(String, String)>,
}

/// Finds every file below `root` that counts. What cannot count (a link that is not allowed, a pipe, a name that is not
/// UTF-8) is a problem, and never passed over.
///
/// Errs where the root is neither a folder nor a file.
pub(super) fn walk(root: &Path, serialization: &Serialization) -> Result<Walk, Error> {
    let mut walk = Walk::default();
    let meta = fs::symlink_metadata(root).map_err(Error::io(root))?;
    let followed = fs::metadata(root).map_err(Error::io(root))?;
    if followed.is_dir() {
        let mut folders = vec![(root.to_owned(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            walk.folder(&folder, &prefix, serialization, &mut folders)?;
        }
    } else if meta.is_symlink() && !serialization.allow_symlinks {
        walk.problems.push((SINGLE.into(), LINK.into()));
    } else if followed.is_file() {
        walk.files.push(Found { name: SINGLE.into(), path: root.to_owned(), bytes: followed.len() });
    } else {
        return Err(Error::io(root)(std::io::Error::other("neither a folder nor a regular file")));
    }
    walk.files.sort_by(|a, b| a.name.cmp(&b.name));
    walk.problems.sort();
    Ok(walk)
}

const LINK: &str = "a symbolic link, which is not followed (--allow-symlinks follows links to files)";

impl Walk {
    fn folder(
        &mut self,
        folder: &Path,
        prefix: &str,
        serialization: &Serialization,
        folders: &mut Vec<(PathBuf, String)>,
    ) -> Result<(), Error> {
        for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
            let entry = entry.map_err(Error::io(folder))?;
            let file_name = entry.file_name();
            let Some(last) = file_name.to_str() else {
                let name = format!("{prefix}{}", file_name.to_string_lossy());
                self.problems.push((name, "its name is not UTF-8".into()));
                continue;
            };
            let name = format!("{prefix}{last}");
            if !serialization.ignores(&name) {
                self.entry(name, entry.path(), serialization, folders);
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        name: String,
        path: PathBuf,
        serialization: &Serialization,
        folders: &mut Vec<(PathBuf, String)>,
    ) {
        let link = fs::symlink_metadata(&path).is_ok_and(|m| m.is_symlink());
        match fs::metadata(&path) {
            _ if link && !serialization.allow_symlinks => self.problems.push((name, LINK.into())),
            Err(e) => self.problems.push((name, e.to_string())),
            Ok(meta) if meta.is_file() => self.files.push(Found { name, path, bytes: meta.len() }),
            Ok(meta) if meta.is_dir() && !link => folders.push((path, format!("{name}/"))),
            Ok(meta) if meta.is_dir() => {
                self.problems.push((name, "a link to a folder, which is never followed".into()));
            }
            Ok(_) => self.problems.push((name, "neither a file nor a folder".into())),
        }
    }
}

/// The path of `file` below `root`, with `/`, if it is there.
pub(super) fn below(root: &Path, file: &Path) -> Option<String> {
    let root = fs::canonicalize(root).ok()?;
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = fs::canonicalize(folder).ok()?.join(file.file_name()?);
    let parts: Option<Vec<&str>> = file.strip_prefix(root).ok()?.components().map(|c| c.as_os_str().to_str()).collect();
    Some(parts?.join("/")).filter(|name| !name.is_empty())
}

/// What a root is called: the last component of its path.
pub(super) fn root_name(root: &Path) -> String {
    let named = root.file_name().map(ToOwned::to_owned);
    let resolved = || fs::canonicalize(root).ok().and_then(|p| p.file_name().map(ToOwned::to_owned));
    named.or_else(resolved).map_or_else(|| "dataset".to_owned(), |name| name.to_string_lossy().into_owned())
}
