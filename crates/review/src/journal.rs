//! Every event of a review, on the disk before anybody sees its effect.
//!
//! A text file of one JSON value a line. The first names the format and the scan; each other is an [`Event`]. A line is
//! written whole and synced before the next; one that a crash cut short at the end did not happen.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use taster_core::Digest;
use taster_provenance::DigestSet;

use crate::{Error, Event};

const TYPE: &str = "https://taster.dev/review/v0.1";

/// How long another review is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    manifest: DigestSet,
}

/// An open journal. Nobody else can open it meanwhile.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens the journal of the review of a scan, or begins one, and gives its events so far.
    ///
    /// Errs where it is of another scan or no journal, is open elsewhere, or a line of it is damaged.
    pub fn open(path: &Path, manifest: Digest) -> Result<(Self, Vec<Event>), Error> {
        let io = Error::io(path);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(&io)?;
        let mut journal = Self { path: path.to_owned(), file };
        journal.lock()?;
        let mut text = Vec::new();
        journal.file.read_to_end(&mut text).map_err(&io)?;
        // What has no end of line was cut short.
        let whole = text.iter().rposition(|&b| b == b'\n').map_or(0, |last| last + 1);
        let text = std::str::from_utf8(&text[..whole]).map_err(|_| journal.refuse("it is not UTF-8"))?;
        let mut lines = text.lines().enumerate();
        let events = match lines.next() {
            None => {
                journal.begin(manifest)?;
                return Ok((journal, Vec::new()));
            }
            Some((_, head)) => {
                journal.check(head, manifest)?;
                let event = |(i, line): (usize, &str)| {
                    serde_json::from_str(line).map_err(|e| journal.refuse(&format!("line {}: {e}", i + 1)))
                };
                lines.map(event).collect::<Result<Vec<Event>, Error>>()?
            }
        };
        journal.file.set_len(whole as u64).map_err(&io)?;
        journal.file.seek(SeekFrom::End(0)).map_err(&io)?;
        Ok((journal, events))
    }

    /// Waits a little for a review whose terminal has just been closed.
    fn lock(&self) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            match self.file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => thread::sleep(PATIENCE / 30),
                Err(TryLockError::WouldBlock) => return Err(self.refuse("another review has it open")),
                Err(TryLockError::Error(e)) => return Err(Error::io(&self.path)(e)),
            }
        }
    }

    fn begin(&mut self, manifest: Digest) -> Result<(), Error> {
        self.file.set_len(0).and_then(|()| self.file.rewind()).map_err(Error::io(&self.path))?;
        self.line(&Head { kind: TYPE.into(), manifest: DigestSet { sha256: manifest } })
    }

    fn check(&self, head: &str, manifest: Digest) -> Result<(), Error> {
        let head: Head = serde_json::from_str(head).map_err(|_| self.refuse("it is no journal of a review"))?;
        if head.kind != TYPE {
            return Err(self.refuse(&format!("it is a {:?}, not a {TYPE:?}", head.kind)));
        }
        if head.manifest.sha256 != manifest {
            return Err(self.refuse("it is about another scan; move it away, or give --out another name"));
        }
        Ok(())
    }

    /// Appends an event. It is on the disk when this returns.
    pub fn append(&mut self, event: &Event) -> Result<(), Error> {
        self.line(event)
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let mut line = serde_json::to_vec(value).expect("strings and numbers always serialise");
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        written.map_err(Error::io(&self.path))
    }

    fn refuse(&self, problem: &str) -> Error {
        Error::Journal { path: self.path.clone(), problem: problem.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use taster_provenance::Choice;

    use super::*;
    use crate::testing::decision;

    const SCAN: Digest = Digest([7; 32]);

    fn events() -> Vec<Event> {
        let decide = |case, choice| Event::Decide(vec![decision(case, choice, "seen\n\"it\" \u{202e}")]);
        vec![decide(0, Choice::Release), decide(1, Choice::Relabel), Event::Undo]
    }

    fn written(folder: &Path) -> PathBuf {
        let path = folder.join("journal");
        let (mut journal, before) = Journal::open(&path, SCAN).unwrap();
        assert!(before.is_empty());
        for event in events() {
            journal.append(&event).unwrap();
        }
        path
    }

    #[test]
    fn wherever_it_is_cut_short_the_events_before_are_there_and_it_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let whole = fs::read(&path).unwrap();
        let ends: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').collect();
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let (mut journal, found) = Journal::open(&path, SCAN).unwrap();
            let expected = ends.iter().filter(|&&end| end < cut).count().saturating_sub(1);
            assert_eq!(found, events()[..expected], "cut at {cut}");
            journal.append(&Event::Undo).unwrap();
            drop(journal);
            assert_eq!(Journal::open(&path, SCAN).unwrap().1.len(), expected + 1);
        }
    }

    #[test]
    fn one_review_at_a_time_of_the_same_scan() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let told = |result: Result<(Journal, Vec<Event>), Error>| result.unwrap_err().to_string();
        let open = Journal::open(&path, SCAN).unwrap();
        assert!(told(Journal::open(&path, SCAN)).contains("another review has it open"));
        drop(open);
        assert!(told(Journal::open(&path, Digest([8; 32]))).contains("another scan"));
        let damaged = fs::read_to_string(&path).unwrap().replacen("\"decide\"", "\"decode\"", 1);
        fs::write(&path, damaged).unwrap();
        assert!(told(Journal::open(&path, SCAN)).contains("line 2"));
        fs::write(&path, "a,b\n1,2\n").unwrap();
        assert!(told(Journal::open(&path, SCAN)).contains("no journal"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a,b\n1,2\n", "what is no journal is not touched");
    }
}
