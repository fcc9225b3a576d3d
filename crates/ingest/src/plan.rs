//! How the files of a dataset become its columns.

use std::{ops::Range, sync::Arc};

use polars::prelude::{Column, DataFrame, DataType, NamedFrom as _, Series};
use taster_core::Digest;

use crate::{
    Error, Limits, SourceFile,
    arrow::{self, ArrowBatch},
    csv::{self, CellType, Chunk, TextFile},
    error::{Place, shown},
    field::{Field, hold},
    frame::longest_text,
    json::{self, JsonFile, Records},
    parquet::{self, RowGroup},
};

/// All that is known of a dataset before it is read; shared by the threads that read it.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The dataset's columns.
    pub fields: Vec<Field>,
    /// For each column, what cells of text files are parsed as.
    pub cells: Vec<CellType>,
    /// For each column of vectors, their length.
    pub dims: Vec<Option<usize>>,
    pub files: Vec<FilePlan>,
    pub limits: Limits,
}

#[derive(Clone, Debug)]
pub(crate) struct FilePlan {
    pub source: SourceFile,
    /// Bytes it had when the dataset was opened.
    pub len: u64,
    pub how: How,
    /// Columns whose value is in the file's path.
    pub constants: Vec<(usize, Option<String>)>,
}

#[derive(Clone, Debug)]
pub(crate) enum How {
    Parquet {
        /// For each flat column of the file, the dataset's column it is; `None` if it is left out.
        targets: Vec<Option<usize>>,
        /// Of the footer, so that another one is noticed.
        tail: Digest,
        rows: u64,
    },
    Arrow {
        /// For each flat column of the file, the dataset's column it is; `None` if it is left out.
        targets: Vec<Option<usize>>,
        /// Of the schema, so that another one is noticed.
        head: Digest,
    },
    Text(Arc<TextFile>),
    Json {
        /// For each flat column of the file, the dataset's column it is; `None` if it is left out.
        targets: Vec<Option<usize>>,
        file: Arc<JsonFile>,
    },
}

impl Plan {
    /// Decodes some rows of a Parquet file.
    pub(crate) fn rows_of(&self, file: usize, group: &RowGroup, rows: Range<usize>) -> Result<DataFrame, Error> {
        let plan = &self.files[file];
        let How::Parquet { targets, .. } = &plan.how else { return Ok(DataFrame::empty()) };
        let mut columns: Vec<Option<Series>> = vec![None; self.fields.len()];
        for root in &group.footer.roots {
            let targets = &targets[root.flat.clone()];
            if targets.iter().all(Option::is_none) {
                continue;
            }
            let decoded = parquet::decode(group, root, rows.clone(), &plan.source.name, &self.limits)?;
            for (series, target) in decoded.into_iter().zip(targets) {
                if let Some(target) = target {
                    columns[*target] = Some(series);
                }
            }
        }
        self.frame(plan, rows.len(), columns, Some(group.index))
    }

    /// Decodes a batch of an Arrow file.
    pub(crate) fn rows_of_arrow(&self, file: usize, batch: &ArrowBatch) -> Result<DataFrame, Error> {
        let plan = &self.files[file];
        let How::Arrow { targets, .. } = &plan.how else { return Ok(DataFrame::empty()) };
        let decoded = arrow::decode(batch, &plan.source.name)?;
        self.frame(plan, batch.rows, self.placed(decoded, targets), Some(batch.index))
    }

    /// Decoded columns in the places of the dataset's.
    fn placed(&self, decoded: Vec<Series>, targets: &[Option<usize>]) -> Vec<Option<Series>> {
        let mut columns: Vec<Option<Series>> = vec![None; self.fields.len()];
        for (series, target) in decoded.into_iter().zip(targets) {
            if let Some(target) = target {
                columns[*target] = Some(series);
            }
        }
        columns
    }

    /// Parses the records of a JSON file.
    pub(crate) fn rows_of_json(&self, file: usize, json: &JsonFile, records: &Records) -> Result<DataFrame, Error> {
        let plan = &self.files[file];
        let How::Json { targets, .. } = &plan.how else { return Ok(DataFrame::empty()) };
        let decoded = json::decode(records, json, file)?;
        self.frame(plan, records.spans.len(), self.placed(decoded, targets), None)
    }

    /// Parses the rows of a piece of text.
    pub(crate) fn rows_in(&self, file: usize, text: &TextFile, chunk: &Chunk) -> Result<DataFrame, Error> {
        let targets: Vec<_> = self.fields.iter().zip(&self.cells).map(|(f, c)| (f.name.as_str(), *c)).collect();
        let decoded = csv::decode(chunk, text, &targets, file)?;
        let rows = chunk.rows as usize;
        // A column the file does not have was given no cells.
        let columns = decoded.into_iter().map(|s| (s.len() == rows).then_some(s)).collect();
        self.frame(&self.files[file], rows, columns, None)
    }

    fn frame(
        &self,
        plan: &FilePlan,
        rows: usize,
        mut columns: Vec<Option<Series>>,
        row_group: Option<usize>,
    ) -> Result<DataFrame, Error> {
        for (target, value) in &plan.constants {
            columns[*target] = Some(constant(&self.fields[*target], value.as_deref(), rows));
        }
        let columns: Result<Vec<Column>, Error> = self
            .fields
            .iter()
            .zip(columns)
            .zip(&self.dims)
            .map(|((field, column), dim)| {
                let at = Place { row_group, ..Place::file(&plan.source.name).column(&field.name) };
                self.column(field, column, *dim, rows, at)
            })
            .collect();
        DataFrame::new(rows, columns?).map_err(|e| {
            Error::malformed(
                Place::file(&plan.source.name),
                shown(&e.to_string()),
                "the file is damaged; fetch it again",
            )
        })
    }

    fn column(
        &self,
        field: &Field,
        column: Option<Series>,
        dim: Option<usize>,
        rows: usize,
        at: Place,
    ) -> Result<Column, Error> {
        let column = column.unwrap_or_else(|| Series::new_null(field.name.as_str().into(), rows));
        let longest = longest_text(&column);
        if longest > self.limits.cell_bytes {
            let what = format!("a value of {longest} bytes; the limit is {}", self.limits.cell_bytes);
            return Err(Error::limit(at, what, "leave such rows out, or raise the limit"));
        }
        if let Some((dim, other)) = dim.and_then(|dim| other_length(&column, dim)) {
            let what = format!("a vector of {other} numbers, where others have {dim}");
            return Err(Error::schema(at, what, "leave such rows out, or pass --ignore for the column"));
        }
        let held = hold(column, &field.dtype).map_err(|e| {
            let what = format!("a value is not {}: {}", field.dtype, shown(&e.to_string()));
            Error::schema(at, what, "store the column with the same type in every file")
        })?;
        Ok(held.with_name(field.name.as_str().into()).into())
    }
}

/// The length of a list that is not `dim` long, and `dim`.
fn other_length(series: &Series, dim: usize) -> Option<(usize, usize)> {
    let lengths = crate::values::lengths(series)?;
    lengths.into_iter().flatten().find(|&l| l != dim).map(|other| (dim, other))
}

/// A column with one value, or none.
fn constant(field: &Field, value: Option<&str>, rows: usize) -> Series {
    let name = field.name.as_str().into();
    let Some(value) = value else { return Series::full_null(name, rows, &field.dtype) };
    match (&field.dtype, value.parse::<i64>()) {
        (DataType::Int64, Ok(number)) => Series::new(name, vec![number; rows]),
        _ => Series::new(name, vec![value; rows]),
    }
}
