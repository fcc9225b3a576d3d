//! The data flow as a diagram: what is where, what crosses which boundary.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    ThreatModel,
    text::{clip, label},
};

/// Most sources that one boundary shows; the rest is counted.
const SHOWN: usize = 8;

/// An element of the data flow that is not a source.
pub(crate) struct Element {
    pub id: &'static str,
    pub name: &'static str,
}

/// The elements inside, in the order of the flow.
pub(crate) const ELEMENTS: [Element; 5] = [
    Element { id: "dataset", name: "dataset" },
    Element { id: "scan", name: "taster scan" },
    Element { id: "report", name: "manifest and report" },
    Element { id: "training", name: "training" },
    Element { id: "model", name: "model" },
];

/// What flows where, and what.
pub(crate) const FLOWS: [(&str, &str, &str); 5] = [
    ("dataset", "scan", "every row, digested"),
    ("scan", "report", "verdict, quarantine"),
    ("dataset", "training", "verified files"),
    ("report", "training", "passed, or not"),
    ("training", "model", "weights"),
];

/// The boundaries outside, each with the names of its sources, at most [`SHOWN`] and then how many more.
pub(crate) fn boundaries(model: &ThreatModel) -> BTreeMap<&str, Vec<String>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in &model.sources {
        found.entry(source.boundary()).or_default().push(&source.name);
    }
    let shorten = |names: Vec<&str>| {
        let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| clip(name, 40)).collect();
        if names.len() > SHOWN {
            shown.push(format!("and {} more", names.len() - SHOWN));
        }
        shown
    };
    found.into_iter().map(|(boundary, names)| (boundary, shorten(names))).collect()
}

/// How many threats strike an element and are not answered.
pub(crate) fn open_threats(model: &ThreatModel, element: &str) -> usize {
    let open = |t: &&crate::ThreatEntry| t.element == element && t.state <= crate::AnswerState::Partly;
    model.threats.iter().filter(open).count()
}

/// The diagram for Mermaid: boundaries are subgraphs.
pub fn mermaid(model: &ThreatModel) -> String {
    let mut out = String::from("flowchart LR\n");
    let mut line = |text: String| {
        let _ = writeln!(out, "  {text}"); // writing to a string cannot fail
    };
    for (b, (boundary, sources)) in boundaries(model).iter().enumerate() {
        line(format!("subgraph boundary{b} [\"trust boundary: {}\"]", label(boundary)));
        for (s, source) in sources.iter().enumerate() {
            line(format!("  source{b}x{s}[\"{}\"]", label(source)));
        }
        line("end".into());
        let open = match open_threats(model, "sources") {
            0 => String::new(),
            n => format!(" ({n} open)"),
        };
        line(format!("boundary{b} -- \"files{open}\" --> dataset"));
    }
    line("subgraph pipeline [\"trust boundary: training pipeline\"]".into());
    for element in &ELEMENTS {
        let open = match open_threats(model, element.id) {
            0 => String::new(),
            n => format!(" ({n} open)"),
        };
        let (left, right) = if matches!(element.id, "scan" | "training") { ("([", "])") } else { ("[(", ")]") };
        line(format!("  {}{left}\"{}{open}\"{right}", element.id, element.name));
    }
    line("end".into());
    for (from, to, what) in FLOWS {
        line(format!("{from} -- \"{what}\" --> {to}"));
    }
    out
}

/// A tree of a goal for Mermaid: the threats that lead to it, open ones marked.
pub(crate) fn tree(model: &ThreatModel, goal: &crate::GoalEntry) -> String {
    let mut out = format!("flowchart TD\n  goal[\"{}\"]\n", label(&goal.title));
    for (i, id) in goal.threats.iter().enumerate() {
        let Some(threat) = model.threats.iter().find(|threat| threat.id == *id) else { continue };
        let state = crate::diff::state(threat.state);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  t{i}[\"{}: {}, {state}\"] --> goal", label(id), threat.rating.name());
        for (c, answer) in threat.answers.iter().enumerate() {
            let _ = writeln!(out, "  c{i}x{c}([\"{}: {}\"]) -.-> t{i}", label(&answer.control), answer.status.name());
        }
    }
    out
}
