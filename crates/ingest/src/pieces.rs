use std::{ops::Range, sync::Arc};

use polars::prelude::DataFrame;
use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::{
    Error, Format, Frame,
    arrow::{ArrowBatch, Messages},
    contain::contained,
    csv::{Chunk, Chunks, Text, TextFile},
    error::{Place, shown},
    json::{JsonFile, RecordChunks, Records},
    parquet::{Footer, GroupReader, RowGroup},
    plan::{How, Plan},
    tap::Tap,
};

/// What comes next in a dataset.
#[derive(Debug)]
pub enum Event {
    /// Rows, still to be decoded.
    Piece(Piece),
    /// A file is read to its end; all its pieces have come before.
    FileEnd(FileEnd),
}

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEnd {
    /// Index of the file in the dataset.
    pub file: usize,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, as they are stored.
    pub sha256: Digest,
    /// Rows it holds.
    pub rows: u64,
}

/// Consecutive rows of one file, read and hashed but not decoded.
#[derive(Debug)]
pub struct Piece {
    file: usize,
    first_row: u64,
    offset: u64,
    plan: Arc<Plan>,
    work: Work,
}

enum Work {
    Rows(Arc<RowGroup>, Range<usize>),
    Arrow(ArrowBatch),
    Text(Arc<TextFile>, Chunk),
    Json(Arc<JsonFile>, Records),
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows(group, rows) => write!(f, "rows {rows:?} of row group {}", group.index),
            Self::Arrow(batch) => write!(f, "{} rows of batch {}", batch.rows, batch.index),
            Self::Text(_, chunk) => write!(f, "{} rows of text", chunk.rows),
            Self::Json(_, records) => write!(f, "{} JSON records", records.spans.len()),
        }
    }
}

impl Piece {
    /// Index of the file in the dataset.
    pub fn file(&self) -> usize {
        self.file
    }

    /// Rows it holds.
    pub fn rows(&self) -> usize {
        match &self.work {
            Work::Rows(_, rows) => rows.len(),
            Work::Arrow(batch) => batch.rows,
            Work::Text(_, chunk) => chunk.rows as usize,
            Work::Json(_, records) => records.spans.len(),
        }
    }

    /// About how many bytes of the file it is, after decompression for text; to show progress by.
    pub fn stored_bytes(&self) -> usize {
        match &self.work {
            Work::Rows(group, rows) => {
                let all = group.footer.meta.row_groups[group.index].num_rows().max(1);
                (group.bytes.len() as f64 * rows.len() as f64 / all as f64) as usize
            }
            Work::Arrow(batch) => batch.stored_bytes(),
            Work::Text(_, chunk) => chunk.bytes.len(),
            Work::Json(_, records) => records.bytes.len(),
        }
    }

    /// About how many bytes it takes, stored and decoded, for a budget of what is in flight.
    pub fn bytes(&self) -> usize {
        match &self.work {
            Work::Rows(group, rows) => {
                let meta = &group.footer.meta.row_groups[group.index];
                let share = rows.len() as f64 / meta.num_rows().max(1) as f64;
                let decoded = meta.total_byte_size().max(group.bytes.len());
                ((group.bytes.len() + decoded) as f64 * share) as usize
            }
            Work::Arrow(batch) => batch.stored_bytes() * 3,
            Work::Text(_, chunk) => chunk.bytes.len() * 2,
            Work::Json(_, records) => records.bytes.len() * 2 + size_of_val(records.spans.as_slice()),
        }
    }

    /// The records of a piece of a JSON file as they are stored, each with its row number within the dataset; none of a
    /// piece of another file.
    pub fn json_records(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let records = if let Work::Json(_, records) = &self.work { Some(records) } else { None };
        let spans = records.into_iter().flat_map(|r| r.spans.iter().map(|&(start, end)| &r.bytes[start..end]));
        (self.offset..).zip(spans)
    }

    /// Decodes the rows; meant for a worker thread. Panics of decoders come out as errors. Usually gives one frame,
    /// more where the texts are large.
    pub fn decode(self) -> Result<Vec<Frame>, Error> {
        let frame = contained(|| self.frame()).unwrap_or_else(|panic| {
            let at = Place::file(&self.plan.files[self.file].source.name);
            Err(Error::malformed(at, shown(&panic), "the file is damaged; fetch it again"))
        })?;
        let frame = Frame { file: self.file, first_row: self.first_row, offset: self.offset, frame };
        Ok(frame.split_by_text())
    }

    fn frame(&self) -> Result<DataFrame, Error> {
        match &self.work {
            Work::Rows(group, rows) => self.plan.rows_of(self.file, group, rows.clone()),
            Work::Arrow(batch) => self.plan.rows_of_arrow(self.file, batch),
            Work::Text(text, chunk) => self.plan.rows_in(self.file, text, chunk),
            Work::Json(json, records) => self.plan.rows_of_json(self.file, json, records),
        }
    }
}

/// Reads a dataset once, front to back: does all the I/O and hashes every byte on the way. Stops after an error.
#[derive(Debug)]
pub struct Pieces<'a> {
    plan: &'a Arc<Plan>,
    /// Rows decoded at once, when only a sample is wanted.
    sample: Option<usize>,
    file: usize,
    open: Option<Open>,
    first_row: u64,
    offset: u64,
    failed: bool,
}

enum Open {
    Parquet(Box<Groups>),
    Arrow(Box<Messages>),
    Text(Box<Chunks>, Arc<TextFile>),
    Json(Box<RecordChunks>, Arc<JsonFile>),
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Parquet(_) => "Parquet",
            Self::Arrow(_) => "Arrow",
            Self::Text(..) => "text",
            Self::Json(..) => "JSON",
        })
    }
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(plan: &'a Arc<Plan>) -> Self {
        for file in &plan.files {
            if let How::Text(text) = &file.how {
                text.seen.clear();
            }
        }
        Self { plan, sample: None, file: 0, open: None, first_row: 0, offset: 0, failed: false }
    }

    /// Reads without hashing, for the first `rows` rows.
    pub(crate) fn sample(plan: &'a Arc<Plan>, rows: usize) -> Self {
        Self { sample: Some(rows), ..Self::new(plan) }
    }

    fn step(&mut self) -> Result<Option<Event>, Error> {
        if self.file >= self.plan.files.len() {
            return Ok(None);
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => open_file(self.plan, self.file, self.sample)?,
        };
        let work = match &mut open {
            Open::Parquet(groups) => groups.next_rows()?,
            Open::Arrow(messages) => messages.next_batch()?.map(Work::Arrow),
            Open::Text(chunks, text) => chunks.next_chunk()?.map(|chunk| Work::Text(text.clone(), chunk)),
            Open::Json(chunks, json) => chunks.next_chunk()?.map(|records| Work::Json(json.clone(), records)),
        };
        let Some(work) = work else { return self.end(open).map(Some) };
        self.open = Some(open);
        let (file, first_row, offset) = (self.file, self.first_row, self.offset);
        let piece = Piece { file, first_row, offset, plan: self.plan.clone(), work };
        self.first_row += piece.rows() as u64;
        self.offset += piece.rows() as u64;
        Ok(Some(Event::Piece(piece)))
    }

    fn end(&mut self, open: Open) -> Result<Event, Error> {
        let (bytes, sha256) = match open {
            Open::Parquet(groups) => groups.reader.finish()?,
            Open::Arrow(messages) => messages.finish()?,
            Open::Text(chunks, _) => chunks.finish()?,
            Open::Json(chunks, _) => chunks.finish()?,
        };
        let end = FileEnd { file: self.file, bytes, sha256, rows: self.first_row };
        self.file += 1;
        self.first_row = 0;
        Ok(Event::FileEnd(end))
    }
}

impl Iterator for Pieces<'_> {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let event = self.step();
        self.failed = event.is_err();
        event.transpose()
    }
}

fn open_file(plan: &Plan, index: usize, sample: Option<usize>) -> Result<Open, Error> {
    let file = &plan.files[index];
    let name = &file.source.name;
    let mut tap = Tap::open(&file.source, sample.is_none())?;
    if tap.len() != file.len {
        return Err(Error::changed(name));
    }
    match &file.how {
        How::Parquet { tail, .. } => {
            let footer = Footer::read(&mut tap, name, &plan.limits)?;
            if digest(&footer.tail) != *tail {
                return Err(Error::changed(name));
            }
            let reader = GroupReader::new(tap, name, footer);
            let most = sample.unwrap_or(usize::MAX);
            Ok(Open::Parquet(Box::new(Groups { reader, current: None, next: 0, most })))
        }
        How::Arrow { head, .. } => {
            let messages = Messages::open(tap, name, &plan.limits)?;
            if messages.head() != *head {
                return Err(Error::changed(name));
            }
            Ok(Open::Arrow(Box::new(messages)))
        }
        How::Text(text) => {
            let Format::Csv(compression) = file.source.format else { return Err(Error::changed(name)) };
            let stream = Text::new(tap, name, compression, text.dialect.encoding, &plan.limits)?;
            let chunks = Chunks::new(stream, name, &text.dialect, &plan.limits);
            Ok(Open::Text(Box::new(chunks), text.clone()))
        }
        How::Json { file: json, .. } => {
            let Format::Json(compression) = file.source.format else { return Err(Error::changed(name)) };
            let text = Text::new(tap, name, compression, json.encoding, &plan.limits)?;
            let chunks = RecordChunks::new(text, name, json.layout, &plan.limits);
            Ok(Open::Json(Box::new(chunks), json.clone()))
        }
    }
}

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// A Parquet file, some rows at a time.
struct Groups {
    reader: GroupReader,
    current: Option<Arc<RowGroup>>,
    /// The next row of the current row group.
    next: usize,
    /// Most rows at once.
    most: usize,
}

impl Groups {
    fn next_rows(&mut self) -> Result<Option<Work>, Error> {
        loop {
            if let Some(current) = &self.current {
                let rows = current.footer.meta.row_groups[current.index].num_rows();
                if self.next < rows {
                    let range = self.next..(self.next + current.piece_rows().min(self.most)).min(rows);
                    self.next = range.end;
                    return Ok(Some(Work::Rows(current.clone(), range)));
                }
            }
            // The last group's bytes go before the next are read.
            self.current = None;
            self.next = 0;
            match self.reader.next_group()? {
                Some(read) => self.current = Some(Arc::new(read)),
                None => return Ok(None),
            }
        }
    }
}
