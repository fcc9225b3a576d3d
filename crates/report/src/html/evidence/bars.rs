//! Bars as inline SVG, coloured by the page's style sheet. Every number they show is also written beside them.

use serde_json::{Map, Value};

use super::Markup;

/// One bar of a list.
pub(super) struct Bar {
    /// What it is, for a reader.
    pub name: String,
    /// How long it is, against the longest.
    pub length: f64,
    /// The number, written out.
    pub told: String,
    /// `current`, `reference` or `odd`: its colour.
    pub class: &'static str,
}

/// Bars below each other, each with its name and number.
pub(super) fn list(bars: &[Bar]) -> Markup {
    let longest = bars.iter().map(|bar| bar.length).fold(f64::MIN_POSITIVE, f64::max);
    let mut out = Markup::default();
    out.lit("<ul class=\"bars\">");
    for bar in bars {
        out.wrap("<li><span>", &bar.name, "</span>");
        out.add(&line(bar.length / longest, bar.class)).wrap("<span class=\"number\">", &bar.told, "</span></li>");
    }
    out.lit("</ul>");
    out
}

/// One thin bar of this share of its width.
pub(super) fn line(share: f64, class: &'static str) -> Markup {
    let mut out = Markup::default();
    out.lit("<svg class=\"line\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><g class=\"");
    out.lit(class).lit("\">");
    rectangle(&mut out, (0.0, 0.0), (100.0 * share.clamp(0.0, 1.0), 10.0));
    out.lit("</g></svg>");
    out
}

/// A rectangle from its upper left corner and its size.
pub(super) fn rectangle(out: &mut Markup, (x, y): (f64, f64), (width, height): (f64, f64)) {
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
            rectangle(&mut out, (0.0, y), (100.0 * value / self.top, 6.0));
            out.lit("</g>");
        }
        out.lit("</svg>");
        out
    }
}

/// Counts as shares of their total; `None` if one is negative.
pub(super) fn shares(counts: &[f64]) -> Option<Vec<f64>> {
    let total: f64 = counts.iter().sum();
    let scale = if total > 0.0 { 1.0 / total } else { 0.0 };
    counts.iter().all(|&c| c >= 0.0).then(|| counts.iter().map(|c| c * scale).collect())
}
