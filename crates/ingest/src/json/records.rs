use memchr::memchr_iter;

use super::splitter::{Layout, Splitter};
use crate::{Error, Limits, csv::Text, error::Place};

/// Some whole records of a JSON file.
#[derive(Debug)]
pub(crate) struct Records {
    pub bytes: Vec<u8>,
    /// Where each record begins and ends in `bytes`, without blanks around it.
    pub spans: Vec<(usize, usize)>,
    /// Line number of the first byte, 1-based.
    pub first_line: u64,
}

impl Records {
    /// The line that this place of `bytes` is on.
    pub(crate) fn line_at(&self, at: usize) -> u64 {
        self.first_line + newlines(&self.bytes[..at])
    }
}

/// Bytes read at once.
const CHUNK: usize = 4 << 20;

/// Cuts a JSON file into pieces of whole records.
pub(crate) struct RecordChunks {
    text: Text,
    name: String,
    buffer: Vec<u8>,
    splitter: Splitter,
    /// Line of the start of the buffer.
    line: u64,
    done: bool,
    record_bytes: usize,
}

impl RecordChunks {
    pub(crate) fn new(text: Text, name: &str, layout: Layout, limits: &Limits) -> Self {
        Self {
            text,
            name: name.to_owned(),
            buffer: Vec::new(),
            splitter: Splitter::new(layout),
            line: 1,
            done: false,
            record_bytes: limits.record_bytes,
        }
    }

    /// The next records.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Records>, Error> {
        while !self.done {
            let before = self.buffer.len();
            self.done = self.text.fill(&mut self.buffer, before + CHUNK)?;
            let found = self.splitter.scan(&self.buffer, self.done);
            found.map_err(|(at, what)| self.broken(at, what))?;
            if let Some(records) = self.cut() {
                return Ok(Some(records));
            }
            if self.buffer.len() > self.record_bytes {
                return Err(self.too_long());
            }
        }
        Ok(None)
    }

    /// Takes the whole records off the buffer; `None` if there are none.
    fn cut(&mut self) -> Option<Records> {
        if self.splitter.cut == 0 {
            return None;
        }
        let rest = self.buffer.split_off(self.splitter.cut);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let first_line = self.line;
        self.line += newlines(&bytes);
        let spans = self.splitter.restart();
        (!spans.is_empty()).then_some(Records { bytes, spans, first_line })
    }

    fn broken(&self, at: usize, what: &str) -> Error {
        let line = self.line + newlines(&self.buffer[..at]);
        Error::malformed(Place::file(&self.name).line(line), what, "mend it, or fetch the file again")
    }

    fn too_long(&self) -> Error {
        let what = format!("a record longer than {} bytes begins here", self.record_bytes);
        let next = "if records are not separated by line ends or commas, mend that; else raise the limit";
        let line = self.line + newlines(&self.buffer[..self.splitter.start]);
        Error::limit(Place::file(&self.name).line(line), what, next)
    }

    /// Reads the rest of the file.
    pub(crate) fn finish(self) -> Result<(u64, taster_core::Digest), Error> {
        self.text.finish()
    }
}

/// The lines in the middle of some bytes that begin and end anywhere; `None` if there is no whole one.
pub(crate) fn whole_lines(bytes: &[u8]) -> Option<Records> {
    let start = memchr::memchr(b'\n', bytes)? + 1;
    let end = memchr::memrchr(b'\n', bytes)? + 1;
    let bytes = bytes.get(start..end)?.to_vec();
    let mut splitter = Splitter::new(Layout::Lines);
    splitter.lines(&bytes, true);
    let spans = splitter.restart();
    (!spans.is_empty()).then_some(Records { bytes, spans, first_line: 1 })
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}
