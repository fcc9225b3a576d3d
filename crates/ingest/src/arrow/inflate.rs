//! Compressed batches, made plain before they are decoded, within limits.

use std::io::Read;

use polars_arrow_format::ipc::{
    Buffer, CompressionType, Message, MessageHeader, MessageHeaderRef, MessageRef, RecordBatch,
    planus::{Builder, ReadAsRoot as _},
};

use super::messages::parts;
use crate::{Error, Limits, error::Place};

/// Bytes that buffers are aligned to.
const ALIGNMENT: usize = 64;

/// Why a batch cannot be made plain.
pub(super) enum Problem {
    Damaged(String),
    TooLarge(u64),
}

impl Problem {
    pub(super) fn into_error(self, at: Place) -> Error {
        match self {
            Self::Damaged(what) => Error::malformed(at, what, "the file is damaged; fetch it again"),
            Self::TooLarge(limit) => {
                let what = format!("a batch of more than {limit} bytes, decompressed, which is the limit");
                Error::limit(at, what, "write the file with smaller batches, or raise the limit")
            }
        }
    }
}

impl<E: std::fmt::Display> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Damaged(crate::error::shown(&error.to_string()))
    }
}

/// A message whose buffers are as they are in memory; the same bytes where they were so already.
pub(super) fn inflated(message: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, Problem> {
    let (metadata, body) = parts(&message)?;
    let parsed = MessageRef::read_as_root(metadata)?;
    let compressed = match parsed.header()? {
        Some(MessageHeaderRef::RecordBatch(batch)) => batch.compression()?.is_some(),
        Some(MessageHeaderRef::DictionaryBatch(dictionary)) => match dictionary.data()? {
            Some(batch) => batch.compression()?.is_some(),
            None => false,
        },
        _ => false,
    };
    if !compressed {
        return Ok(message);
    }
    let mut plain = Message::try_from(parsed)?;
    let body = match &mut plain.header {
        Some(MessageHeader::RecordBatch(batch)) => inflate(batch, body, limits)?,
        Some(MessageHeader::DictionaryBatch(dictionary)) => match &mut dictionary.data {
            Some(batch) => inflate(batch, body, limits)?,
            None => Vec::new(),
        },
        _ => Vec::new(),
    };
    plain.body_length = body.len() as i64;
    Ok(stored(&plain, &body))
}

/// A message as it is stored.
fn stored(message: &Message, body: &[u8]) -> Vec<u8> {
    let mut builder = Builder::new();
    let metadata = builder.finish(message, None);
    let padded = metadata.len().next_multiple_of(8);
    let mut out = [[0xff; 4], (padded as u32).to_le_bytes()].concat();
    out.extend_from_slice(metadata);
    out.resize(8 + padded, 0);
    out.extend_from_slice(body);
    out
}

/// Decompresses the buffers of a batch and says so in it.
fn inflate(batch: &mut RecordBatch, body: &[u8], limits: &Limits) -> Result<Vec<u8>, Problem> {
    let Some(compression) = batch.compression.take() else { return Ok(body.to_vec()) };
    let mut plain = Vec::new();
    for buffer in batch.buffers.iter_mut().flatten() {
        let start = usize::try_from(buffer.offset)?;
        let end = start.checked_add(usize::try_from(buffer.length)?).ok_or("a column reaches beyond its batch")?;
        let stored = body.get(start..end).ok_or("a column reaches beyond its batch")?;
        let offset = plain.len();
        if let Some((length, stored)) = stored.split_first_chunk::<8>() {
            let left = limits.row_group_bytes.saturating_sub(plain.len() as u64);
            match i64::from_le_bytes(*length) {
                // Stored as it is, because compression made it no smaller.
                -1 => plain.extend_from_slice(stored),
                length => {
                    let length = u64::try_from(length)?;
                    if length > left {
                        return Err(Problem::TooLarge(limits.row_group_bytes));
                    }
                    read(compression.codec, stored, length, &mut plain)?;
                }
            }
        }
        *buffer = Buffer { offset: offset as i64, length: (plain.len() - offset) as i64 };
        plain.resize(plain.len().next_multiple_of(ALIGNMENT), 0);
    }
    Ok(plain)
}

/// Appends exactly `length` decompressed bytes.
fn read(codec: CompressionType, stored: &[u8], length: u64, to: &mut Vec<u8>) -> Result<(), Problem> {
    let before = to.len();
    match codec {
        CompressionType::Lz4Frame => lz4_flex::frame::FrameDecoder::new(stored).take(length).read_to_end(to)?,
        CompressionType::Zstd => zstd::stream::read::Decoder::new(stored)?.take(length).read_to_end(to)?,
    };
    if (to.len() - before) as u64 == length {
        return Ok(());
    }
    Err(Problem::Damaged("a column holds fewer bytes than it says".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use polars_arrow_format::ipc::{BodyCompression, BodyCompressionMethod, FieldNode, MetadataVersion};

    use super::*;

    fn compressed(codec: CompressionType, bytes: &[u8]) -> Vec<u8> {
        let stored = match codec {
            CompressionType::Lz4Frame => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            CompressionType::Zstd => zstd::encode_all(bytes, 1).unwrap(),
        };
        [&(bytes.len() as i64).to_le_bytes()[..], &stored].concat()
    }

    /// A batch of these buffers, the second stored as it is.
    fn batch(codec: CompressionType, buffers: [&[u8]; 3]) -> Vec<u8> {
        let stored = [compressed(codec, buffers[0]), [&[0xff; 8], buffers[1]].concat(), compressed(codec, buffers[2])];
        let mut body = Vec::new();
        let place = |stored: &Vec<u8>| {
            let place = Buffer { offset: body.len() as i64, length: stored.len() as i64 };
            body.extend_from_slice(stored);
            place
        };
        let places = stored.iter().map(place).collect();
        let batch = RecordBatch {
            length: 3,
            nodes: Some(vec![FieldNode { length: 3, null_count: 0 }]),
            buffers: Some(places),
            compression: Some(Box::new(BodyCompression { codec, method: BodyCompressionMethod::Buffer })),
            variadic_buffer_counts: None,
        };
        let message = Message {
            version: MetadataVersion::V5,
            header: Some(MessageHeader::RecordBatch(Box::new(batch))),
            body_length: body.len() as i64,
            custom_metadata: None,
        };
        super::stored(&message, &body)
    }

    #[test]
    fn buffers_come_out_as_they_went_in() {
        let buffers: [&[u8]; 3] = [&[7; 1000], b"as it is", &[1, 2, 3]];
        for codec in [CompressionType::Lz4Frame, CompressionType::Zstd] {
            let plain = inflated(batch(codec, buffers), &Limits::default()).ok().unwrap();
            let (metadata, body) = parts(&plain).unwrap();
            let message = Message::try_from(MessageRef::read_as_root(metadata).unwrap()).unwrap();
            let Some(MessageHeader::RecordBatch(batch)) = message.header else { panic!("no batch") };
            assert!(batch.compression.is_none() && message.body_length == body.len() as i64);
            let found = batch
                .buffers
                .unwrap()
                .iter()
                .map(|b| &body[b.offset as usize..][..b.length as usize])
                .collect::<Vec<_>>();
            assert_eq!(found, buffers);
        }
    }

    #[test]
    fn bombs_are_refused() {
        let limits = Limits { row_group_bytes: 5_000, ..Limits::default() };
        let bomb = batch(CompressionType::Zstd, [&[0; 10_000], b"", b""]);
        assert!(matches!(inflated(bomb, &limits), Err(Problem::TooLarge(5_000))));
    }
}
