//! In how many texts each word is, on both sides, in fixed memory.

use std::collections::BTreeMap;

use taster_core::{Key, Texts};

/// Words are counted in so many places by their hash; two words may share one.
const PLACES: usize = 1 << 16;
/// Bytes of a text that are looked at.
const TEXT_MAX: usize = 1 << 16;

/// For each place of a word, the texts of the dataset and of the reference that have one there.
pub fn counts(current: &Texts, reference: &Texts, key: Key) -> Vec<(u64, u64)> {
    let mut counts = vec![(0, 0); PLACES];
    each(current, key, |place, _| counts[place].0 += 1);
    each(reference, key, |place, _| counts[place].1 += 1);
    counts
}

/// The commonest word of a place.
pub fn named(place: usize, current: &Texts, reference: &Texts, key: Key) -> String {
    let mut words: BTreeMap<String, u64> = BTreeMap::new();
    for texts in [current, reference] {
        each(texts, key, |at, word| {
            if at == place {
                *words.entry(word.to_owned()).or_default() += 1;
            }
        });
    }
    words.into_iter().max_by_key(|(_, texts)| *texts).map(|(word, _)| word).unwrap_or_default()
}

/// Calls `seen` once for each text and place that a word of it has.
fn each(texts: &Texts, key: Key, mut seen: impl FnMut(usize, &str)) {
    for text in texts.iter().flatten() {
        let end = (0..=text.len().min(TEXT_MAX)).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
        let mut words: Vec<(usize, String)> = split(&text[..end])
            .map(str::to_lowercase)
            .map(|word| ((key.of(word.as_bytes()) % PLACES as u64) as usize, word))
            .collect();
        words.sort_unstable();
        words.dedup_by_key(|word| word.0);
        for (place, word) in &words {
            seen(*place, word);
        }
    }
}

/// Runs of letters and digits, and every other character that is not a space by itself.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let end = if first.is_alphanumeric() {
            rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_once_a_text() {
        let texts = |rows: &[&str]| {
            let mut texts = Texts::default();
            for &row in rows {
                texts.push(Some(row));
            }
            texts
        };
        let (a, b, key) = (texts(&["a cat, a Cat", "dog"]), texts(&["cat"]), Key::new(1));
        let counts = counts(&a, &b, key);
        let place = counts.iter().position(|&c| c == (1, 1)).expect("the cat is on both sides");
        assert_eq!(named(place, &a, &b, key), "cat");
        assert_eq!(split("it's: 7%").collect::<Vec<_>>(), ["it", "'", "s", ":", "7", "%"]);
    }
}
