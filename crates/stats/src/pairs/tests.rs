use super::*;
use crate::math::mix;

fn unit(salt: u64, i: u64) -> f64 {
    mix(salt, i) as f64 / u64::MAX as f64
}

/// Numbers that go together with the next ones, whole numbers, and values.
fn codes(rows: std::ops::Range<u64>) -> Vec<Vec<u32>> {
    let normal = |salt: u64, i: u64| (0..6).map(|k| unit(salt + k, i)).sum::<f64>() - 3.0;
    vec![
        rows.clone().map(|i| of_number(normal(10, i))).collect(),
        rows.clone().map(|i| of_number((normal(10, i) + normal(20, i)) * 1e6 + 4e6)).collect(),
        rows.clone().map(|i| of_number(if i < 300 { 3.0 } else { (mix(30, i) % 9) as f64 })).collect(),
        rows.map(|i| of_value((!mix(40, i).is_multiple_of(7)).then(|| mix(41, mix(40, i) % 7)))).collect(),
    ]
}

fn of(rows: std::ops::Range<u64>) -> Pairs {
    let mut pairs = Pairs::new(4);
    for start in rows.clone().step_by(5000) {
        pairs.observe(&codes(start..rows.end.min(start + 5000)));
    }
    pairs
}

#[test]
fn counts_are_those_of_the_rows() {
    let (pairs, codes) = (of(0..20_000), codes(0..20_000));
    let mut strongest = 0.0f64;
    for table in pairs.tables() {
        let ((i, j), (k, l)) = (table.columns, table.bits);
        let rows = || codes[i].iter().map(|c| c >> k & 1).zip(codes[j].iter().map(|c| c >> l & 1));
        assert_eq!(table.apart, rows().filter(|(a, b)| a != b).count() as u64);
        assert_eq!(table.both(), rows().filter(|&(a, b)| a + b == 2).count() as u64);
        if (i, j) == (0, 1) {
            strongest = strongest.max(table.phi(20_000).abs());
        } else {
            assert!(table.phi(20_000).abs() < 0.05, "{table:?}");
        }
    }
    assert!(strongest > 0.4, "{strongest}");
}

#[test]
fn merging_in_any_order_equals_counting_the_whole() {
    let whole = of(0..20_000);
    // The first part has but one value in a column.
    for cuts in [[0, 1, 250, 20_000], [0, 10_000, 10_000, 20_000]] {
        let parts = cuts.windows(2).map(|w| of(w[0]..w[1]));
        let merged = parts.rev().reduce(|mut a, b| {
            a.merge(b);
            a
        });
        assert_eq!(merged.as_ref(), Some(&whole));
    }
    assert_eq!(whole.counted_alike(&codes(0..20_000)), whole);
}

#[test]
fn what_cannot_be_is_refused() {
    let whole = of(0..1000);
    let again = |change: fn(&mut Vec<Vec<u64>>)| {
        let (columns, apart) = whole.parts();
        let mut apart = apart.to_vec();
        change(&mut apart);
        let columns = columns.map(|(stretches, ones)| (stretches.clone(), ones.to_vec())).collect();
        Pairs::of_parts(1000, columns, apart)
    };
    assert_eq!(again(|_| {}), Some(whole.clone()));
    assert_eq!(again(|apart| apart[0][0] = 2000), None);
    assert_eq!(again(|apart| apart[0][0] += 1), None);
    assert_eq!(again(|apart| apart[1].truncate(1)), None);
    assert_eq!(again(|apart| apart.truncate(1)), None);
}

#[test]
fn wide_tables_have_a_bounded_number_of_pairs() {
    assert_eq!(chosen(100).count(), 4950);
    assert_eq!(chosen(0).count() + chosen(1).count(), 0);
    for columns in [101, 1000, 5000, 6000] {
        let pairs: std::collections::BTreeSet<_> = chosen(columns).map(|(i, j)| (i.min(j), i.max(j))).collect();
        assert_eq!(pairs.len(), chosen(columns).count(), "{columns}");
        assert!(pairs.len() <= PAIRS && pairs.iter().all(|(i, j)| i < j));
    }
}
