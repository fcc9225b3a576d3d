use polars::prelude::{Column, DataFrame};

use crate::support::{Draw, Room, floats, frame, quarantined, strings};

/// Rows of a dataset and of its reference.
const ROWS: (usize, usize) = (1200, 1600);
/// Seeds of each kind of table.
const TRIALS: u64 = 2;
const KINDS: u64 = 5;
/// The rate asked for, and how far the mean over the trials may be above it.
const FDR: f64 = 0.1;
const SLACK: f64 = 1.2;

/// Rows of one of five populations: three numbers, a value and a label that depends on them, in one case not quite.
struct Rows {
    numbers: [Vec<f64>; 3],
    colour: Vec<&'static str>,
    label: Vec<&'static str>,
}

fn rows(kind: u64, count: usize, draw: &mut Draw) -> Rows {
    let mut rows = Rows { numbers: Default::default(), colour: Vec::new(), label: Vec::new() };
    for _ in 0..count {
        let [x, y, z] = [draw.normal(), draw.normal(), draw.normal()];
        let red = draw.uniform() < 0.4;
        let yes = match kind {
            0 => x + y > 0.0,
            1 => x * x + y * y > 1.5,
            2 => (x > 0.0) ^ red,
            3 => z > 0.3 || (red && y > 1.0),
            _ => (x - y > 0.5) ^ (draw.uniform() < 0.02),
        };
        let z = if kind == 2 { z.exp() } else { z + 0.8 * x };
        rows.numbers.iter_mut().zip([x, y, z]).for_each(|(column, value)| column.push(value));
        rows.colour.push(if red { "red" } else { "blue" });
        rows.label.push(if yes { "yes" } else { "no" });
    }
    rows
}

impl Rows {
    fn frame(self) -> DataFrame {
        let [x, y, z] = self.numbers;
        frame(vec![
            Column::new("x".into(), x),
            Column::new("y".into(), y),
            Column::new("z".into(), z),
            Column::new("colour".into(), self.colour),
            Column::new("label".into(), self.label),
        ])
    }

    fn flip(&mut self, row: usize) {
        self.label[row] = if self.label[row] == "yes" { "no" } else { "yes" };
    }

    fn throw_far(&mut self, row: usize, draw: &mut Draw) {
        self.numbers.iter_mut().for_each(|column| column[row] = 14.0 * draw.uniform() - 7.0);
    }
}

/// Share of the quarantined rows that were not touched, and share of the touched ones that were found.
fn trial(detector: &str, kind: u64, seed: u64) -> (f64, f64) {
    let room = Room::new();
    let mut draw = Draw::new(100 * kind + seed);
    room.csv("reference.csv", rows(kind, ROWS.1, &mut draw).frame());
    let mut data = rows(kind, ROWS.0, &mut draw);
    let rate = [0.03, 0.1][seed as usize % 2];
    let touched: Vec<usize> = (0..ROWS.0).filter(|_| draw.uniform() < rate).collect();
    for &row in &touched {
        if detector == "outlier" { data.throw_far(row, &mut draw) } else { data.flip(row) }
    }
    room.csv("data.csv", data.frame());
    let others =
        ["shift", "duplicate-flood", "conflicting-label"].map(|id| format!("[detectors.{id}]\nlevel = \"off\"\n"));
    room.write("taster.toml", others.concat());
    let scan = ["scan", "data.csv", "--reference", "reference.csv", "--label", "label", "--fdr", "0.1", "--seed", "7"];
    let run = room.run(&[&scan[..], &["--out", "report"]].concat());
    assert!(run.status < 2, "{}", run.stderr);
    let list = room.frame("report/quarantine.parquet");
    let found = quarantined(&list, detector);
    let p_values = strings(&list, "detector").into_iter().zip(floats(&list, "p_value"));
    let mut known = p_values.filter(|(id, _)| id == detector);
    assert!(known.all(|(_, p)| p > 0.0 && p <= FDR), "{detector}: a row without its p-value");
    let hits = found.iter().filter(|row| touched.contains(row)).count();
    let innocent = found.len() - hits;
    (innocent as f64 / found.len().max(1) as f64, hits as f64 / touched.len() as f64)
}

#[test]
fn with_a_reference_the_false_discovery_rate_is_kept() {
    for detector in ["label-flip", "outlier"] {
        let seeds = (0..KINDS).flat_map(|kind| (0..TRIALS).map(move |seed| (kind, seed)));
        let trials: Vec<(f64, f64)> = seeds.map(|(kind, seed)| trial(detector, kind, seed)).collect();
        let mean = |of: fn(&(f64, f64)) -> f64| trials.iter().map(of).sum::<f64>() / trials.len() as f64;
        let (false_share, found) = (mean(|t| t.0), mean(|t| t.1));
        assert!(false_share <= SLACK * FDR, "{detector}: {false_share:.3} of the quarantined rows are innocent");
        assert!(found >= 0.5, "{detector}: only {found:.3} of the touched rows are quarantined");
    }
}
