//! Results on stdout, remarks and errors on stderr. Colour goes to terminals only, and never where `NO_COLOR` is set.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

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

/// Prints a value as indented JSON.
pub fn json(value: &serde_json::Value) -> anyhow::Result<()> {
    result(&format!("{value:#}\n"))
}

/// Prints an error with its causes.
pub fn error(error: &anyhow::Error) {
    remark(ERROR, "error", &format!("{error:#}"));
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
