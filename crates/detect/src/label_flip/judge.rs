use std::borrow::Cow;

use taster_core::{Evidence, Model, Observation, Reason, Role, Sample, Scale, Table};
use taster_stats::boost::{CodeColumn, Codes};

use super::{
    Params,
    calibration::Calibration,
    classes::{Classes, NONE},
    copies::{self, Copies},
    members::{Member, Task},
    nearby::Nearby,
    noise::Noise,
    observe::{self, Compared},
    panel::Panel,
    regions::Regions,
    view::{Encoder, View},
};

/// A region alone accuses no row, it only puts its rows before others: of those it accused on attacked and clean data one in
/// six was flipped.
const REGION_MAX: f64 = 0.45;
/// Columns named in a reason.
const COLUMNS_SHOWN: usize = 3;
/// A column is named if with another value the label would be this much more probable.
const GAIN_MIN: f32 = 0.02;

/// Judges labels by out-of-fold models, the copies of a row, and the regions rows lie in.
pub struct Judge {
    classes: Classes,
    encoder: Encoder,
    panel: Panel,
    copies: Copies,
    noise: Noise,
    calibration: Calibration,
    regions: Regions,
    /// Whom to ask for a row's reason; nobody where texts are not points.
    nearby: Nearby,
    /// For each class and column of codes, the commonest code.
    usual: Vec<Vec<u8>>,
    names: Vec<String>,
    /// The dataset's labels beside those of trusted rows, where the models were fitted on such.
    compared: Option<Compared>,
}

/// Rows fitted where the dataset is larger than the sample: more would cost more than they tell.
const FITTED_ROWS: usize = 12_288;
/// Fewest rows of a reference's half, and of each class in it, that the models are fitted on instead of the dataset.
const TRUSTED_MIN: usize = 500;
const TRUSTED_CLASS_MIN: usize = 10;

fn fitted_rows(sample: &Sample) -> Cow<'_, Table> {
    if sample.is_whole() { Cow::Borrowed(&sample.table) } else { Cow::Owned(sample.reduced(FITTED_ROWS)) }
}

impl Judge {
    /// Fits on trusted rows where there are enough of every class, else on the sample, or says why that cannot be.
    pub fn fit(evidence: &Evidence<'_>, params: &Params) -> Result<Self, String> {
        let classes = Classes::of(&evidence.sample.table, evidence.schema.label(), params.classes_max)?;
        let trusted = evidence.trusted.filter(|half| suffices(&half.table, &classes));
        let mut judge = Self::of(trusted.unwrap_or(evidence.sample), trusted.is_some(), evidence, classes, params)?;
        if let Some(trusted) = trusted {
            judge.compare(trusted, evidence.sample);
        }
        Ok(judge)
    }

    /// Fits on the rows of `known`, which are those of the dataset itself unless they are `trusted`.
    fn of(
        known: &Sample,
        trusted: bool,
        evidence: &Evidence<'_>,
        classes: Classes,
        params: &Params,
    ) -> Result<Self, String> {
        let table = canonical(&fitted_rows(known), &classes);
        let (labels, k, schema, key) = (classes.codes(&table), classes.len(), evidence.schema, evidence.key);
        let encoder = Encoder::fit(schema, &table, key.derive("folds"));
        let view = encoder.view(&table, true);
        let task =
            Task { view: &view, dim: encoder.dim(), labels: &labels, classes: k, seed: key.derive("models").seed() };
        let ((panel, mut probabilities), regions) = models(task, evidence, &classes, params, trusted)?;
        let noise = Noise::estimate(&probabilities, &labels, &copies::weights(&table), k);
        // Without features all rows would be copies of each other.
        let featured = schema.features().next().is_some();
        let copies = if featured { Copies::fit(&table, &labels, &probabilities, k) } else { Copies::none() };
        copies.apply(&table, &labels, &mut probabilities, k);
        let texts = schema.features().any(|column| table.columns[column].as_text().is_some());
        let points = if texts { &[][..] } else { &view.points };
        let nearby = Nearby::fit(points, encoder.dim(), &labels);
        Ok(Self {
            calibration: calibrated(&noise, &probabilities, &labels, noise.share()),
            usual: usual(&view.codes, &labels, k),
            names: schema.columns.iter().map(|c| c.name.clone()).collect(),
            classes,
            encoder,
            panel,
            copies,
            noise,
            regions,
            nearby,
            compared: None,
        })
    }

    /// Judges the dataset's labels, and says how many there are wrong, by models of trusted rows.
    fn compare(&mut self, trusted: &Sample, sample: &Sample) {
        let table = canonical(&fitted_rows(sample), &self.classes);
        let (labels, k) = (self.classes.codes(&table), self.classes.len());
        let view = self.view(&table);
        let mut probabilities = self.panel.probabilities(&view);
        let noise = Noise::estimate(&probabilities, &labels, &copies::weights(&table), k);
        self.copies.apply(&table, &labels, &mut probabilities, k);
        self.calibration = calibrated(&self.noise, &probabilities, &labels, noise.share());
        let rows = trusted.table.len.min(FITTED_ROWS);
        self.compared =
            Some(Compared { trusted_errors: self.noise.errors, trusted_rows: rows, noise, rows: labels.len() });
    }

    fn view<'a>(&self, table: &'a Table) -> View<'a> {
        self.encoder.view(table, self.panel.needs_points() || self.regions.any())
    }

    fn probabilities(&self, view: &View<'_>, labels: &[u32]) -> Vec<f32> {
        let mut out = self.panel.probabilities(view);
        self.copies.apply(view.table, labels, &mut out, self.classes.len());
        out
    }

    /// The columns whose values speak against the row's label: with the value usual for the label instead, the label
    /// would be likelier. Strongest first.
    fn columns_against(&self, view: &View<'_>, label: usize) -> Vec<usize> {
        let origins = self.encoder.origins();
        let own = |codes: &Codes| self.panel.by_trees(codes, &view.folds).map_or(0.0, |p| p[label]);
        let before = own(&view.codes);
        let mut columns = origins.clone();
        columns.dedup();
        let gain = |column: usize| own(&self.with_usual(&view.codes, &origins, column, label)) - before;
        let mut gains: Vec<(f32, usize)> =
            columns.into_iter().map(|c| (gain(c), c)).filter(|g| g.0 > GAIN_MIN).collect();
        gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        gains.into_iter().take(COLUMNS_SHOWN).map(|(_, column)| column).collect()
    }

    /// What the nearest rows say of a row, for a reason.
    fn neighbours(&self, view: &View<'_>, label: usize, class: usize) -> String {
        let near = self.nearby.labels(&view.points, label as u32);
        let count = |wanted: usize| near.iter().filter(|&&l| l as usize == wanted).count();
        if near.is_empty() {
            return String::new();
        }
        let (theirs, own) = (self.classes.name(class), self.classes.name(label));
        format!(
            "; of the {} rows nearest to it {} are labelled {theirs:?} and {} {own:?}",
            near.len(),
            count(class),
            count(label)
        )
    }

    fn with_usual(&self, codes: &Codes, origins: &[usize], column: usize, label: usize) -> Codes {
        let changed = |(i, c): (usize, &CodeColumn)| {
            let codes = if origins[i] == column { vec![self.usual[label][i]; c.codes.len()] } else { c.codes.clone() };
            CodeColumn { codes, ..*c }
        };
        Codes::new(codes.columns().iter().enumerate().map(changed).collect())
    }
}

impl Model for Judge {
    fn score(&self, table: &Table) -> Vec<f64> {
        let labels = self.classes.codes(table);
        let view = self.view(table);
        let probabilities = self.probabilities(&view, &labels);
        let together = self.regions.suspicion(&view, &labels);
        let rows = labels.iter().zip(probabilities.chunks_exact(self.classes.len())).zip(together);
        let score = |((&label, p), together): ((&u32, &[f32]), f64)| match label {
            NONE => f64::NAN,
            label => {
                let alone = self.calibration.probability(self.noise.against(p, label as usize));
                1.0 - (1.0 - alone) * (1.0 - together.min(REGION_MAX))
            }
        };
        rows.map(score).collect()
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn conformal(&self) -> bool {
        self.compared.is_some()
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        let table = table.take(&[row]);
        let labels = self.classes.codes(&table);
        let Some(&label) = labels.first().filter(|&&label| label != NONE) else { return Reason::default() };
        let (label, view) = (label as usize, self.encoder.view(&table, true));
        let p = self.probabilities(&view, &labels);
        let Some((class, share)) = self.noise.likeliest(&p, label) else { return Reason::default() };
        let columns = self.columns_against(&view, label);
        let shown: Vec<String> = columns.iter().map(|&c| shown(&self.names[c], &table, c)).collect();
        let against = if shown.is_empty() { String::new() } else { format!("; against it speak {}", shown.join(", ")) };
        let near = self.neighbours(&view, label, class);
        let text = format!(
            "labelled {:?}, but to models that did not see its label the row looks like {:?} ({:.0} % against {:.0} %){near}{against}",
            self.classes.name(label),
            self.classes.name(class),
            100.0 * p[class],
            100.0 * p[label],
        );
        let probability = self.score(&table).first().copied().unwrap_or(0.0) * share;
        Reason {
            columns: columns.iter().map(|&c| self.names[c].clone()).collect(),
            text,
            suggested_label: Some((self.classes.name(class).to_owned(), probability)),
        }
    }

    fn observations(&self) -> Vec<Observation> {
        let label = &self.names[self.classes.column()];
        let noise = self.compared.as_ref().map_or(&self.noise, |compared| &compared.noise);
        let mut seen = observe::observations(noise, &self.regions, &self.classes, label);
        seen.extend(self.compared.as_ref().and_then(|compared| compared.observation(label)));
        seen
    }
}

/// Whether a table has rows enough of every class.
fn suffices(table: &Table, classes: &Classes) -> bool {
    let mut counts = vec![0; classes.len()];
    classes.codes(table).into_iter().filter(|&label| label != NONE).for_each(|label| counts[label as usize] += 1);
    table.len >= TRUSTED_MIN && counts.iter().all(|&rows| rows >= TRUSTED_CLASS_MIN)
}

/// Turns evidence into probabilities whose mean over these rows is `share`. It keeps the order of the scores.
fn calibrated(noise: &Noise, probabilities: &[f32], labels: &[u32], share: f64) -> Calibration {
    let rows = probabilities.chunks_exact(noise.classes()).zip(labels);
    let against: Vec<f64> = rows.map(|(p, &label)| noise.against(p, label as usize)).collect();
    Calibration::fit(&against, share)
}

/// The user's own probabilities where given, else own models of the features; what they say of the rows; and regions.
fn models(
    task: Task<'_>,
    evidence: &Evidence<'_>,
    classes: &Classes,
    params: &Params,
    trusted: bool,
) -> Result<((Panel, Vec<f32>), Regions), String> {
    let columns: Vec<usize> = evidence.schema.with_role(Role::Probabilities).collect();
    if let Some(given) = Member::given(&columns, classes) {
        return Ok((Panel::pool(vec![given], task), Regions::none()));
    }
    if evidence.schema.features().next().is_none() {
        return Err(format!("there are {} columns of probabilities for {} classes", columns.len(), classes.len()));
    }
    // Comparing every row of a large dataset with landmarks would take longer than reading it.
    let compared = Task { dim: if evidence.sample.is_whole() { task.dim } else { 0 }, ..task };
    let regions = || if trusted { Regions::none() } else { Regions::fit(task) };
    Ok(rayon::join(|| Panel::fit(compared, evidence.schema, params), regions))
}

/// A column's value for a person, cut short.
fn shown(name: &str, table: &Table, column: usize) -> String {
    let value = table.columns[column].show(0).unwrap_or_else(|| "(missing)".into());
    format!("{name} = {}", value.chars().take(60).collect::<String>())
}

/// The rows that have a class, in an order that depends on their content only.
fn canonical(table: &Table, classes: &Classes) -> Table {
    let labels = classes.codes(table);
    let mut rows: Vec<usize> = (0..table.len).filter(|&r| labels[r] != NONE).collect();
    rows.sort_by_key(|&r| (table.feature_keys[r], labels[r]));
    table.take(&rows)
}

/// The commonest code of each column among each class's rows.
fn usual(codes: &Codes, labels: &[u32], classes: usize) -> Vec<Vec<u8>> {
    let mut out = vec![Vec::with_capacity(codes.columns().len()); classes];
    for column in codes.columns() {
        let mut counts = vec![0_u32; classes * 256];
        column.codes.iter().zip(labels).for_each(|(&code, &label)| counts[label as usize * 256 + code as usize] += 1);
        for (out, counts) in out.iter_mut().zip(counts.chunks_exact(256)) {
            out.push((0_u8..=255).rev().max_by_key(|&code| counts[code as usize]).unwrap_or(0));
        }
    }
    out
}
