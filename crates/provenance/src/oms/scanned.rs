use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use taster_core::Digest;

use super::{
    Bundle, Identity, Resource, Serialization,
    sign::sign_resources,
    walk::{SINGLE, root_name},
};
use crate::Error;

/// More paths than this are not left out one by one.
const MOST_OTHERS: usize = 1000;

/// A file that was scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// Its path below the dataset's root, with `/`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of the bytes that were scanned.
    pub sha256: Digest,
}

/// Signs exactly the files that were scanned, by the digests of the bytes that were read. Whatever else is beside them is
/// recorded as left out, so that every verifier of the format accepts the folder as it is. `single` says that the dataset
/// is one file and not a folder with one file in it.
///
/// Errs where the folder cannot be listed, holds too much else, or the key does not fit.
pub fn sign_scanned(files: &[Scanned], single: bool, identity: &Identity<'_>) -> Result<Bundle, Error> {
    let resource = |file: &Scanned| Resource { name: file.name.clone(), sha256: file.sha256 };
    let allow_symlinks = files.iter().any(|f| fs::symlink_metadata(&f.path).is_ok_and(|m| m.is_symlink()));
    let mut serialization = Serialization { allow_symlinks, ..Serialization::default() };
    match files {
        [file] if single => {
            let resource = Resource { name: SINGLE.into(), sha256: file.sha256 };
            sign_resources(&root_name(&file.path), serialization, vec![resource], identity)
        }
        _ => {
            let root = files.first().map_or_else(PathBuf::new, root_of);
            serialization.ignore_paths.extend(others(&root, files)?);
            serialization.ignore_paths.sort();
            serialization.ignore_paths.dedup();
            sign_resources(&root_name(&root), serialization, files.iter().map(resource).collect(), identity)
        }
    }
}

/// The folder that the file's name is relative to.
fn root_of(file: &Scanned) -> PathBuf {
    let root = file.path.ancestors().nth(file.name.split('/').count()).unwrap_or(Path::new(""));
    if root.as_os_str().is_empty() { PathBuf::from(".") } else { root.to_owned() }
}

/// Everything below the root that is not one of the files; a folder without any of them as a whole. Only folders that
/// hold some are looked into.
fn others(root: &Path, files: &[Scanned]) -> Result<Vec<String>, Error> {
    let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let parents = |name: &str| name.match_indices('/').map(|(at, _)| name[..at].to_owned()).collect::<Vec<_>>();
    let folders: BTreeSet<String> = names.iter().flat_map(|name| parents(name)).collect();
    let mut others = Vec::new();
    for folder in std::iter::once("").chain(folders.iter().map(String::as_str)) {
        let path = root.join(folder);
        for entry in fs::read_dir(&path).map_err(Error::io(&path))? {
            let last = entry.map_err(Error::io(&path))?.file_name();
            let refuse = |problem: &str| Error::Unsignable {
                name: path.join(&last).display().to_string(),
                problem: problem.to_owned(),
            };
            let last_name = last.to_str().ok_or_else(|| refuse("its name is not UTF-8"))?;
            let name = if folder.is_empty() { last_name.to_owned() } else { format!("{folder}/{last_name}") };
            if names.contains(name.as_str()) || folders.contains(&name) {
                continue;
            }
            if let Some(problem) = Serialization::problem_of(&name) {
                return Err(refuse(problem));
            }
            others.push(name);
            if others.len() > MOST_OTHERS {
                return Err(refuse(
                    "there are more than a thousand other files beside the data; keep it in a folder of its own",
                ));
            }
        }
    }
    Ok(others)
}
