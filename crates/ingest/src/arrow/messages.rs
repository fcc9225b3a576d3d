use std::{io::Read, sync::Arc};

use polars_arrow::{
    datatypes::ArrowSchema,
    io::ipc::read::{deserialize_footer, read_stream_metadata},
};
use polars_arrow_format::ipc::{MessageHeaderRef, MessageRef, RecordBatchRef, planus::ReadAsRoot as _};
use taster_core::Digest;

use super::{inflate::inflated, is_file};
use crate::{
    Error, Limits,
    contain::contained,
    error::{Place, shown},
    pieces::digest,
    tap::Tap,
};

/// What a message begins with.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];
/// Bytes before the first message of a file.
const MAGIC: usize = 8;
/// Rows a batch may have whatever its size, and beyond that for each of its bytes.
const FREE_ROWS: u64 = 100_000_000;
const ROWS_PER_BYTE: u64 = 10_000;

const DAMAGED: &str = "the file is damaged or was cut short; fetch it again";

/// Some rows as they are stored, with all that is needed to decode them.
pub(crate) struct ArrowBatch {
    pub index: usize,
    pub rows: usize,
    /// The schema and the dictionaries before it.
    prelude: Arc<Vec<u8>>,
    message: Vec<u8>,
}

impl ArrowBatch {
    /// Bytes of the stored rows.
    pub fn stored_bytes(&self) -> usize {
        self.message.len()
    }

    /// A stream of this batch alone.
    pub fn stream(&self) -> Vec<u8> {
        [&self.prelude[..], &self.message].concat()
    }
}

/// The messages of an Arrow IPC file or stream.
pub(crate) struct Messages {
    tap: Tap,
    name: String,
    limits: Limits,
    file: bool,
    /// Schema and dictionaries.
    prelude: Arc<Vec<u8>>,
    schema: ArrowSchema,
    head: Digest,
    /// Where each batch begins.
    offsets: Vec<i64>,
}

impl Messages {
    /// Reads the schema.
    pub fn open(mut tap: Tap, name: &str, limits: &Limits) -> Result<Self, Error> {
        let mut magic = [0; MAGIC];
        let mut first = &mut magic[..4];
        fill(&mut tap, name, first)?;
        let file = is_file(b"ARROW1") && first.starts_with(b"ARRO");
        let mut opening = None;
        if file {
            first = &mut magic[4..];
            fill(&mut tap, name, first)?;
            if !is_file(&magic) {
                return Err(damaged(name, "it does not begin as one"));
            }
        } else {
            opening = Some([magic[0], magic[1], magic[2], magic[3]]);
        }
        let schema = ArrowSchema::default();
        let (prelude, offsets) = (Arc::new(Vec::new()), Vec::new());
        let mut messages = Self {
            tap,
            name: name.to_owned(),
            limits: limits.clone(),
            file,
            prelude,
            schema,
            head: Digest::default(),
            offsets,
        };
        let Some(bytes) = messages.next_message(opening)? else {
            return Err(damaged(name, "it holds no schema"));
        };
        let read = || read_stream_metadata(&mut &bytes[..]).map_err(|e| e.to_string());
        messages.schema = contained(read).and_then(|r| r).map_err(|e| damaged(name, &e))?.schema;
        messages.head = digest(&bytes);
        messages.prelude = Arc::new(bytes);
        Ok(messages)
    }

    /// The columns as they are stored.
    pub fn schema(&self) -> &ArrowSchema {
        &self.schema
    }

    /// Digest of the schema.
    pub fn head(&self) -> Digest {
        self.head
    }

    /// The next batch that has rows.
    pub fn next_batch(&mut self) -> Result<Option<ArrowBatch>, Error> {
        loop {
            let at = self.tap.position() as i64;
            let Some(bytes) = self.next_message(None)? else { return Ok(None) };
            let index = self.offsets.len();
            let place = || Place::file(&self.name).row_group(index);
            let bytes = contained(|| inflated(bytes, &self.limits))
                .map_err(|e| damaged(&self.name, &e))?
                .map_err(|problem| problem.into_error(place()))?;
            match contained(|| rows(&bytes)).and_then(|r| r).map_err(|e| damaged(&self.name, &e))? {
                Content::Dictionary => self.add_dictionary(&bytes)?,
                Content::Rows(rows) => {
                    self.offsets.push(at);
                    if rows as u64 > FREE_ROWS + ROWS_PER_BYTE.saturating_mul(bytes.len() as u64) {
                        let what = format!("{} bytes claim to hold {rows} rows", bytes.len());
                        return Err(Error::limit(place(), what, "this looks like a decompression bomb"));
                    }
                    if rows > 0 {
                        return Ok(Some(ArrowBatch { index, rows, prelude: self.prelude.clone(), message: bytes }));
                    }
                }
            }
        }
    }

    /// A dictionary is needed by all batches after it.
    fn add_dictionary(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if (self.prelude.len() + bytes.len()) as u64 > self.limits.row_group_bytes {
            let what = format!("more than {} bytes of dictionaries, which is the limit", self.limits.row_group_bytes);
            return Err(Error::limit(Place::file(&self.name), what, "write the columns without dictionaries"));
        }
        let mut prelude = Arc::unwrap_or_clone(std::mem::take(&mut self.prelude));
        prelude.extend_from_slice(bytes);
        self.prelude = Arc::new(prelude);
        Ok(())
    }

    /// Reads the rest; gives the number of bytes of the file and their digest.
    pub fn finish(mut self) -> Result<(u64, Digest), Error> {
        if self.file {
            let mut tail = Vec::new();
            let most = self.limits.footer_bytes as u64;
            (&mut self.tap).take(most).read_to_end(&mut tail).map_err(|e| Error::io(&self.name, e))?;
            contained(|| self.check_footer(&tail)).and_then(|r| r).map_err(|e| damaged(&self.name, &e))?;
        }
        self.tap.finish()
    }

    /// Readers go by the list of batches at the end of a file: it must be that of the batches before it.
    fn check_footer(&self, tail: &[u8]) -> Result<(), String> {
        let cut = || "it does not end as one".to_owned();
        let rest = tail.strip_suffix(b"ARROW1").ok_or_else(cut)?;
        let (rest, length) = rest.split_last_chunk::<4>().ok_or_else(cut)?;
        let length = usize::try_from(i32::from_le_bytes(*length)).map_err(|_| cut())?;
        let footer = rest.len().checked_sub(length).map(|start| &rest[start..]).ok_or_else(cut)?;
        let footer = deserialize_footer(footer, self.tap.len()).map_err(|e| e.to_string())?;
        if footer.schema.as_ref() != &self.schema {
            return Err("its two schemas contradict each other".to_owned());
        }
        if !footer.blocks.iter().map(|block| block.offset).eq(self.offsets.iter().copied()) {
            return Err("the list of batches at its end is not that of the batches in it".to_owned());
        }
        Ok(())
    }

    /// The next message as it is stored, its body included; `None` at the end. `opening` are its first four bytes, if they
    /// were read.
    fn next_message(&mut self, opening: Option<[u8; 4]>) -> Result<Option<Vec<u8>>, Error> {
        let name = self.name.clone();
        let mut length = [0; 4];
        match opening {
            Some(opening) => length = opening,
            None if self.tap.position() == self.tap.len() => return Ok(None),
            None => fill(&mut self.tap, &name, &mut length)?,
        }
        if length == CONTINUATION {
            fill(&mut self.tap, &name, &mut length)?;
        }
        let length = usize::try_from(i32::from_le_bytes(length)).map_err(|_| damaged(&name, "a negative length"))?;
        if length == 0 {
            return Ok(None);
        }
        if length > self.limits.footer_bytes {
            let what = format!("a message with {length} bytes of metadata; the limit is {}", self.limits.footer_bytes);
            return Err(Error::limit(Place::file(&name), what, "write the file with fewer columns"));
        }
        let mut bytes = [CONTINUATION, (length as u32).to_le_bytes()].concat();
        self.append(&mut bytes, length as u64)?;
        let body = contained(|| body_length(&bytes[8..])).and_then(|r| r).map_err(|e| damaged(&name, &e))?;
        if body > self.limits.row_group_bytes {
            let what = format!("a batch of {body} bytes; the limit is {}", self.limits.row_group_bytes);
            return Err(Error::limit(
                Place::file(&name),
                what,
                "write the file with smaller batches, or raise the limit",
            ));
        }
        self.append(&mut bytes, body)?;
        Ok(Some(bytes))
    }

    fn append(&mut self, bytes: &mut Vec<u8>, length: u64) -> Result<(), Error> {
        let before = bytes.len();
        (&mut self.tap).take(length).read_to_end(bytes).map_err(|e| Error::io(&self.name, e))?;
        if (bytes.len() - before) as u64 == length {
            return Ok(());
        }
        Err(damaged(&self.name, "it ends within a message"))
    }
}

/// What a message brings.
enum Content {
    Dictionary,
    Rows(usize),
}

fn rows(message: &[u8]) -> Result<Content, String> {
    let (metadata, body) = parts(message)?;
    let parsed = MessageRef::read_as_root(metadata).map_err(|e| e.to_string())?;
    match parsed.header().map_err(|e| e.to_string())? {
        Some(MessageHeaderRef::DictionaryBatch(dictionary)) => {
            let data = dictionary.data().map_err(|e| e.to_string())?.ok_or("a dictionary without values")?;
            within(data, body.len())?;
            Ok(Content::Dictionary)
        }
        Some(MessageHeaderRef::RecordBatch(batch)) => {
            within(batch, body.len())?;
            let rows = batch.length().map_err(|e| e.to_string())?;
            usize::try_from(rows).map(Content::Rows).map_err(|_| "a negative number of rows".to_owned())
        }
        _ => Err("a message that is neither rows nor a dictionary".to_owned()),
    }
}

/// Refuses buffers that reach beyond their message: decoders allocate by what these say.
fn within(batch: RecordBatchRef<'_>, body: usize) -> Result<(), String> {
    for buffer in batch.buffers().map_err(|e| e.to_string())?.into_iter().flatten() {
        let end = buffer.offset().checked_add(buffer.length()).and_then(|end| usize::try_from(end).ok());
        if buffer.offset() < 0 || buffer.length() < 0 || end.is_none_or(|end| end > body) {
            return Err("a column reaches beyond its batch".to_owned());
        }
    }
    Ok(())
}

/// The metadata and the body of a message.
pub(super) fn parts(message: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let cut = || "a message that is cut short".to_owned();
    let (length, rest) = message.get(4..).and_then(|m| m.split_first_chunk::<4>()).ok_or_else(cut)?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(cut)
}

fn body_length(metadata: &[u8]) -> Result<u64, String> {
    let message = MessageRef::read_as_root(metadata).map_err(|e| e.to_string())?;
    let length = message.body_length().map_err(|e| e.to_string())?;
    u64::try_from(length).map_err(|_| "a negative length".to_owned())
}

fn fill(tap: &mut Tap, name: &str, out: &mut [u8]) -> Result<(), Error> {
    tap.read_exact(out).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => damaged(name, "it ends within a message"),
        _ => Error::io(name, e),
    })
}

fn damaged(name: &str, why: &str) -> Error {
    Error::malformed(Place::file(name), format!("not sound Arrow IPC: {}", shown(why)), DAMAGED)
}
