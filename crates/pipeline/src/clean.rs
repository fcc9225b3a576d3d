//! The dataset without its quarantined rows, in its order and with its types.

use std::{collections::BTreeSet, fs::File, path::Path};

use polars::{io::parquet::write::BatchedWriter, prelude::*};
use taster_ingest::{Frame, Piece};

use crate::{
    Error,
    passes::{Output, decoded, read, run},
    score::Pass,
};

/// Reads the dataset once more and writes every row that is not in `quarantined`, as Parquet or CSV by the ending of
/// `path`. Appears whole or not at all.
pub(crate) fn write_clean(path: &Path, pass: &Pass<'_>, quarantined: &BTreeSet<u64>) -> Result<(), Error> {
    let refuse = |reason: String| Error::Clean { path: path.display().to_string(), reason };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(|e| refuse(e.to_string()))?;
    let mut writer = Writer::new(path, file.reopen().map_err(|e| refuse(e.to_string()))?).map_err(refuse)?;
    run(
        read(pass.dataset),
        pass.limits,
        pass.progress,
        || (),
        |(), piece: Piece| {
            let frames = decoded(piece, pass.limits.batch_rows)?;
            frames.map(|frame| kept(frame, quarantined).map_err(|e| refuse(e.to_string()))).collect()
        },
        |output: Output<Vec<DataFrame>>| match output {
            Output::Rows(frames) => frames.iter().try_for_each(|f| writer.push(f)).map_err(|e| refuse(e.to_string())),
            Output::FileEnd(end) => pass.same_as_before(end.file, end.sha256),
        },
    )?;
    writer.finish().map_err(|e| refuse(e.to_string()))?;
    file.persist(path).map(drop).map_err(|e| refuse(e.to_string()))
}

fn kept(frame: Frame, quarantined: &BTreeSet<u64>) -> PolarsResult<DataFrame> {
    let rows = frame.offset..frame.offset + frame.frame.height() as u64;
    let mut dropped = quarantined.range(rows.clone()).peekable();
    if dropped.peek().is_none() {
        return Ok(frame.frame);
    }
    let dropped: BTreeSet<u64> = dropped.copied().collect();
    let mask: BooleanChunked = rows.map(|r| !dropped.contains(&r)).collect();
    frame.frame.filter(&mask)
}

/// Writes frames one after the other; the first brings the schema.
enum Writer {
    Parquet { file: File, batched: Option<Box<BatchedWriter<File>>> },
    Csv { file: File, batched: Option<Box<polars::io::csv::write::BatchedWriter<File>>> },
}

impl Writer {
    fn new(path: &Path, file: File) -> Result<Self, String> {
        match path.extension().and_then(|e| e.to_str()) {
            Some("parquet") => Ok(Self::Parquet { file, batched: None }),
            Some("csv") => Ok(Self::Csv { file, batched: None }),
            _ => Err("its name must end in .parquet or .csv".into()),
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
        }
    }

    fn finish(self) -> PolarsResult<()> {
        match self {
            Self::Parquet { batched: Some(writer), .. } => writer.finish().map(drop),
            Self::Csv { batched: Some(mut writer), .. } => writer.finish(),
            _ => Ok(()),
        }
    }
}
