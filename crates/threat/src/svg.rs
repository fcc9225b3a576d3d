//! The data flow as SVG: boxes in columns, boundaries dashed.

use std::fmt::Write as _;

use crate::{
    ThreatModel,
    diagram::{ELEMENTS, FLOWS, boundaries, open_threats},
    text::{clip, xml},
};

const BOX: (i32, i32) = (170, 44);
const LINE: i32 = 22;
const LEFT: i32 = 250;

/// Where the elements inside are drawn: left and top of each box.
fn place(element: &str) -> (i32, i32) {
    match element {
        "dataset" => (LEFT + 90, 150),
        "scan" => (LEFT + 340, 60),
        "report" => (LEFT + 640, 60),
        "training" => (LEFT + 640, 240),
        _ => (LEFT + 890, 240),
    }
}

/// The data-flow diagram. It carries its own colours for light and dark, and no script.
pub fn svg(model: &ThreatModel) -> String {
    let boundaries = boundaries(model);
    let rows: i32 = boundaries.values().map(|sources| sources.len() as i32 * LINE + 58).sum();
    let height = (rows + 20).max(340);
    let mut out = String::new();
    let mut add = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let width = LEFT + 1100;
    add(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"Data flow with trust boundaries\" font-family=\"sans-serif\" font-size=\"13\">"
    ));
    add(STYLE.into());
    let mut top = 10;
    for (boundary, sources) in boundaries {
        let tall = sources.len() as i32 * LINE + 40;
        add(format!(
            "<rect class=\"boundary\" x=\"10\" y=\"{top}\" width=\"{}\" height=\"{tall}\" rx=\"8\"/>",
            LEFT - 30
        ));
        let open = match open_threats(model, "sources") {
            0 => String::new(),
            n => format!(" ({n} open)"),
        };
        add(format!("<text x=\"20\" y=\"{}\" class=\"quiet\">{}{open}</text>", top + 20, xml(&clip(boundary, 22))));
        for (i, source) in sources.iter().enumerate() {
            let y = top + 42 + i as i32 * LINE;
            add(format!("<text x=\"28\" y=\"{y}\">{}</text>", xml(&clip(source, 26))));
        }
        let (x, y) = place("dataset");
        add(arrow((LEFT - 20, top + tall / 2), (x, y + BOX.1 / 2), ""));
        top += tall + 18;
    }
    add(format!(
        "<rect class=\"boundary\" x=\"{}\" y=\"10\" width=\"1040\" height=\"{}\" rx=\"8\"/>",
        LEFT + 40,
        height - 20
    ));
    add(format!("<text x=\"{}\" y=\"30\" class=\"quiet\">training pipeline</text>", LEFT + 52));
    for (from, to, what) in FLOWS {
        let ((x1, y1), (x2, y2)) = (place(from), place(to));
        let same_column = x1 == x2;
        let start = if same_column { (x1 + BOX.0 / 2, y1 + BOX.1) } else { (x1 + BOX.0, y1 + BOX.1 / 2) };
        let end = if same_column { (x2 + BOX.0 / 2, y2) } else { (x2, y2 + BOX.1 / 2) };
        add(arrow(start, end, what));
    }
    for element in &ELEMENTS {
        let (x, y) = place(element.id);
        let round = if matches!(element.id, "scan" | "training") { 22 } else { 4 };
        add(format!(
            "<rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"{round}\"/>",
            BOX.0, BOX.1
        ));
        let middle = x + BOX.0 / 2;
        add(format!("<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>", y + 20, element.name));
        let open = open_threats(model, element.id);
        if open > 0 {
            let at = y + 36;
            add(format!("<text x=\"{middle}\" y=\"{at}\" text-anchor=\"middle\" class=\"open\">{open} open</text>"));
        }
    }
    add("</svg>".into());
    out
}

const STYLE: &str = "<style>
  rect, line { stroke: #444; fill: none } text { fill: #222 } .box { fill: #f2f4f7 }
  .boundary { stroke-dasharray: 6 4; stroke: #a33 } .quiet { fill: #a33; font-style: italic } .open { fill: #a33 }
  .flow { font-size: 11px } marker path { fill: #444 }
  @media (prefers-color-scheme: dark) {
    rect, line { stroke: #bbb } text { fill: #eee } .box { fill: #2a2f36 } .boundary { stroke: #f88 }
    .quiet, .open { fill: #f88 } marker path { fill: #bbb }
  }
</style>
<defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\"/></marker></defs>";

fn arrow((x1, y1): (i32, i32), (x2, y2): (i32, i32), what: &str) -> String {
    let mut out = format!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" marker-end=\"url(#end)\"/>");
    if !what.is_empty() {
        let (x, y) = (i32::midpoint(x1, x2), i32::midpoint(y1, y2) - 5);
        // Writing to a string cannot fail.
        let _ = write!(out, "<text class=\"flow\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{}</text>", xml(what));
    }
    out
}
