//! Results on stdout, remarks and errors on stderr. Colour goes to terminals only, and never where `NO_COLOR` is set.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use taster_core::{Severity, Verdict};
use taster_pipeline::Outcome;
use taster_report::{self as report, Line};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default().bold();

/// Prints a result. A reader that has gone away (`taster detectors | head -1`) is no error.
pub fn result(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(anyhow::Error::new(e).context("cannot write to stdout")),
        _ => Ok(()),
    }
}

/// The summary of a scan, styled, as wide as the terminal.
pub fn summary(outcome: &Outcome) -> String {
    let width = terminal_width();
    report::summary(&outcome.scan, &outcome.out, &outcome.signed_by, width).iter().map(styled).collect()
}

fn styled(line: &Line) -> String {
    let style = match line.style {
        report::Style::Verdict(Verdict::Passed) => AnsiColor::Green.on_default().bold(),
        report::Style::Verdict(Verdict::Warned) => AnsiColor::Yellow.on_default().bold(),
        report::Style::Verdict(Verdict::Failed | Verdict::Incomplete) => ERROR,
        report::Style::Heading => Style::new().bold(),
        report::Style::Finding(Severity::Critical) => AnsiColor::Red.on_default(),
        report::Style::Finding(Severity::Important) => AnsiColor::Yellow.on_default(),
        report::Style::Finding(_) | report::Style::Plain => Style::new(),
        report::Style::Quiet => Style::new().dimmed(),
    };
    format!("{style}{}{style:#}\n", line.text)
}

/// Columns of the terminal; 100 where stdout is none.
fn terminal_width() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(100, |(width, _)| usize::from(width.0))
}

/// Prints a value as indented JSON.
pub fn json(value: &serde_json::Value) -> anyhow::Result<()> {
    result(&format!("{value:#}\n"))
}

/// Prints an error with its causes.
pub fn error(error: &anyhow::Error) {
    remark(ERROR, "error", format!("{error:#}").trim_end());
}

/// Prints something the user should know that is no result.
pub fn note(text: &str) {
    remark(NOTE, "note", text);
}

fn remark(style: Style, word: &str, text: &str) {
    // Nothing is left to be done where stderr is closed.
    let _ = writeln!(anstream::stderr(), "{style}{word}:{style:#} {}", printable(text));
}

/// Names from a hostile file may hold control characters; a terminal must not obey them.
pub fn printable(text: &str) -> String {
    let escape = |c: char| if c.is_control() && c != '\n' { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}
