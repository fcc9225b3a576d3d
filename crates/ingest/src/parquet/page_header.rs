//! Enough of Parquet's page headers to know, before anything is decompressed, how large a page says it is.

use super::thrift::{INT, Reader, STRUCT};

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

impl PageHeader {
    /// Reads a header from the start of `bytes`; gives it and its length. `None` if it is not a page header.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut header = Self::default();
        let mut reader = Reader::new(bytes);
        reader.fields(0, &mut |reader, id, kind| match (id, kind) {
            (2, INT) => reader.integer().map(|v| header.uncompressed_size = v),
            (3, INT) => reader.integer().map(|v| header.compressed_size = v),
            (5 | 8, STRUCT) => reader.first_field().map(|v| header.values = v),
            (7, STRUCT) => reader.first_field().map(|v| header.dictionary_values = v),
            _ => reader.skip(kind, 1),
        })?;
        Some((header, reader.position()))
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
