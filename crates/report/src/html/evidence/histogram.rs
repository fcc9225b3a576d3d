//! Two distributions of a column, bin by bin.

use serde_json::{Map, Value};

use super::{
    Chart, Markup,
    bars::{rectangle, shares},
    numbers,
};
use crate::text;

const MAX_BINS: usize = 200;
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;

/// Draws `histogram`.
pub(super) fn chart(fields: &Map<String, Value>) -> Option<Chart> {
    Some((histogram(fields.get("histogram")?)?, vec!["histogram"]))
}

/// Bars of `{edges, current, reference}`, each side as a share of its own total. `None` if it has another shape; the
/// reference may be left out.
fn histogram(value: &Value) -> Option<Markup> {
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
    let range = format!("from {} to {}", text::number(edges[0]), text::number(edges[bins]));
    out.lit("<figure><svg viewBox=\"0 0 600 120\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
    out.text(&format!("Histogram {range}; {}", peaks(&edges, &current, reference.as_deref()))).lit("\">");
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

/// Where each side is highest, for those who do not see the bars.
fn peaks(edges: &[f64], current: &[f64], reference: Option<&[f64]>) -> String {
    let peak = |side: &[f64]| {
        let at = (0..side.len()).max_by(|&i, &j| side[i].total_cmp(&side[j])).unwrap_or(0);
        format!("{} to {}", text::number(edges[at]), text::number(edges[at + 1]))
    };
    let here = format!("this dataset is highest at {}", peak(current));
    reference.map_or(here.clone(), |reference| format!("{here}, the reference at {}", peak(reference)))
}

/// Draws one side: each bar takes this share of its bin's width, in its middle.
fn bars(out: &mut Markup, class: &'static str, shares: &[f64], top: f64, share: f64) {
    let bin = WIDTH / shares.len() as f64;
    out.lit("<g class=\"").lit(class).lit("\">");
    for (i, value) in shares.iter().enumerate().filter(|(_, value)| **value > 0.0) {
        let height = (HEIGHT * value / top).max(1.0);
        rectangle(out, (bin * (i as f64 + (1.0 - share) / 2.0), HEIGHT - height), (bin * share, height));
    }
    out.lit("</g>");
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
