//! One pass over a dataset by many threads, with results in order.
//!
//! One thread reads and hashes, workers decode and work, and the calling thread puts results back into the order of the
//! data. What is in flight is bounded in bytes, so memory does not grow with the data.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use taster_ingest::{Dataset, Event, FileEnd, Frame, Piece};

use crate::{Error, Progress};

/// How much may be done at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Worker threads.
    pub threads: usize,
    /// Bytes of input that may be in flight.
    pub bytes: usize,
    /// Rows given to a worker at once.
    pub batch_rows: usize,
}

impl Limits {
    /// All cores, and half of this much memory in flight.
    pub fn of_machine(memory: usize) -> Self {
        let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { threads, bytes: memory / 2, batch_rows: 65_536 }
    }
}

/// Some consecutive rows, as a worker gets them.
pub(crate) trait Portion: Send {
    /// Rows it holds.
    fn rows(&self) -> usize;
    /// About how many bytes of a file it is, to show progress by.
    fn stored_bytes(&self) -> usize;
    /// About how many bytes of memory it takes.
    fn bytes(&self) -> usize;
}

impl Portion for Piece {
    fn rows(&self) -> usize {
        self.rows()
    }

    fn stored_bytes(&self) -> usize {
        self.stored_bytes()
    }

    fn bytes(&self) -> usize {
        self.bytes()
    }
}

/// What comes next in a pass.
pub(crate) enum Step<P> {
    Portion(P),
    FileEnd(FileEnd),
}

/// The steps of reading a dataset from its files.
pub(crate) fn read(dataset: &Dataset) -> impl Iterator<Item = Result<Step<Piece>, Error>> + Send {
    dataset.pieces().map(|event| match event? {
        Event::Piece(piece) => Ok(Step::Portion(piece)),
        Event::FileEnd(end) => Ok(Step::FileEnd(end)),
    })
}

/// The rows of a piece, at most `batch_rows` in a frame.
pub(crate) fn decoded(piece: Piece, batch_rows: usize) -> Result<impl Iterator<Item = Frame>, Error> {
    Ok(piece.decode()?.into_iter().flat_map(move |frame| frame.split(batch_rows)))
}

/// Goes over a dataset once. Each worker has its own `local` and turns portions into `T`s; `sink` receives those in the
/// order of the data, and each file's end after its last row. Returns the workers' locals.
pub(crate) fn run<P: Portion, L: Send, T: Send>(
    steps: impl Iterator<Item = Result<Step<P>, Error>> + Send,
    limits: Limits,
    progress: &dyn Progress,
    local: impl Fn() -> L + Sync,
    work: impl Fn(&mut L, P) -> Result<T, Error> + Sync,
    mut sink: impl FnMut(Output<T>) -> Result<(), Error>,
) -> Result<Vec<L>, Error> {
    let budget = Budget::new(limits.bytes);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (to_workers, portions) = bounded::<(u64, P)>(limits.threads);
        let (to_sink, results) = unbounded::<Message<T>>();
        scope.spawn({
            let (to_sink, budget, stop) = (to_sink.clone(), &budget, &stop);
            move || contained(&to_sink, "reading", || feed(steps, &to_workers, &to_sink, budget, stop, progress))
        });
        let workers: Vec<_> = (0..limits.threads)
            .map(|_| {
                let (portions, to_sink, stop) = (portions.clone(), to_sink.clone(), &stop);
                let (local, work) = (&local, &work);
                scope.spawn(move || {
                    let mut mine = local();
                    contained(&to_sink, "working on rows", || {
                        labour(&portions, &to_sink, stop, |portion| work(&mut mine, portion));
                    });
                    mine
                })
            })
            .collect();
        drop((to_sink, portions));
        let outcome = in_order(&results, &budget, &mut sink);
        stop.store(true, Ordering::Relaxed);
        budget.open();
        // Those still sending must not block on what nobody takes.
        while results.recv().is_ok() {}
        let locals: Result<Vec<L>, Error> =
            workers.into_iter().map(|w| w.join().map_err(|_| Error::Worker("finishing"))).collect();
        outcome.and(locals)
    })
}

/// What the sink receives.
pub(crate) enum Output<T> {
    /// The result of a portion.
    Rows(T),
    /// A file has ended.
    FileEnd(FileEnd),
}

enum Message<T> {
    Done { sequence: u64, bytes: usize, output: Output<T> },
    Failed { sequence: u64, error: Error },
}

/// Reads, hashes and hands out portions.
fn feed<P: Portion, T>(
    steps: impl Iterator<Item = Result<Step<P>, Error>>,
    to_workers: &Sender<(u64, P)>,
    to_sink: &Sender<Message<T>>,
    budget: &Budget,
    stop: &AtomicBool,
    progress: &dyn Progress,
) {
    for (sequence, step) in (0..).zip(steps) {
        if progress.cancelled() {
            to_sink.send(Message::Failed { sequence, error: Error::Cancelled }).ok();
            return;
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
        match step {
            Ok(Step::Portion(portion)) => {
                progress.advance(portion.rows() as u64, portion.stored_bytes() as u64);
                budget.take(portion.bytes());
                if to_workers.send((sequence, portion)).is_err() {
                    return;
                }
            }
            Ok(Step::FileEnd(end)) => {
                to_sink.send(Message::Done { sequence, bytes: 0, output: Output::FileEnd(end) }).ok();
            }
            Err(error) => {
                to_sink.send(Message::Failed { sequence, error }).ok();
                return;
            }
        }
    }
}

/// Works on portions until there are no more.
fn labour<P: Portion, T>(
    portions: &Receiver<(u64, P)>,
    to_sink: &Sender<Message<T>>,
    stop: &AtomicBool,
    mut work: impl FnMut(P) -> Result<T, Error>,
) {
    for (sequence, portion) in portions {
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        let bytes = portion.bytes();
        let message = match work(portion) {
            Ok(output) => Message::Done { sequence, bytes, output: Output::Rows(output) },
            Err(error) => Message::Failed { sequence, error },
        };
        to_sink.send(message).ok();
    }
}

/// Runs a thread's work; a panic in it becomes an error that ends the pass.
fn contained<T>(to_sink: &Sender<Message<T>>, doing: &'static str, work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        to_sink.send(Message::Failed { sequence: 0, error: Error::Worker(doing) }).ok();
    }
}

/// Gives outputs to the sink in the order of the data. Of several errors the earliest in the data is returned, where it
/// is known by then.
fn in_order<T>(
    results: &Receiver<Message<T>>,
    budget: &Budget,
    sink: &mut impl FnMut(Output<T>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    let mut failure: Option<(u64, Error)> = None;
    for message in results {
        match message {
            Message::Done { sequence, bytes, output } => {
                waiting.insert(sequence, (bytes, output));
            }
            Message::Failed { sequence, error } => {
                if failure.as_ref().is_none_or(|(earliest, _)| sequence < *earliest) {
                    failure = Some((sequence, error));
                }
            }
        }
        while let Some((bytes, output)) = waiting.remove(&next) {
            sink(output)?;
            budget.give_back(bytes);
            next += 1;
        }
        // What came before the failure may hold an earlier one.
        if failure.as_ref().is_some_and(|(sequence, _)| *sequence <= next) {
            break;
        }
    }
    failure.map_or(Ok(()), |(_, error)| Err(error))
}

/// Bytes that may be in flight. One piece always may, whatever its size.
struct Budget {
    limit: usize,
    used: Mutex<usize>,
    changed: Condvar,
}

impl Budget {
    fn new(limit: usize) -> Self {
        Self { limit, used: Mutex::new(0), changed: Condvar::new() }
    }

    fn take(&self, bytes: usize) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        while *used > 0 && used.saturating_add(bytes) > self.limit {
            used = self.changed.wait(used).unwrap_or_else(PoisonError::into_inner);
        }
        *used = used.saturating_add(bytes);
    }

    fn give_back(&self, bytes: usize) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_sub(bytes);
        self.changed.notify_all();
    }

    /// Lets whoever waits go on, so that it can see that it should stop.
    fn open(&self) {
        self.give_back(usize::MAX);
    }
}
