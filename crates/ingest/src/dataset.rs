use std::sync::Arc;

use polars::prelude::{Column, DataFrame};
use rayon::prelude::*;
use taster_core::{Role, Schema};

use crate::{
    Error, Event, Format, Note, Options, Pieces, SourceFile,
    csv::CellType,
    error::Place,
    field::{Field, kind, unify},
    files::discover,
    frame::text_bytes,
    like::{self, Like},
    merge, open,
    plan::{How, Plan},
    profile::Profile,
    roles::{self, Assigned, Coding},
};

/// Files that are one table: found, their types and roles known, ready to be read as often as needed.
#[derive(Debug)]
pub struct Dataset {
    plan: Arc<Plan>,
    files: Vec<SourceFile>,
    schema: Schema,
    codings: Vec<Coding>,
    notes: Vec<Note>,
    options: Options,
    /// Notes of finding the files, which come first.
    found: usize,
    /// Whether every record of JSON files was looked at.
    whole: bool,
}

impl Dataset {
    /// Finds the files that `inputs` name (files, folders, patterns) and what their columns are. Reads the footers of
    /// Parquet files and the beginnings of text files, and the first [`Options::infer_rows`] rows.
    pub fn open(inputs: &[String], options: &Options) -> Result<Self, Error> {
        let mut notes = Vec::new();
        let files = discover(inputs, &mut notes)?;
        Self::of(files, notes, options, options.whole_json)
    }

    /// A dataset of these files; `whole` looks at every record of JSON files.
    fn of(files: Vec<SourceFile>, mut notes: Vec<Note>, options: &Options, whole: bool) -> Result<Self, Error> {
        let found = notes.len();
        let opened = open::open_all(&files, options, whole, &mut notes)?;
        let plan = Arc::new(merge::plan(opened, options, &mut notes)?);
        let (schema, codings, options) = (Schema::default(), Vec::new(), options.clone());
        let mut dataset = Self { plan, files, schema, codings, notes, options, found, whole };
        let sample = dataset.sample()?;
        dataset.assign(&sample)?;
        Ok(dataset)
    }

    /// Opens a reference: a dataset with the columns, types and roles of `like`. Columns `like` does not have are left
    /// out, and noted; a feature it has must be here. Columns are matched by name.
    pub fn open_like(inputs: &[String], options: &Options, like: &Self) -> Result<Self, Error> {
        let mut notes = Vec::new();
        let files = discover(inputs, &mut notes)?;
        let found = notes.len();
        let opened = open::open_all(&files, options, true, &mut notes)?;
        let (columns, fields) = (&like.schema.columns, like.plan.fields.clone());
        let as_like = Like { columns, fields, dims: like.plan.dims.clone(), exact: false };
        let plan = Arc::new(like::plan(opened, options, as_like, &mut notes)?);
        let (schema, codings) = (like.schema.clone(), like.codings.clone());
        let options = options.clone();
        let mut dataset = Self { plan, files, schema, codings, notes, options, found, whole: true };
        dataset.sample()?;
        for (column, field) in dataset.schema.columns.iter_mut().zip(&dataset.plan.fields) {
            column.kind = kind(&field.dtype).unwrap_or(taster_core::Kind::Null);
        }
        Ok(dataset)
    }

    /// Opens files to read their rows as those of a dataset known before, as when a manifest is verified: every column of
    /// `schema` must be here, of its very kind. Roles are taken over; an [`crate::Encoder`] of it skips every column.
    pub fn open_as(inputs: &[String], options: &Options, schema: &Schema) -> Result<Self, Error> {
        let mut notes = Vec::new();
        let files = discover(inputs, &mut notes)?;
        let found = notes.len();
        let opened = open::open_all(&files, options, true, &mut notes)?;
        let plan = Arc::new(like::plan(opened, options, Like::exactly(&schema.columns), &mut notes)?);
        let codings = vec![Coding::Skipped; schema.columns.len()];
        let (schema, options) = (schema.clone(), options.clone());
        Ok(Self { plan, files, schema, codings, notes, options, found, whole: true })
    }

    /// The columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The files, in the order they are read.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// Things a user must be told. Those about single rows are known once [`Self::pieces`] has been read and decoded.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = self.notes.clone();
        for file in &self.plan.files {
            if let How::Text(text) = &file.how {
                text.seen.notes(&text.name, &mut notes);
            }
        }
        notes
    }

    /// Adds something a user must be told.
    pub fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Whether all files are JSON.
    pub fn is_json(&self) -> bool {
        self.files.iter().all(|f| matches!(f.format, Format::Json(_)))
    }

    /// Rows of the dataset, where all files say it beforehand.
    pub fn rows(&self) -> Option<u64> {
        let rows = |file: &crate::plan::FilePlan| match file.how {
            How::Parquet { rows, .. } => Some(rows),
            How::Arrow { .. } | How::Text(_) | How::Json { .. } => None,
        };
        self.plan.files.iter().map(rows).sum()
    }

    /// Stored bytes of all files, as they were when the dataset was opened.
    pub fn bytes(&self) -> u64 {
        self.plan.files.iter().map(|f| f.len).sum()
    }

    /// Reads the dataset once, front to back.
    pub fn pieces(&self) -> Pieces<'_> {
        Pieces::new(&self.plan)
    }

    pub(crate) fn codings(&self) -> &[Coding] {
        &self.codings
    }

    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// After `error`, makes the dataset readable if a wider type does it: a column of whole numbers in a text file that
    /// later holds 1.5 becomes one of floats, a set of numbers that later holds a word one of texts, a file that began
    /// as ASCII and turns out not to be UTF-8 is read as windows-1252. `true` if so; all reading must start over then.
    /// A column whose numbers are used as numbers never becomes text. For a record of a JSON file with a new key or another
    /// type of value, all records of all JSON files are looked at; there may be more columns then.
    pub fn widen(&mut self, error: &Error) -> bool {
        match error {
            Error::Value { index, text, .. } => self.widen_column(*index, text),
            Error::Encoding { file, .. } => self.widen_encoding(*file),
            Error::Shape { .. } if !self.whole => self.look_at_all(),
            _ => false,
        }
    }

    /// Looks at every record of the JSON files; `false` if they cannot be made one table.
    fn look_at_all(&mut self) -> bool {
        let notes = self.notes[..self.found].to_vec();
        match Self::of(self.files.clone(), notes, &self.options, true) {
            Ok(dataset) => {
                *self = dataset;
                true
            }
            Err(_) => false,
        }
    }

    fn widen_column(&mut self, index: usize, text: &str) -> bool {
        let Some(cells) = self.plan.cells.get(index).copied() else { return false };
        let coding = self.codings.get(index).copied().unwrap_or(Coding::Numeric);
        let typed = self.plan.files.iter().any(|f| !matches!(f.how, How::Text(_)));
        let textual = !typed && matches!(coding, Coding::Category | Coding::Skipped);
        let separator = self.separator();
        let Some(wider) = merge::wider(cells, text.as_bytes(), textual, separator, &self.options.csv) else {
            return false;
        };
        let plan = Arc::make_mut(&mut self.plan);
        let Some(dtype) = unify_wider(&plan.fields[index], wider, typed) else { return false };
        plan.cells[index] = wider;
        plan.fields[index].dtype = dtype;
        if let Some(column) = self.schema.columns.get_mut(index) {
            column.kind = wider.kind();
            if cells == CellType::Empty && column.role == Role::Ignored {
                (column.role, self.codings[index]) = match wider {
                    CellType::Text | CellType::Bool => (Role::Categorical, Coding::Category),
                    _ => (Role::Numeric, Coding::Numeric),
                };
                column.why =
                    format!("no value in the first {} rows, later of type {}", self.options.infer_rows, column.kind);
            }
        }
        true
    }

    /// The separator of the text files.
    fn separator(&self) -> u8 {
        let texts = self.plan.files.iter().find_map(|f| if let How::Text(text) = &f.how { Some(text) } else { None });
        texts.map_or(b',', |text| text.dialect.separator)
    }

    fn widen_encoding(&mut self, file: usize) -> bool {
        let plan = Arc::make_mut(&mut self.plan);
        let Some(target) = plan.files.get_mut(file) else { return false };
        let How::Text(text) = &mut target.how else { return false };
        if self.options.csv.encoding.is_some() || !open::is_single_byte(&target.source, text, &self.options.limits) {
            return false;
        }
        Arc::make_mut(text).dialect.encoding = crate::Encoding::Windows1252;
        self.notes.push(open::note_encoding(&target.source.name, crate::Encoding::Windows1252));
        true
    }

    /// The first rows.
    fn sample(&mut self) -> Result<DataFrame, Error> {
        loop {
            match read_sample(&self.plan, self.options.infer_rows) {
                Err(error) if self.widen(&error) => {}
                result => break result,
            }
        }
        .and_then(|sample| if sample.height() == 0 { Err(self.no_rows()) } else { Ok(sample) })
    }

    fn no_rows(&self) -> Error {
        let names: Vec<_> = self.files.iter().take(3).map(|f| f.name.as_str()).collect();
        Error::input(names.join(", "), "there are columns but no rows, so there is nothing to scan")
    }

    fn assign(&mut self, sample: &DataFrame) -> Result<(), Error> {
        let columns = sample.columns().par_iter().map(Column::as_materialized_series);
        let mut profiles: Vec<Profile> = columns.map(Profile::of).collect();
        // A column that is constant in the first rows may not be so later, as in a table sorted by it.
        if sample.height() >= self.options.infer_rows {
            self.look_further(sample, &mut profiles)?;
        }
        let Assigned { columns, codings, notes } =
            roles::assign(&self.plan.fields, &profiles, sample, &self.options.roles)?;
        self.schema = Schema { columns };
        self.notes.extend(notes);
        let dims = codings.iter().map(|c| if let Coding::Embedding(dim) = c { Some(*dim) } else { None }).collect();
        Arc::make_mut(&mut self.plan).dims = dims;
        self.codings = codings;
        Ok(())
    }
}

fn unify_wider(field: &Field, wider: CellType, typed: bool) -> Option<polars::prelude::DataType> {
    if typed { unify(&field.dtype, &wider.dtype()) } else { Some(wider.dtype()) }
}

/// Whether a sample is large enough whatever its rows.
fn large(sample: &DataFrame) -> bool {
    const BYTES: usize = 256 << 20;
    let texts: usize = sample.columns().iter().map(|c| text_bytes(c.as_materialized_series())).sum();
    texts > BYTES || sample.estimated_size() > BYTES
}

/// The first rows of a dataset: so many, or as many as fit a quarter of a gigabyte.
fn read_sample(plan: &Arc<Plan>, rows: usize) -> Result<DataFrame, Error> {
    let mut sample: Option<DataFrame> = None;
    for event in Pieces::sample(plan, rows.max(1)) {
        let Event::Piece(piece) = event? else { continue };
        for frame in piece.decode()? {
            match &mut sample {
                None => sample = Some(frame.frame),
                Some(sample) => {
                    let at = || Place::file(&plan.files[frame.file].source.name);
                    sample.vstack_mut(&frame.frame).map_err(|e| Error::schema(at(), e.to_string(), ""))?;
                }
            }
        }
        if sample.as_ref().is_some_and(|s| s.height() >= rows.max(1) || large(s)) {
            break;
        }
    }
    Ok(sample.map(|s| s.head(Some(rows.max(1)))).unwrap_or_default())
}
