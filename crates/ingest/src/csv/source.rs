use std::io::{self, BufReader, Read};

use encoding_rs::DecoderResult;
use flate2::bufread::MultiGzDecoder;
use taster_core::Digest;

use crate::{Compression, Encoding, Error, Limits, error::Place, tap::Tap};

/// The text of a file: decompressed, without byte order mark, UTF-16 turned to UTF-8. Other encodings are left for the
/// workers, since they do not change where records end.
pub(crate) struct Text {
    stream: Stream,
    utf16: Option<Utf16>,
    name: String,
    ratio: u64,
    /// Bytes given out.
    given: u64,
    started: bool,
}

enum Stream {
    Plain(BufReader<Tap>),
    Gzip(Box<MultiGzDecoder<BufReader<Tap>>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<Tap>>>),
}

struct Utf16 {
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
}

/// Largest window of a zstd frame, as a power of two: what the format asks every decoder to allow by default.
const WINDOW_LOG: u32 = 27;
const BUFFER: usize = 256 << 10;
/// Bytes that may come out of a compressed file whatever went in.
const FREE: u64 = 64 << 20;

impl Text {
    pub(crate) fn new(
        tap: Tap,
        name: &str,
        compression: Compression,
        encoding: Encoding,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let reader = BufReader::with_capacity(BUFFER, tap);
        let stream = match compression {
            Compression::None => Stream::Plain(reader),
            Compression::Gzip => Stream::Gzip(Box::new(MultiGzDecoder::new(reader))),
            Compression::Zstd => Stream::Zstd(Box::new(zstd_decoder(reader).map_err(|e| Error::io(name, e))?)),
        };
        let coding = match encoding {
            Encoding::Utf16Le => Some(encoding_rs::UTF_16LE),
            Encoding::Utf16Be => Some(encoding_rs::UTF_16BE),
            Encoding::Utf8 | Encoding::Windows1252 => None,
        };
        let utf16 = coding.map(|c| Utf16 { decoder: c.new_decoder_with_bom_removal(), raw: Vec::new() });
        Ok(Self { stream, utf16, name: name.to_owned(), ratio: limits.ratio, given: 0, started: false })
    }

    /// Appends text to `out` until it holds `to` bytes; `true` if the text ends there.
    pub(crate) fn fill(&mut self, out: &mut Vec<u8>, to: usize) -> Result<bool, Error> {
        let before = out.len();
        let ended = if self.utf16.is_some() { self.fill_utf16(out, to)? } else { self.fill_bytes(out, to)? };
        self.given += (out.len() - before) as u64;
        let stored = self.stream.tap().position();
        if self.given > FREE + stored.saturating_mul(self.ratio) {
            let what = format!("{stored} stored bytes have become {} and more", self.given);
            let next = "this looks like a decompression bomb; if it is not, decompress it yourself first";
            return Err(Error::limit(Place::file(&self.name), what, next));
        }
        Ok(ended)
    }

    fn fill_bytes(&mut self, out: &mut Vec<u8>, to: usize) -> Result<bool, Error> {
        let want = to.saturating_sub(out.len());
        let start = out.len();
        let read = (&mut self.stream).take(want as u64).read_to_end(out);
        let read = read.map_err(|e| self.broken(e))?;
        if !self.started && out[start..].starts_with(b"\xef\xbb\xbf") {
            out.drain(start..start + 3);
        }
        self.started = true;
        Ok(read < want)
    }

    fn fill_utf16(&mut self, out: &mut Vec<u8>, to: usize) -> Result<bool, Error> {
        while out.len() < to {
            let mut raw = self.utf16.as_mut().map(|u| std::mem::take(&mut u.raw)).unwrap_or_default();
            let want = BUFFER - raw.len();
            let read = (&mut self.stream).take(want as u64).read_to_end(&mut raw).map_err(|e| self.broken(e))?;
            let ended = read < want;
            let Some(utf16) = &mut self.utf16 else { return Ok(ended) };
            utf16.decode(raw, out, ended).ok_or_else(|| {
                let next = "it is damaged or in another encoding; pass --encoding";
                Error::malformed(Place::file(&self.name), "not valid UTF-16", next)
            })?;
            if ended {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn broken(&self, error: io::Error) -> Error {
        let compressed = !matches!(self.stream, Stream::Plain(_));
        if compressed && error.kind() != io::ErrorKind::PermissionDenied {
            let what = format!("cannot be decompressed: {error}");
            return Error::malformed(Place::file(&self.name), what, "it is damaged or was cut short; fetch it again");
        }
        Error::io(&self.name, error)
    }

    /// Reads the rest of the file, and gives its stored size and digest.
    pub(crate) fn finish(self) -> Result<(u64, Digest), Error> {
        let reader = match self.stream {
            Stream::Plain(reader) => reader,
            Stream::Gzip(decoder) => decoder.into_inner(),
            Stream::Zstd(decoder) => decoder.finish(),
        };
        reader.into_inner().finish()
    }
}

fn zstd_decoder(reader: BufReader<Tap>) -> io::Result<zstd::Decoder<'static, BufReader<Tap>>> {
    let mut decoder = zstd::Decoder::with_buffer(reader)?;
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(decoder)
}

impl Stream {
    fn tap(&self) -> &Tap {
        match self {
            Self::Plain(reader) => reader.get_ref(),
            Self::Gzip(decoder) => decoder.get_ref().get_ref(),
            Self::Zstd(decoder) => decoder.get_ref().get_ref(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(out),
            Self::Gzip(decoder) => decoder.read(out),
            Self::Zstd(decoder) => decoder.read(out),
        }
    }
}

impl Utf16 {
    /// Appends the text of `raw`; keeps what is not yet decoded. `None` if it is not valid.
    fn decode(&mut self, raw: Vec<u8>, out: &mut Vec<u8>, last: bool) -> Option<()> {
        let mut rest = &raw[..];
        loop {
            let start = out.len();
            out.resize(start + 4 * BUFFER, 0);
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(rest, &mut out[start..], last);
            out.truncate(start + written);
            rest = &rest[read..];
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return None,
            }
        }
        self.raw = rest.to_vec();
        Some(())
    }
}
