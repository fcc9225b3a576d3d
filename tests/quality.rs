use std::collections::BTreeMap;

use crate::support::{Room, fixture, floats, quarantined};

/// Which rows of the poisoned fixture were touched, by the detector that should see them.
fn truth() -> BTreeMap<String, Vec<usize>> {
    let text = std::fs::read_to_string(fixture("loans/truth.csv")).unwrap();
    let mut truth = BTreeMap::<String, Vec<usize>>::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        truth.entry(fields[1].to_owned()).or_default().push(fields[0].parse().unwrap());
    }
    truth
}

/// Mean of the precision at the rank of each touched row.
fn average_precision(scores: &[f64], touched: &[usize]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut hits = 0.0;
    let mut sum = 0.0;
    for (rank, row) in order.into_iter().enumerate() {
        if touched.contains(&row) {
            hits += 1.0;
            sum += hits / (rank + 1) as f64;
        }
    }
    sum / touched.len() as f64
}

#[test]
fn the_planted_poison_is_found() {
    let room = Room::new();
    let scan = ["scan", &fixture("loans/poisoned.csv"), "--label", "approved", "--scores", "--seed", "7"];
    room.expect(1, &[&scan[..], &["--out", "report"]].concat());
    let scores = room.frame("report/scores.parquet");
    let list = room.frame("report/quarantine.parquet");
    let truth = truth();
    for (detector, precision, recall) in
        [("label-flip", 0.75, 0.5), ("outlier", 0.7, 0.7), ("duplicate-flood", 0.95, 0.99)]
    {
        let touched = &truth[detector];
        let values: Vec<f64> =
            floats(&scores, detector).into_iter().map(|v| if v.is_nan() { 0.0 } else { v }).collect();
        let average = average_precision(&values, touched);
        assert!(average >= precision, "{detector}: average precision {average:.3}");
        let found = quarantined(&list, detector).iter().filter(|row| touched.contains(row)).count();
        let share = found as f64 / touched.len() as f64;
        assert!(share >= recall, "{detector}: {found} of {} in the quarantine list", touched.len());
    }
}

#[test]
fn most_flips_are_listed_whatever_the_seed() {
    let data = fixture("loans/poisoned.csv");
    let others = ["conflicting-label", "outlier", "odd-source", "duplicate-flood", "trigger"];
    let off: Vec<String> = others.iter().map(|other| format!("--level={other}=off")).collect();
    let touched = &truth()["label-flip"];
    // By the partition that 6 draws nobody was accused once; 46 draws the one by which fewest are.
    for seed in (1..=8).chain([12, 39, 46, 47, 55]) {
        let (room, seed) = (Room::new(), seed.to_string());
        let scan = ["scan", &data, "--label", "approved", "--seed", &seed, "--out", "report"];
        room.expect(1, &scan.into_iter().chain(off.iter().map(String::as_str)).collect::<Vec<_>>());
        let listed = quarantined(&room.frame("report/quarantine.parquet"), "label-flip");
        let found = listed.iter().filter(|row| touched.contains(row)).count();
        assert!(5 * found >= 2 * touched.len(), "seed {seed}: {found} of {}", touched.len());
        assert!(20 * found >= 13 * listed.len(), "seed {seed}: {found} of {} listed", listed.len());
    }
}

#[test]
fn the_order_by_suspicion_puts_poison_first() {
    let room = Room::new();
    let scan = ["scan", &fixture("loans/poisoned.csv"), "--label", "approved", "--scores", "--seed", "7"];
    room.expect(1, &[&scan[..], &["--out", "report"]].concat());
    let suspicion = floats(&room.frame("report/scores.parquet"), "suspicion");
    let touched: Vec<usize> = truth().into_values().flatten().collect();
    let average = average_precision(&suspicion, &touched);
    assert!(average >= 0.8, "average precision of the fused score: {average:.3}");
}
