use std::{mem, path::Path};

use polars_arrow::{
    array::{Array, PrimitiveArray},
    bitmap::Bitmap,
    datatypes::ArrowDataType,
};

use crate::{
    Error,
    choice::Choice,
    parquet::{GROUP_ROWS, Holds, Table},
};

/// Writes `scores.parquet`: every row, in the order of the dataset.
///
/// Columns: `file`, `row` (0-based within the file), one per detector, named by its id, and `suspicion`, the fused score
/// that the quarantine is ranked by. Scores lie in [0, 1], higher is more suspicious; null where a detector has nothing
/// to say.
pub struct ScoresWriter {
    table: Table,
    files: Choice,
    rows: Vec<i64>,
    /// One per detector, and `suspicion` last.
    scores: Vec<Vec<f64>>,
}

impl ScoresWriter {
    /// Creates the file, with a column for each of these detectors.
    pub fn create(path: &Path, detectors: &[String]) -> Result<Self, Error> {
        let mut columns = vec![("file", Holds::Choice), ("row", Holds::Row)];
        columns.extend(detectors.iter().map(|id| (id.as_str(), Holds::Number)));
        columns.push(("suspicion", Holds::Number));
        let table = Table::create(path, &columns)?;
        let scores = vec![Vec::with_capacity(GROUP_ROWS); detectors.len() + 1];
        Ok(Self { table, files: Choice::default(), rows: Vec::with_capacity(GROUP_ROWS), scores })
    }

    /// Adds consecutive rows of one file: `columns` holds one list of scores for each detector, NaN where it has
    /// nothing to say.
    ///
    /// Errs if there is not one list for each detector, or the lists are not all of the length of `suspicion`.
    pub fn push(&mut self, file: &str, first_row: u64, columns: &[Vec<f64>], suspicion: &[f64]) -> Result<(), Error> {
        let rows = suspicion.len();
        if columns.len() + 1 != self.scores.len() || columns.iter().any(|c| c.len() != rows) {
            let problem = format!("{} columns of {rows} scores are needed", self.scores.len() - 1);
            return Err(Error::Misfit { file: self.table.name().to_owned(), problem });
        }
        let mut done = 0;
        while done < rows {
            let end = rows.min(done + GROUP_ROWS - self.rows.len());
            self.files.push(file, end - done);
            self.rows.extend((done..end).map(|i| (first_row + i as u64) as i64));
            for (held, given) in self.scores.iter_mut().zip(columns.iter().map(Vec::as_slice).chain([suspicion])) {
                held.extend_from_slice(&given[done..end]);
            }
            done = end;
            if self.rows.len() == GROUP_ROWS {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes what is left, and the footer.
    pub fn finish(mut self) -> Result<(), Error> {
        self.flush()?;
        self.table.finish()
    }

    fn flush(&mut self) -> Result<(), Error> {
        let rows = mem::replace(&mut self.rows, Vec::with_capacity(GROUP_ROWS));
        let len = rows.len();
        let mut arrays = vec![self.files.take(), PrimitiveArray::from_vec(rows).boxed()];
        for column in &mut self.scores {
            arrays.push(numbers(mem::replace(column, Vec::with_capacity(GROUP_ROWS))));
        }
        self.table.write(len, &arrays)
    }
}

/// The array of these numbers, NaN as null.
fn numbers(values: Vec<f64>) -> Box<dyn Array> {
    let validity = values.iter().any(|v| v.is_nan()).then(|| values.iter().map(|v| !v.is_nan()).collect::<Bitmap>());
    PrimitiveArray::new(ArrowDataType::Float64, values.into(), validity).boxed()
}

#[cfg(test)]
#[path = "scores_tests.rs"]
mod tests;
