//! The first read: digests of everything, the keyed sample, and every detector's state.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use taster_core::{Batch, DatasetRecord, Digest, FileRecord, Key, Sample, Sampler, Schema, State};
use taster_ingest::{Dataset, Encoder, FileEnd, Frame, Piece};
use taster_provenance::{CompactRange, RowBlocks, RowHasher, RowTree, block_budget};

use crate::{
    Error, Progress,
    kept::{Keeping, KeptRows, Shelf},
    passes::{Limits, Output, decoded, read, run},
    plan::{Course, Planned},
};

/// Rows of a keyed sample.
const SAMPLE_ROWS: usize = 32_768;
/// Bytes of a keyed sample.
const SAMPLE_BYTES: usize = 64 << 20;

/// What the first read brought.
pub(crate) struct Observed {
    pub record: DatasetRecord,
    /// Merkle roots of blocks of rows, file by file.
    pub row_blocks: Vec<RowBlocks>,
    pub sample: Sample,
    /// States by detector id; a detector that panicked has its message instead.
    pub states: BTreeMap<&'static str, Result<Box<dyn State>, String>>,
    /// All rows, if they fit.
    pub kept: Option<Vec<KeptRows>>,
}

/// Reads a dataset for the first time, and keeps its rows if they fit `keep` bytes. `detectors` is empty for a reference.
pub(crate) fn observe(
    dataset: &Dataset,
    schema: &Schema,
    detectors: &[Planned],
    key: Key,
    limits: Limits,
    keep: usize,
    progress: &dyn Progress,
) -> Result<Observed, Error> {
    let hasher = RowHasher::new(dataset.schema());
    let encoder = Encoder::new(dataset, key);
    let blocks = block_budget(dataset.files().len());
    let keeping = Keeping::new(keep);
    let mut taken = Taken { trees: Trees::new(dataset, blocks), shelf: keeping.shelf(dataset.bytes()) };
    let observed = |watcher: &mut Watcher, stored_bytes: usize, frame: Frame| {
        let digests = hasher.digests(&frame.frame)?;
        let batch = encoder.encode(&frame, &digests);
        watcher.observe(&batch);
        Ok(Part {
            file: frame.file,
            tree: RowTree::of(frame.first_row, &digests, blocks),
            // The dataset's tree begins with the first file's, so that one is folded once.
            range: (frame.offset != frame.first_row).then(|| CompactRange::of(frame.offset, &digests)),
            kept: keeping.goes_on().then(|| KeptRows::new(batch, digests, stored_bytes)),
        })
    };
    let watchers = run(
        read(dataset),
        limits,
        progress,
        || Watcher::new(schema, detectors, key),
        |watcher: &mut Watcher, piece: Piece| {
            let (rows, stored) = (piece.rows().max(1), piece.stored_bytes());
            let share = |frame: &Frame| stored * frame.rows() / rows;
            decoded(piece, limits.batch_rows)?.map(|frame| observed(watcher, share(&frame), frame)).collect()
        },
        |output| taken.take(output),
    )?;
    let watcher = watchers.into_iter().reduce(Watcher::merged).ok_or(Error::Worker("observing"))?;
    let (record, row_blocks) = taken.trees.finish(schema);
    let kept = taken.shelf.finish();
    Ok(Observed { record, row_blocks, sample: watcher.sampler.finish(), states: watcher.states, kept })
}

/// What one worker remembers.
struct Watcher {
    sampler: Sampler,
    states: BTreeMap<&'static str, Result<Box<dyn State>, String>>,
}

impl Watcher {
    fn new(schema: &Schema, detectors: &[Planned], key: Key) -> Self {
        let state = |planned: &Planned| match &planned.course {
            Course::Run(detector) => Some((planned.id(), Ok(detector.state(schema, key.derive(planned.id()))))),
            _ => None,
        };
        Self { sampler: Sampler::new(SAMPLE_ROWS, SAMPLE_BYTES), states: detectors.iter().filter_map(state).collect() }
    }

    fn observe(&mut self, batch: &Batch) {
        self.sampler.observe(batch);
        for slot in self.states.values_mut() {
            if let Ok(state) = slot
                && let Err(message) = guarded(|| state.observe(&batch.table))
            {
                *slot = Err(message);
            }
        }
    }

    fn merged(mut self, other: Self) -> Self {
        self.sampler.merge(other.sampler);
        for (id, theirs) in other.states {
            let Some(mine) = self.states.remove(id) else { continue };
            let both = mine.and_then(|mut mine| {
                let theirs = theirs?;
                guarded(|| mine.merge(theirs)).map(|()| mine)
            });
            self.states.insert(id, both);
        }
        self
    }
}

/// Runs a detector's code; a panic in it is its failure, not the scan's.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_else(|| "it panicked".into())
    })
}

/// What comes of one frame.
struct Part {
    file: usize,
    tree: RowTree,
    /// Its rows' place in the tree of the dataset; that of `tree` where left out.
    range: Option<CompactRange>,
    kept: Option<KeptRows>,
}

/// What comes of all frames, in the order of the data.
struct Taken<'a> {
    trees: Trees<'a>,
    shelf: Shelf<'a>,
}

impl Taken<'_> {
    fn take(&mut self, output: Output<Vec<Part>>) -> Result<(), Error> {
        match output {
            Output::Rows(parts) => {
                for mut part in parts {
                    part.kept.take().into_iter().for_each(|rows| self.shelf.put(rows));
                    self.trees.append(part)?;
                }
            }
            Output::FileEnd(end) => self.trees.end_file(&end),
        }
        Ok(())
    }
}

/// Puts Merkle parts together, file by file and for the whole dataset.
struct Trees<'a> {
    dataset: &'a Dataset,
    blocks: u64,
    current: RowTree,
    whole: CompactRange,
    files: Vec<FileRecord>,
    row_blocks: Vec<RowBlocks>,
}

impl<'a> Trees<'a> {
    fn new(dataset: &'a Dataset, blocks: u64) -> Self {
        Self {
            dataset,
            blocks,
            current: RowTree::new(blocks),
            whole: CompactRange::empty(0),
            files: Vec::new(),
            row_blocks: Vec::new(),
        }
    }

    fn append(&mut self, part: Part) -> Result<(), Error> {
        debug_assert_eq!(part.file, self.files.len(), "files end in order");
        self.whole.append(part.range.unwrap_or_else(|| part.tree.range().clone()))?;
        self.current.append(part.tree)?;
        Ok(())
    }

    fn end_file(&mut self, end: &FileEnd) {
        let file = &self.dataset.files()[end.file];
        let tree = std::mem::replace(&mut self.current, RowTree::new(self.blocks));
        self.row_blocks.push(tree.blocks());
        self.files.push(FileRecord {
            name: file.name.clone(),
            format: file.format.to_string(),
            bytes: end.bytes,
            sha256: end.sha256,
            rows: end.rows,
            rows_root: root(tree.root()),
        });
    }

    fn finish(self, schema: &Schema) -> (DatasetRecord, Vec<RowBlocks>) {
        let record = DatasetRecord {
            rows: self.files.iter().map(|f| f.rows).sum(),
            rows_root: root(self.whole.root()),
            files: self.files,
            schema: schema.clone(),
        };
        (record, self.row_blocks)
    }
}

fn root(root: Option<Digest>) -> Digest {
    root.unwrap_or_else(taster_provenance::empty_root)
}
