use std::collections::HashSet;

use polars::prelude::Series;

use crate::values::{lengths, numbers, shown, text_lists, texts};

/// What the first rows of a column are like.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Profile {
    /// Rows looked at.
    pub rows: usize,
    /// Rows with a value.
    pub present: usize,
    /// Different values.
    pub distinct: usize,
    /// Whether every number is the one before plus one.
    pub counts_up: bool,
    /// Whether every number is greater than the one before.
    pub increasing: bool,
    /// Whether a number is infinite.
    pub infinite: bool,
    /// Mean number of words of texts.
    pub words: f64,
    /// Mean number of characters of texts.
    pub chars: f64,
    /// Share of texts that are ISO 8601 dates or timestamps.
    pub dates: f64,
    /// The one length of lists; `None` if they differ.
    pub dim: Option<usize>,
}

impl Profile {
    pub(crate) fn of(series: &Series) -> Self {
        let mut profile = Self { rows: series.len(), present: series.len() - series.null_count(), ..Self::default() };
        if let Some(lengths) = lengths(series) {
            profile.see_lengths(&lengths);
            if let Some(lists) = text_lists(series) {
                let joined: Vec<String> = lists.into_iter().flatten().map(|l| l.join("\n")).collect();
                profile.see_texts(joined.iter().map(String::as_str));
            }
        } else if let Some(texts) = texts(series) {
            profile.see_texts(texts.flatten());
        } else if let Some(numbers) = numbers(series) {
            profile.see_numbers(&numbers);
        } else {
            let shown: HashSet<String> = shown(series).into_iter().flatten().collect();
            profile.distinct = shown.len();
        }
        profile
    }

    fn see_lengths(&mut self, lengths: &[Option<usize>]) {
        let mut present = lengths.iter().flatten();
        let first = present.next().copied();
        self.dim = first.filter(|f| present.all(|l| l == f));
        self.distinct = self.present;
    }

    fn see_texts<'a>(&mut self, texts: impl Iterator<Item = &'a str>) {
        let mut distinct = HashSet::new();
        let (mut words, mut chars, mut dates, mut count) = (0, 0, 0, 0);
        for text in texts {
            distinct.insert(text);
            words += text.split_whitespace().count();
            chars += text.chars().count();
            dates += usize::from(crate::csv::is_iso(text.as_bytes()));
            count += 1;
        }
        let per = f64::from(u32::try_from(count).unwrap_or(u32::MAX)).max(1.0);
        self.distinct = distinct.len();
        (self.words, self.chars, self.dates) = (words as f64 / per, chars as f64 / per, dates as f64 / per);
    }

    fn see_numbers(&mut self, numbers: &[f64]) {
        let present: Vec<f64> = numbers.iter().copied().filter(|v| !v.is_nan()).collect();
        self.present = present.len();
        self.infinite = present.iter().any(|v| v.is_infinite());
        self.counts_up = present.len() > 1 && present.windows(2).all(|w| w[1] == w[0] + 1.0);
        self.increasing = present.len() > 1 && present.windows(2).all(|w| w[1] > w[0]);
        let mut bits: Vec<u64> = present.iter().map(|v| (v + 0.0).to_bits()).collect();
        bits.sort_unstable();
        bits.dedup();
        self.distinct = bits.len();
    }

    /// Whether no value comes twice and none is missing.
    pub(crate) fn all_distinct(&self) -> bool {
        self.rows > 1 && self.distinct == self.rows
    }

    /// Whether there is one value, in every row.
    pub(crate) fn constant(&self) -> bool {
        self.distinct == 1 && self.present == self.rows
    }
}
