//! The quarantined rows of a scan with all that is said against them, for people to decide on.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use polars::prelude::{Column as Series, DataFrame, DataType, ParquetReader, PolarsResult, SerReader};
use taster_core::{Column, Digest, Role};
use taster_ingest::{Frame, Piece, lengths, shown, vectors};
use taster_provenance::{Envelope, Predicate, RowHasher, Statement};

use crate::{
    Config, Error, Progress,
    labelled::json_label,
    listed::{listed, starts},
    passes::{Limits, Output, decoded, read, run},
    scanned::Scanned,
};

/// Rows that are not quarantined, kept to be compared with.
const OTHERS: usize = 4096;
/// Characters of a value that are kept; of a label, all.
const CHARS: usize = 4000;

/// Which scan's rows to read.
pub struct CasesRequest {
    /// The manifest; its `quarantine.parquet` must be beside it.
    pub manifest: PathBuf,
    /// The dataset that was scanned. Where left out, its files by the names in the manifest, if they are there; else rows
    /// have no values.
    pub data: Vec<String>,
    /// Bytes of data that may be in flight at once.
    pub memory: usize,
}

/// The quarantined rows of a scan, and some of the others.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    /// Digest of the scan's statement.
    pub manifest: Digest,
    /// The dataset's columns.
    pub columns: Vec<Column>,
    /// In the order of the dataset.
    pub cases: Vec<Case>,
    /// At most 4,096 rows that are not quarantined, picked by their digests; none without data.
    pub others: Vec<Row>,
}

impl Cases {
    /// Index of the label's column, if there is one.
    pub fn label(&self) -> Option<usize> {
        self.columns.iter().position(|column| column.role == Role::Label)
    }

    /// Whether a text is a value that the label can have.
    pub fn can_be_label(&self, text: &str) -> bool {
        self.label().is_some_and(|label| json_label(&self.columns[label].kind, Some(text)).is_some())
    }
}

/// A quarantined row.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// The row.
    pub row: Row,
    /// One of each detector that quarantines it, in the order of `quarantine.parquet`.
    pub accusations: Vec<Accusation>,
}

/// A row of the dataset.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Name of its file in the manifest.
    pub file: String,
    /// Its number within the file, from 0.
    pub row: u64,
    /// Its digest.
    pub sha256: Digest,
    /// One a column, as text; empty where there was no data to read. Long ones are cut off, but for the label's.
    pub values: Vec<Option<String>>,
    /// What its columns of vectors hold, one after the other.
    pub vectors: Vec<f32>,
}

/// What a detector says against a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accusation {
    /// Id of the detector.
    pub detector: String,
    /// In [0, 1], higher is more suspicious.
    pub score: f64,
    /// How much it matters.
    pub severity: String,
    /// Columns that speak against the row, the strongest first.
    pub columns: Vec<String>,
    /// Why, in one sentence.
    pub reason: String,
    /// The label it should have, with its probability, where known.
    pub suggested: Option<(String, f64)>,
}

/// Reads the quarantined rows of a scan: what was said against them, and where there is data, their values.
///
/// Errs where the list is not beside the manifest or is not the one that it names, and where the data is not what was
/// scanned.
pub fn cases(request: &CasesRequest, progress: &dyn Progress) -> Result<Cases, Error> {
    let envelope = Envelope::read(&request.manifest)?;
    let manifest = Statement::from_payload(&envelope.payload)?.predicate;
    // Whether it is the list of the manifest.
    if listed(&manifest, &request.manifest)?.is_none() {
        let problem = "quarantine.parquet is not beside the manifest; keep the report folder as it was written";
        return Err(Error::Review(problem.into()));
    }
    let list = request.manifest.with_file_name("quarantine.parquet");
    let mut found = accused(&manifest, &list).map_err(|e| Error::Review(format!("quarantine.parquet: {e}")))?;
    let mut cases = Cases {
        manifest: envelope.payload_sha256(),
        columns: manifest.dataset.schema().map(|schema| schema.columns).unwrap_or_default(),
        ..Cases::default()
    };
    let data = if request.data.is_empty() { by_name(&manifest) } else { request.data.clone() };
    if !data.is_empty() {
        let config = Config::of(&manifest);
        let scanned = Scanned::open(&data, &manifest, &config)?;
        let limits = Limits::of_machine(request.memory);
        cases.others = fill(&mut found, &scanned, limits, progress)?;
    }
    cases.cases = found.into_values().collect();
    Ok(cases)
}

/// The dataset's files, if each is where its name says.
fn by_name(manifest: &Predicate) -> Vec<String> {
    let names: Vec<String> = manifest.dataset.files.iter().map(|file| file.name.clone()).collect();
    if names.iter().all(|name| Path::new(name).is_file()) { names } else { Vec::new() }
}

/// The rows of `quarantine.parquet` by their number within the dataset.
fn accused(manifest: &Predicate, list: &Path) -> PolarsResult<BTreeMap<u64, Case>> {
    let starts = starts(&manifest.dataset);
    let frame = ParquetReader::new(File::open(list)?).finish()?;
    let text = |name: &str| frame.column(name)?.cast(&DataType::String);
    let number = |name: &str| frame.column(name)?.cast(&DataType::Float64);
    let (files, digests, detectors) = (text("file")?, text("row_sha256")?, text("detector")?);
    let (severities, reasons, labels) = (text("severity")?, text("reason")?, text("suggested_label")?);
    let (scores, probabilities) = (number("score")?, number("suggested_probability")?);
    let rows = frame.column("row")?.cast(&DataType::UInt64)?;
    let columns = frame.column("columns")?.cast(&DataType::List(Box::new(DataType::String)))?;
    let of = |series: &Series, i: usize| Some(series.str().ok()?.get(i)?.to_owned());
    let mut found: BTreeMap<u64, Case> = BTreeMap::new();
    for i in 0..frame.height() {
        let (Some(file), Some(row)) = (of(&files, i), rows.u64()?.get(i)) else { continue };
        let (Some(start), Some(sha256)) = (starts.get(file.as_str()), of(&digests, i)) else { continue };
        let Ok(sha256) = sha256.parse() else { continue };
        let named = columns.list()?.get_as_series(i);
        let named = named.and_then(|s| Some(s.str().ok()?.iter().flatten().map(str::to_owned).collect()));
        let case = found.entry(start.saturating_add(row)).or_default();
        case.row = Row { file, row, sha256, ..Row::default() };
        case.accusations.push(Accusation {
            detector: of(&detectors, i).unwrap_or_default(),
            score: scores.f64()?.get(i).unwrap_or_default(),
            severity: of(&severities, i).unwrap_or_default(),
            columns: named.unwrap_or_default(),
            reason: of(&reasons, i).unwrap_or_default(),
            suggested: of(&labels, i).zip(probabilities.f64()?.get(i)),
        });
    }
    Ok(found)
}

/// Gives cases their values, and returns some of the other rows.
fn fill(
    cases: &mut BTreeMap<u64, Case>,
    scanned: &Scanned<'_>,
    limits: Limits,
    progress: &dyn Progress,
) -> Result<Vec<Row>, Error> {
    let wanted: BTreeMap<u64, Digest> = cases.iter().map(|(&position, case)| (position, case.row.sha256)).collect();
    let hasher = RowHasher::new(&scanned.schema);
    let reader = Reader { hasher, columns: &scanned.schema.columns, wanted: &wanted };
    let work = |others: &mut Others, piece: Piece| {
        let frames = decoded(piece, limits.batch_rows)?.map(|frame| reader.rows(&frame, others));
        Ok(frames.collect::<Result<Vec<_>, Error>>()?.concat())
    };
    let sink = |output: Output<Vec<(u64, Row)>>| {
        match output {
            Output::FileEnd(end) => scanned.same(end.file, end.sha256)?,
            Output::Rows(rows) => {
                for (position, row) in rows {
                    cases.entry(position).and_modify(|case| {
                        (case.row.values, case.row.vectors) = (row.values, row.vectors);
                    });
                }
            }
        }
        Ok(())
    };
    let others = run(read(&scanned.dataset), limits, progress, Others::default, work, sink)?;
    let others = others.into_iter().reduce(Others::merged).unwrap_or_default();
    Ok(others.in_order(scanned))
}

/// Reads the rows that are wanted, and some others.
struct Reader<'a> {
    hasher: RowHasher,
    columns: &'a [Column],
    /// Digests by number within the dataset.
    wanted: &'a BTreeMap<u64, Digest>,
}

impl Reader<'_> {
    fn rows(&self, frame: &Frame, others: &mut Others) -> Result<Vec<(u64, Row)>, Error> {
        let mut rows = Vec::new();
        for (i, (sha256, position)) in self.hasher.digests(&frame.frame)?.into_iter().zip(frame.offset..).enumerate() {
            let row = || self.row(&frame.frame.slice(i as i64, 1), sha256);
            match self.wanted.get(&position) {
                Some(listed) if *listed != sha256 => {
                    return Err(Error::OtherData(format!("row {position} of it has another digest")));
                }
                Some(_) => rows.push((position, row())),
                None if others.wants(sha256) => others.take(position, row()),
                None => {}
            }
        }
        Ok(rows)
    }

    /// The only row of a frame.
    fn row(&self, frame: &DataFrame, sha256: Digest) -> Row {
        let mut row = Row { sha256, ..Row::default() };
        for (column, series) in self.columns.iter().zip(frame.columns()) {
            let series = series.as_materialized_series();
            let value = match column.role {
                Role::Label => shown(series).pop().flatten(),
                Role::Embedding => {
                    let dim = lengths(series).and_then(|lengths| *lengths.first()?);
                    row.vectors.extend(vectors(series, dim.unwrap_or_default()));
                    dim.map(|dim| format!("a vector of {dim} numbers"))
                }
                _ => shown(series).pop().flatten().map(cut),
            };
            row.values.push(value);
        }
        row
    }
}

fn cut(mut value: String) -> String {
    if let Some((end, _)) = value.char_indices().nth(CHARS) {
        value.truncate(end);
        value.push('…');
    }
    value
}

/// Rows that are not quarantined: those with the smallest digests, which are as good as drawn by lot.
#[derive(Default)]
struct Others {
    rows: BTreeMap<(Digest, u64), Row>,
}

impl Others {
    fn wants(&self, sha256: Digest) -> bool {
        self.rows.len() < OTHERS || self.rows.last_key_value().is_some_and(|((largest, _), _)| sha256 < *largest)
    }

    fn take(&mut self, position: u64, row: Row) {
        self.rows.insert((row.sha256, position), row);
        if self.rows.len() > OTHERS {
            self.rows.pop_last();
        }
    }

    fn merged(mut self, other: Self) -> Self {
        other.rows.into_iter().for_each(|((_, position), row)| self.take(position, row));
        self
    }

    /// With the names of their files, in the order of the dataset.
    fn in_order(self, scanned: &Scanned<'_>) -> Vec<Row> {
        let mut rows: Vec<(u64, Row)> = self.rows.into_iter().map(|((_, position), row)| (position, row)).collect();
        rows.sort_unstable_by_key(|(position, _)| *position);
        let placed = |(position, row)| {
            let (file, number) = scanned.manifest.dataset.place(position)?;
            Some(Row { file: file.name.clone(), row: number, ..row })
        };
        rows.into_iter().filter_map(placed).collect()
    }
}
