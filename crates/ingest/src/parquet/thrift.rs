//! Enough of Thrift's compact protocol to see what Parquet's structures say before a decoder believes them.
//!
//! A struct is fields, each a byte with the distance to the last field id and the type, then the value; a zero byte ends
//! it. When a field is repeated the last one counts, as in the decoder that runs after.

pub(super) const INT: u8 = 5;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;

/// Structs and lists within each other; real footers have about eight levels.
const DEPTH: usize = 16;

/// Reads a value, `None` where the bytes are not what they should be.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

type OnField<'f> = dyn FnMut(&mut Reader<'_>, i64, u8) -> Option<()> + 'f;

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

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

    pub(super) fn integer(&mut self) -> Option<i64> {
        let zigzag = self.varint()?;
        Some((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    fn advance(&mut self, length: u64) -> Option<()> {
        self.at = self.at.checked_add(usize::try_from(length).ok()?)?;
        (self.at <= self.bytes.len()).then_some(())
    }

    pub(super) fn fields(&mut self, depth: usize, on_field: &mut OnField<'_>) -> Option<()> {
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
    pub(super) fn first_field(&mut self) -> Option<i64> {
        let mut value = 0;
        self.fields(1, &mut |reader, id, kind| match (id, kind) {
            (1, INT) => reader.integer().map(|v| value = v),
            _ => reader.skip(kind, 2),
        })?;
        Some(value)
    }

    pub(super) fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => Some(()),
            3 => self.advance(1),
            4 | INT | 6 => self.varint().map(|_| ()),
            7 => self.advance(8),
            8 => self.varint().and_then(|n| self.advance(n)),
            LIST | 10 => self.skip_list(depth),
            STRUCT => self.fields(depth, &mut |reader, _, kind| reader.skip(kind, depth + 1)),
            _ => None,
        }
    }

    /// Length and element type of a list.
    pub(super) fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let length = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        // Every element takes at least a byte, booleans included.
        (length <= self.bytes.len() as u64).then_some((length, head & 0x0f))
    }

    fn skip_list(&mut self, depth: usize) -> Option<()> {
        let (length, kind) = self.list()?;
        if depth > DEPTH {
            return None;
        }
        for _ in 0..length {
            match kind {
                1 | 2 => self.advance(1)?,
                kind => self.skip(kind, depth + 1)?,
            }
        }
        Some(())
    }
}

/// How many levels of groups the schema in a Parquet footer has, counted up to `most` and one. Decoders go down it by
/// recursion, and a stack that overflows cannot be caught.
pub(super) fn schema_depth(footer: &[u8], most: usize) -> Option<usize> {
    let mut deepest = 0;
    Reader::new(footer).fields(0, &mut |reader, id, kind| match (id, kind) {
        (2, LIST) => {
            deepest = deepest.max(list_depth(reader, most)?);
            Some(())
        }
        _ => reader.skip(kind, 1),
    })?;
    Some(deepest)
}

/// The schema is a tree in a list: each element says how many of the following are its children.
fn list_depth(reader: &mut Reader<'_>, most: usize) -> Option<usize> {
    let (length, kind) = reader.list()?;
    if kind != STRUCT {
        return None;
    }
    let mut open: Vec<i64> = Vec::new();
    let mut deepest = 0;
    for _ in 0..length {
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        let children = element_children(reader)?;
        if children > 0 && deepest <= most {
            open.push(children);
        }
        deepest = deepest.max(open.len());
    }
    Some(deepest)
}

fn element_children(reader: &mut Reader<'_>) -> Option<i64> {
    let mut children = 0;
    reader.fields(2, &mut |reader, id, kind| match (id, kind) {
        (5, INT) => reader.integer().map(|v| children = v),
        _ => reader.skip(kind, 3),
    })?;
    Some(children)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer whose schema is groups of one group each.
    fn nested(levels: usize) -> Vec<u8> {
        let mut footer = vec![0x15, 2, 0x19, 0xfc];
        let mut length = levels;
        while length >= 0x80 {
            footer.push(length as u8 | 0x80);
            length >>= 7;
        }
        footer.push(length as u8);
        for _ in 0..levels {
            footer.extend_from_slice(&[0x48, 1, b'a', 0x15, 2, 0]);
        }
        footer.push(0);
        footer
    }

    #[test]
    fn depths() {
        assert_eq!(schema_depth(&nested(3), 100), Some(3));
        assert_eq!(schema_depth(&nested(100_000), 100), Some(101));
        assert_eq!(schema_depth(&[0xff; 20], 100), None);
    }
}
