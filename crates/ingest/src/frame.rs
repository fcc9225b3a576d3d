use polars::prelude::{DataFrame, DataType, Series};
use polars_arrow::array::BinaryViewArrayGeneric;

/// Consecutive rows of one file, as decoded.
///
/// Columns are those of the dataset's [`taster_core::Schema`], in its order. Structs are flattened, dictionaries are
/// plain strings, half-precision floats are single; integers, decimals and times are as stored, in the widest type any
/// file of the dataset has.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Index of the file in the dataset.
    pub file: usize,
    /// Row number, within the file, of the first row; 0-based.
    pub first_row: u64,
    /// Row number, within the dataset, of the first row; 0-based.
    pub offset: u64,
    /// The rows.
    pub frame: DataFrame,
}

/// About how many bytes of text a frame holds.
const TEXT_BYTES: usize = 64 << 20;

impl Frame {
    /// Rows.
    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    /// The same rows in frames of at most `rows` rows; 0 counts as 1.
    pub fn split(self, rows: usize) -> Vec<Self> {
        let rows = rows.max(1);
        if self.rows() <= rows {
            return vec![self];
        }
        (0..self.rows()).step_by(rows).map(|start| self.slice(start, rows)).collect()
    }

    fn slice(&self, start: usize, rows: usize) -> Self {
        Self {
            file: self.file,
            first_row: self.first_row + start as u64,
            offset: self.offset + start as u64,
            frame: self.frame.slice(start as i64, rows),
        }
    }

    /// The same rows in frames whose texts take bounded memory when copied. A dictionary makes a small file large.
    pub(crate) fn split_by_text(self) -> Vec<Self> {
        let total: usize = self.frame.columns().iter().map(|c| text_bytes(c.as_materialized_series())).sum();
        if total <= TEXT_BYTES {
            return vec![self];
        }
        let mut frames = Vec::new();
        let mut rest = vec![self];
        while let Some(frame) = rest.pop() {
            let bytes: usize = frame.frame.columns().iter().map(|c| text_bytes(c.as_materialized_series())).sum();
            let rows = frame.rows();
            if bytes <= TEXT_BYTES || rows <= 1 {
                frames.push(frame);
            } else {
                rest.push(frame.slice(rows / 2, rows - rows / 2));
                rest.push(frame.slice(0, rows / 2));
            }
        }
        frames
    }
}

/// Bytes of the column's texts if each were written out.
pub(crate) fn text_bytes(series: &Series) -> usize {
    match series.dtype() {
        DataType::String => {
            series.str().map_or(0, |c| c.downcast_iter().map(BinaryViewArrayGeneric::total_bytes_len).sum())
        }
        DataType::Binary => {
            series.binary().map_or(0, |c| c.downcast_iter().map(BinaryViewArrayGeneric::total_bytes_len).sum())
        }
        _ => 0,
    }
}

/// Length of the column's longest text.
pub(crate) fn longest_text(series: &Series) -> usize {
    let longest = |views: &[polars_arrow::array::View]| views.iter().map(|v| v.length as usize).max().unwrap_or(0);
    let chunks: Vec<usize> = match series.dtype() {
        DataType::String => {
            series.str().map_or(Vec::new(), |c| c.downcast_iter().map(|a| longest(a.views())).collect())
        }
        DataType::Binary => {
            series.binary().map_or(Vec::new(), |c| c.downcast_iter().map(|a| longest(a.views())).collect())
        }
        _ => Vec::new(),
    };
    chunks.into_iter().max().unwrap_or(0)
}
