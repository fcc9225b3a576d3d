use serde_json::json;
use taster_core::{Role, Values};

use super::*;
use crate::testing::{category, fit, schema};

fn random(row: u64, column: u64) -> f64 {
    Key::new(column).of(&row.to_le_bytes()) as f64 / u64::MAX as f64
}

/// Rows of two dependent numbers and a colour; the share `new` of them comes from elsewhere.
fn rows(range: std::ops::Range<u64>, new: f64) -> Table {
    let is_new = |r: u64| random(r, 9) < new;
    let a = range.clone().map(|r| random(r, 0) + if is_new(r) { 2.0 } else { 0.0 }).collect();
    let b = range.clone().map(|r| random(r, 0) + 0.1 * random(r, 1)).collect();
    let colours: Vec<&str> = range.map(|r| if random(r, 2) < 0.5 { "red" } else { "blue" }).collect();
    crate::testing::table(vec![Values::Numeric(a), Values::Numeric(b), category(&colours)], &[0, 1, 2])
}

fn mixed() -> Schema {
    schema(&[("a", Role::Numeric), ("b", Role::Numeric), ("colour", Role::Categorical)])
}

fn built() -> Box<dyn Detector> {
    build(&json!({})).unwrap()
}

#[test]
fn admixture_is_found_with_its_rows_and_the_clean_twin_is_silent() {
    let (reference, clean, poisoned) = (rows(0..2000, 0.0), rows(2000..4000, 0.0), rows(2000..4000, 0.1));
    let model = fit(&*built(), &mixed(), &clean, Some(&reference));
    assert!(model.observations().is_empty(), "{:?}", model.observations());
    assert!(model.score(&clean).iter().all(|&s| s < 0.5));

    let model = fit(&*built(), &mixed(), &poisoned, Some(&reference));
    let seen = model.observations();
    assert!(seen.iter().any(|o| o.code == "column-changed" && o.columns == ["a"]), "{seen:?}");
    let flagged: Vec<u64> = (2000..4000).zip(model.score(&poisoned)).filter(|x| x.1 > 0.5).map(|x| x.0).collect();
    let hits = flagged.iter().filter(|&&r| random(r, 9) < 0.1).count();
    assert!(hits > 150 && hits * 10 > flagged.len() * 9, "{hits} of {}", flagged.len());
    let row = (0..2000).find(|r| random(2000 + r, 9) < 0.1).unwrap() as usize;
    assert_eq!(model.explain(&poisoned, row).columns[0], "a");
}

#[test]
fn dependence_is_found_with_unchanged_margins() {
    let reference = rows(0..2000, 0.0);
    let mut current = rows(2000..4000, 0.0);
    if let Values::Numeric(a) = &mut current.columns[0] {
        a.reverse();
    }
    let seen = fit(&*built(), &mixed(), &current, Some(&reference)).observations();
    assert_eq!(seen.iter().map(|o| o.code).collect::<Vec<_>>(), ["dependence-changed"]);
}

/// Two rows in a hundred with a colour that the reference hardly has move no distribution by much.
#[test]
fn a_small_admixture_of_one_value_is_found_and_counted() {
    let coloured = |range: std::ops::Range<u64>, new: f64| {
        let mut table = rows(range.clone(), 0.0);
        let colour = |r: u64| match random(r, 7) {
            x if x < new => "green",
            x if x < 0.5 => "red",
            _ => "blue",
        };
        table.columns[2] = category(&range.map(colour).collect::<Vec<_>>());
        table
    };
    let reference = coloured(0..2000, 0.001);
    let seen = fit(&*built(), &mixed(), &coloured(2000..4000, 0.02), Some(&reference)).observations();
    assert_eq!(seen.iter().map(|o| o.code).collect::<Vec<_>>(), ["part-changed"], "{seen:?}");
    assert!(seen[0].message.contains("the value `green`") && seen[0].columns == ["colour"], "{}", seen[0].message);
    assert!((0.01..0.03).contains(&seen[0].magnitude));
    let clean = fit(&*built(), &mixed(), &coloured(2000..4000, 0.001), Some(&reference)).observations();
    assert!(clean.is_empty(), "{clean:?}");
}

/// The same numbers, of which a share is given with two decimals only, and the same times, of which a share is at night.
#[test]
fn another_format_is_found_where_values_are_the_same() {
    let table = |range: std::ops::Range<u64>, new: f64| {
        let is_new = |r: u64| random(r, 9) < new;
        let number = |r: u64| if is_new(r) { (random(r, 0) * 100.0).round() / 100.0 } else { random(r, 0) };
        let hour = |r: u64| if is_new(r) { 3.0 } else { 8.0 + (10.0 * random(r, 3)).floor() };
        let a = Values::Numeric(range.clone().map(number).collect());
        let b = Values::Numeric(range.clone().map(|r| random(r, 1)).collect());
        let at = Values::Numeric(range.map(|r| 86_400.0 * r as f64 + 3600.0 * hour(r)).collect());
        crate::testing::table(vec![a, b, at], &[0, 1])
    };
    let schema = schema(&[("a", Role::Numeric), ("b", Role::Numeric), ("at", Role::Time)]);
    let seen = |new| fit(&*built(), &schema, &table(4000..8000, new), Some(&table(0..4000, 0.0))).observations();
    let found = seen(0.02);
    let told: Vec<(&str, &str)> = found.iter().map(|o| (o.code, o.columns[0].as_str())).collect();
    assert_eq!(told, [("part-changed", "a"), ("part-changed", "at")], "{found:?}");
    assert!(found[0].message.contains("`a (decimals)`: the value `2 decimals`"), "{}", found[0].message);
    assert!(seen(0.0).is_empty());
}

/// Labels that follow from a number except for the share `wrong` of rows; numbers are raised to a power.
fn labelled(range: std::ops::Range<u64>, wrong: f64, power: f64) -> Table {
    let mut table = rows(range.clone(), 0.0);
    let a: Vec<f64> = range.clone().map(|r| random(r, 0).powf(power)).collect();
    let label = |(r, a): (u64, &f64)| if (*a > 0.5) == (random(r, 8) >= wrong) { "yes" } else { "no" };
    table.columns[2] = category(&range.clone().zip(&a).map(label).collect::<Vec<_>>());
    table.columns[0] = Values::Numeric(a);
    table
}

#[test]
fn a_changed_label_is_told_from_changed_features() {
    let schema = schema(&[("a", Role::Numeric), ("b", Role::Numeric), ("class", Role::Label)]);
    let reference = labelled(0..4000, 0.1, 1.0);
    let codes = |current: &Table| -> Vec<&str> {
        let seen = fit(&*built(), &schema, current, Some(&reference)).observations();
        seen.iter().map(|o| o.code).filter(|&c| c == "label-given-features-changed").collect()
    };
    assert_eq!(codes(&labelled(4000..8000, 0.3, 1.0)).len(), 1, "a third of the labels turned");
    assert!(codes(&labelled(4000..8000, 0.1, 1.0)).is_empty(), "nothing changed");
    assert!(codes(&labelled(4000..8000, 0.1, 2.0)).is_empty(), "only the features changed");
}

/// The same where the label is a number.
#[test]
fn a_label_of_numbers_that_follows_otherwise_is_found() {
    let schema = schema(&[("a", Role::Numeric), ("b", Role::Numeric), ("price", Role::Label)]);
    let priced = |range: std::ops::Range<u64>, slope: f64, power: f64| {
        let mut table = labelled(range.clone(), 0.0, power);
        let a = table.columns[0].as_numeric().unwrap_or_default().to_vec();
        // Its own distribution stays what it was.
        let mirrored = |a: f64| if slope > 0.0 { a } else { 1.0 - a };
        let price = |(r, &a): (u64, &f64)| 100.0 * mirrored(a) + 5.0 * random(r, 8);
        table.columns[2] = Values::Numeric(range.zip(&a).map(price).collect());
        table
    };
    let reference = priced(0..4000, 1.0, 1.0);
    let seen = |current: &Table| fit(&*built(), &schema, current, Some(&reference)).observations();
    let found = seen(&priced(4000..8000, -1.0, 1.0));
    let told = found.iter().find(|o| o.code == "label-given-features-changed");
    assert!(told.is_some_and(|o| o.message.contains("above ")), "{found:?}");
    assert!(seen(&priced(4000..8000, 1.0, 1.0)).is_empty(), "nothing changed");
    let features = seen(&priced(4000..8000, 1.0, 2.0));
    assert!(
        features.iter().all(|o| o.code != "label-given-features-changed"),
        "only the features changed: {features:?}"
    );
}

/// Forty random halves of one dataset: the level is one in a hundred.
#[test]
fn random_halves_do_not_differ() {
    let alarms = (0..40u64).filter(|&seed| {
        let half = |side: u64| {
            let rows: Vec<usize> =
                (0..1000u64).filter(|&r| Key::new(seed).of(&r.to_le_bytes()) % 2 == side).map(|r| r as usize).collect();
            labelled(0..1000, 0.1, 1.0).take(&rows)
        };
        let schema = schema(&[("a", Role::Numeric), ("b", Role::Numeric), ("class", Role::Label)]);
        !fit(&*built(), &schema, &half(0), Some(&half(1))).observations().is_empty()
    });
    assert!(alarms.count() <= 2);
}

#[test]
fn eight_rows_do_not_drift() {
    let model = fit(&*built(), &mixed(), &rows(0..8, 1.0), Some(&rows(0..2000, 0.0)));
    assert_eq!(model.observations()[0].code, "too-few-rows");
}

#[test]
fn bad_parameters_are_refused() {
    assert!(build(&json!({ "alpha": 0.0 })).is_err());
    assert!(build(&json!({ "efect": 0.1 })).is_err());
    assert!(built().applies(&mixed(), false).is_err());
}

/// What comes from elsewhere has numbers of its own, each in one row: in the same range as those of the reference, which
/// many rows have.
#[test]
fn values_of_its_own_give_an_admixture_away() {
    let coded = |range: std::ops::Range<u64>, new: f64| {
        let mut table = rows(range.clone(), 0.0);
        let code = |r: u64| {
            if random(r, 9) < new { (random(r, 3) * 2100.0).floor() } else { (random(r, 3) * 300.0).floor() * 7.0 }
        };
        table.columns[0] = Values::Numeric(range.map(code).collect());
        table
    };
    let reference = coded(0..4000, 0.0);
    let seen = |new| fit(&*built(), &mixed(), &coded(4000..8000, new), Some(&reference)).observations();
    let found = seen(0.015);
    assert_eq!(found.iter().map(|o| o.code).collect::<Vec<_>>(), ["admixture"], "{found:?}");
    assert!(seen(0.0).is_empty());
}
