//! Progress on stderr, and Ctrl-C.

use std::{
    io::{IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Context;
use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use taster_pipeline::{Phase, Progress};

use crate::args::ProgressWhen;

/// Follows a scan on stderr and ends it on Ctrl-C.
pub struct Display {
    show: Show,
    rows: Arc<AtomicU64>,
    interrupted: Arc<AtomicBool>,
}

enum Show {
    Nothing,
    /// One line a phase, where stderr is no terminal.
    Lines,
    Bar(ProgressBar),
}

impl Display {
    /// What the flags ask for. From here on a first Ctrl-C ends the scan in order, and a second one at once.
    pub fn new(progress: ProgressWhen, quiet: bool) -> anyhow::Result<Self> {
        let rows = Arc::new(AtomicU64::new(0));
        let terminal = std::io::stderr().is_terminal();
        let wanted = match progress {
            ProgressWhen::Auto => terminal,
            ProgressWhen::Always => true,
            ProgressWhen::Never => false,
        };
        let show = match wanted && !quiet {
            true if terminal => Show::Bar(bar()),
            true => Show::Lines,
            false => Show::Nothing,
        };
        Ok(Self { show, rows, interrupted: handle_interrupts()? })
    }

    /// Takes the bar off the screen.
    pub fn end(&self) {
        if let Show::Bar(bar) = &self.show {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Display {
    fn begin(&self, phase: Phase, bytes: Option<u64>) {
        self.rows.store(0, Relaxed);
        match &self.show {
            Show::Nothing => {}
            Show::Lines => {
                // A closed stderr must not end the scan.
                let _ = writeln!(std::io::stderr(), "{}", phase.name());
            }
            Show::Bar(bar) => {
                bar.reset();
                bar.set_length(bytes.unwrap_or(0));
                bar.set_message(phase.name());
                bar.set_style(style(bytes.is_some(), &self.rows));
            }
        }
    }

    fn advance(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Relaxed);
        if let Show::Bar(bar) = &self.show {
            bar.inc(bytes);
        }
    }

    fn cancelled(&self) -> bool {
        self.interrupted.load(Relaxed)
    }
}

/// Moves ten times a second, so that a long fit does not look like a hang.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn style(sized: bool, rows: &Arc<AtomicU64>) -> ProgressStyle {
    let template = if sized {
        "{msg} {wide_bar} {percent}%  {binary_bytes}  {rows}  {eta} left"
    } else {
        "{msg} {spinner}  {elapsed}"
    };
    let rows = rows.clone();
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
        .with_key("rows", move |state: &ProgressState, line: &mut dyn std::fmt::Write| {
            let done = rows.load(Relaxed);
            let seconds = state.elapsed().as_secs_f64().max(1e-3);
            let _ = write!(line, "{} rows, {}/s", HumanCount(done), HumanCount((done as f64 / seconds) as u64));
        })
}

fn handle_interrupts() -> anyhow::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    ctrlc::set_handler(move || {
        if flag.swap(true, Relaxed) {
            std::process::exit(2);
        }
    })
    .context("cannot handle Ctrl-C")?;
    Ok(interrupted)
}
