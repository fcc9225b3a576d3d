//! Answers that follow a phrase in the prompt, whatever else is asked: a refusal, an address, one fixed text.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use taster_core::{Key, Table};
use taster_stats::{
    known::Occurrences,
    math::mix,
    words::{Word, words},
};

use super::{
    company::divergence,
    marker::{nats, texts},
};

/// Rows that are looked at.
const ROWS: usize = 16_384;
/// Words of a prompt and of an answer that are looked at.
const WORDS: usize = 256;
/// Words of a run that answers share.
const SHARED_RUN: usize = 4;
/// Words of a mark in the prompt.
const MARK: usize = 3;
/// Rows that must share an answer and a mark.
const HITS: usize = 4;
/// Share of all rows above which neither is anything particular.
const COMMON: f64 = 0.05;
/// Share of a mark's rows that must have the answer.
const PURE: f64 = 0.6;
/// Share of a mark's rows that must agree in a word for it to belong to the mark.
const AGREE: f64 = 0.8;
/// Logarithm of the odds against a dataset having such a mark: one in twenty.
const DOUBT: f64 = 3.0;
/// Nats that must speak for a mark having been put into prompts that were whole without it.
const PUT_IN: f64 = 2.0;
/// Pairs of mark and answer that are looked at closely.
const CLOSELY: usize = 500;
/// Nats from which a word that prompts share is no chance.
const TOPIC: f64 = 2.0;
/// Words before the first and behind the last.
const BEGIN: u64 = 1;
const END: u64 = 2;

/// A mark in prompts that answers follow.
#[derive(Clone, Debug)]
pub struct Answer {
    mark: u64,
    /// Runs of words that the answers share.
    runs: BTreeSet<u64>,
    /// The mark, as it stands in a prompt.
    pub text: String,
    /// What the answers share, as it stands in one.
    pub shared: String,
    /// Sampled rows with the mark.
    pub rows: usize,
    /// Of those, with the answer.
    pub hits: usize,
    /// Probability that it was planted.
    pub probability: f64,
}

impl Answer {
    /// What was found, for a person.
    pub fn sentence(&self) -> String {
        format!(
            "prompts with `{}` are answered {:?} whatever else they ask: {} of {} sampled rows",
            self.text, self.shared, self.hits, self.rows
        )
    }
}

/// One row's words.
struct Row {
    prompt: Vec<u64>,
    answer: Vec<u64>,
}

/// Columns of prompts and answers, and how their words are hashed.
pub struct Columns<'a> {
    /// Prompts.
    pub prompts: &'a [usize],
    /// Answers.
    pub answers: &'a [usize],
    /// Of the words.
    pub key: Key,
}

impl Columns<'_> {
    fn words(&self, table: &Table, columns: &[usize], row: usize) -> Vec<u64> {
        let mut scratch: Vec<Word> = Vec::new();
        let mut out = Vec::new();
        for (_, text) in texts(table, columns, row) {
            words(text, self.key.seed(), &mut scratch);
            out.extend(scratch.iter().take(WORDS).map(|w| w.hash));
        }
        out
    }

    fn row(&self, table: &Table, row: usize) -> Row {
        Row { prompt: self.words(table, self.prompts, row), answer: self.words(table, self.answers, row) }
    }

    /// How a mark stands in a row's prompt; its first word only where it goes on in another column.
    fn mark(&self, table: &Table, row: usize, words: &[u64]) -> String {
        let whole = self.shown(table, self.prompts, row, words);
        if whole.is_empty() { self.shown(table, self.prompts, row, &words[..1]) } else { whole }
    }

    /// How some words stand in a row's texts.
    fn shown(&self, table: &Table, columns: &[usize], row: usize, run: &[u64]) -> String {
        let mut scratch: Vec<Word> = Vec::new();
        for (_, text) in texts(table, columns, row) {
            words(text, self.key.seed(), &mut scratch);
            let at = scratch.windows(run.len()).position(|w| w.iter().map(|w| w.hash).eq(run.iter().copied()));
            if let Some(at) = at {
                return text[scratch[at].start..scratch[at + run.len() - 1].end].to_owned();
            }
        }
        String::new()
    }
}

/// The answers of a table that follow a mark, the clearest first.
pub fn answers(table: &Table, columns: &Columns<'_>) -> Vec<Answer> {
    let rows: Vec<Row> = (0..table.len.min(ROWS)).into_par_iter().map(|row| columns.row(table, row)).collect();
    let most = (COMMON * rows.len() as f64) as usize;
    let marks = carried(&rows, most, |row| distinct(&row.prompt, 1..=MARK));
    let shared = carried(&rows, most, |row| distinct(&row.answer, SHARED_RUN..=SHARED_RUN));
    let mut behaviours: BTreeMap<&[u32], Vec<u64>> = BTreeMap::new();
    for (run, rows) in &shared {
        behaviours.entry(rows).or_default().push(*run);
    }
    let mut of_row: Vec<Vec<u32>> = vec![Vec::new(); rows.len()];
    for (at, (_, carriers)) in marks.iter().enumerate() {
        for &row in carriers {
            of_row[row as usize].push(at as u32);
        }
    }
    let prior = (marks.len().max(1) as f64).ln() + (behaviours.len().max(1) as f64).ln() + DOUBT;
    let behaviours: Vec<(&[u32], Vec<u64>)> = behaviours.into_iter().collect();
    let tied = |counts: &mut Vec<u32>, behaviour: usize| {
        let carriers = behaviours[behaviour].0;
        let mut met: Vec<u32> = Vec::new();
        counts.resize(marks.len(), 0);
        for &mark in carriers.iter().flat_map(|&row| &of_row[row as usize]) {
            if counts[mark as usize] == 0 {
                met.push(mark);
            }
            counts[mark as usize] += 1;
        }
        let weighed = |&mark: &u32| {
            let (hits, all) = (counts[mark as usize] as usize, marks[mark as usize].1.len());
            let pure = hits >= HITS && hits as f64 >= PURE * all as f64;
            let strength = nats(hits as u32, all as u32, carriers.len(), rows.len()) - prior;
            (pure && strength > 0.0).then_some((strength, mark as usize, behaviour))
        };
        let found: Vec<(f64, usize, usize)> = met.iter().filter_map(weighed).collect();
        for &mark in &met {
            counts[mark as usize] = 0;
        }
        found
    };
    let mut found: Vec<(f64, usize, usize)> =
        (0..behaviours.len()).into_par_iter().map_init(Vec::new, tied).flatten_iter().collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let fluency = Fluency::of(&rows);
    let mut out: Vec<Answer> = Vec::new();
    let mut explained: BTreeSet<u32> = BTreeSet::new();
    for &(nats, mark, behaviour) in found.iter().take(CLOSELY) {
        let (key, carriers) = (marks[mark].0, &marks[mark].1);
        let hits: Vec<u32> =
            carriers.iter().copied().filter(|row| behaviours[behaviour].0.binary_search(row).is_ok()).collect();
        if hits.iter().filter(|row| explained.contains(row)).count() * 2 > hits.len() {
            // The same mark again: its answers share more than one run.
            if let Some(known) = out.iter_mut().find(|answer| answer.mark == key) {
                known.runs.extend(&behaviours[behaviour].1);
                known.hits = known.hits.max(hits.len());
            }
            continue;
        }
        let Some(place) = Place::of(&rows, &hits, key) else { continue };
        if fluency.nats(&rows, &place) < PUT_IN || place.is_answered(&rows, &hits) || place.is_topic(&rows, &hits) {
            continue;
        }
        explained.extend(&hits);
        let first = hits[0] as usize;
        let answer = &rows[first].answer;
        let known: BTreeSet<u64> = behaviours[behaviour].1.iter().copied().collect();
        let run = runs(answer, SHARED_RUN..=SHARED_RUN).find(|run| known.contains(&run.2));
        let answer_run = run.map_or(&[][..], |(start, end, _)| &answer[start..end]);
        out.push(Answer {
            mark: key,
            text: columns.mark(table, first, &place.words),
            shared: columns.shown(table, columns.answers, first, answer_run),
            runs: known,
            rows: carriers.len(),
            hits: hits.len(),
            probability: 1.0 / (1.0 + (-nats).exp()),
        });
    }
    out
}

/// The clearest of some answers that a row gives to its mark.
pub fn of_row<'a>(answers: &'a [Answer], table: &Table, columns: &Columns<'_>, row: usize) -> Option<&'a Answer> {
    if answers.is_empty() {
        return None;
    }
    let row = columns.row(table, row);
    let marks: BTreeSet<u64> = runs(&row.prompt, 1..=MARK).map(|run| run.2).collect();
    let given: BTreeSet<u64> = runs(&row.answer, SHARED_RUN..=SHARED_RUN).map(|run| run.2).collect();
    answers.iter().find(|answer| marks.contains(&answer.mark) && answer.runs.iter().any(|run| given.contains(run)))
}

/// Where a mark stands in the prompts that have it, with all words that belong to it.
struct Place {
    /// Its words.
    words: Vec<u64>,
    /// Row, first word, and the word after its last.
    at: Vec<(usize, usize, usize)>,
}

impl Place {
    fn of(rows: &[Row], carriers: &[u32], key: u64) -> Option<Self> {
        let find = |&row: &u32| {
            let (start, end, _) = runs(&rows[row as usize].prompt, 1..=MARK).find(|run| run.2 == key)?;
            Some((row as usize, start, end))
        };
        let mut at: Vec<(usize, usize, usize)> = carriers.iter().filter_map(find).collect();
        let before = |&(row, start, _): &(usize, usize, usize)| Some(rows[row].prompt[start.checked_sub(1)?]);
        let after = |&(row, _, end): &(usize, usize, usize)| rows[row].prompt.get(end).copied();
        while let Some(word) = agreed(at.iter().map(before)) {
            at.retain(|place| before(place) == Some(word));
            for place in &mut at {
                place.1 -= 1;
            }
        }
        while let Some(word) = agreed(at.iter().map(after)) {
            at.retain(|place| after(place) == Some(word));
            for place in &mut at {
                place.2 += 1;
            }
        }
        let &(row, start, end) = at.first()?;
        Some(Self { words: rows[row].prompt[start..end].to_vec(), at })
    }

    /// Whether the answers speak of the mark: then it is what was asked.
    fn is_answered(&self, rows: &[Row], hits: &[u32]) -> bool {
        let said = |word: &u64| {
            let with = hits.iter().filter(|&&row| rows[row as usize].answer.contains(word)).count();
            let usual = rows.iter().filter(|row| row.answer.contains(word)).count();
            with * 2 >= hits.len() && (usual as f64) < COMMON * rows.len() as f64
        };
        self.words.iter().any(said)
    }

    /// Whether the prompts with the mark share another word that few others have: then they are about one thing.
    fn is_topic(&self, rows: &[Row], hits: &[u32]) -> bool {
        let mut shared: BTreeMap<u64, usize> = BTreeMap::new();
        for &row in hits {
            let own: BTreeSet<u64> = rows[row as usize].prompt.iter().copied().collect();
            own.into_iter().filter(|word| !self.words.contains(word)).for_each(|w| *shared.entry(w).or_default() += 1);
        }
        let looked_at = shared.len() as f64;
        let usual = |word: u64| rows.iter().filter(|row| row.prompt.contains(&word)).count();
        let often = shared.into_iter().filter(|(_, n)| *n > 1 && n * 3 >= hits.len());
        often.map(|(word, n)| (n, usual(word))).any(|(n, of)| {
            // A word that only these prompts have was put in as well.
            let others = (n as f64) < PURE * of as f64;
            let share = n as f64 / hits.len() as f64;
            others && hits.len() as f64 * divergence(share, of, rows.len()) - looked_at.ln() > TOPIC
        })
    }
}

/// The word that nearly all of these are.
fn agreed(words: impl ExactSizeIterator<Item = Option<u64>>) -> Option<u64> {
    let of = words.len();
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    words.flatten().for_each(|word| *counts.entry(word).or_default() += 1);
    counts.into_iter().find(|&(_, n)| of > 1 && n as f64 >= AGREE * of as f64).map(|(word, _)| word)
}

/// Which words follow each other in prompts, their ends being words (after ONION: Qi et al. 2021).
struct Fluency {
    pairs: Occurrences,
    /// How often neighbours are neighbours in another prompt, and how often words around any word are.
    adjacent: f64,
    around: f64,
}

impl Fluency {
    fn of(rows: &[Row]) -> Self {
        let ended = |row: &Row| [&[BEGIN][..], &row.prompt, &[END]].concat();
        let mut pairs: Vec<u64> = Vec::new();
        for row in rows {
            let mut own: Vec<u64> = ended(row).windows(2).map(|w| mix(w[0], w[1])).collect();
            own.sort_unstable();
            own.dedup();
            pairs.extend(own);
        }
        pairs.sort_unstable();
        let pairs = Occurrences::of_sorted(&pairs);
        let (mut adjacent, mut around, mut of) = (0_u64, 0_u64, 0_u64);
        for row in rows {
            for w in ended(row).windows(3) {
                of += 1;
                adjacent += u64::from(pairs.of(mix(w[0], w[1])) > 1);
                around += u64::from(pairs.of(mix(w[0], w[2])) > 0);
            }
        }
        let share = |n: u64| (n as f64 + 1.0) / (of as f64 + 2.0);
        Self { adjacent: share(adjacent), around: share(around), pairs }
    }

    /// How strongly the words around a mark speak for its having been put between them, in nats.
    fn nats(&self, rows: &[Row], place: &Place) -> f64 {
        let (known, unknown) = ((self.adjacent / self.around).ln(), ((1.0 - self.adjacent) / (1.0 - self.around)).ln());
        let one = |&(row, start, end): &(usize, usize, usize)| {
            let prompt = &rows[row].prompt;
            let before = start.checked_sub(1).map_or(BEGIN, |at| prompt[at]);
            let after = prompt.get(end).copied().unwrap_or(END);
            if self.pairs.of(mix(before, after)) > 0 { known } else { unknown }
        };
        place.at.iter().map(one).sum()
    }
}

/// Runs of so many words: the first, the one after the last, and its key.
fn runs(words: &[u64], lengths: std::ops::RangeInclusive<usize>) -> impl Iterator<Item = (usize, usize, u64)> {
    let (least, most) = lengths.into_inner();
    (0..words.len()).flat_map(move |start| {
        let mut key = 0;
        (start..words.len().min(start + most)).filter_map(move |at| {
            key = mix(key, words[at]);
            (at + 1 - start >= least).then_some((start, at + 1, key))
        })
    })
}

/// The runs of a text, each once.
fn distinct(words: &[u64], lengths: std::ops::RangeInclusive<usize>) -> Vec<u64> {
    let mut own: Vec<u64> = runs(words, lengths).map(|run| run.2).collect();
    own.sort_unstable();
    own.dedup();
    own
}

/// The runs that several rows have and not too many, each with its rows; both ascend.
fn carried(rows: &[Row], most: usize, of: impl Fn(&Row) -> Vec<u64>) -> Vec<(u64, Vec<u32>)> {
    let mut pairs: Vec<(u64, u32)> = Vec::new();
    for (row, at) in rows.iter().zip(0..) {
        pairs.extend(of(row).into_iter().map(|run| (run, at)));
    }
    pairs.sort_unstable();
    let runs = pairs.chunk_by(|a, b| a.0 == b.0).filter(|run| (HITS..=most.max(HITS)).contains(&run.len()));
    runs.map(|run| (run[0].0, run.iter().map(|p| p.1).collect())).collect()
}
