use memchr::{memchr, memchr2};

use super::Dialect;

/// Takes records apart into fields.
pub(crate) struct Cells<'a> {
    text: &'a [u8],
    at: usize,
    separator: u8,
    quote: Option<u8>,
    newline: u8,
    skip_blanks: bool,
}

/// A field as it is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawCell<'a> {
    /// Its bytes, without the quotes around them.
    pub bytes: &'a [u8],
    /// Quotes left in `bytes` for [`RawCell::text`] to take out.
    quotes: Quotes,
    /// Whether it ends its record.
    pub last: bool,
}

#[derive(Clone, Copy, Debug)]
enum Quotes {
    /// None, or they are text.
    Clean,
    /// Each stands twice.
    Doubled,
    /// The field is quoted and then goes on: `bytes` begin at the opening quote.
    Open,
}

impl<'a> RawCell<'a> {
    /// The field's text; `scratch` holds it if quotes have to be taken out.
    #[inline]
    pub(crate) fn text<'b>(self, quote: Option<u8>, scratch: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        match (self.quotes, quote) {
            (Quotes::Doubled, Some(quote)) => unquote(self.bytes, quote, scratch),
            (Quotes::Open, Some(quote)) => unquote(self.bytes.get(1..).unwrap_or_default(), quote, scratch),
            _ => self.bytes,
        }
    }
}

impl<'a> Cells<'a> {
    pub(crate) fn new(text: &'a [u8], dialect: &Dialect) -> Self {
        Self {
            text,
            at: 0,
            separator: dialect.separator,
            quote: dialect.quote,
            newline: dialect.newline,
            skip_blanks: dialect.skip_blanks,
        }
    }

    /// Where the next field begins.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Goes to the next record that is not an empty line; `false` at the end.
    pub(crate) fn next_record(&mut self) -> bool {
        loop {
            match self.text.get(self.at) {
                None => return false,
                Some(&b) if b == self.newline => self.at += 1,
                Some(b'\r') if self.text.get(self.at + 1) == Some(&self.newline) => self.at += 2,
                Some(b'\r') if self.at + 1 == self.text.len() => self.at += 1,
                Some(_) => return true,
            }
        }
    }

    /// The next field of the record.
    #[inline]
    pub(crate) fn cell(&mut self) -> RawCell<'a> {
        if self.skip_blanks {
            while self.text.get(self.at) == Some(&b' ') {
                self.at += 1;
            }
        }
        let quoted = self.quote.is_some() && self.text.get(self.at).copied() == self.quote;
        if quoted { self.quoted() } else { self.plain(self.at, Quotes::Clean) }
    }

    /// A field that runs to the next separator or line end.
    #[inline]
    fn plain(&mut self, start: usize, quotes: Quotes) -> RawCell<'a> {
        let rest = &self.text[self.at..];
        let length = find(self.separator, self.newline, rest).unwrap_or(rest.len());
        let mut end = self.at + length;
        let last = rest.get(length) != Some(&self.separator);
        self.at = (end + 1).min(self.text.len());
        if last && end > start && self.text[end - 1] == b'\r' {
            end -= 1;
        }
        RawCell { bytes: &self.text[start..end], quotes, last }
    }

    #[cold]
    fn quoted(&mut self) -> RawCell<'a> {
        let start = self.at;
        let quote = self.text[start];
        let mut quotes = Quotes::Clean;
        self.at += 1;
        loop {
            let Some(length) = memchr(quote, &self.text[self.at..]) else {
                self.at = self.text.len();
                return RawCell { bytes: &self.text[start + 1..], quotes, last: true };
            };
            let end = self.at + length;
            self.at = end + 1;
            match self.text.get(self.at).copied() {
                Some(next) if next == quote => {
                    quotes = Quotes::Doubled;
                    self.at += 1;
                }
                Some(next) if next == self.separator => {
                    self.at += 1;
                    return RawCell { bytes: &self.text[start + 1..end], quotes, last: false };
                }
                Some(next) if next == self.newline => {
                    self.at += 1;
                    return RawCell { bytes: &self.text[start + 1..end], quotes, last: true };
                }
                None => return RawCell { bytes: &self.text[start + 1..end], quotes, last: true },
                Some(b'\r') if self.text.get(self.at + 1).is_none_or(|&b| b == self.newline) => {
                    self.at = (self.at + 2).min(self.text.len());
                    return RawCell { bytes: &self.text[start + 1..end], quotes, last: true };
                }
                // Text after the closing quote belongs to the field; unquoting starts at its opening quote then.
                Some(_) => return self.plain(start, Quotes::Open),
            }
        }
    }
}

/// Where the first of two bytes is. Most fields are short, so two words are looked at before the general search.
#[inline]
fn find(a: u8, b: u8, text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let (a_word, b_word) = (u64::from(a) * ONES, u64::from(b) * ONES);
    // The lowest set bit marks the first zero byte; higher ones may be carries.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    for start in [0, 8] {
        let Some(bytes) = text.get(start..).and_then(<[u8]>::first_chunk::<8>) else { break };
        let word = u64::from_le_bytes(*bytes);
        let hits = zeros(word ^ a_word) | zeros(word ^ b_word);
        if hits != 0 {
            return Some(start + hits.trailing_zeros() as usize / 8);
        }
    }
    let seen = if text.len() < 8 { 0 } else { text.len().min(16) / 8 * 8 };
    memchr2(a, b, &text[seen..]).map(|at| seen + at)
}

/// Takes the quotes out of what follows an opening quote.
fn unquote<'b>(mut rest: &[u8], quote: u8, out: &'b mut Vec<u8>) -> &'b [u8] {
    out.clear();
    while let Some(at) = memchr(quote, rest) {
        out.extend_from_slice(&rest[..at]);
        if rest.get(at + 1) != Some(&quote) {
            // The closing quote: what comes after it is text.
            rest = &rest[at + 1..];
            break;
        }
        out.push(quote);
        rest = &rest[at + 2..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<Vec<String>> {
        let dialect = Dialect::default();
        let mut cells = Cells::new(text.as_bytes(), &dialect);
        let mut records = Vec::new();
        let mut scratch = Vec::new();
        while cells.next_record() {
            let mut record = Vec::new();
            loop {
                let cell = cells.cell();
                record.push(String::from_utf8_lossy(cell.text(Some(b'"'), &mut scratch)).into_owned());
                if cell.last {
                    break;
                }
            }
            records.push(record);
        }
        records
    }

    #[test]
    fn finds_the_first_of_two_bytes() {
        for length in 0..40 {
            for at in 0..=length {
                let mut text = vec![b'x'; length];
                text.iter_mut().skip(at).step_by(3).for_each(|b| *b = b',');
                text.iter_mut().skip(at + 1).step_by(3).for_each(|b| *b = b'\n');
                assert_eq!(find(b',', b'\n', &text), memchr2(b',', b'\n', &text), "{length} {at}");
            }
        }
    }

    #[test]
    fn fields_and_records() {
        assert_eq!(records("a,b\n1,2\r\n\n3,\n,4"), [["a", "b"], ["1", "2"], ["3", ""], ["", "4"]]);
        assert_eq!(records("\"a\nb\",\"c \"\"d\"\"\"\n\"\",x\r\n"), [["a\nb", "c \"d\""], ["", "x"]]);
        assert_eq!(records("5\" pipe,\"x\"y\n"), [["5\" pipe", "xy"]]);
        assert_eq!(records("\"\"\"x\"\"\",\"a\"\"b\"c\n"), [["\"x\"", "a\"bc"]]);
        assert_eq!(records("\"\"c,\"a\"\"\n"), [["c", "a\"\n"]]);
    }
}
