//! The stretch of a text that looks most like gibberish, and how much more like that than like the dataset's language.

use rayon::prelude::*;
use taster_core::Key;
use taster_stats::{math::mix, words::Word};

use super::{
    lexicon::{CLASSES, Lexicon, Look, START},
    manners::{Manner, Material},
};

/// Looks that a word may have.
const LOOKS: usize = 2 * CLASSES;
/// Pseudo-observations that a class's followers are shrunk with towards those of any.
const SHRINK: f64 = 5.0;
/// Nats from which a stretch is not taken for the dataset's language when that is learnt.
const NOT_LANGUAGE: f64 = 9.0;
/// Nats from which it is looked whether a stretch only repeats itself.
const REPEATS: f64 = 8.0;

/// Chances of looks, by the class of the word before.
type Chances = Vec<f64>;

/// The stretch of a text that looks most like gibberish.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// How much likelier the stretch is as gibberish, less what there was to choose from, in nats; 0 at least.
    pub nats: f64,
    /// Gibberish of which manner.
    pub manner: Manner,
    /// Its first word.
    pub from: usize,
    /// The word after its last.
    pub to: usize,
}

/// The dataset's language, against every manner of gibberish.
pub struct Gibberish {
    lexicon: Lexicon,
    /// For each class of word and each look after it, nats for each manner.
    nats: Vec<[f32; Manner::ALL.len()]>,
}

/// Room for one text's words.
#[derive(Default)]
pub struct Room {
    /// Its words.
    pub words: Vec<Word>,
    looks: Vec<Look>,
}

impl Gibberish {
    /// Learns the language of some texts; `None` if they are too few.
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>, key: Key) -> Option<Self> {
        let (lexicon, learnt) = Lexicon::learn(texts, key)?;
        let material = Material::of(&learnt);
        let seed = key.derive("gibberish").seed();
        let made = Manner::ALL.map(|manner| {
            let texts = material.texts(manner, seed);
            tally(&looks(&lexicon, &texts.iter().map(String::as_str).collect::<Vec<_>>(), false))
        });
        drop(material);
        let natural = looks(&lexicon, &learnt, true);
        let mut gibberish = Self { lexicon, nats: Vec::new() };
        gibberish.weigh(&made, &tally(&natural));
        // Once more, without what is none of the dataset's language.
        let cut = |looks: &Vec<Look>| {
            let stretch = gibberish.best(looks, |_| false);
            if stretch.nats < NOT_LANGUAGE {
                return looks.clone();
            }
            [&looks[..stretch.from], &looks[stretch.to..]].concat()
        };
        let natural: Vec<Vec<Look>> = natural.par_iter().map(cut).collect();
        gibberish.weigh(&made, &tally(&natural));
        Some(gibberish)
    }

    fn weigh(&mut self, made: &[Chances; Manner::ALL.len()], natural: &Chances) {
        let nats = |at: usize| std::array::from_fn(|m| (made[m][at] / natural[at]).ln() as f32);
        self.nats = (0..natural.len()).map(nats).collect();
    }

    /// The words of a text.
    pub fn words(&self, text: &str, out: &mut Vec<Word>) {
        self.lexicon.words(text, out);
    }

    /// Looks at a text; leaves its words in `room`.
    pub fn stretch(&self, text: &str, room: &mut Room) -> Stretch {
        self.lexicon.words(text, &mut room.words);
        self.lexicon.looks(text, &room.words, self.lexicon.learnt(text), &mut room.looks);
        let found = self.best(&room.looks, |_| false);
        if found.nats < REPEATS {
            return found;
        }
        let again = repeated(&room.words);
        self.best(&room.looks, |at| again[at])
    }

    /// The best stretch. What is `again` there does not speak for gibberish.
    fn best(&self, looks: &[Look], again: impl Fn(usize) -> bool) -> Stretch {
        const MANNERS: usize = Manner::ALL.len();
        let mut best = [(0.0_f32, 0, 0); MANNERS];
        let (mut sum, mut from) = ([0.0_f32; MANNERS], [0; MANNERS]);
        let mut before = START;
        for (at, look) in looks.iter().enumerate() {
            let nats = &self.nats[place(before, *look)];
            let again = again(at);
            before = look.class;
            for m in 0..MANNERS {
                if sum[m] <= 0.0 {
                    (sum[m], from[m]) = (0.0, at);
                }
                sum[m] += if again { nats[m].min(0.0) } else { nats[m] };
                if sum[m] > best[m].0 {
                    best[m] = (sum[m], from[m], at + 1);
                }
            }
        }
        let (m, &(nats, from, to)) =
            best.iter().enumerate().rev().max_by(|a, b| a.1.0.total_cmp(&b.1.0)).unwrap_or((0, &(0.0, 0, 0)));
        let chosen_from = (looks.len().max(1) as f64).ln();
        Stretch { nats: (f64::from(nats) - chosen_from).max(0.0), manner: Manner::ALL[m], from, to }
    }
}

fn looks(lexicon: &Lexicon, texts: &[&str], own: bool) -> Vec<Vec<Look>> {
    let of = |room: &mut Room, text: &&str| {
        lexicon.words(text, &mut room.words);
        lexicon.looks(text, &room.words, own, &mut room.looks);
        room.looks.clone()
    };
    texts.par_iter().map_init(Room::default, of).collect()
}

fn place(before: u8, look: Look) -> usize {
    usize::from(before) * LOOKS + 2 * usize::from(look.class) + usize::from(look.known_pair)
}

/// How likely each look is after each class.
fn tally(texts: &[Vec<Look>]) -> Chances {
    let mut counts = vec![0.0; CLASSES * LOOKS];
    for looks in texts {
        let mut before = START;
        for &look in looks {
            counts[place(before, look)] += 1.0;
            before = look.class;
        }
    }
    let any: Vec<f64> = (0..LOOKS).map(|look| 0.5 + counts.iter().skip(look).step_by(LOOKS).sum::<f64>()).collect();
    let total: f64 = any.iter().sum();
    for followers in counts.chunks_exact_mut(LOOKS) {
        let sum = followers.iter().sum::<f64>() + SHRINK;
        followers.iter_mut().zip(&any).for_each(|(count, any)| *count = (*count + SHRINK * any / total) / sum);
    }
    counts
}

/// Which words follow one that they followed before: lines of dashes, refrains, lists.
fn repeated(words: &[Word]) -> Vec<bool> {
    let pair = |at: usize| mix(at.checked_sub(1).map_or(0, |before| words[before].hash), words[at].hash);
    let mut places: Vec<(u64, usize)> = (0..words.len()).map(|at| (pair(at), at)).collect();
    places.sort_unstable();
    let mut again = vec![false; words.len()];
    for run in places.chunk_by(|a, b| a.0 == b.0) {
        run[1..].iter().for_each(|&(_, at)| again[at] = true);
    }
    again
}
