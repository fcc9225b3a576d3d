//! The second pass: every row is judged by itself, and what the policy minds is spooled for the quarantine.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::PathBuf,
};

use polars::prelude::{IdxCa, IdxSize};
use taster_core::{DatasetRecord, Digest, Key, Schema};
use taster_ingest::{Dataset, Encoder, Frame, Piece};
use taster_provenance::RowHasher;
use taster_report::ScoresWriter;

use crate::{
    Error, Progress,
    judged::{Judged, Suspect},
    kept::KeptRows,
    model::Judge,
    passes::{Limits, Output, Step, decoded, read, run},
    spread::Spread,
    stamps::same_file,
};

/// What the second pass brought.
pub(crate) struct Scored {
    /// Quarantined rows of each judge.
    pub counts: Vec<u64>,
    /// How the scores of each judge are spread.
    pub spreads: Vec<Spread>,
    /// Why a judge could not judge.
    pub failures: BTreeMap<&'static str, String>,
    /// Where suspects wait, one JSON object a line, in the order of the data.
    spool: PathBuf,
}

/// What is needed to go over a dataset a second time.
pub(crate) struct Pass<'a> {
    pub dataset: &'a Dataset,
    pub schema: &'a Schema,
    pub key: Key,
    pub limits: Limits,
    pub progress: &'a dyn Progress,
    /// What the first read saw, to be the same again.
    pub record: &'a DatasetRecord,
}

impl Pass<'_> {
    /// Judges every row: those `kept` from the first read, else those of the files once more. `scores` receives all
    /// scores, `spool` is where suspects wait.
    pub fn score(
        &self,
        judges: &[Judge],
        kept: Option<Vec<KeptRows>>,
        scores: Option<ScoresWriter>,
        spool: PathBuf,
    ) -> Result<Scored, Error> {
        let mut tally = Tally::new(self, judges.len(), scores, spool)?;
        let mut sink = |output: Output<Vec<Judged>>| match output {
            Output::Rows(rows) => rows.into_iter().try_for_each(|judged| tally.take(judged)),
            Output::FileEnd(end) => same_file(self.record, end.file, end.sha256),
        };
        if let Some(kept) = kept {
            let steps = kept.into_iter().map(|rows| Ok(Step::Portion(rows)));
            let work = |(): &mut (), rows: KeptRows| Ok(vec![self.judged_kept(judges, &rows)]);
            run(steps, self.limits, self.progress, || (), work, &mut sink)?;
        } else {
            let encoder = Encoder::new(self.dataset, self.key);
            let hasher = RowHasher::new(self.dataset.schema());
            let work = |(): &mut (), piece: Piece| {
                let frames = decoded(piece, self.limits.batch_rows)?;
                frames.map(|frame| self.judged_again(judges, &encoder, &hasher, &frame)).collect()
            };
            run(read(self.dataset), self.limits, self.progress, || (), work, &mut sink)?;
        }
        tally.finish()
    }

    fn judged_kept(&self, judges: &[Judge], rows: &KeptRows) -> Judged {
        let mut judged = Judged::new(judges, &rows.table, rows.file, rows.first_row);
        let over = judged.over(judges);
        let digests: Vec<Digest> = over.iter().map(|&row| rows.digests[row]).collect();
        judged.explain(judges, self.schema, &rows.table, rows.offset, &over, &digests);
        judged
    }

    fn judged_again(
        &self,
        judges: &[Judge],
        encoder: &Encoder,
        hasher: &RowHasher,
        frame: &Frame,
    ) -> Result<Judged, Error> {
        let table = encoder.encode(frame, &[]).table;
        let mut judged = Judged::new(judges, &table, frame.file, frame.first_row);
        let over = judged.over(judges);
        if !over.is_empty() {
            let wanted: IdxCa = over.iter().map(|&row| Some(row as IdxSize)).collect();
            let digests = hasher.digests(&frame.frame.take(&wanted).map_err(std::io::Error::other)?)?;
            judged.explain(judges, self.schema, &table, frame.offset, &over, &digests);
        }
        Ok(judged)
    }
}

/// Gathers what is judged, in the order of the data.
struct Tally<'a> {
    record: &'a DatasetRecord,
    counts: Vec<u64>,
    spreads: Vec<Spread>,
    failures: BTreeMap<&'static str, String>,
    scores: Option<ScoresWriter>,
    spool: PathBuf,
    waiting: BufWriter<File>,
}

impl<'a> Tally<'a> {
    fn new(pass: &Pass<'a>, judges: usize, scores: Option<ScoresWriter>, spool: PathBuf) -> Result<Self, Error> {
        let waiting = BufWriter::new(File::create(&spool)?);
        Ok(Self {
            record: pass.record,
            counts: vec![0; judges],
            spreads: vec![Spread::default(); judges],
            failures: BTreeMap::new(),
            scores,
            spool,
            waiting,
        })
    }

    fn take(&mut self, judged: Judged) -> Result<(), Error> {
        if let Some(scores) = &mut self.scores {
            let name = &self.record.files[judged.file].name;
            scores.push(name, judged.first_row, &judged.scores, &judged.suspicion)?;
        }
        self.failures.extend(judged.failures);
        self.spreads.iter_mut().zip(&judged.spreads).for_each(|(sum, spread)| sum.add(spread));
        for (judge, suspect) in judged.suspects {
            self.counts[judge] += 1;
            serde_json::to_writer(&mut self.waiting, &suspect).map_err(std::io::Error::from)?;
            self.waiting.write_all(b"\n")?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Scored, Error> {
        self.scores.map_or(Ok(()), ScoresWriter::finish)?;
        self.waiting.flush()?;
        Ok(Scored { counts: self.counts, spreads: self.spreads, failures: self.failures, spool: self.spool })
    }
}

impl Scored {
    /// Every suspect, in the order of the data.
    pub fn suspects(&self) -> Result<impl Iterator<Item = Result<Suspect, Error>>, Error> {
        let lines = BufReader::new(File::open(&self.spool)?).lines();
        Ok(lines.map(|line| Ok(serde_json::from_str(&line?).map_err(std::io::Error::from)?)))
    }

    /// Removes the spool.
    pub fn close(self) -> Result<(), Error> {
        Ok(std::fs::remove_file(&self.spool)?)
    }
}
