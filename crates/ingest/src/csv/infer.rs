use super::{CellType, Chunk, Dialect, cells::Cells, date, decode::to_utf8, number::Digits};
use crate::CsvOptions;

/// Cells that mean "no value".
const MISSING: [&[u8]; 13] =
    [b"", b"?", b"-", b"NA", b"N/A", b"n/a", b"NULL", b"null", b"None", b"NaN", b"nan", b"NaT", b"<NA>"];
const LONGEST: usize = 4;

/// Which cells mean "no value".
#[derive(Clone, Debug, Default)]
pub(crate) struct Missing {
    extra: Vec<Vec<u8>>,
    longest: usize,
    /// Whether an extra one is also a number.
    pub numeric: bool,
}

impl Missing {
    pub(crate) fn new(extra: &[String]) -> Self {
        let extra: Vec<Vec<u8>> = extra.iter().map(|m| m.trim().as_bytes().to_vec()).collect();
        Self {
            longest: extra.iter().map(Vec::len).max().unwrap_or(0).max(LONGEST),
            numeric: extra.iter().any(|m| Digits::PLAIN.float(m).is_some()),
            extra,
        }
    }

    /// Whether this cell, without blanks around it, means "no value".
    #[inline]
    pub(crate) fn is(&self, cell: &[u8]) -> bool {
        cell.is_empty()
            || (cell.len() <= self.longest && (MISSING.contains(&cell) || self.extra.iter().any(|m| m == cell)))
    }
}

/// What the cells of a column seen so far can be.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a type still possible, independent of the others
pub(crate) struct Guess {
    values: u64,
    bool: bool,
    date: bool,
    naive: bool,
    zoned: bool,
    /// Every cell so far is a number in this way, and whole.
    numbers: Vec<(Digits, bool)>,
}

impl Guess {
    pub(crate) fn new(separator: u8, options: &CsvOptions) -> Self {
        let mut ways = vec![Digits::PLAIN, Digits::COMMA_GROUPED];
        if separator != b',' {
            ways.insert(1, Digits::COMMA_DECIMAL);
        }
        if options.thousands.is_some() || options.decimal.is_some() {
            ways = vec![Digits { group: options.thousands, decimal: options.decimal.unwrap_or(b'.') }];
        }
        Self {
            values: 0,
            bool: true,
            date: true,
            naive: true,
            zoned: true,
            numbers: ways.into_iter().map(|w| (w, true)).collect(),
        }
    }

    /// Looks at a cell that is not missing.
    pub(crate) fn see(&mut self, cell: &[u8]) {
        self.values += 1;
        self.numbers.retain_mut(|(way, whole)| see_number(*way, whole, cell));
        if self.bool || self.date || self.naive || self.zoned {
            self.bool &= super::build::boolean(cell).is_some();
            self.date &= date::date(cell).is_some();
            let stamp = date::timestamp(cell);
            self.naive &= stamp.is_some_and(|(_, zoned)| !zoned);
            self.zoned &= stamp.is_some_and(|(_, zoned)| zoned);
        }
    }

    /// The narrowest type that holds them all.
    pub(crate) fn cell_type(&self) -> CellType {
        match self.numbers.first() {
            _ if self.values == 0 => CellType::Empty,
            _ if self.bool => CellType::Bool,
            Some(&(way, true)) => CellType::Int(way),
            Some(&(way, false)) => CellType::Float(way),
            _ if self.date => CellType::Date,
            _ if self.naive => CellType::Timestamp { zoned: false },
            _ if self.zoned => CellType::Timestamp { zoned: true },
            _ => CellType::Text,
        }
    }
}

fn see_number(way: Digits, whole: &mut bool, cell: &[u8]) -> bool {
    let digits = cell.strip_prefix(b"-").or(cell.strip_prefix(b"+")).unwrap_or(cell);
    // Codes such as 02134 lose their zero as numbers, and longer ones than 64 bits their end.
    let code = digits.len() > 1 && digits.iter().all(u8::is_ascii_digit) && (digits[0] == b'0' || digits.len() > 18);
    if code && (digits[0] == b'0' || way.int(cell).is_none()) {
        return false;
    }
    if *whole && way.int(cell).is_some() {
        return true;
    }
    *whole = false;
    way.float(cell).is_some()
}

/// Adds the rows of a chunk to the guesses, one for each field; gives the rows seen.
pub(crate) fn infer(chunk: &Chunk, dialect: &Dialect, missing: &Missing, guesses: &mut [Guess]) -> usize {
    let text = to_utf8(&chunk.bytes, dialect.encoding);
    let mut cells = Cells::new(&text, dialect);
    let mut scratch = Vec::new();
    if chunk.header && cells.next_record() {
        while !cells.cell().last {}
    }
    while cells.next_record() {
        let mut field = 0;
        loop {
            let raw = cells.cell();
            let cell = raw.text(dialect.quote, &mut scratch).trim_ascii();
            if let Some(guess) = guesses.get_mut(field).filter(|_| !missing.is(cell)) {
                guess.see(cell);
            }
            field += 1;
            if raw.last {
                break;
            }
        }
    }
    chunk.rows as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(separator: u8, cells: &[&str]) -> CellType {
        let mut guess = Guess::new(separator, &CsvOptions::default());
        for cell in cells {
            guess.see(cell.as_bytes());
        }
        guess.cell_type()
    }

    #[test]
    fn types() {
        assert_eq!(guess(b',', &[]), CellType::Empty);
        assert_eq!(guess(b',', &["1", "-2"]), CellType::Int(Digits::PLAIN));
        assert_eq!(guess(b',', &["1", "2.5"]), CellType::Float(Digits::PLAIN));
        assert_eq!(guess(b',', &["1,234", "5"]), CellType::Int(Digits::COMMA_GROUPED));
        assert_eq!(guess(b',', &["1,234", "5,6"]), CellType::Text);
        assert_eq!(guess(b';', &["1.234,5", "6"]), CellType::Float(Digits::COMMA_DECIMAL));
        assert_eq!(guess(b',', &["02134", "10001"]), CellType::Text);
        assert_eq!(guess(b',', &["12345678901234567890"]), CellType::Text);
        assert_eq!(guess(b',', &["True", "false"]), CellType::Bool);
        assert_eq!(guess(b',', &["2024-01-02"]), CellType::Date);
        assert_eq!(guess(b',', &["2024-01-02 03:04"]), CellType::Timestamp { zoned: false });
        assert_eq!(guess(b',', &["2024-01-02 03:04Z"]), CellType::Timestamp { zoned: true });
        assert_eq!(guess(b',', &["x", "1"]), CellType::Text);
    }
}
