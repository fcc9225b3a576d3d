//! What was seen of the labels as a whole.

use serde_json::json;
use taster_core::{Observation, Scope};
use taster_stats::two_sample::normal_p_value;

use super::{classes::Classes, noise::Noise, regions::Regions};

/// Share of rows that contradict their label without being flips at which the whole dataset is called noisy.
const NOISY: f64 = 0.3;

/// P-value at which more labels are contradicted than among trusted rows.
const ALPHA: f64 = 0.001;

/// The labels of a dataset beside those of trusted rows, both by models that saw neither row.
pub struct Compared {
    /// Share of the trusted rows whose label is not their likeliest class.
    pub trusted_errors: f64,
    /// Trusted rows.
    pub trusted_rows: usize,
    /// The dataset's labels.
    pub noise: Noise,
    /// Rows of the dataset.
    pub rows: usize,
}

impl Compared {
    /// A finding where the dataset's labels contradict the features more often than those of trusted rows do (test of two
    /// proportions); its magnitude is a lower bound of the excess.
    pub fn observation(&self, label: &str) -> Option<Observation> {
        let (trusted, here) = (self.trusted_errors, self.noise.errors);
        let (n, m) = (self.trusted_rows.max(1) as f64, self.rows.max(1) as f64);
        let pooled = (trusted * n + here * m + 1.0) / (n + m + 2.0);
        let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
        let p_value = if here > trusted { 0.5 * normal_p_value((here - trusted) / error) } else { 1.0 };
        let message = format!(
            "{:.1} % of the labels contradict what models of the reference make of the row, and {:.1} % of the reference's own",
            100.0 * here,
            100.0 * trusted
        );
        let evidence = json!({
            "test": "two proportions", "contradicted": here, "contradicted_in_reference": trusted,
            "rows": { "current": self.rows, "reference": self.trusted_rows },
        });
        let magnitude = (here - trusted - 1.645 * error).max(0.0);
        let found = observation("more-contradicted", message, label, magnitude, evidence);
        (p_value <= ALPHA).then_some(Observation { p_value: Some(p_value), ..found })
    }
}

/// Findings about the dataset: how many labels are wrong, in which directions, and whether noise is everywhere.
pub fn observations(noise: &Noise, regions: &Regions, classes: &Classes, label: &str) -> Vec<Observation> {
    let mut seen = vec![wrong_labels(noise, label)];
    seen.extend(noise.directed.iter().map(|d| {
        let (from, to) = (classes.name(d.from), classes.name(d.to));
        let message = format!(
            "of {:.0} rows that look plainly like {from:?} and least like {to:?}, {:.0} are labelled {to:?}, where at most \
             {:.0} would be usual here",
            d.rows, d.seen, d.usual
        );
        let evidence = json!({
            "from": from, "to": to, "plain_rows": d.rows, "seen": d.seen, "usual": d.usual, "share_of_rows": d.share,
        });
        observation("directed-flips", message, label, d.share.min(1.0), evidence)
    }));
    seen.extend(regions.suspects(0.5).into_iter().map(|(given, suspect)| {
        let (from, to) = (classes.name(suspect.from), classes.name(given as usize));
        let message = format!(
            "{} rows close to each other are all labelled {to:?}, where everything around them says {from:?}",
            suspect.rows.len()
        );
        let evidence =
            json!({ "from": from, "to": to, "rows": suspect.rows.len(), "probability": suspect.probability });
        observation("flipped-region", message, label, 0.0, evidence)
    }));
    let natural = noise.errors - noise.share();
    if natural > NOISY {
        let message = format!(
            "labels are noisy everywhere: {:.0} % of the rows contradict what models make of their features; single rows \
             can hardly be accused",
            100.0 * noise.errors
        );
        seen.push(observation("noisy-everywhere", message, label, 0.0, json!({ "contradicted": noise.errors })));
    }
    seen
}

fn wrong_labels(noise: &Noise, label: &str) -> Observation {
    let message = format!("about {:.1} % of the labels are estimated to be wrong", 100.0 * noise.share());
    let evidence = json!({
        "share": noise.share(), "changed_at_random": noise.undirected, "contradicted": noise.errors,
    });
    observation("wrong-labels", message, label, 0.0, evidence)
}

fn observation(
    code: &'static str,
    message: String,
    label: &str,
    magnitude: f64,
    evidence: serde_json::Value,
) -> Observation {
    Observation {
        code,
        scope: Scope::Dataset,
        message,
        columns: vec![label.to_owned()],
        magnitude,
        p_value: None,
        q_value: None,
        evidence,
    }
}
