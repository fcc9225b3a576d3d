//! Drawings as inline SVG, coloured by the page's style sheet. Every number they show is also written beside them.

use serde_json::{Map, Value};

use super::markup::Markup;
use crate::text;

const MAX_BINS: usize = 200;
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;

/// Bars of `{edges, current, reference}`, each side as a share of its own total. `None` if it has another shape; the
/// reference may be left out.
pub(super) fn histogram(value: &Value) -> Option<Markup> {
    let edges = numbers(value.get("edges")?)?;
    let current = shares(&numbers(value.get("current")?)?)?;
    let reference = match value.get("reference") {
        Some(counts) => Some(shares(&numbers(counts)?)?),
        None => None,
    };
    let bins = current.len();
    let fits = edges.len() == bins + 1 && reference.as_ref().is_none_or(|r| r.len() == bins);
    if !fits || bins == 0 || bins > MAX_BINS {
        return None;
    }
    let top = current.iter().chain(reference.iter().flatten()).copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut out = Markup::default();
    out.lit("<figure><svg viewBox=\"0 0 600 120\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Histogram\">");
    if let Some(reference) = &reference {
        bars(&mut out, "reference", reference, top, 0.92);
    }
    bars(&mut out, "current", &current, top, if reference.is_some() { 0.46 } else { 0.92 });
    out.wrap("</svg><figcaption><span>", &text::number(edges[0]), "</span><span class=\"legend\">");
    out.lit("<i class=\"current\"></i>this dataset");
    if reference.is_some() {
        out.lit(" <i class=\"reference\"></i>reference");
    }
    out.wrap("</span><span>", &text::number(edges[bins]), "</span></figcaption>");
    out.wrap("<p class=\"quiet\">The tallest bar is ", &text::number(100.0 * top), " % of its rows.</p></figure>");
    Some(out)
}

/// Draws one side: each bar takes this share of its bin's width, in its middle.
fn bars(out: &mut Markup, class: &'static str, shares: &[f64], top: f64, share: f64) {
    let bin = WIDTH / shares.len() as f64;
    out.lit("<g class=\"").lit(class).lit("\">");
    for (i, value) in shares.iter().enumerate().filter(|(_, value)| **value > 0.0) {
        let height = (HEIGHT * value / top).max(1.0);
        rectangle(out, bin * (i as f64 + (1.0 - share) / 2.0), HEIGHT - height, bin * share, height);
    }
    out.lit("</g>");
}

fn rectangle(out: &mut Markup, x: f64, y: f64, width: f64, height: f64) {
    let number = |x: f64| format!("{x:.1}");
    out.wrap("<rect x=\"", &number(x), "\" ").wrap("y=\"", &number(y), "\" ");
    out.wrap("width=\"", &number(width), "\" ").wrap("height=\"", &number(height), "\"/>");
}

/// Records with a `current` and a `reference` number, drawn as two thin bars each.
pub(super) struct Pairs {
    current: Vec<f64>,
    reference: Vec<f64>,
    top: f64,
}

impl Pairs {
    /// `None` if a record lacks one of the numbers.
    pub(super) fn of(records: &[&Map<String, Value>]) -> Option<Self> {
        let side = |name: &str| -> Option<Vec<f64>> {
            shares(&records.iter().map(|r| r.get(name)?.as_f64()).collect::<Option<Vec<f64>>>()?)
        };
        let (current, reference) = (side("current")?, side("reference")?);
        let top = current.iter().chain(&reference).copied().fold(f64::MIN_POSITIVE, f64::max);
        Some(Self { current, reference, top })
    }

    /// The bars of the record at this place.
    pub(super) fn bar(&self, at: usize) -> Markup {
        let mut out = Markup::default();
        let sides: [(&'static str, &[f64], f64); 2] =
            [("current", &self.current, 0.0), ("reference", &self.reference, 8.0)];
        out.lit("<svg class=\"pair\" viewBox=\"0 0 100 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
        for (class, shares, y) in sides {
            let value = shares.get(at).copied().unwrap_or(0.0);
            out.lit("<g class=\"").lit(class).lit("\">");
            rectangle(&mut out, 0.0, y, 100.0 * value / self.top, 6.0);
            out.lit("</g>");
        }
        out.lit("</svg>");
        out
    }
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(|v| v.as_f64().filter(|x| x.is_finite())).collect()
}

/// Counts as shares of their total; `None` if one is negative.
fn shares(counts: &[f64]) -> Option<Vec<f64>> {
    let total: f64 = counts.iter().sum();
    let scale = if total > 0.0 { 1.0 / total } else { 0.0 };
    counts.iter().all(|&c| c >= 0.0).then(|| counts.iter().map(|c| c * scale).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_histogram_is_drawn_and_other_shapes_are_not() {
        let drawn = histogram(&json!({"edges": [0, 1, 2], "current": [1, 3], "reference": [2, 2]})).unwrap();
        assert_eq!(drawn.into_string().matches("<rect").count(), 4);
        assert!(histogram(&json!({"edges": [0, 1, 2], "current": [1, 3]})).is_some());
        for odd in [
            json!(3),
            json!({"edges": [0, 1], "current": [1, 3]}),
            json!({"edges": [0, 1, 2], "current": [1, -3]}),
            json!({"edges": [0, 1, 2], "current": [1, 3], "reference": "<script>"}),
            json!({"edges": [0], "current": []}),
            json!({"edges": vec![0; 400], "current": vec![0; 399]}),
        ] {
            assert!(histogram(&odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn empty_counts_do_not_divide_by_zero() {
        let drawn = histogram(&json!({"edges": [0, 1], "current": [0], "reference": [0]})).unwrap().into_string();
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }
}
