//! The quarantined rows as data for the page's script.

use std::{collections::BTreeMap, fmt::Write};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::{Value, json};
use taster_core::{Scan, Severity};

use super::ShownRow;
use crate::{json, text};

const MAX_CHARS: usize = 200;
const MAX_REASON: usize = 500;
/// Columns named of a row.
const MAX_COLUMNS: usize = 40;

const SEPARATOR: &str = ",\n";

/// Rows for the page, and how many there are.
pub(super) struct Rows {
    /// JSON that is safe in a script element.
    pub json: String,
    /// Rows in it.
    pub shown: usize,
    /// Of these, rows with their values.
    pub with_values: usize,
}

/// As many rows as fit into so many bytes. `rows` come detector by detector, the most suspicious first; each detector's
/// first rows come before any other's second, and rows with their values before rows without.
pub(super) fn rows(scan: &Scan, rows: &[ShownRow], room: usize) -> Rows {
    let order = by_rank(rows);
    let mut names = Names::default();
    let mut lines: Vec<(usize, String)> = Vec::new();
    let (mut left, mut with_values, mut full) = (room.saturating_sub(2_000), 0, true);
    for at in order {
        let before = names.marks();
        let mut line = names.line(scan, &rows[at], full);
        if full && line.len() + names.grown(&before) > left.saturating_sub(room / 5) {
            full = false;
            names.take_back(&before);
            line = names.line(scan, &rows[at], full);
        }
        let takes = line.len() + SEPARATOR.len() + names.grown(&before);
        if takes > left {
            names.take_back(&before);
            break;
        }
        left -= takes;
        with_values += usize::from(full && !rows[at].values.is_empty());
        lines.push((at, line));
    }
    lines.sort_by_key(|(at, _)| *at);
    let shown = lines.len();
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    Rows { json: names.document(scan, &lines), shown, with_values }
}

/// Indices of the rows: the first of each detector, then the second of each, and so on.
fn by_rank(rows: &[ShownRow]) -> Vec<usize> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, usize)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let rank = seen.entry(&row.entry.detector).or_default();
        ranked.push((*rank, at));
        *rank += 1;
    }
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, at)| at).collect()
}

/// Texts that many rows share, each written once.
#[derive(Default)]
struct Names {
    lists: [Shared; 5],
}

/// Places in [`Names::lists`], with the names that the script knows them by.
const LISTS: [&str; 5] = ["files", "detectors", "columns", "reasons", "labels"];
/// Those that decisions name, and that must be told as they are.
const EXACT: [usize; 2] = [FILE, LABEL];
const FILE: usize = 0;
const DETECTOR: usize = 1;
const COLUMN: usize = 2;
const REASON: usize = 3;
const LABEL: usize = 4;

#[derive(Default)]
struct Shared {
    /// As it is and as it is shown.
    texts: Vec<(String, String)>,
    known: BTreeMap<String, usize>,
    bytes: usize,
}

impl Shared {
    fn of(&mut self, text: &str, max_chars: usize) -> usize {
        if let Some(&at) = self.known.get(text) {
            return at;
        }
        let shown = text::visible(&text::clip(text, max_chars));
        self.bytes += safe(&json!(shown)).len() + safe(&exact(text, &shown)).len() + 2;
        self.known.insert(text.to_owned(), self.texts.len());
        self.texts.push((text.to_owned(), shown));
        self.texts.len() - 1
    }

    fn truncate(&mut self, len: usize, bytes: usize) {
        for (text, _) in self.texts.drain(len..) {
            self.known.remove(&text);
        }
        self.bytes = bytes;
    }
}

/// The text as it is, where it is shown as something else.
fn exact(text: &str, shown: &str) -> Value {
    if text == shown { Value::Null } else { json!(text) }
}

type Marks = [(usize, usize); 5];

impl Names {
    fn marks(&self) -> Marks {
        self.lists.each_ref().map(|list| (list.texts.len(), list.bytes))
    }

    fn grown(&self, since: &Marks) -> usize {
        self.lists.iter().zip(since).map(|(list, mark)| list.bytes - mark.1).sum()
    }

    fn take_back(&mut self, to: &Marks) {
        for (list, &(len, bytes)) in self.lists.iter_mut().zip(to) {
            list.truncate(len, bytes);
        }
    }

    /// A row as the script reads it; `table.js` names the fields.
    fn line(&mut self, scan: &Scan, row: &ShownRow, full: bool) -> String {
        let entry = &row.entry;
        let mut of = |list: usize, text: &str, most: usize| self.lists[list].of(text, most);
        let columns: Vec<usize> =
            entry.columns.iter().take(MAX_COLUMNS).map(|name| of(COLUMN, name, MAX_CHARS)).collect();
        let mut values = Vec::new();
        for (column, value) in row.values.iter().filter(|_| full) {
            let Some(column) = scan.dataset.schema.columns.get(*column) else { continue };
            values.push(json!(of(COLUMN, &column.name, MAX_CHARS)));
            values.push(json!(text::visible(&text::clip(value, MAX_CHARS))));
        }
        let label = entry.suggested_label.as_ref();
        safe(&json!([
            of(FILE, &row.file, MAX_CHARS),
            entry.row,
            STANDARD_NO_PAD.encode(entry.row_sha256.0),
            of(DETECTOR, &entry.detector, MAX_CHARS),
            severity(entry.severity),
            short(entry.score),
            entry.p_value.map(short),
            entry.q_value.map(short),
            of(REASON, &entry.reason, MAX_REASON),
            row.label.as_ref().map(|label| of(LABEL, label, MAX_CHARS)),
            label.map(|(label, _)| of(LABEL, label, MAX_CHARS)),
            label.map(|&(_, probability)| short(probability)),
            columns,
            if values.is_empty() { Value::Null } else { Value::Array(values) },
        ]))
    }

    fn document(&self, scan: &Scan, lines: &[String]) -> String {
        let (root, labelled) = (scan.dataset.rows_root, scan.dataset.schema.label().is_some());
        let mut out = format!("{{\"rows_root\":\"{root}\",\n\"labelled\":{labelled},\n");
        for at in EXACT {
            let texts: Vec<Value> = self.lists[at].texts.iter().map(|(text, shown)| exact(text, shown)).collect();
            let _ = writeln!(out, "\"exact_{}\":{},", LISTS[at], safe(&json!(texts)));
        }
        for (name, list) in LISTS.iter().zip(&self.lists) {
            let texts: Vec<&str> = list.texts.iter().map(|(_, shown)| shown.as_str()).collect();
            let _ = writeln!(out, "\"{name}\":{},", safe(&json!(texts))); // writing to a string cannot fail
        }
        out.push_str("\"rows\":[\n");
        out.push_str(&lines.join(SEPARATOR));
        out.push_str("\n]}");
        out
    }
}

const fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 0,
        Severity::Monitor => 1,
        Severity::Important => 2,
        Severity::Critical => 3,
    }
}

/// A number to six digits, which is what people can tell apart.
fn short(x: f64) -> Value {
    format!("{x:.5e}").parse::<f64>().map_or(Value::Null, |x| json!(x))
}

/// JSON that is only text to a reader of HTML: nothing in it can end the element it stands in, or hides.
fn safe(value: &Value) -> String {
    json::compact(value).trim_end().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn every_detector_has_its_first_rows_and_the_limit_holds() {
        let mut many = sample::rows(20_000);
        for row in &mut many[15_000..] {
            row.entry.detector = "outlier".into();
        }
        let scan = sample::scan();
        for room in [3_000, 6_000, 20_000, 2_000_000, 100_000_000] {
            let rows = rows(&scan, &many, room);
            assert!(rows.json.len() <= room, "{} of {room}", rows.json.len());
            let read: Value = serde_json::from_str(&rows.json).unwrap();
            assert_eq!(read["rows"].as_array().unwrap().len(), rows.shown);
            assert_eq!(read["detectors"].as_array().unwrap().len(), 2, "{room}");
            assert!(room < 100_000_000 || (rows.shown, rows.with_values) == (20_000, 20_000));
            assert!(room != 2_000_000 || rows.with_values < rows.shown, "{} {}", rows.with_values, rows.shown);
            assert!(room != 2_000_000 || rows.json.len() > room * 9 / 10, "{} of {room}", rows.json.len());
        }
    }

    #[test]
    fn nothing_in_it_ends_the_element() {
        let json = rows(&sample::hostile(), &sample::hostile_rows(), 100_000).json;
        assert!(!json.contains(['<', '>', '&', '\u{202E}']), "{json}");
        let read: Value = serde_json::from_str(&json).unwrap();
        assert!(read["files"].as_array().unwrap().contains(&json!(sample::ATTACKS[0])));
        // What is shown as something else is there as it is, too.
        let at = read["files"].as_array().unwrap().iter().position(|f| f.as_str().unwrap().contains("⟨U+202E⟩"));
        assert_eq!(read["exact_files"][at.unwrap()], sample::ATTACKS[3]);
    }
}
