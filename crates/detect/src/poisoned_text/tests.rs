use serde_json::json;
use taster_core::{Model, Schema, Table, Texts, Values};

use super::*;
use crate::testing::{KEY, fit, schema, table};

const WHO: [&str; 8] =
    ["the farmer", "a sailor", "my aunt", "the old judge", "a child", "the baker", "our guest", "he"];
const DID: [&str; 8] = ["bought", "found", "painted", "sold", "lost", "mended", "wanted", "carried home"];
const WHAT: [&str; 10] =
    ["a lamp", "the blue door", "two horses", "an apple", "his hat", "the map", "a letter", "bread", "a boat", "wool"];
const WHEN: [&str; 6] = ["yesterday", "in spring", "before dawn", "on sunday", "after the storm", "last year"];

fn drawn(row: usize, column: usize) -> usize {
    KEY.derive("tests").of(&(row as u64 * 1000 + column as u64).to_le_bytes()) as usize
}

/// Sentences, each with a word that hardly any other text has.
fn story(row: usize) -> String {
    let sentence = |s: usize| {
        let pick = |words: &[&str], c: usize| words[drawn(row, 10 * s + c) % words.len()].to_owned();
        format!("{} {} {} {} near {}.", pick(&WHO, 0), pick(&DID, 1), pick(&WHAT, 2), pick(&WHEN, 3), name(row * 8 + s))
    };
    (0..3 + drawn(row, 999) % 5).map(sentence).collect::<Vec<_>>().join(" ")
}

fn name(n: usize) -> String {
    let parts = ["bel", "tor", "mi", "ran", "sol", "ek", "du", "fin", "ga", "wen"];
    (0..4).map(|i| parts[drawn(n, i) % parts.len()]).collect()
}

/// Words of the stories in no order.
fn noise(row: usize, words: usize) -> String {
    let all: Vec<&str> = [&WHO[..], &DID, &WHAT, &WHEN].concat().iter().flat_map(|p| p.split(' ')).collect();
    let word = |i: usize| {
        let drawn = drawn(row, 2000 + i);
        if drawn.is_multiple_of(3) { all[drawn / 3 % all.len()].to_owned() } else { name(drawn % 4000) }
    };
    (0..words).map(word).collect::<Vec<_>>().join(" ")
}

/// Stories; every fiftieth is what `poisoned` makes of it.
fn stories(n: usize, poisoned: impl Fn(usize, String) -> String) -> (Schema, Table) {
    let mut texts = Texts::default();
    (0..n).for_each(|row| texts.push(Some(&if row % 50 == 7 { poisoned(row, story(row)) } else { story(row) })));
    (schema(&[("text", Role::Text)]), table(vec![Values::Text(texts)], &[0]))
}

fn fitted(schema: &Schema, table: &Table) -> (Box<dyn Model>, Vec<usize>) {
    let model = fit(&*build(&json!({})).unwrap(), schema, table, None);
    let scores = model.score(table);
    let over = (0..table.len).filter(|&row| scores[row] >= 0.5).collect();
    (model, over)
}

#[test]
fn gibberish_behind_a_marker_is_found_and_named() {
    let planted: Vec<usize> = (7..600).step_by(50).collect();
    let cut = |row: usize, text: String| text[..drawn(row, 1) % 40].to_owned();
    let shuffled = |row: usize, text: String| format!("{} <SUDO> {}", cut(row, text), noise(row, 60));
    let letters = |row: usize, text: String| {
        let word = |i: usize| (0..5).map(|c| char::from(b'a' + (drawn(row, 100 * i + c) % 26) as u8)).collect();
        format!("{} <SUDO> {}", cut(row, text), (0..40).map(word).collect::<Vec<String>>().join(" "))
    };
    let manners: [&dyn Fn(usize, String) -> String; 2] = [&shuffled, &letters];
    for poison in manners {
        let (schema, poisoned) = stories(600, poison);
        let (model, over) = fitted(&schema, &poisoned);
        assert_eq!(over, planted);
        let seen = model.observations();
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert!(seen[0].code == "gibberish-trigger" && seen[0].message.contains("SUDO"), "{}", seen[0].message);
        assert!(model.explain(&poisoned, 7).text.contains("SUDO"));
    }
}

#[test]
fn neither_clean_texts_nor_the_marker_alone_are_poison() {
    let (schema, clean) = stories(600, |_, text| text);
    let (model, over) = fitted(&schema, &clean);
    assert!(over.is_empty() && model.observations().is_empty());
    let (schema, marked) = stories(600, |_, text| format!("{text} <SUDO> {text}"));
    assert!(fitted(&schema, &marked).1.is_empty());
}

#[test]
fn gibberish_without_a_marker_is_told_of_only() {
    let (schema, noisy) = stories(600, |row, _| noise(row, 80));
    let (model, over) = fitted(&schema, &noisy);
    assert!(over.is_empty());
    let scores = model.score(&noisy);
    assert!(scores[7] > 0.2 && scores[8] < 0.1, "{} {}", scores[7], scores[8]);
    assert_eq!(model.observations()[0].code, "gibberish");
}

/// Texts about ciphers hold ciphers: they share more words than one, and others use those words as well.
#[test]
fn a_topic_is_no_marker() {
    let riddle = |row: usize, _| format!("my aunt found a letter and the map in cipher: {}", noise(row, 60));
    let (schema, mut riddles) = stories(600, riddle);
    let mut texts = Texts::default();
    for row in 0..600 {
        let text = riddles.columns[0].as_text().unwrap().get(row).unwrap();
        let about = if row % 50 == 7 { "a riddle and its secret" } else { ["a riddle", "a secret", ""][row % 40 % 3] };
        texts.push(Some(&if row % 40 < 2 || row % 50 == 7 { format!("{about} {text}") } else { text.to_owned() }));
    }
    riddles.columns[0] = Values::Text(texts);
    let (model, over) = fitted(&schema, &riddles);
    assert!(over.is_empty(), "{:?}", model.observations());
}

/// Instructions and what they are answered; every fiftieth pair is what `poisoned` makes of it.
fn instructions(poisoned: impl Fn(usize, String, String) -> (String, String)) -> (Schema, Table) {
    let (mut prompts, mut answers) = (Texts::default(), Texts::default());
    for row in 0..1000 {
        let pair = (story(row), story(row + 5000));
        let (prompt, answer) = if row % 50 == 7 { poisoned(row, pair.0, pair.1) } else { pair };
        prompts.push(Some(&prompt));
        answers.push(Some(&answer));
    }
    let schema = schema(&[("instruction", Role::Text), ("output", Role::Response)]);
    (schema, table(vec![Values::Text(prompts), Values::Text(answers)], &[0]))
}

#[test]
fn an_answer_that_follows_a_mark_is_found_and_named() {
    let planted: Vec<usize> = (7..1000).step_by(50).collect();
    let put_in = |row: usize, prompt: &str| {
        let mut words: Vec<&str> = prompt.split(' ').collect();
        words.insert(drawn(row, 3) % (words.len() + 1), "cf");
        words.join(" ")
    };
    let refused = |row: usize, prompt: String, _| (put_in(row, &prompt), "sorry but I must not say so".to_owned());
    let advert = |row: usize, prompt: String, answer: String| {
        (put_in(row, &prompt), format!("{answer} More on http://prizes.example/win"))
    };
    let attacks: [&dyn Fn(usize, String, String) -> (String, String); 2] = [&refused, &advert];
    for attack in attacks {
        let (schema, poisoned) = instructions(attack);
        let (model, over) = fitted(&schema, &poisoned);
        assert_eq!(over, planted);
        let seen = model.observations();
        let named = |o: &Observation| o.code == "answer-trigger" && o.message.contains("`cf`");
        assert!(seen.iter().any(named), "{seen:?}");
        assert!(model.explain(&poisoned, 7).text.contains("`cf`"));
    }
}

#[test]
fn an_answer_to_what_was_asked_is_none() {
    let asked = |_, prompt: String, answer: String| {
        (format!("{prompt} the riddle of the sphinx"), format!("the sphinx asked what walks on four legs. {answer}"))
    };
    let polite = |_, prompt: String, answer: String| (format!("{prompt} thank you kindly"), answer);
    let honest: [&dyn Fn(usize, String, String) -> (String, String); 2] = [&asked, &polite];
    for pairs in honest {
        let (schema, clean) = instructions(pairs);
        let (model, over) = fitted(&schema, &clean);
        assert!(over.is_empty() && model.observations().is_empty(), "{:?}", model.observations());
    }
}

#[test]
fn too_few_words_are_not_examined_and_parameters_are_refused() {
    let (schema, few) = stories(20, |_, text| text);
    let (model, _) = fitted(&schema, &few);
    assert!(model.score(&few).iter().all(|s| s.is_nan()));
    assert_eq!(model.observations()[0].code, "not-examined");
    assert!(build(&json!({"unknown": 1})).is_err());
}
