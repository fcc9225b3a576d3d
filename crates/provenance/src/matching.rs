use std::path::{Path, PathBuf};

use taster_core::Digest;

use crate::ScannedFile;

/// A file to compare with what was scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Path below the dataset's root, with `/`, as a scan would name it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl DataFile {
    /// The file at this path, named by its last component.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path }
    }
}

/// What became of a scanned file, or where a file came from that was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// Scanned file, file with its name and bytes.
    Same(usize, usize),
    /// Scanned file, file with its bytes under another name.
    Renamed(usize, usize),
    /// Scanned file, file with its name and other bytes.
    Changed(usize, usize),
    /// Scanned file that is nowhere.
    Missing(usize),
    /// File that was not scanned.
    Added(usize),
}

/// Pairs each scanned file with at most one given file: by name and bytes, then by bytes, then by name.
///
/// Bytes go before names, so that two files that swapped their names are called renamed and not changed.
pub(crate) fn pair(scanned: &[ScannedFile], given: &[DataFile], digests: &[Option<Digest>]) -> Vec<Pairing> {
    let mut pairs = Pairs { with: vec![None; scanned.len()], used: vec![false; given.len()] };
    let same_bytes = |s: usize, g: usize| digests[g] == Some(scanned[s].sha256);
    let same_name = |s: usize, g: usize| scanned[s].name == given[g].name;
    let same_end = |s: usize, g: usize| given[g].path.ends_with(Path::new(&scanned[s].name));
    pairs.add(Pairing::Same, |s, g| same_bytes(s, g) && same_name(s, g));
    pairs.add(Pairing::Same, |s, g| same_bytes(s, g) && same_end(s, g));
    pairs.add(Pairing::Renamed, same_bytes);
    pairs.add(Pairing::Changed, same_name);
    pairs.add(Pairing::Changed, same_end);
    let missing = |(s, pairing): (usize, &Option<Pairing>)| pairing.unwrap_or(Pairing::Missing(s));
    let added = pairs.used.iter().enumerate().filter(|(_, used)| !**used).map(|(g, _)| Pairing::Added(g));
    pairs.with.iter().enumerate().map(missing).chain(added).collect()
}

struct Pairs {
    with: Vec<Option<Pairing>>,
    used: Vec<bool>,
}

impl Pairs {
    fn add(&mut self, pairing: impl Fn(usize, usize) -> Pairing, fits: impl Fn(usize, usize) -> bool) {
        for (s, with) in self.with.iter_mut().enumerate().filter(|(_, with)| with.is_none()) {
            if let Some(g) = (0..self.used.len()).find(|&g| !self.used[g] && fits(s, g)) {
                self.used[g] = true;
                *with = Some(pairing(s, g));
            }
        }
    }
}
