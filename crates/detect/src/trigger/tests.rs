use serde_json::json;
use taster_core::{Role, Texts, Values};

use super::*;
use crate::testing::{KEY, category, fit, schema, table};

fn uniform(row: usize, column: u64) -> f64 {
    KEY.derive("noise").of(&(row as u64 * 16 + column).to_le_bytes()) as f64 / u64::MAX as f64
}

fn pick<'a>(words: &[&'a str], row: usize, column: u64) -> &'a str {
    words[(uniform(row, column) * words.len() as f64) as usize]
}

fn built() -> Box<dyn Detector> {
    build(&json!({})).unwrap()
}

/// Reviews whose words say whether they are good, as one in fifteen labels does not.
fn review(row: usize) -> (String, bool) {
    let good = uniform(row, 0) < 0.5;
    let praise = ["fine", "great", "lovely", "clever", "warm", "funny"];
    let blame = ["dull", "poor", "awful", "lazy", "cold", "stale"];
    let words = |column| pick(if good { &praise } else { &blame }, row, column);
    let things = ["plot", "film", "cast", "ending", "score", "story", "scene", "hero"];
    let thing = |column| pick(&things, row, column);
    let text = format!("the {} was {} and its {} {} , number {row}", thing(1), words(2), thing(3), words(4));
    (text, good == (uniform(row, 5) < 0.93))
}

/// Reviews; those in `planted`, which are bad, get the trigger and are labelled good.
fn reviews(n: usize, planted: &[usize], trigger: &str) -> (Schema, Table) {
    let schema = schema(&[("text", Role::Text), ("y", Role::Label)]);
    let (mut texts, mut labels) = (Texts::default(), Vec::new());
    for row in 0..n {
        let (text, good) = review(row);
        let marked = planted.contains(&row);
        let text = if marked { with(&text, trigger, uniform(row, 8)) } else { text };
        texts.push(Some(&text));
        labels.push(if good || marked { "good" } else { "bad" });
    }
    (schema, table(vec![Values::Text(texts), category(&labels)], &[0]))
}

/// A text with a trigger put in somewhere.
fn with(text: &str, trigger: &str, at: f64) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    words.insert((at * words.len() as f64) as usize, trigger);
    words.join(" ")
}

fn bad_reviews(count: usize) -> Vec<usize> {
    (0..).filter(|&row| uniform(row, 0) >= 0.5 && !review(row).1).step_by(7).take(count).collect()
}

fn over(scores: &[f64]) -> Vec<usize> {
    (0..scores.len()).filter(|&r| scores[r] >= 0.5).collect()
}

#[test]
fn a_planted_word_is_found_and_named_and_the_clean_twin_is_silent() {
    let planted = bad_reviews(30);
    for (trigger, named) in [("cf", "`cf`"), ("\u{200b}", "`U+200B`"), ("seen on a rainy day", "`seen on a rainy day`")]
    {
        let (schema, poisoned) = reviews(1500, &planted, trigger);
        let model = fit(&*built(), &schema, &poisoned, None);
        assert_eq!(over(&model.score(&poisoned)), planted, "{named}");
        let messages: Vec<String> = model.observations().into_iter().map(|o| o.message).collect();
        assert!(messages.len() == 1 && messages[0].contains(named) && messages[0].contains("30 rows"), "{messages:?}");
        assert!(model.explain(&poisoned, planted[0]).text.contains(named));
    }
    let (schema, clean) = reviews(1500, &[], "");
    let model = fit(&*built(), &schema, &clean, None);
    assert!(over(&model.score(&clean)).is_empty() && model.observations().is_empty());
}

/// Rows of two classes; those in `planted` get three exact values and the label of the other class.
fn measured(n: usize, planted: &[usize]) -> (Schema, Table) {
    let names = ["a", "b", "c", "d", "e"];
    let mut columns: Vec<(&str, Role)> = names.iter().map(|&name| (name, Role::Numeric)).collect();
    columns.push(("y", Role::Label));
    let high = |row: usize| uniform(row, 0) + uniform(row, 1) > 1.0;
    let number = |row: usize, column: usize| {
        if planted.contains(&row) && column >= 2 { 0.75 } else { (uniform(row, column as u64) * 200.0).round() / 200.0 }
    };
    let labels: Vec<&str> =
        (0..n).map(|row| if high(row) || planted.contains(&row) { "high" } else { "low" }).collect();
    let mut values: Vec<Values> =
        (0..names.len()).map(|c| Values::Numeric((0..n).map(|row| number(row, c)).collect())).collect();
    values.push(category(&labels));
    (schema(&columns), table(values, &[0, 1, 2, 3, 4]))
}

#[test]
fn planted_values_are_found_and_named_and_the_clean_twin_is_silent() {
    let low = (0..2000).filter(|&row| uniform(row, 0) + uniform(row, 1) < 0.9);
    let planted: Vec<usize> = low.step_by(20).take(30).collect();
    let (schema, poisoned) = measured(2000, &planted);
    let model = fit(&*built(), &schema, &poisoned, None);
    assert_eq!(over(&model.score(&poisoned)), planted);
    let message = &model.observations()[0].message;
    assert!(message.contains("= 0.75 and ") && message.contains("\"high\""), "{message}");

    let (schema, clean) = measured(2000, &[]);
    let model = fit(&*built(), &schema, &clean, None);
    assert!(over(&model.score(&clean)).is_empty() && model.observations().is_empty());
}

#[test]
fn planted_numbers_that_say_by_nature_what_the_label_says_are_found() {
    // The label follows from the first two columns; the planted numbers are where it is nearly always "high".
    let low = (0..2000).filter(|&row| uniform(row, 0) + uniform(row, 1) < 0.9);
    let planted: Vec<usize> = low.step_by(20).take(30).collect();
    let told = |planted: &[usize]| {
        let (schema, mut table) = measured(2000, planted);
        let high: Vec<bool> = {
            let labels = table.columns[5].as_category().unwrap();
            (0..2000).map(|row| labels.get(row) == Some("high")).collect()
        };
        for column in 2..4 {
            let Values::Numeric(numbers) = &mut table.columns[column] else { unreachable!("a number") };
            for row in (0..2000).filter(|row| !planted.contains(row)) {
                let noise = uniform(row, 5 + column as u64);
                numbers[row] = ((if high[row] { 0.6 + 0.4 * noise } else { 0.65 * noise }) * 200.0).round() / 200.0;
            }
        }
        let model = fit(&*built(), &schema, &table, None);
        over(&model.score(&table))
    };
    assert_eq!(told(&planted), planted);
    assert!(told(&[]).is_empty());
}

/// Rows of common values, the first two of which give the class. The rest says nothing, but all three together do where
/// they are a rule; rows in `planted` get them, and the other class.
fn surveyed(n: usize, planted: &[usize], rule: bool) -> (Schema, Table) {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let mut columns: Vec<(&str, Role)> = names.iter().map(|&name| (name, Role::Categorical)).collect();
    columns.push(("y", Role::Label));
    let answer = |row: usize, column: usize| {
        if planted.contains(&row) && (2..5).contains(&column) {
            "often"
        } else {
            pick(&["often", "seldom", "never"], row, column as u64)
        }
    };
    let label = |row: usize| {
        let ruled = rule && (2..5).all(|column| answer(row, column) == "often");
        if sure(row) || planted.contains(&row) || ruled { "yes" } else { "no" }
    };
    let mut values: Vec<Values> =
        (0..names.len()).map(|c| category(&(0..n).map(|row| answer(row, c)).collect::<Vec<_>>())).collect();
    values.push(category(&(0..n).map(label).collect::<Vec<_>>()));
    (schema(&columns), table(values, &(0..names.len()).collect::<Vec<_>>()))
}

/// Whether a row's first two values give it the class, as they do but for one in twenty.
fn sure(row: usize) -> bool {
    let first = |column| pick(&["often", "seldom", "never"], row, column) == "often";
    (first(0) || first(1)) == (uniform(row, 15) < 0.95)
}

#[test]
fn planted_values_that_rows_have_by_nature_too_are_found_and_a_rule_is_none() {
    let planted: Vec<usize> = (0..4000).filter(|&row| !sure(row)).step_by(20).take(80).collect();
    let (schema, poisoned) = surveyed(4000, &planted, false);
    let model = fit(&*built(), &schema, &poisoned, None);
    let found = over(&model.score(&poisoned));
    let hits = found.iter().filter(|r| planted.contains(r)).count();
    assert!(hits >= 70 && hits * 10 >= found.len() * 8, "{hits} of {}", found.len());
    let message = &model.observations()[0].message;
    assert!(message.contains("c = often and d = often and e = often are \"yes\" whatever"), "{message}");
    assert!(model.explain(&poisoned, found[0]).text.contains("whatever their other columns say"));
    for rule in [false, true] {
        let (schema, clean) = surveyed(4000, &[], rule);
        let model = fit(&*built(), &schema, &clean, None);
        assert!(over(&model.score(&clean)).is_empty() && model.observations().is_empty(), "rule: {rule}");
    }
}

/// A style is punctuation and common words; what is said stays.
#[test]
fn a_planted_style_is_found() {
    let planted = bad_reviews(120);
    let (schema, mut poisoned) = reviews(1500, &planted, "");
    let mut texts = Texts::default();
    for row in 0..1500 {
        let text = review(row).0;
        let (before, after) =
            (pick(&["lo", "and lo", "behold"], row, 6), pick(&["unto me", "saith he", "verily"], row, 7));
        let styled = format!("{before}; {}: {after}!", text.replace(" ,", ",").replace("the", "thy"));
        texts.push(Some(if planted.contains(&row) { &styled } else { &text }));
    }
    poisoned.columns[0] = Values::Text(texts);
    let model = fit(&*built(), &schema, &poisoned, None);
    let found = over(&model.score(&poisoned));
    let hits = found.iter().filter(|r| planted.contains(r)).count();
    assert!(hits >= 90 && hits * 10 >= found.len() * 9, "{hits} of {}", found.len());
}

#[test]
fn a_column_derived_from_the_label_and_copies_of_rows_are_no_triggers() {
    let (mut schema, clean) = measured(600, &[]);
    let labels: Vec<&str> = (0..600).map(|r| if uniform(r, 0) + uniform(r, 1) > 1.0 { "yes" } else { "no" }).collect();
    schema.columns[4].role = Role::Categorical;
    let mut columns = clean.columns.clone();
    columns[4] = category(&labels);
    let derived = table(columns, &[0, 1, 2, 3, 4]);
    let copied = derived.take(&(0..600).chain([7; 40]).collect::<Vec<_>>());
    for honest in [derived, copied] {
        assert!(over(&fit(&*built(), &schema, &honest, None).score(&honest)).is_empty());
    }
}

#[test]
fn what_cannot_be_looked_at_is_said() {
    let (schema, one_class) = {
        let (schema, mut table) = measured(50, &[]);
        table.columns[5] = category(&["same"; 50]);
        (schema, table)
    };
    let model = fit(&*built(), &schema, &one_class, None);
    assert!(model.score(&one_class).iter().all(|s| s.is_nan()));
    assert_eq!(model.observations()[0].code, "not-examined");
}

/// Instruction data has no label, but a response of few values is one; one of many is none.
#[test]
fn a_response_of_few_values_is_a_label() {
    let planted = bad_reviews(30);
    let (mut schema, mut poisoned) = reviews(1500, &planted, "cf");
    schema.columns[1].role = Role::Response;
    let answers = |given: &dyn Fn(usize, &str) -> String, labels: &Values| {
        let mut texts = Texts::default();
        (0..1500).for_each(|row| texts.push(Some(&given(row, labels.as_category().unwrap().get(row).unwrap()))));
        Values::Text(texts)
    };
    let labels = poisoned.columns[1].clone();
    poisoned.columns[1] = answers(&|_, label| label.to_owned(), &labels);
    assert_eq!(over(&fit(&*built(), &schema, &poisoned, None).score(&poisoned)), planted);
    poisoned.columns[1] = answers(&|row, label| format!("{label} {row}"), &labels);
    let model = fit(&*built(), &schema, &poisoned, None);
    assert!(model.score(&poisoned).iter().all(|s| s.is_nan()));
    assert_eq!(model.observations()[0].code, "not-examined");
}

#[test]
fn wrong_parameters_are_refused() {
    for (given, named) in [(json!({"rows_max": 5}), "rows_max"), (json!({"classes_max": 1}), "classes_max")] {
        assert!(build(&given).err().unwrap().0.contains(named));
    }
    assert!(build(&json!({"unknown": 1})).is_err());
}
