//! One side of a comparison: a manifest, or a dataset that is read as far as it must be.

use std::{collections::BTreeSet, path::Path};

use taster_core::{Digest, Schema};
use taster_ingest::{Dataset, NamedFile, Options, Piece};
use taster_provenance::{
    CompactRange, Envelope, Predicate, RowHasher, RowTree, Statement, block_budget,
    diff::{Bag, FileRows, Known, SideFile},
    empty_root, sha256_of_files,
};

use crate::{
    Config, Error, Silent,
    passes::{Limits, Output, decoded, read, run},
    plan::options,
};

/// One side.
pub(crate) struct Side {
    pub files: Vec<SideFile>,
    /// What a manifest says, where it is one.
    pub scan: Option<Predicate>,
    input: String,
}

impl Side {
    /// A manifest, or files whose bytes are hashed.
    pub fn open(input: &str) -> Result<Self, Error> {
        if let Some(scan) = manifest(Path::new(input)) {
            return Ok(Self {
                files: scan.dataset.files.iter().map(told).collect(),
                scan: Some(scan),
                input: input.into(),
            });
        }
        let files = taster_ingest::find_files(&[input.to_owned()])?;
        let hashed = sha256_of_files(files.iter().map(|file| file.path.as_path()));
        let file =
            |(file, sha256): (NamedFile, Result<_, _>)| Ok(SideFile { name: file.name, sha256: sha256?, rows: None });
        let files = files.into_iter().zip(hashed).map(file).collect::<Result<_, Error>>()?;
        Ok(Self { files, scan: None, input: input.into() })
    }

    /// How the scan read its files; the defaults where nobody knows.
    pub fn options(&self) -> Result<Option<Options>, Error> {
        let Some(scan) = &self.scan else { return Ok(None) };
        let config = Config::of(scan);
        Ok(Some(options(&config.dataset)?))
    }

    /// Looks at the files, to read them with kinds that are found out.
    pub fn dataset(&self, options: &Options) -> Result<Dataset, Error> {
        Ok(Dataset::open(&self.inputs(), options)?)
    }

    /// As [`Self::dataset`], with the columns of a dataset known before.
    pub fn dataset_as(&self, options: &Options, schema: &Schema) -> Result<Dataset, Error> {
        Ok(Dataset::open_as(&self.inputs(), options, schema)?)
    }

    fn inputs(&self) -> [String; 1] {
        [self.input.clone()]
    }

    /// Digests the rows of some of its files. They are held one by one as long as they fit: 32 bytes each, of which comparing
    /// makes two copies, on two sides, in as much memory as is in flight. Beyond that blocks of rows are held. Sums of rows
    /// are made under this key.
    pub fn read_rows(
        &mut self,
        dataset: &Dataset,
        which: &BTreeSet<usize>,
        key: [u8; 32],
        limits: Limits,
    ) -> Result<(), Error> {
        let mut room = limits.bytes / (32 * 3 * 2);
        let blocks = block_budget(dataset.files().len());
        let reading = |i: usize| which.contains(&i).then(|| Held { rows: Rows::Each(Vec::new()), bag: Bag::new(key) });
        let mut held: Vec<Option<Held>> = (0..dataset.files().len()).map(reading).collect();
        each_digests(
            dataset,
            |file| which.contains(&file),
            limits,
            |file, digests| {
                if room < digests.len() {
                    held.iter_mut().flatten().for_each(|file| file.rows.fold(blocks));
                }
                room = room.saturating_sub(digests.len());
                held.get_mut(file).into_iter().flatten().try_for_each(|file| file.extend(digests, blocks))
            },
        )?;
        for (file, held) in self.files.iter_mut().zip(held) {
            file.rows = held.map(Held::finish);
        }
        Ok(())
    }
}

/// Rows of a file as they are read.
struct Held {
    rows: Rows,
    bag: Bag,
}

enum Rows {
    Each(Vec<Digest>),
    Blocks(RowTree),
}

impl Rows {
    /// Lets go of single rows.
    fn fold(&mut self, blocks: u64) {
        if let Self::Each(digests) = self {
            *self = Self::Blocks(RowTree::of(0, digests, blocks));
        }
    }
}

impl Held {
    fn extend(&mut self, digests: &[Digest], blocks: u64) -> Result<(), Error> {
        self.bag.extend(digests);
        match &mut self.rows {
            Rows::Each(rows) => rows.extend_from_slice(digests),
            Rows::Blocks(tree) => tree.append(RowTree::of(tree.rows(), digests, blocks))?,
        }
        Ok(())
    }

    fn finish(self) -> FileRows {
        let bag = Some(self.bag);
        match self.rows {
            Rows::Each(digests) => FileRows {
                count: digests.len() as u64,
                root: CompactRange::of(0, &digests).root().unwrap_or_else(empty_root),
                known: Known::Each(digests),
                bag,
            },
            Rows::Blocks(tree) => {
                let blocks = tree.blocks();
                let root = tree.root().unwrap_or_else(empty_root);
                FileRows { count: tree.rows(), root, known: Known::Blocks(blocks.rows_per_block, blocks.roots), bag }
            }
        }
    }
}

/// Digests the rows of the files that are wanted, on all threads, and hands them out in order.
pub(crate) fn each_digests(
    dataset: &Dataset,
    wanted: impl Fn(usize) -> bool + Sync,
    limits: Limits,
    mut each: impl FnMut(usize, &[Digest]) -> Result<(), Error>,
) -> Result<(), Error> {
    let hasher = RowHasher::new(dataset.schema());
    let work = |(): &mut (), piece: Piece| {
        let file = piece.file();
        if !wanted(file) {
            return Ok((file, Vec::new()));
        }
        let frames = decoded(piece, limits.batch_rows)?.map(|frame| hasher.digests(&frame.frame));
        Ok((file, frames.collect::<Result<Vec<_>, _>>()?.concat()))
    };
    let sink = |output: Output<(usize, Vec<Digest>)>| {
        if let Output::Rows((file, digests)) = output {
            return each(file, &digests);
        }
        Ok(())
    };
    run(read(dataset), limits, &Silent, || (), work, sink).map(drop)
}

/// What a manifest knows of a file.
fn told(file: &taster_provenance::ScannedFile) -> SideFile {
    let whole = || Known::Blocks(file.rows.max(1).next_power_of_two(), vec![file.rows_root]);
    let sound = file.row_blocks.as_ref().filter(|b| {
        b.rows_per_block.is_power_of_two()
            && b.roots.len() as u64 == file.rows.div_ceil(b.rows_per_block)
            && b.root() == file.rows_root
    });
    let known = sound.map_or_else(whole, |b| Known::Blocks(b.rows_per_block, b.roots.clone()));
    let rows = FileRows { count: file.rows, root: file.rows_root, known, bag: None };
    SideFile { name: file.name.clone(), sha256: file.sha256, rows: Some(rows) }
}

/// The scan in a file, if it is a manifest.
fn manifest(path: &Path) -> Option<Predicate> {
    if !path.is_file() || path.extension().is_none_or(|e| e != "json") {
        return None;
    }
    Some(Statement::from_payload(&Envelope::read(path).ok()?.payload).ok()?.predicate)
}
