//! What of a row counts as its content: features and response, and the label that a copy would teach for them.

use taster_core::{Key, Role, Schema, Table, Values};
use taster_stats::{
    math::mix,
    minhash::Signature,
    words::{Word, words},
};

use crate::label;

/// In a text of fewer words than this, one changed word is no small edit.
const WORDS: usize = 6;

/// Which columns are compared, and how.
#[derive(Clone)]
pub(super) struct Content {
    key: Key,
    label: Option<usize>,
    responses: Vec<usize>,
    /// Texts and responses.
    texts: Vec<usize>,
}

impl Content {
    pub fn new(schema: &Schema, key: Key) -> Self {
        let responses: Vec<usize> = schema.with_role(Role::Response).collect();
        let texts = schema.with_role(Role::Text).chain(responses.iter().copied()).collect();
        Self { key, label: schema.label(), responses, texts }
    }

    /// Whether there is text to compare.
    pub fn has_texts(&self) -> bool {
        !self.texts.is_empty()
    }

    /// Keys that are equal for rows of the same content and label.
    pub fn keys(&self, table: &Table) -> Vec<u64> {
        let response = |row: usize| {
            let texts = self.responses.iter().map(|&c| table.columns[c].as_text().and_then(|t| t.get(row)));
            texts.fold(0, |key, text| mix(key, text.map_or(0, |t| self.key.of_row(t.as_bytes()))))
        };
        let of = |row: usize| mix(mix(table.feature_keys[row], response(row)), self.label(table, row));
        (0..table.len).map(of).collect()
    }

    /// Key of the row's label; the same for all rows where there is none.
    pub fn label(&self, table: &Table, row: usize) -> u64 {
        label::of(table, self.label).and_then(|c| c.key(row)).unwrap_or(0)
    }

    /// The row's label as text.
    pub fn shown_label(&self, table: &Table, row: usize) -> Option<String> {
        label::of(table, self.label).and_then(|c| c.get(row)).map(str::to_owned)
    }

    /// The row's text, shortened, for people.
    pub fn shown(&self, table: &Table, row: usize, most: usize) -> String {
        let texts = self.texts.iter().filter_map(|&c| table.columns[c].as_text().and_then(|t| t.get(row)));
        texts.flat_map(|t| t.chars().chain([' '])).take(most).collect::<String>().trim_end().to_owned()
    }

    /// Hashes of the words of all the row's texts.
    pub fn words(&self, table: &Table, row: usize, scratch: &mut Vec<Word>) -> Vec<u64> {
        let mut hashes = Vec::new();
        for &column in &self.texts {
            if let Values::Text(texts) = &table.columns[column]
                && let Some(text) = texts.get(row)
            {
                words(text, self.key.seed(), scratch);
                hashes.extend(scratch.iter().map(|w| w.hash));
            }
        }
        hashes
    }

    /// The signature of a row's words; `None` where they are too few to have near copies.
    pub fn signature(words: &[u64]) -> Option<Signature> {
        if words.len() < WORDS { None } else { Signature::of(words) }
    }
}
