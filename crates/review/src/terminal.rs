//! The review in a terminal: keys in, screens out.

use std::{
    io, process,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use jiff::{Timestamp, Unit};
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event as Input, KeyCode, KeyEvent, KeyEventKind},
};

use crate::{
    Error, Journal, Review,
    keys::{Desk, Step},
    view,
};

/// How long a signal may take to be noticed.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long the review may take to end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// Goes on with a review until it is ended for now, in somebody's name. `title` names what is reviewed.
///
/// It ends too once `stop` is true, as after a signal. The terminal is as before afterwards, also where this errs or panics.
/// All that was decided is in the journal.
pub fn run(
    review: &mut Review,
    journal: &mut Journal,
    by: &str,
    title: &str,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<(), Error> {
    review.resume();
    let mut terminal = ratatui::try_init().map_err(Error::Terminal)?;
    let over = AtomicBool::new(false);
    let ended = thread::scope(|scope| {
        scope.spawn(|| watch(stop, &over));
        let ended = each_key(&mut terminal, review, journal, &mut Desk::new(by), title, stop);
        over.store(true, Relaxed);
        ended
    });
    ratatui::restore();
    ended
}

/// Ends the process where it was told to stop and does not: from a terminal that was closed, the reader of keys reads
/// nothing, for ever. Nothing is lost by it.
fn watch(stop: &(dyn Fn() -> bool + Sync), over: &AtomicBool) {
    let mut told: Option<Instant> = None;
    while !over.load(Relaxed) {
        if stop() && told.get_or_insert_with(Instant::now).elapsed() > GRACE {
            ratatui::restore();
            process::exit(2);
        }
        thread::sleep(PATIENCE / 4);
    }
}

fn each_key(
    terminal: &mut DefaultTerminal,
    review: &mut Review,
    journal: &mut Journal,
    desk: &mut Desk,
    title: &str,
    stop: &dyn Fn() -> bool,
) -> Result<(), Error> {
    let mut alike = view::Neighbours::new(review);
    loop {
        terminal.draw(|frame| view::draw(frame, review, desk, &mut alike, title)).map_err(Error::Terminal)?;
        let Some(key) = next_key(stop).map_err(Error::Terminal)? else { return Ok(()) };
        match desk.key(review, key, &now()) {
            Step::Draw => {}
            Step::Quit => return Ok(()),
            Step::Happen(event) => {
                journal.append(&event)?;
                review.apply(event).map_err(|problem| Error::Terminal(io::Error::other(problem)))?;
            }
        }
    }
}

/// Waits for a key; `None` once the review is to end. What else changes the screen is answered with a key of no effect.
fn next_key(stop: &dyn Fn() -> bool) -> io::Result<Option<KeyEvent>> {
    loop {
        if stop() {
            return Ok(None);
        }
        if !event::poll(PATIENCE)? {
            continue;
        }
        match event::read()? {
            Input::Key(key) if key.kind != KeyEventKind::Release => return Ok(Some(key)),
            Input::Resize(..) => return Ok(Some(KeyCode::Null.into())),
            _ => {}
        }
    }
}

fn now() -> String {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now).to_string()
}
