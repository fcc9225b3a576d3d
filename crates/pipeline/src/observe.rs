//! The first read: digests of everything, the keyed sample, and every detector's state.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use taster_core::{Batch, DatasetRecord, Digest, FileRecord, Key, Sample, Sampler, Schema, State};
use taster_ingest::{Dataset, Encoder, FileEnd, Frame};
use taster_provenance::{CompactRange, RowBlocks, RowHasher, RowTree, block_budget};

use crate::{
    Error, Progress,
    passes::{Limits, Output, run},
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
}

/// Reads a dataset for the first time. `detectors` is empty for a reference.
pub(crate) fn observe(
    dataset: &Dataset,
    schema: &Schema,
    detectors: &[Planned],
    key: Key,
    limits: Limits,
    progress: &dyn Progress,
) -> Result<Observed, Error> {
    let hasher = RowHasher::new(dataset.schema());
    let encoder = Encoder::new(dataset, key);
    let blocks = block_budget(dataset.files().len());
    let mut trees = Trees::new(dataset, blocks);
    let watchers = run(
        dataset,
        limits,
        progress,
        || Watcher::new(schema, detectors, key),
        |watcher: &mut Watcher, frame: Frame| {
            let digests = hasher.digests(&frame.frame)?;
            watcher.observe(&encoder.encode(&frame, &digests));
            Ok(Part {
                file: frame.file,
                tree: RowTree::of(frame.first_row, &digests, blocks),
                // The dataset's tree begins with the first file's, so that one is folded once.
                range: (frame.offset != frame.first_row).then(|| CompactRange::of(frame.offset, &digests)),
            })
        },
        |output| trees.take(output),
    )?;
    let watcher = watchers.into_iter().reduce(Watcher::merged).ok_or(Error::Worker("observing"))?;
    let (record, row_blocks) = trees.finish(schema);
    Ok(Observed { record, row_blocks, sample: watcher.sampler.finish(), states: watcher.states })
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

/// The Merkle parts of one frame.
struct Part {
    file: usize,
    tree: RowTree,
    /// Its rows' place in the tree of the dataset; that of `tree` where left out.
    range: Option<CompactRange>,
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

    fn take(&mut self, output: Output<Part>) -> Result<(), Error> {
        match output {
            Output::Rows(parts) => {
                for part in parts {
                    debug_assert_eq!(part.file, self.files.len(), "files end in order");
                    self.whole.append(part.range.unwrap_or_else(|| part.tree.range().clone()))?;
                    self.current.append(part.tree)?;
                }
            }
            Output::FileEnd(end) => self.end_file(&end),
        }
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
