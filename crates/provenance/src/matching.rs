use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

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
    let given_by = Index::new(given, digests);
    let mut pairs = Pairs { scanned, with: vec![None; scanned.len()], used: vec![false; given.len()] };
    let same_name = |s: &ScannedFile, g: usize| s.name == given[g].name;
    let same_end = |s: &ScannedFile, g: usize| given[g].path.ends_with(Path::new(&s.name));
    pairs.add(Pairing::Same, |s| given_by.digest(s), same_name);
    pairs.add(Pairing::Same, |s| given_by.digest(s), same_end);
    pairs.add(Pairing::Renamed, |s| given_by.digest(s), |_, _| true);
    pairs.add(Pairing::Changed, |s| given_by.last_component(s), same_name);
    pairs.add(Pairing::Changed, |s| given_by.last_component(s), same_end);
    let missing = |(s, pairing): (usize, &Option<Pairing>)| pairing.unwrap_or(Pairing::Missing(s));
    let added = pairs.used.iter().enumerate().filter(|(_, used)| !**used).map(|(g, _)| Pairing::Added(g));
    pairs.with.iter().enumerate().map(missing).chain(added).collect()
}

struct Pairs<'a> {
    scanned: &'a [ScannedFile],
    with: Vec<Option<Pairing>>,
    used: Vec<bool>,
}

impl<'a> Pairs<'a> {
    /// Pairs scanned files that are still alone with the first of their candidates that is too, and fits.
    fn add<'c>(
        &mut self,
        pairing: impl Fn(usize, usize) -> Pairing,
        candidates: impl Fn(&'a ScannedFile) -> &'c [usize],
        fits: impl Fn(&ScannedFile, usize) -> bool,
    ) {
        let alone = self.with.iter_mut().enumerate().filter(|(_, with)| with.is_none());
        for (s, with) in alone {
            let file = &self.scanned[s];
            if let Some(&g) = candidates(file).iter().find(|&&g| !self.used[g] && fits(file, g)) {
                self.used[g] = true;
                *with = Some(pairing(s, g));
            }
        }
    }
}

/// Given files by what a scanned file is looked up with.
struct Index<'a> {
    digests: BTreeMap<Digest, Vec<usize>>,
    last_components: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(given: &'a [DataFile], digests: &[Option<Digest>]) -> Self {
        let mut index = Self { digests: BTreeMap::new(), last_components: BTreeMap::new() };
        for (g, (file, digest)) in given.iter().zip(digests).enumerate() {
            index.last_components.entry(last_component(&file.name)).or_default().push(g);
            if let Some(digest) = digest {
                index.digests.entry(*digest).or_default().push(g);
            }
        }
        index
    }

    fn digest(&self, file: &ScannedFile) -> &[usize] {
        self.digests.get(&file.sha256).map_or(&[], Vec::as_slice)
    }

    fn last_component(&self, file: &ScannedFile) -> &[usize] {
        self.last_components.get(last_component(&file.name)).map_or(&[], Vec::as_slice)
    }
}

fn last_component(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(name: &str, byte: u8) -> ScannedFile {
        let sha256 = Digest([byte; 32]);
        let (format, rows_root) = ("csv".to_owned(), Digest::default());
        ScannedFile { name: name.to_owned(), format, bytes: 1, sha256, rows: 1, rows_root, row_blocks: None }
    }

    fn paired(then: &[(&str, u8)], now: &[(&str, u8)]) -> Vec<Pairing> {
        let then: Vec<_> = then.iter().map(|(name, byte)| scanned(name, *byte)).collect();
        let given = |(name, _): &(&str, u8)| DataFile { path: Path::new("/data").join(name), ..DataFile::at(*name) };
        let digests: Vec<_> = now.iter().map(|(_, byte)| Some(Digest([*byte; 32]))).collect();
        pair(&then, &now.iter().map(given).collect::<Vec<_>>(), &digests)
    }

    #[test]
    fn copies_are_paired_by_name() {
        let found = paired(&[("a", 1), ("b", 1), ("c", 1)], &[("b", 1), ("c", 2), ("a", 1)]);
        assert_eq!(found, [Pairing::Same(0, 2), Pairing::Same(1, 0), Pairing::Changed(2, 1)]);
    }

    #[test]
    fn a_file_is_found_below_another_root() {
        let found = paired(&[("k=1/a", 1), ("k=2/a", 2)], &[("k=2/a", 3), ("k=1/a", 1)]);
        assert_eq!(found, [Pairing::Same(0, 1), Pairing::Changed(1, 0)]);
        assert_eq!(paired(&[("k=1/a", 1)], &[("k=2/a", 1)]), [Pairing::Renamed(0, 0)]);
    }

    #[test]
    fn bytes_that_moved_leave_a_gap() {
        let found = paired(&[("a", 1), ("b", 2)], &[("b", 1), ("c", 3)]);
        assert_eq!(found, [Pairing::Renamed(0, 0), Pairing::Missing(1), Pairing::Added(1)]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_paired_by_name() {
        let given = [DataFile::at("/data/a")];
        assert_eq!(pair(&[scanned("a", 1)], &given, &[None]), [Pairing::Changed(0, 0)]);
    }
}
