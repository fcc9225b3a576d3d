//! Enough of Parquet's page headers to know, before anything is decompressed, how large a page says it is.
//!
//! Thrift's compact protocol: a struct is fields, each a byte with the distance to the last field id and the type, then
//! the value; a zero byte ends it. When a field is repeated the last one counts, as in the decoder that runs after.

/// What a page header says of its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageHeader {
    pub uncompressed_size: i64,
    pub compressed_size: i64,
    /// Values of a data page.
    pub values: i64,
    /// Values of a dictionary page.
    pub dictionary_values: i64,
}

/// Structs, lists and maps within each other; real headers have three levels.
const DEPTH: usize = 8;

impl PageHeader {
    /// Reads a header from the start of `bytes`; gives it and its length. `None` if it is not a page header.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut header = Self::default();
        let mut reader = Reader { bytes, at: 0 };
        reader.fields(0, &mut |reader, id, kind| match (id, kind) {
            (2, INT) => reader.integer().map(|v| header.uncompressed_size = v),
            (3, INT) => reader.integer().map(|v| header.compressed_size = v),
            (5 | 8, STRUCT) => reader.first_field().map(|v| header.values = v),
            (7, STRUCT) => reader.first_field().map(|v| header.dictionary_values = v),
            _ => reader.skip(kind, 1),
        })?;
        Some((header, reader.at))
    }
}

const INT: u8 = 5;
const STRUCT: u8 = 12;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

type OnField<'f> = dyn FnMut(&mut Reader<'_>, i64, u8) -> Option<()> + 'f;

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn integer(&mut self) -> Option<i64> {
        let zigzag = self.varint()?;
        Some((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    fn advance(&mut self, length: u64) -> Option<()> {
        self.at = self.at.checked_add(usize::try_from(length).ok()?)?;
        (self.at <= self.bytes.len()).then_some(())
    }

    fn fields(&mut self, depth: usize, on_field: &mut OnField<'_>) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = if head >> 4 == 0 { self.integer()? } else { id + i64::from(head >> 4) };
            on_field(self, id, head & 0x0f)?;
        }
    }

    /// Integer field 1 of a struct, which for every page header within a page header is its number of values.
    fn first_field(&mut self) -> Option<i64> {
        let mut value = 0;
        self.fields(1, &mut |reader, id, kind| match (id, kind) {
            (1, INT) => reader.integer().map(|v| value = v),
            _ => reader.skip(kind, 2),
        })?;
        Some(value)
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => Some(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.advance(8),
            8 => self.varint().and_then(|n| self.advance(n)),
            9 | 10 => self.skip_list(depth),
            STRUCT => self.fields(depth, &mut |reader, _, kind| reader.skip(kind, depth + 1)),
            _ => None,
        }
    }

    fn skip_list(&mut self, depth: usize) -> Option<()> {
        let head = self.byte()?;
        let length = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        // Every element takes at least a byte, booleans included.
        if depth > DEPTH || length > self.bytes.len() as u64 {
            return None;
        }
        for _ in 0..length {
            match head & 0x0f {
                1 | 2 => self.advance(1)?,
                kind => self.skip(kind, depth + 1)?,
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_data_page_header() {
        // type 0, uncompressed 100, compressed 50, data page header {values 7, encodings 0, 3, 3}.
        let bytes = [0x15, 0, 0x15, 200, 1, 0x15, 100, 0x2c, 0x15, 14, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0, 0xff];
        let (header, length) = PageHeader::read(&bytes).unwrap();
        assert_eq!(header, PageHeader { uncompressed_size: 100, compressed_size: 50, values: 7, dictionary_values: 0 });
        assert_eq!(length, bytes.len() - 1);
    }

    #[test]
    fn nonsense_is_none() {
        assert_eq!(PageHeader::read(&[]), None);
        assert_eq!(PageHeader::read(&[0xff; 40]), None);
        assert_eq!(PageHeader::read(&[0x1c; 40]), None);
    }
}
