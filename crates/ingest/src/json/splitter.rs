use memchr::{memchr_iter, memchr2};

/// How the values of a file follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One a line.
    Lines,
    /// As items of one array.
    Array,
}

/// Finds where records end, going over every byte once.
pub(super) struct Splitter {
    layout: Layout,
    /// Bytes before this are seen.
    at: usize,
    /// Start of the record being read.
    pub(super) start: usize,
    /// Everything before this is in `spans`.
    pub(super) cut: usize,
    spans: Vec<(usize, usize)>,
    stage: Stage,
    /// Open brackets and braces within the present item of an array.
    depth: u64,
    /// Whether `at` is within a string of an array.
    quoted: bool,
    /// Whether the array had an item before the present one.
    some: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    Within,
    After,
}

/// Where something is wrong, and what.
type Fault = (usize, &'static str);

impl Splitter {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            at: 0,
            start: 0,
            cut: 0,
            spans: Vec::new(),
            stage: Stage::Before,
            depth: 0,
            quoted: false,
            some: false,
        }
    }

    pub(super) fn scan(&mut self, text: &[u8], end: bool) -> Result<(), Fault> {
        match self.layout {
            Layout::Lines => self.lines(text, end),
            Layout::Array => self.array(text, end)?,
        }
        Ok(())
    }

    pub(super) fn lines(&mut self, text: &[u8], end: bool) {
        let from = self.at;
        for i in memchr_iter(b'\n', &text[from..]) {
            self.record(text, from + i);
        }
        self.at = text.len();
        if end {
            self.record(text, text.len());
        }
    }

    /// Ends the present record before `stop`; `false` if it is blank.
    fn record(&mut self, text: &[u8], stop: usize) -> bool {
        let raw = &text[self.start..stop];
        let trimmed = raw.trim_ascii_start();
        let begin = self.start + raw.len() - trimmed.len();
        let end = begin + trimmed.trim_ascii_end().len();
        if begin < end {
            self.spans.push((begin, end));
        }
        self.start = (stop + 1).min(text.len());
        self.cut = self.start;
        begin < end
    }

    fn array(&mut self, text: &[u8], end: bool) -> Result<(), Fault> {
        if self.stage == Stage::Before
            && let Some(i) = text[self.at..].iter().position(|b| !b.is_ascii_whitespace())
        {
            self.at += i + 1;
            (self.start, self.stage) = (self.at, Stage::Within);
        }
        if self.stage == Stage::Within {
            self.items(text)?;
        }
        if self.stage == Stage::After {
            if let Some(i) = text[self.at..].iter().position(|b| !b.is_ascii_whitespace()) {
                return Err((self.at + i, "something follows the array that the file begins with"));
            }
            (self.at, self.start, self.cut) = (text.len(), text.len(), text.len());
        } else if end {
            return Err((text.len(), "the file ends inside the array it begins with; it was cut short"));
        }
        Ok(())
    }

    /// Goes over the items of the array, to its end or that of the text.
    fn items(&mut self, text: &[u8]) -> Result<(), Fault> {
        while let Some(&byte) = text.get(self.at) {
            if self.quoted {
                if !self.string(text) {
                    return Ok(());
                }
                continue;
            }
            match byte {
                b'"' => self.quoted = true,
                b'{' | b'[' => self.depth += 1,
                b']' if self.depth == 0 => {
                    let last = self.record(text, self.at);
                    if !last && self.some {
                        return Err((self.at, "an item is missing before the end of the array"));
                    }
                    self.at += 1;
                    self.stage = Stage::After;
                    return Ok(());
                }
                b'}' if self.depth == 0 => return Err((self.at, "a brace is closed that was not opened")),
                b'}' | b']' => self.depth -= 1,
                b',' if self.depth == 0 => {
                    if !self.record(text, self.at) {
                        return Err((self.at, "an item is missing before a comma of the array"));
                    }
                    self.some = true;
                }
                _ => {}
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Goes over a string; `false` if the text ends before it does.
    fn string(&mut self, text: &[u8]) -> bool {
        let Some(i) = memchr2(b'"', b'\\', &text[self.at..]) else {
            self.at = text.len();
            return false;
        };
        self.at += i;
        if text[self.at] == b'"' {
            self.quoted = false;
            self.at += 1;
            return true;
        }
        // The escaped byte must be there too, or the backslash is seen again with it.
        let whole = self.at + 1 < text.len();
        self.at += if whole { 2 } else { 0 };
        whole
    }

    /// Forgets what was cut off, and gives its records.
    pub(super) fn restart(&mut self) -> Vec<(usize, usize)> {
        self.at -= self.cut;
        self.start -= self.cut;
        self.cut = 0;
        std::mem::take(&mut self.spans)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records found when the text arrives in steps of this many bytes.
    fn split(layout: Layout, text: &str, step: usize) -> Result<Vec<String>, String> {
        let mut splitter = Splitter::new(layout);
        let (mut buffer, mut out) = (Vec::new(), Vec::new());
        let mut rest = text.as_bytes();
        loop {
            let (head, tail) = rest.split_at(step.min(rest.len()));
            buffer.extend_from_slice(head);
            rest = tail;
            splitter.scan(&buffer, rest.is_empty()).map_err(|(_, what)| what.to_owned())?;
            let cut = splitter.cut;
            let spans = splitter.restart();
            out.extend(spans.into_iter().map(|(a, b)| String::from_utf8_lossy(&buffer[a..b]).into_owned()));
            buffer.drain(..cut);
            if rest.is_empty() {
                return Ok(out);
            }
        }
    }

    #[test]
    fn records_however_the_text_arrives() {
        let cases = [
            (Layout::Lines, "{\"a\":1}\n\n  {\"a\":2}\r\n{}", Ok(vec!["{\"a\":1}", "{\"a\":2}", "{}"])),
            (Layout::Lines, " \n", Ok(vec![])),
            (Layout::Array, " [ ]\n", Ok(vec![])),
            (
                Layout::Array,
                "[{\"a\":\"],\\\"{\"},\n {\"b\":[1,{}]} ]",
                Ok(vec!["{\"a\":\"],\\\"{\"}", "{\"b\":[1,{}]}"]),
            ),
            (Layout::Array, "[1,]", Err("missing before the end")),
            (Layout::Array, "[,1]", Err("missing before a comma")),
            (Layout::Array, "[1] [2]", Err("follows the array")),
            (Layout::Array, "[1,\"\\", Err("cut short")),
            (Layout::Array, "[1}]", Err("not opened")),
        ];
        for (layout, text, expected) in cases {
            for step in 1..=text.len() {
                let found = split(layout, text, step);
                match &expected {
                    Ok(records) => assert_eq!(
                        found.as_deref(),
                        Ok(&records.iter().map(|&r| r.to_owned()).collect::<Vec<_>>()[..]),
                        "{text} by {step}"
                    ),
                    Err(part) => {
                        assert!(found.as_ref().is_err_and(|e| e.contains(part)), "{text} by {step}: {found:?}");
                    }
                }
            }
        }
    }
}
