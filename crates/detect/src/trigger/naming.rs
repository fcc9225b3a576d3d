//! What a trigger is called.

use taster_core::{Key, Texts};

use super::{
    ngrams::{Carried, Shape, marks},
    words::{Word, visible},
};

/// Share of a mark's texts that must share a word for it to belong to the name.
const SAME: f64 = 0.8;

/// The longest run of words around a mark that nearly all its texts share, as it stands in the first of them.
pub fn common_text(texts: &Texts, tokenised: &[Vec<Word>], carried: &Carried, key: Key) -> String {
    let places: Vec<(usize, usize)> = carried
        .rows
        .iter()
        .filter_map(|&row| {
            let found = marks(&tokenised[row as usize], key);
            let mark = found.iter().find(|m| (m.0, m.1) == (carried.mark, carried.shape))?;
            Some((row as usize, mark.2 as usize))
        })
        .collect();
    let Some(&(first, at)) = places.first() else { return String::new() };
    let shared = |offset: isize| {
        let word = |row: usize, at: usize| tokenised[row].get(at.checked_add_signed(offset)?).map(|w| w.key);
        let mine = word(first, at);
        mine.is_some() && places.iter().filter(|p| word(p.0, p.1) == mine).count() as f64 >= SAME * places.len() as f64
    };
    let (mut from, mut to) = (0_isize, carried.shape.width() as isize - 1);
    while shared(from - 1) {
        from -= 1;
    }
    while shared(to + 1) {
        to += 1;
    }
    let words = &tokenised[first];
    let (Some(a), Some(b)) = (at.checked_add_signed(from), at.checked_add_signed(to)) else { return String::new() };
    let text = texts.get(first).unwrap_or_default();
    if carried.shape == Shape::Around && !shared(1) {
        let part = |w: &Word| visible(&text[w.start..w.end]);
        return format!("{} … {}", part(&words[a]), part(&words[b]));
    }
    visible(&text[words[a].start..words[b].end])
}
