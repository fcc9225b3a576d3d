//! The dataset without some of its rows, in its order and with its types.

mod json;
mod relabel;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::Path,
};

use polars::{io::parquet::write::BatchedWriter, prelude::*};
use taster_core::Digest;
use taster_ingest::{Dataset, Frame, Piece};
use taster_provenance::{Cleaned, sha256_of_file};
use taster_report::draft_of;

use crate::{
    Error, Progress,
    passes::{Limits, Output, decoded, read, run},
};
use json::JsonLines;
pub(crate) use relabel::Relabel;

/// What is read once more, to be written again.
pub(crate) struct Source<'a> {
    pub dataset: &'a Dataset,
    pub limits: Limits,
    pub progress: &'a dyn Progress,
    /// Rows in it.
    pub rows: u64,
    /// Errs where a file, by number, is not the one that it should be by its digest.
    pub same: &'a (dyn Fn(usize, Digest) -> Result<(), Error> + Sync),
}

/// Reads the dataset once more and writes every row that is not in `dropped`, those in `relabel` with their new label, as
/// Parquet, CSV or JSON Lines by the ending of `path`. Other records of JSON files are written to JSON Lines as they are.
/// Appears whole or not at all.
///
/// Gives what the manifest says of the file.
pub(crate) fn write_clean(
    path: &Path,
    source: &Source<'_>,
    dropped: &BTreeMap<u64, Digest>,
    relabel: &Relabel<'_>,
) -> Result<Cleaned, Error> {
    let refuse = |reason: String| Error::Clean { path: path.display().to_string(), reason };
    let file = draft_of(path).map_err(|e| refuse(e.to_string()))?;
    let mut writer = Writer::new(path, file.reopen().map_err(|e| refuse(e.to_string()))?).map_err(refuse)?;
    match &mut writer {
        Writer::JsonLines(lines) if source.dataset.is_json() => copy_records(lines, source, dropped, relabel, refuse)?,
        writer => copy_rows(writer, source, dropped, relabel, refuse)?,
    }
    writer.finish().map_err(|e| refuse(e.to_string()))?;
    let (sha256, bytes) = sha256_of_file(file.path())?;
    file.persist(path).map_err(|e| refuse(e.to_string()))?;
    Ok(Cleaned {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        bytes,
        sha256,
        rows: source.rows - dropped.len() as u64,
    })
}

fn copy_rows(
    writer: &mut Writer,
    source: &Source<'_>,
    dropped: &BTreeMap<u64, Digest>,
    relabel: &Relabel<'_>,
    refuse: impl Fn(String) -> Error + Sync,
) -> Result<(), Error> {
    run(
        read(source.dataset),
        source.limits,
        source.progress,
        || (),
        |(), piece: Piece| {
            let frames = decoded(piece, source.limits.batch_rows)?;
            frames
                .map(|mut frame| {
                    relabel.rows(&mut frame).map_err(&refuse)?;
                    kept(frame, dropped).map_err(|e| refuse(e.to_string()))
                })
                .collect()
        },
        |output: Output<Vec<DataFrame>>| match output {
            Output::Rows(frames) => frames.iter().try_for_each(|f| writer.push(f)).map_err(|e| refuse(e.to_string())),
            Output::FileEnd(end) => (source.same)(end.file, end.sha256),
        },
    )
    .map(drop)
}

/// Writes the records of JSON files as they are, but for new labels.
fn copy_records(
    lines: &mut JsonLines,
    source: &Source<'_>,
    dropped: &BTreeMap<u64, Digest>,
    relabel: &Relabel<'_>,
    refuse: impl Fn(String) -> Error + Sync,
) -> Result<(), Error> {
    run(
        read(source.dataset),
        source.limits,
        source.progress,
        || (),
        |(), piece: Piece| {
            let kept = piece.json_records().filter(|(row, _)| !dropped.contains_key(row));
            let written = kept.map(|(row, record)| relabel.record(row, record).map_err(&refuse));
            Ok(json::one_a_line(written.collect::<Result<Vec<_>, _>>()?.iter().map(AsRef::as_ref)))
        },
        |output: Output<Vec<u8>>| match output {
            Output::Rows(text) => lines.push_text(&text).map_err(|e| refuse(e.to_string())),
            Output::FileEnd(end) => (source.same)(end.file, end.sha256),
        },
    )
    .map(drop)
}

fn kept(frame: Frame, gone: &BTreeMap<u64, Digest>) -> PolarsResult<DataFrame> {
    let rows = frame.offset..frame.offset + frame.frame.height() as u64;
    let mut dropped = gone.range(rows.clone()).map(|(row, _)| *row).peekable();
    if dropped.peek().is_none() {
        return Ok(frame.frame);
    }
    let dropped: BTreeSet<u64> = dropped.collect();
    let mask: BooleanChunked = rows.map(|r| !dropped.contains(&r)).collect();
    frame.frame.filter(&mask)
}

/// Writes frames one after the other; the first brings the schema.
enum Writer {
    Parquet { file: File, batched: Option<Box<BatchedWriter<File>>> },
    Csv { file: File, batched: Option<Box<polars::io::csv::write::BatchedWriter<File>>> },
    JsonLines(JsonLines),
}

impl Writer {
    fn new(path: &Path, file: File) -> Result<Self, String> {
        match path.extension().and_then(|e| e.to_str()) {
            Some("parquet") => Ok(Self::Parquet { file, batched: None }),
            Some("csv") => Ok(Self::Csv { file, batched: None }),
            Some("jsonl" | "ndjson") => Ok(Self::JsonLines(JsonLines::new(file))),
            _ => Err("its name must end in .parquet, .csv or .jsonl".into()),
        }
    }

    fn push(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        match self {
            Self::Parquet { file, batched } => {
                if batched.is_none() {
                    let writer = ParquetWriter::new(file.try_clone()?).set_parallel(false);
                    *batched = Some(Box::new(writer.batched(frame.schema())?));
                }
                batched.as_mut().map_or(Ok(()), |w| w.write_batch(frame))
            }
            Self::Csv { file, batched } => {
                if batched.is_none() {
                    *batched = Some(Box::new(CsvWriter::new(file.try_clone()?).batched(frame.schema())?));
                }
                batched.as_mut().map_or(Ok(()), |w| w.write_batch(frame))
            }
            Self::JsonLines(lines) => lines.push_frame(frame),
        }
    }

    fn finish(self) -> PolarsResult<()> {
        match self {
            Self::Parquet { batched: Some(writer), .. } => writer.finish().map(drop),
            Self::Csv { batched: Some(mut writer), .. } => writer.finish(),
            Self::JsonLines(lines) => Ok(lines.finish()?),
            _ => Ok(()),
        }
    }
}
