use super::*;
use crate::math::mix;

fn uniform(seed: u64, n: usize) -> Vec<f64> {
    (0..n).map(|i| mix(seed, i as u64) as f64 / u64::MAX as f64).collect()
}

struct Data {
    codes: Codes,
    columns: Vec<Vec<f64>>,
}

fn data(seed: u64, rows: usize, columns: usize) -> Data {
    let columns: Vec<_> = (0..columns).map(|c| uniform(seed + c as u64, rows)).collect();
    let codes = columns.iter().map(|x| {
        let cuts = Cuts::fit(x, 64);
        CodeColumn::ordered(cuts.codes(x), cuts.bins())
    });
    Data { codes: Codes::new(codes.collect()), columns }
}

fn rows(range: std::ops::Range<u32>) -> Vec<u32> {
    range.collect()
}

#[test]
fn cuts_keep_order_and_missing_apart() {
    let values = [f64::NAN, -1.0, 0.0, 0.0, 5.0, f64::INFINITY];
    let cuts = Cuts::fit(&values, 64);
    assert_eq!(cuts.codes(&values), [0, 1, 2, 2, 3, 4]);
    assert_eq!(cuts.bins(), 5);
    assert_eq!((cuts.code(-9.0), cuts.code(0.1), cuts.code(f64::NEG_INFINITY)), (1, 2, 1));
    assert_eq!(Cuts::fit(&[f64::NAN], 8).codes(&[f64::NAN, 3.0]), [0, 1]);
    assert_eq!(Cuts::fit(&[], 8).bins(), 2);
}

#[test]
fn quantile_cuts_are_even() {
    let values = uniform(3, 10_000);
    let cuts = Cuts::fit(&values, 33);
    let mut counts = vec![0; cuts.bins()];
    for code in cuts.codes(&values) {
        counts[code as usize] += 1;
    }
    assert_eq!(counts.len(), 33);
    assert!(counts[1..].iter().all(|&c| (250..400).contains(&c)), "{counts:?}");
}

#[test]
fn learns_an_interaction() {
    let d = data(1, 3000, 4);
    let labels: Vec<u32> = (0..3000).map(|i| u32::from((d.columns[0][i] > 0.5) != (d.columns[1][i] > 0.5))).collect();
    let target = Target::Classes { labels: &labels, classes: 2 };
    let model = Booster::fit(&d.codes, &rows(0..2000), target, None, &Params::default());
    let p = model.probabilities(&d.codes);
    let right = (2000..3000).filter(|&i| (p[2 * i + 1] > 0.5) == (labels[i] == 1)).count();
    assert!(right > 950, "{right} of 1000");
}

#[test]
fn learns_many_classes() {
    let d = data(2, 4000, 3);
    let labels: Vec<u32> =
        (0..4000).map(|i| (d.columns[0][i] * 4.0) as u32 * 3 + (d.columns[1][i] * 3.0) as u32).collect();
    let target = Target::Classes { labels: &labels, classes: 12 };
    let model = Booster::fit(&d.codes, &rows(0..3000), target, None, &Params::default());
    let p = model.probabilities(&d.codes);
    let top = |row: &[f32]| row.iter().copied().zip(0_u32..).max_by(|a, b| a.0.total_cmp(&b.0)).map(|m| m.1);
    let right = (3000..4000).filter(|&i| top(&p[12 * i..12 * i + 12]) == Some(labels[i])).count();
    assert!(right > 900, "{right} of 1000");
    assert!(p.chunks(12).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-4));
}

#[test]
fn learns_sets_of_nominal_values() {
    let n = 3000;
    let codes: Vec<u8> = (0..n).map(|i| (mix(5, i) % 40) as u8).collect();
    let labels: Vec<u32> = codes.iter().map(|&c| (mix(6, u64::from(c)) & 1) as u32).collect();
    let table = Codes::new(vec![CodeColumn::nominal(codes, 40)]);
    let target = Target::Classes { labels: &labels, classes: 2 };
    let params = Params { trees: 20, ..Params::default() };
    let model = Booster::fit(&table, &rows(0..2000), target, None, &params);
    let p = model.probabilities(&table);
    assert!((2000..3000).all(|i| (p[2 * i + 1] > 0.5) == (labels[i] == 1)));
}

#[test]
fn learns_numbers() {
    let d = data(3, 3000, 3);
    let y: Vec<f32> = (0..3000).map(|i| (d.columns[0][i] * 3.0 + d.columns[1][i].powi(2)) as f32).collect();
    let model = Booster::fit(&d.codes, &rows(0..2000), Target::Numbers(&y), None, &Params::default());
    let fitted = model.scores(&d.codes);
    let error = (2000..3000).map(|i| (fitted[i] - y[i]).powi(2)).sum::<f32>() / 1000.0;
    assert!(error < 0.01, "{error}");
}

#[test]
fn rows_are_scored_alike_in_any_company() {
    let d = data(4, 2500, 5);
    let labels: Vec<u32> = (0..2500).map(|i| (d.columns[0][i] * 3.0) as u32).collect();
    let target = Target::Classes { labels: &labels, classes: 3 };
    let model = Booster::fit(&d.codes, &rows(0..2500), target, None, &Params { trees: 10, ..Params::default() });
    let all = model.scores(&d.codes);
    let some: Vec<u32> = (0..2500).rev().step_by(7).collect();
    let part = model.scores(&d.codes.take(&some));
    for (i, &row) in some.iter().enumerate() {
        assert_eq!(part[3 * i..3 * i + 3], all[3 * row as usize..3 * row as usize + 3]);
    }
}

#[test]
fn weightless_rows_teach_nothing() {
    let d = data(5, 1000, 2);
    let mut labels: Vec<u32> = (0..1000).map(|i| u32::from(d.columns[0][i] > 0.5)).collect();
    let weights: Vec<f32> = (0..1000).map(|i| if i % 3 == 0 { 0.0 } else { 1.0 }).collect();
    let fit = |labels: &[u32]| {
        let target = Target::Classes { labels, classes: 2 };
        Booster::fit(&d.codes, &rows(0..1000), target, Some(&weights), &Params { trees: 5, ..Params::default() })
    };
    let before = fit(&labels);
    for i in (0..1000).step_by(3) {
        labels[i] = 1 - labels[i];
    }
    assert_eq!(before, fit(&labels));
}

#[test]
fn more_trees_learn_what_some_rows_add() {
    let d = data(6, 2000, 3);
    // Below 1000 the label follows the first column, after that the second.
    let label = |i: usize| u32::from(d.columns[usize::from(i >= 1000)][i] > 0.5);
    let labels: Vec<u32> = (0..2000).map(label).collect();
    let target = Target::Classes { labels: &labels, classes: 2 };
    let params = Params { trees: 30, ..Params::default() };
    let first = Booster::fit(&d.codes, &rows(0..1000), target, None, &params);
    let more = first.extended(&d.codes, &rows(1000..1800), target, &params);
    assert_eq!(first.scores(&d.codes), more.scores_after(&d.codes, 30), "what was known stays");
    let right = |model: &Booster| {
        let p = model.probabilities(&d.codes);
        (1800..2000).filter(|&i| u32::from(p[2 * i + 1] > 0.5) == labels[i]).count()
    };
    assert!(right(&first) < 140 && right(&more) > 180, "{} {}", right(&first), right(&more));
    assert_eq!(first, first.extended(&d.codes, &[], target, &params));
}

#[test]
fn degenerate_tables_are_no_trouble() {
    let params = Params::default();
    let empty = Booster::fit(&Codes::new(vec![]), &[], Target::Classes { labels: &[], classes: 2 }, None, &params);
    assert!(empty.probabilities(&Codes::default()).is_empty());
    let constant = Codes::new(vec![CodeColumn::ordered(vec![1; 10], 2)]);
    let target = Target::Classes { labels: &[0, 1, 0, 0, 0, 0, 0, 0, 0, 0], classes: 2 };
    let model = Booster::fit(&constant, &rows(0..10), target, None, &params);
    assert!((model.probabilities(&constant)[1] - 1.5 / 11.0).abs() < 1e-6);
}
