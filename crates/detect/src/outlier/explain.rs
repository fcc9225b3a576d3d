//! Why a row is an outlier, in words.

use taster_core::{Reason, Table, Values};

use super::{columns::Rows, ensemble::Ensemble};

/// Things said of one row.
const SAID_MAX: usize = 3;
/// Nats of surprise from which a value is worth naming.
const WORTH_NAMING: f64 = 2.0;
/// Standard deviations from which a number is said not to fit the others.
const WORTH_COMPARING: f64 = 3.0;
/// Characters of a value that are shown.
const SHOWN_MAX: usize = 60;

/// What is usual in each column: learnt from the fitted rows.
pub struct Usual {
    /// 1 %, 50 % and 99 % quantiles of each number column, over the inliers of the first fit.
    quantiles: Vec<[f64; 3]>,
    /// Median surprise of each number column.
    numbers: Vec<f64>,
    /// Median surprise of each value column.
    values: Vec<f64>,
}

impl Usual {
    /// What is usual among some rows.
    pub fn fit(model: &Ensemble, rows: &Rows) -> Self {
        let quantiles = |column: &Vec<f64>| {
            let inliers = model.inliers.iter().map(|&r| column[r as usize]);
            let mut sorted: Vec<f64> = inliers.filter(|x| !x.is_nan()).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            [0.01, 0.5, 0.99].map(|q| at(&sorted, q))
        };
        let densities = model.views.densities.iter().zip(&rows.numbers);
        let values = model.views.value_surprise.iter().zip(&rows.codes);
        Self {
            quantiles: rows.numbers.iter().map(quantiles).collect(),
            numbers: densities.map(|(d, c)| median(c.iter().map(|&x| d.surprise(x)))).collect(),
            values: values.map(|(s, c)| median(c.iter().map(|&code| s[code as usize]))).collect(),
        }
    }
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    at(&sorted, 0.5)
}

fn at(sorted: &[f64], share: f64) -> f64 {
    sorted.get((share * sorted.len().saturating_sub(1) as f64) as usize).copied().unwrap_or(f64::NAN)
}

/// Something that speaks against a row.
struct Charge {
    /// How strongly, in nats.
    strength: f64,
    columns: Vec<String>,
    text: String,
}

/// A row with what is known of it.
struct Case<'a> {
    model: &'a Ensemble,
    usual: &'a Usual,
    row: Rows,
    table: Table,
}

/// The strongest few of what speaks against a row of the table model.
pub fn explain(model: &Ensemble, usual: &Usual, table: &Table, row: usize) -> Reason {
    let table = table.take(&[row]);
    let case = Case { model, usual, row: model.columns.rows(&table), table };
    let mut charges: Vec<Charge> = (0..model.columns.numbers.len()).map(|i| case.number(i)).collect();
    charges.extend((0..model.columns.values.len()).map(|i| case.value(i)));
    charges.extend(case.combinations());
    charges.extend(case.unsuggested());
    charges.retain(|c| c.strength > WORTH_NAMING);
    charges.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    summarised(charges)
}

fn summarised(charges: Vec<Charge>) -> Reason {
    let mut reason = Reason::default();
    let mut said: Vec<String> = Vec::new();
    for charge in charges {
        let fresh = charge.columns.iter().any(|c| !reason.columns.contains(c));
        if fresh && said.len() < SAID_MAX {
            let new: Vec<String> = charge.columns.into_iter().filter(|c| !reason.columns.contains(c)).collect();
            reason.columns.extend(new);
            said.push(charge.text);
        }
    }
    reason.text = if said.is_empty() {
        "no value is unusual by itself, but rows like this one in all columns together are rare".to_owned()
    } else {
        said.join("; ")
    };
    reason
}

impl Case<'_> {
    /// A number in a sparse part of its column.
    fn number(&self, i: usize) -> Charge {
        let column = &self.model.columns.numbers[i];
        let [low, median, high] = self.usual.quantiles[i].map(|q| column.show(q));
        let x = self.row.numbers[i][0];
        Charge {
            strength: self.model.views.densities[i].surprise(x) - self.usual.numbers[i],
            columns: vec![column.name.clone()],
            text: format!("{} is {} (median {median}, usually between {low} and {high})", column.label, self.shown(i)),
        }
    }

    /// A rare value.
    fn value(&self, i: usize) -> Charge {
        let column = &self.model.columns.values[i];
        let code = self.row.codes[i][0];
        Charge {
            strength: self.model.views.value_surprise[i][code as usize] - self.usual.values[i],
            columns: vec![column.name.clone()],
            text: format!(
                "{} is {} (in {} of the rows)",
                column.name,
                self.shown_value(i),
                percent(column.share(code))
            ),
        }
    }

    /// Pairs of values that rarely meet.
    fn combinations(&self) -> Vec<Charge> {
        let Some(pairs) = &self.model.views.pairs else { return Vec::new() };
        let codes = pairs.codes(&self.model.columns, &self.row);
        let charge = |edge: &taster_stats::dependence::Edge| {
            let (a, b) = (codes[edge.first][0], codes[edge.second][0]);
            let [first, second] = [edge.first, edge.second].map(|c| self.named(c));
            let share = percent(edge.share(a, b));
            Charge {
                strength: edge.surprise(a, b),
                text: format!("{} with {} is rare (values like these meet in {share} of the rows)", first.1, second.1),
                columns: vec![first.0, second.0],
            }
        };
        pairs.tree.edges().iter().map(charge).collect()
    }

    /// Numbers that are usual by themselves, but not what the row's other columns suggest.
    fn unsuggested(&self) -> Vec<Charge> {
        let charge = |(i, expected, off): (usize, f64, f64)| {
            let column = &self.model.columns.numbers[i];
            let expected = column.show(expected);
            Charge {
                strength: 1.5 * (0.5 * off * off).ln_1p(), // under Student's t with 2 degrees of freedom: tails are heavy
                columns: vec![column.name.clone()],
                text: format!(
                    "{} is {}, where the other columns suggest about {expected}",
                    column.label,
                    self.shown(i)
                ),
            }
        };
        let usual =
            |i: usize| (self.usual.quantiles[i][0]..=self.usual.quantiles[i][2]).contains(&self.row.numbers[i][0]);
        let found = self.model.conditionals(&self.row).into_iter();
        found.filter(|&(i, _, off)| off.abs() > WORTH_COMPARING && usual(i)).map(charge).collect()
    }

    /// Name of a column of [`super::bins::Pairs`], and `name = value`.
    fn named(&self, index: usize) -> (String, String) {
        let numbers = &self.model.columns.numbers;
        if let Some(column) = numbers.get(index) {
            return (column.name.clone(), format!("{} = {}", column.label, self.shown(index)));
        }
        let value = index - numbers.len();
        let name = &self.model.columns.values[value].name;
        (name.clone(), format!("{name} = {}", self.shown_value(value)))
    }

    fn shown(&self, number: usize) -> String {
        let x = self.row.numbers[number][0];
        if x.is_nan() { "missing".to_owned() } else { self.model.columns.numbers[number].show(x) }
    }

    fn shown_value(&self, value: usize) -> String {
        let column = self.table.columns.get(self.model.columns.values[value].column);
        match column.and_then(Values::as_category).and_then(|c| c.get(0)) {
            Some(text) if text.chars().count() > SHOWN_MAX => {
                format!("{:?}…", text.chars().take(SHOWN_MAX).collect::<String>())
            }
            Some(text) => format!("{text:?}"),
            None => "missing".to_owned(),
        }
    }
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "none".to_owned(),
        p if p < 0.01 => "less than 0.01 %".to_owned(),
        p if p < 1.0 => format!("{p:.2} %"),
        p => format!("{p:.0} %"),
    }
}
