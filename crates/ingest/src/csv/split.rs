use memchr::{memchr, memchr_iter};

use super::{Dialect, Text, TextFile, cells::Cells};
use crate::{Error, Limits, error::Place};

/// Some whole records of a text file.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub bytes: Vec<u8>,
    /// Records, the header and empty lines not counted.
    pub rows: u64,
    /// Line number of the first byte, 1-based.
    pub first_line: u64,
    /// Whether the first record is the header.
    pub header: bool,
}

/// Bytes read at once.
const CHUNK: usize = 4 << 20;

/// Cuts a text file into chunks of whole records.
pub(crate) struct Chunks {
    text: Text,
    name: String,
    buffer: Vec<u8>,
    splitter: Splitter,
    header: bool,
    done: bool,
    record_bytes: usize,
}

impl Chunks {
    pub(crate) fn new(text: Text, name: &str, dialect: &Dialect, limits: &Limits) -> Self {
        Self {
            text,
            name: name.to_owned(),
            buffer: Vec::new(),
            splitter: Splitter::new(dialect),
            header: dialect.header,
            done: false,
            record_bytes: limits.record_bytes,
        }
    }

    /// The next chunk; it may hold the header only.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk>, Error> {
        loop {
            if self.done {
                return Ok(None);
            }
            let before = self.buffer.len();
            self.done = self.text.fill(&mut self.buffer, before + CHUNK)?;
            self.splitter.scan(&self.buffer, self.done);
            if self.done {
                self.splitter.end(&self.buffer).map_err(|line| self.unclosed(line))?;
            }
            if let Some(chunk) = self.cut() {
                return Ok(Some(chunk));
            }
            if self.buffer.len() > self.record_bytes {
                return Err(self.too_long());
            }
        }
    }

    /// Takes the whole records off the buffer; `None` if there are none, or only empty lines.
    fn cut(&mut self) -> Option<Chunk> {
        let rows = self.splitter.rows;
        let rest = self.buffer.split_off(self.splitter.cut);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let first_line = self.splitter.restart();
        if rows == 0 {
            return None;
        }
        let header = std::mem::replace(&mut self.header, false);
        Some(Chunk { bytes, rows: rows - u64::from(header), first_line, header })
    }

    fn unclosed(&self, line: u64) -> Error {
        let what = "the file ends inside a quoted field that begins here";
        let next = "it was cut short, or the quote is text: fetch it again, or pass --quote none";
        Error::malformed(Place::file(&self.name).line(line), what, next)
    }

    fn too_long(&self) -> Error {
        let (line, quoted) = self.splitter.open_record();
        let what = format!("a record longer than {} bytes begins here", self.record_bytes);
        let next = if quoted {
            "a quote in it is never closed: if quotes are text pass --quote none, else mend it"
        } else {
            "if the lines do not end as they should, convert the file; else raise the limit"
        };
        Error::limit(Place::file(&self.name).line(line), what, next)
    }

    /// Reads the rest of the file.
    pub(crate) fn finish(self) -> Result<(u64, taster_core::Digest), Error> {
        self.text.finish()
    }
}

/// The records in the middle of some bytes that begin and end anywhere. `None` if one has not the file's width: the
/// bytes may begin inside quotes.
pub(crate) fn whole_records(bytes: &[u8], file: &TextFile) -> Option<Chunk> {
    let dialect = &file.dialect;
    let start = memchr(dialect.newline, bytes)? + 1;
    let end = memchr::memrchr(dialect.newline, bytes)? + 1;
    let bytes = bytes.get(start..end)?;
    let mut cells = Cells::new(bytes, dialect);
    let mut rows = 0;
    while cells.next_record() {
        let mut width = 1;
        while !cells.cell().last {
            width += 1;
        }
        if width != file.width {
            return None;
        }
        rows += 1;
    }
    (rows > 0).then(|| Chunk { bytes: bytes.to_vec(), rows, first_line: 1, header: false })
}

/// Whether these bytes, which begin a file, hold a whole record.
pub(crate) fn holds_record(bytes: &[u8], dialect: &Dialect) -> bool {
    let mut splitter = Splitter::new(dialect);
    splitter.scan(bytes, false);
    splitter.rows > 0
}

/// Finds where records end, going over every byte once.
struct Splitter {
    separator: u8,
    quote: Option<u8>,
    newline: u8,
    skip_blanks: bool,
    /// Bytes before this are seen.
    at: usize,
    /// Start of the record being read.
    record: usize,
    /// End of the last whole record.
    cut: usize,
    /// Whole records that are not empty lines.
    rows: u64,
    /// Whether `at` is within quotes, and the line where they opened.
    inside: Option<u64>,
    /// Line of `at`.
    line: u64,
    /// Line of the start of the record being read.
    record_line: u64,
    /// Line of the start of the buffer.
    first_line: u64,
}

impl Splitter {
    fn new(dialect: &Dialect) -> Self {
        Self {
            separator: dialect.separator,
            quote: dialect.quote,
            newline: dialect.newline,
            skip_blanks: dialect.skip_blanks,
            at: 0,
            record: 0,
            cut: 0,
            rows: 0,
            inside: None,
            line: 1,
            record_line: 1,
            first_line: 1,
        }
    }

    fn scan(&mut self, text: &[u8], end: bool) {
        let Some(quote) = self.quote else { return self.lines(text, text.len()) };
        while self.at < text.len() {
            let found = memchr(quote, &text[self.at..]).map(|i| self.at + i);
            let to = found.unwrap_or(text.len());
            if self.inside.is_some() {
                self.line += memchr_iter(self.newline, &text[self.at..to]).count() as u64;
                self.at = to;
                if found.is_some() && !self.close(text, quote, end) {
                    return;
                }
            } else {
                self.lines(text, to);
                if found.is_some() {
                    self.inside = self.opens(text).then_some(self.line);
                    self.at += 1;
                }
            }
        }
    }

    /// At a quote within quotes: closes them or passes a doubled one. `false` if the next byte is not yet known.
    fn close(&mut self, text: &[u8], quote: u8, end: bool) -> bool {
        match text.get(self.at + 1) {
            None if !end => return false,
            Some(&next) if next == quote => self.at += 2,
            _ => {
                self.inside = None;
                self.at += 1;
            }
        }
        true
    }

    /// Whether the quote at `at` begins a field.
    fn opens(&self, text: &[u8]) -> bool {
        let mut before = &text[self.record..self.at];
        while let (true, [rest @ .., b' ']) = (self.skip_blanks, before) {
            before = rest;
        }
        before.last().is_none_or(|&b| b == self.separator)
    }

    /// Goes over unquoted text up to `to`.
    fn lines(&mut self, text: &[u8], to: usize) {
        let from = self.at;
        for i in memchr_iter(self.newline, &text[from..to]) {
            let end = from + i;
            let length = end - self.record;
            let empty = length == 0 || (length == 1 && text[self.record] == b'\r');
            self.rows += u64::from(!empty);
            self.record = end + 1;
            self.line += 1;
        }
        if self.record > from {
            self.cut = self.record;
            self.record_line = self.line;
        }
        self.at = to;
    }

    /// The text ends here. Errs with a line if that is within quotes.
    fn end(&mut self, text: &[u8]) -> Result<(), u64> {
        if let Some(line) = self.inside {
            return Err(line);
        }
        if !matches!(&text[self.record..], [] | [b'\r']) {
            self.rows += 1;
        }
        self.record = text.len();
        self.cut = text.len();
        Ok(())
    }

    /// Forgets what was cut off; gives the line it began on.
    fn restart(&mut self) -> u64 {
        self.at -= self.cut;
        self.record -= self.cut;
        self.cut = 0;
        self.rows = 0;
        std::mem::replace(&mut self.first_line, self.record_line)
    }

    /// The line the unfinished record begins on, or its open quote, and whether there is one.
    fn open_record(&self) -> (u64, bool) {
        (self.inside.unwrap_or(self.record_line), self.inside.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows found when the text arrives in steps of this many bytes.
    fn rows(text: &str, step: usize) -> Result<u64, u64> {
        let mut splitter = Splitter::new(&Dialect::default());
        let bytes = text.as_bytes();
        let mut have = 0;
        while have < bytes.len() {
            have = (have + step).min(bytes.len());
            splitter.scan(&bytes[..have], have == bytes.len());
        }
        splitter.end(bytes)?;
        Ok(splitter.rows)
    }

    #[test]
    fn counts_records_however_the_text_arrives() {
        let cases = [
            ("a,b\n1,2\n", Ok(2)),
            ("a\r\n\r\n\nb", Ok(2)),
            ("\"x\ny\",1\n\"\"\"\",2\n", Ok(2)),
            ("5\" pipe\n\"q\"\n", Ok(2)),
            ("a\n\"b\nc", Err(2)),
            ("\"a\"\n\"b\"", Ok(2)),
        ];
        for (text, expected) in cases {
            for step in 1..=text.len() {
                assert_eq!(rows(text, step), expected, "{text:?} by {step}");
            }
        }
    }
}
