use std::{
    io::{Read, Seek, SeekFrom},
    ops::Range,
    sync::Arc,
};

use polars_buffer::Buffer;
use polars_parquet::read::ColumnChunkMetadata;
use taster_core::Digest;

use super::{Footer, footer::Root};
use crate::{Error, tap::Tap};

/// The stored bytes of one row group.
pub(crate) struct RowGroup {
    pub footer: Arc<Footer>,
    pub index: usize,
    /// Where in the file the bytes begin.
    pub start: u64,
    pub bytes: Buffer<u8>,
}

/// Most rows decoded at once.
const PIECE_ROWS: usize = 128 * 1024;
/// About how many decompressed bytes are decoded at once.
const PIECE_BYTES: usize = 64 << 20;

impl RowGroup {
    /// Rows to decode at once, so that they take about the same memory whatever the row group's size.
    pub(crate) fn piece_rows(&self) -> usize {
        let group = &self.footer.meta.row_groups[self.index];
        let rows = group.num_rows().max(1);
        // A run-length encoded column is larger in memory than its pages say.
        let values: usize = group.parquet_columns().iter().map(|c| c.num_values().max(0) as usize).sum();
        let pages: usize = group.parquet_columns().iter().map(|c| c.uncompressed_size().max(0) as usize).sum();
        let bytes = pages.max(values.saturating_mul(8)).max(1);
        ((PIECE_BYTES as f64 / bytes as f64 * rows as f64) as usize).clamp(1, PIECE_ROWS)
    }
}

/// Reads one top-level column of a row group by itself, without hashing.
pub(crate) fn read_root(
    tap: &mut Tap,
    name: &str,
    footer: &Arc<Footer>,
    index: usize,
    root: &Root,
) -> Result<RowGroup, Error> {
    let group = &footer.meta.row_groups[index];
    let chunks =
        || group.columns_under_root_iter(&root.field.name).into_iter().flatten().map(ColumnChunkMetadata::byte_range);
    let start = chunks().map(|r| r.start).min().unwrap_or(0);
    let end = chunks().map(|r| r.end).max().unwrap_or(start);
    let mut bytes = Vec::new();
    let file = tap.file();
    file.seek(SeekFrom::Start(start)).map_err(|e| Error::io(name, e))?;
    file.take(end - start).read_to_end(&mut bytes).map_err(|e| Error::io(name, e))?;
    Ok(RowGroup { footer: footer.clone(), index, start, bytes: Buffer::from_vec(bytes) })
}

/// Reads a Parquet file front to back, row group by row group.
pub(crate) struct GroupReader {
    tap: Tap,
    name: String,
    footer: Arc<Footer>,
    next: usize,
}

impl GroupReader {
    pub(crate) fn new(tap: Tap, name: &str, footer: Footer) -> Self {
        Self { tap, name: name.to_owned(), footer: Arc::new(footer), next: 0 }
    }

    /// The next row group that has rows.
    pub(crate) fn next_group(&mut self) -> Result<Option<RowGroup>, Error> {
        while let Some(range) = self.footer.ranges.get(self.next).cloned() {
            let index = self.next;
            self.next += 1;
            if self.footer.meta.row_groups[index].num_rows() > 0 {
                return self.read(index, range).map(Some);
            }
        }
        Ok(None)
    }

    fn read(&mut self, index: usize, range: Range<u64>) -> Result<RowGroup, Error> {
        self.pass(range.start)?;
        let length = (range.end - range.start) as usize;
        let mut bytes = Vec::with_capacity(length);
        let read = (&mut self.tap).take(length as u64).read_to_end(&mut bytes);
        if read.map_err(|e| Error::io(&self.name, e))? != length {
            return Err(Error::changed(&self.name));
        }
        Ok(RowGroup { footer: self.footer.clone(), index, start: range.start, bytes: Buffer::from_vec(bytes) })
    }

    /// Reads and hashes up to `position`.
    fn pass(&mut self, position: u64) -> Result<(), Error> {
        let gap = position - self.tap.position();
        let copied = std::io::copy(&mut (&mut self.tap).take(gap), &mut std::io::sink());
        if copied.map_err(|e| Error::io(&self.name, e))? != gap {
            return Err(Error::changed(&self.name));
        }
        Ok(())
    }

    /// Reads the rest; the footer must still be the one everything was decoded by.
    pub(crate) fn finish(mut self) -> Result<(u64, Digest), Error> {
        let tail = &self.footer.clone().tail;
        self.pass(self.tap.len() - tail.len() as u64)?;
        let mut now = Vec::with_capacity(tail.len());
        (&mut self.tap).take(tail.len() as u64).read_to_end(&mut now).map_err(|e| Error::io(&self.name, e))?;
        if now != *tail {
            return Err(Error::changed(&self.name));
        }
        self.tap.finish()
    }
}
