use serde_json::json;
use taster_core::{Role, Texts, Values};

use super::*;
use crate::testing::{category, fit, fit_in_parts, schema, table};

fn notes(hide: bool) -> (Schema, Table) {
    let (mut texts, mut words) = (Texts::default(), Vec::new());
    for row in 0..60 {
        let hidden = match row {
            3 if hide => "see p\u{0430}ypal",
            4 if hide => "so \u{200b} it goes",
            5 if hide => "\u{e0049}\u{e0067}\u{e006e}\u{e006f}\u{e0072}\u{e0065} me",
            _ => "👩\u{200d}🚀 ordinary text",
        };
        texts.push((row != 9).then_some(hidden));
        words.push(if row == 6 && hide { "yes\u{202e}" } else { "no" });
    }
    (
        schema(&[("note", Role::Text), ("kind", Role::Categorical)]),
        table(vec![Values::Text(texts), category(&words)], &[0]),
    )
}

#[test]
fn hidden_text_is_found_and_the_clean_twin_is_silent() {
    let (schema, poisoned) = notes(true);
    let detector = build(&json!({})).unwrap();
    let model = fit(&*detector, &schema, &poisoned, None);
    let scores = model.score(&poisoned);
    let over: Vec<usize> = (0..60).filter(|&row| scores[row] >= 0.5).collect();
    assert_eq!(over, [3, 4, 5, 6]);
    assert!(model.explain(&poisoned, 5).text.contains("Ignore"), "{}", model.explain(&poisoned, 5).text);
    assert_eq!(model.explain(&poisoned, 6).columns, ["kind"]);
    let codes: Vec<&str> = model.observations().iter().map(|o| o.code).collect();
    assert_eq!(codes, ["hidden-message", "direction-controls", "no-width", "imitated-letters"]);

    let (schema, clean) = notes(false);
    let model = fit(&*detector, &schema, &clean, None);
    assert!(model.score(&clean).iter().all(|&s| s == 0.0) && model.observations().is_empty());
}

#[test]
fn counts_do_not_depend_on_the_order_of_parts() {
    let (schema, poisoned) = notes(true);
    let detector = build(&json!({})).unwrap();
    let told =
        |parts: &[std::ops::Range<usize>]| fit_in_parts(&*detector, &schema, &poisoned, None, parts).observations();
    assert_eq!(told(std::slice::from_ref(&(0..60))), told(&[40..60, 0..4, 4..40]));
}

#[test]
fn unknown_parameters_are_refused() {
    assert!(build(&json!({"unknown": 1})).is_err());
}
