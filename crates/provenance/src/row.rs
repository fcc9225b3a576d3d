use std::ops::Range;

use polars::prelude::DataFrame;
use sha2::{Digest as _, Sha256};
use taster_core::{Digest, Kind, Schema};

use crate::{
    Error,
    cells::{Cells, PerRow},
};

/// Name and version of the row digest, as it stands in the hashed prefix and in the manifest.
pub const ROW_DIGEST: &str = "taster-row/v1";

/// Rows converted and measured at a time; their columns stay in the cache.
const BLOCK: usize = 1024;

/// Encoded bytes held at a time, or one row where that is longer.
const BUFFER: usize = 256 * 1024;

/// Computes the SHA-256 of rows in the canonical encoding of `docs/row-digest.md`.
///
/// It depends on the names, the order and the kinds of the columns and on the values, and on nothing else: not on file
/// format, compression, integer or float width, dictionaries, time units, row groups or batches. The digest of a row is
/// also its leaf hash in an RFC 6962 tree.
///
/// ```
/// use polars::prelude::*;
/// use taster_core::{Column, Kind, Role, Schema};
/// use taster_provenance::RowHasher;
///
/// let column = Column { name: "n".into(), kind: Kind::Int, role: Role::Numeric, why: String::new() };
/// let hasher = RowHasher::new(&Schema { columns: vec![column] });
/// let narrow = df!("n" => [7i8, -1]).unwrap();
/// let wide = df!("n" => [7i64, -1]).unwrap();
/// assert_eq!(hasher.digests(&narrow)?, hasher.digests(&wide)?);
/// # Ok::<(), taster_provenance::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RowHasher {
    columns: Vec<(String, Kind)>,
    /// SHA-256 after the prefix block, where every row begins.
    prefix: Sha256,
}

impl RowHasher {
    /// A hasher for rows of this schema. Roles do not matter.
    pub fn new(schema: &Schema) -> Self {
        let columns: Vec<_> = schema.columns.iter().map(|c| (c.name.clone(), c.kind.clone())).collect();
        Self { prefix: Sha256::new_with_prefix(prefix_block(&columns)), columns }
    }

    /// The digest of every row of the frame, in order. Runs on the calling thread.
    ///
    /// Errs where the frame's columns are not those of the schema in name, order and kind. A column of nulls only may
    /// have polars' null type.
    pub fn digests(&self, frame: &DataFrame) -> Result<Vec<Digest>, Error> {
        self.check_names(frame)?;
        let mut digests = Vec::with_capacity(frame.height());
        let mut scratch = Scratch::default();
        for start in (0..frame.height()).step_by(BLOCK) {
            let rows = BLOCK.min(frame.height() - start);
            let cells = self.cells(frame, start, rows)?;
            scratch.measure(&cells, rows);
            let mut done = 0;
            while done < rows {
                let group = scratch.group(done);
                scratch.encode(&cells, group.clone());
                scratch.hash(&self.prefix, group.clone(), &mut digests);
                done = group.end;
            }
        }
        Ok(digests)
    }

    fn check_names(&self, frame: &DataFrame) -> Result<(), Error> {
        if frame.width() != self.columns.len() {
            return Err(Error::Width { expected: self.columns.len(), found: frame.width() });
        }
        for (column, (name, _)) in frame.columns().iter().zip(&self.columns) {
            if column.name().as_str() != name {
                return Err(Error::column(name, format!("found {:?} in its place", column.name().as_str())));
            }
        }
        Ok(())
    }

    fn cells(&self, frame: &DataFrame, start: usize, rows: usize) -> Result<Vec<Cells>, Error> {
        let columns = frame.columns().iter().zip(&self.columns);
        columns
            .map(|(column, (_, kind))| Cells::of(column.slice(start as i64, rows).as_materialized_series(), kind))
            .collect()
    }
}

/// The 64 bytes, one SHA-256 block, that every encoded row begins with: the leaf marker of RFC 6962, the name of the
/// encoding, the digest of the columns' names and kinds.
fn prefix_block(columns: &[(String, Kind)]) -> [u8; 64] {
    let mut block = [0; 64];
    block[1..=ROW_DIGEST.len()].copy_from_slice(ROW_DIGEST.as_bytes());
    block[32..].copy_from_slice(&schema_sha256(columns));
    block
}

fn schema_sha256(columns: &[(String, Kind)]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    hash.update(length(columns.len()));
    for (name, kind) in columns {
        for text in [name, &kind.to_string()] {
            hash.update(length(text.len()));
            hash.update(text);
        }
    }
    hash.finalize().into()
}

/// Buffers that are reused from block to block.
#[derive(Default)]
struct Scratch {
    /// Encoded length of each row of the block.
    lengths: Vec<usize>,
    /// Where in `bytes` the next value of each row of the group goes; at last, where the row ends.
    ends: Vec<usize>,
    bytes: Vec<u8>,
}

impl Scratch {
    fn measure(&mut self, cells: &[Cells], rows: usize) {
        self.lengths.clear();
        self.lengths.resize(rows, 0);
        for column in cells {
            column.measure(0..rows, &mut PerRow { first: 0, places: &mut self.lengths });
        }
    }

    /// As many rows from this one as fit the buffer, at least one.
    fn group(&self, first: usize) -> Range<usize> {
        let mut total = 0;
        let fits = self.lengths[first..].iter().take_while(|&&length| {
            total += length;
            total <= BUFFER
        });
        first..first + fits.count().max(1)
    }

    fn encode(&mut self, cells: &[Cells], rows: Range<usize>) {
        let mut total = 0;
        self.ends.clear();
        for &length in &self.lengths[rows.clone()] {
            self.ends.push(total);
            total += length;
        }
        self.bytes.truncate(total);
        self.bytes.shrink_to(BUFFER.max(total));
        self.bytes.resize(total, 0);
        for column in cells {
            column.write(rows.clone(), &mut self.bytes, &mut PerRow { first: rows.start, places: &mut self.ends });
        }
    }

    fn hash(&self, prefix: &Sha256, rows: Range<usize>, digests: &mut Vec<Digest>) {
        let mut start = 0;
        for (&length, &end) in self.lengths[rows].iter().zip(&self.ends) {
            debug_assert_eq!(start + length, end, "a row was measured and written differently");
            let mut hash = prefix.clone();
            hash.update(&self.bytes[start..end]);
            digests.push(Digest(hash.finalize().into()));
            start = end;
        }
    }
}
