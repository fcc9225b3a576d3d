use super::{cells::Cells, date, number::Digits};
use crate::{CsvOptions, Encoding, Quote};

/// How a text file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub separator: u8,
    pub quote: Option<u8>,
    /// The byte that ends records; a carriage return before it is no part of them.
    pub newline: u8,
    pub header: bool,
    /// Whether blanks after separators are no part of the fields.
    pub skip_blanks: bool,
    pub encoding: Encoding,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            separator: b',',
            quote: Some(b'"'),
            newline: b'\n',
            header: true,
            skip_blanks: false,
            encoding: Encoding::Utf8,
        }
    }
}

/// Separators tried, the preferred first where two explain the text equally well.
const SEPARATORS: [u8; 4] = *b"\t;,|";
/// Records looked at.
const RECORDS: usize = 200;

/// The encoding of a file that begins with these bytes, and whether it is one for text at all.
pub(crate) fn sniff_encoding(head: &[u8], whole: bool) -> Option<Encoding> {
    match head {
        [0xef, 0xbb, 0xbf, ..] => return Some(Encoding::Utf8),
        [0xff, 0xfe, ..] => return Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => return Some(Encoding::Utf16Be),
        _ => {}
    }
    let zeros = |offset| head.iter().skip(offset).step_by(2).filter(|&&b| b == 0).count() * 2;
    let many = head.len() * 2 / 3;
    if head.len() >= 4 && zeros(1) > many && zeros(0) * 8 < many {
        return Some(Encoding::Utf16Le);
    }
    if head.len() >= 4 && zeros(0) > many && zeros(1) * 8 < many {
        return Some(Encoding::Utf16Be);
    }
    let control = head.iter().filter(|&&b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)).count();
    if control * 20 > head.len() {
        return None;
    }
    match std::str::from_utf8(head) {
        Ok(_) => Some(Encoding::Utf8),
        Err(e) if e.error_len().is_none() && !whole => Some(Encoding::Utf8),
        Err(_) => Some(Encoding::Windows1252),
    }
}

/// How text that begins with `head` is written; `whole` if there is no more of it.
pub(crate) fn sniff(head: &[u8], whole: bool, encoding: Encoding, options: &CsvOptions) -> Dialect {
    let quote = match options.quote {
        None => Some(b'"'),
        Some(Quote::Byte(byte)) => Some(byte),
        Some(Quote::Off) => None,
    };
    let newline = if head.contains(&b'\n') || !head.contains(&b'\r') { b'\n' } else { b'\r' };
    let mut dialect = Dialect { quote, newline, encoding, header: true, skip_blanks: false, separator: b',' };
    dialect.separator = options.separator.unwrap_or_else(|| separator(head, whole, &dialect));
    let records = records(head, whole, &dialect);
    dialect.skip_blanks = blanks_after_separators(&records);
    let records = if dialect.skip_blanks { self::records(head, whole, &dialect) } else { records };
    dialect.header = options.header.unwrap_or_else(|| has_header(&records));
    dialect
}

/// The separator that gives the most records the same number of fields.
fn separator(head: &[u8], whole: bool, dialect: &Dialect) -> u8 {
    let mut best = (0.0, b',');
    for separator in SEPARATORS {
        let records = records(head, whole, &Dialect { separator, ..dialect.clone() });
        let width = records.first().map_or(0, Vec::len);
        if width < 2 {
            continue;
        }
        let alike = records.iter().filter(|r| r.len() == width).count() as f64 / records.len() as f64;
        if alike > best.0 {
            best = (alike, separator);
        }
    }
    best.1
}

fn records(head: &[u8], whole: bool, dialect: &Dialect) -> Vec<Vec<Vec<u8>>> {
    let mut cells = Cells::new(head, dialect);
    let mut records: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut scratch = Vec::new();
    while records.len() < RECORDS && cells.next_record() {
        let mut record = Vec::new();
        loop {
            let cell = cells.cell();
            record.push(cell.text(dialect.quote, &mut scratch).trim_ascii_end().to_vec());
            if cell.last {
                break;
            }
        }
        // The last record may be cut off.
        if cells.position() >= head.len() && !whole && !records.is_empty() {
            break;
        }
        records.push(record);
    }
    records
}

fn blanks_after_separators(records: &[Vec<Vec<u8>>]) -> bool {
    let mut later = records.iter().flat_map(|r| r.iter().skip(1)).filter(|c| !c.is_empty()).peekable();
    later.peek().is_some() && later.all(|c| c.first() == Some(&b' '))
}

/// Names are not numbers, and do not come again as values of their own column.
fn has_header(records: &[Vec<Vec<u8>>]) -> bool {
    let Some((first, rest)) = records.split_first() else { return true };
    let named = first.iter().any(|c| !c.is_empty());
    let valued = first.iter().any(|c| is_value(c));
    let again =
        first.iter().enumerate().any(|(i, name)| !name.is_empty() && rest.iter().any(|r| r.get(i) == Some(name)));
    named && !valued && !again
}

fn is_value(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii();
    Digits::PLAIN.float(cell).is_some_and(f64::is_finite)
        || date::date(cell).is_some()
        || date::timestamp(cell).is_some()
        || cell.eq_ignore_ascii_case(b"true")
        || cell.eq_ignore_ascii_case(b"false")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(text: &str) -> Dialect {
        sniff(text.as_bytes(), true, Encoding::Utf8, &CsvOptions::default())
    }

    #[test]
    fn separators() {
        assert_eq!(sniffed("a;b\n1,5;2\n2,5;3\n").separator, b';');
        assert_eq!(sniffed("a\tb\n1,5\t2\n").separator, b'\t');
        assert_eq!(sniffed("a|b\n1|2\n").separator, b'|');
        assert_eq!(sniffed("text\nhello; you\nbye\n").separator, b',');
        assert_eq!(sniffed("a,b\n\"x;y\",2\n\"x;y\",3\n").separator, b',');
    }

    #[test]
    fn headers() {
        assert!(sniffed("age,name\n3,x\n").header);
        assert!(!sniffed("39, State-gov\n50, Private\n").header);
        assert!(sniffed("39, State-gov\n50, Private\n").skip_blanks);
        assert!(sniffed(",x,x\n1,2,3\n").header);
        assert!(!sniffed("ham,hi\nham,ho\n").header);
        assert!(sniffed("label,text\nham,hi\nham,ho\n").header);
    }

    #[test]
    fn encodings() {
        assert_eq!(sniff_encoding("ä,b".as_bytes(), true), Some(Encoding::Utf8));
        assert_eq!(sniff_encoding(b"caf\xe9,b\n", true), Some(Encoding::Windows1252));
        assert_eq!(sniff_encoding(b"caf\xc3", false), Some(Encoding::Utf8));
        assert_eq!(sniff_encoding(b"a\0,\0b\0\n\0", true), Some(Encoding::Utf16Le));
        assert_eq!(sniff_encoding(b"\0a\0,\0b\0\n", true), Some(Encoding::Utf16Be));
        assert_eq!(sniff_encoding(&[0, 1, 2, 3, 4, 5, 200, 7, 8], true), None);
    }
}
