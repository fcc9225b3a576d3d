use std::{collections::BTreeMap, mem};

use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, Utf8ViewArray};

/// A column of few distinct texts, being gathered for one row group. Its dictionary is in order of appearance.
#[derive(Default)]
pub(crate) struct Choice {
    keys: Vec<u32>,
    values: Vec<String>,
    known: BTreeMap<String, u32>,
}

impl Choice {
    /// Adds the same text this many times.
    pub(crate) fn push(&mut self, text: &str, times: usize) {
        let key = self.known.get(text).copied().unwrap_or_else(|| self.learn(text));
        self.keys.extend(std::iter::repeat_n(key, times));
    }

    /// The array gathered so far; the next begins empty.
    pub(crate) fn take(&mut self) -> Box<dyn Array> {
        let Self { keys, values, .. } = mem::take(self);
        let values = Utf8ViewArray::from_slice_values(values).boxed();
        DictionaryArray::try_from_keys(PrimitiveArray::from_vec(keys), values, false)
            .expect("every key is the position of a value")
            .boxed()
    }

    fn learn(&mut self, text: &str) -> u32 {
        let key = self.values.len() as u32;
        self.values.push(text.to_owned());
        self.known.insert(text.to_owned(), key);
        key
    }
}
