//! Looking beyond the first rows, at the columns that have one value or none there.

use std::{
    collections::BTreeMap,
    io::{Read as _, Seek as _, SeekFrom},
    sync::Arc,
};

use polars::prelude::{AnyValue, DataFrame, Series};

use crate::{
    Compression, Dataset, Error, Format,
    csv::{Chunk, TextFile, whole_records},
    json::whole_lines,
    parquet::{Footer, Root, decode, read_root},
    plan::{FilePlan, How, Plan},
    profile::Profile,
    tap::Tap,
};

/// Bytes looked at in each place of a text file.
const WINDOW: u64 = 256 << 10;
/// Places looked at in a text file, evenly spread.
const WINDOWS: u64 = 4;
/// Text files looked into, evenly spread.
const FILES: usize = 64;

/// Columns with one value or none so far, and that value.
type Suspects<'a> = BTreeMap<usize, AnyValue<'a>>;

impl Dataset {
    /// Gives columns that turn out to vary the profile of the rows where they do. In Parquet files every value of such a
    /// column is looked at, which is cheap just because they are all the same; text files are probed in places.
    pub(crate) fn look_further(&mut self, sample: &DataFrame, profiles: &mut [Profile]) -> Result<(), Error> {
        let columns = sample.columns().iter().enumerate();
        let mut suspects: Suspects<'_> = columns
            .filter(|(i, _)| profiles[*i].present == 0 || profiles[*i].constant())
            .filter_map(|(i, c)| Some((i, c.as_materialized_series().get(0).ok()?)))
            .collect();
        let step = self.files().len().div_ceil(FILES).max(1);
        for index in 0..self.files().len() {
            if suspects.is_empty() {
                break;
            }
            match &self.plan().files[index].how {
                How::Parquet { .. } => self.scan_parquet(index, &mut suspects, profiles)?,
                How::Text(text) if index % step == 0 => {
                    let text = text.clone();
                    self.probe_text(index, &text, &mut suspects, profiles)?;
                }
                How::Json { .. } if index % step == 0 => self.probe_json(index, &mut suspects, profiles)?,
                How::Arrow { .. } | How::Text(_) | How::Json { .. } => {}
            }
        }
        Ok(())
    }

    fn scan_parquet(&self, index: usize, suspects: &mut Suspects<'_>, profiles: &mut [Profile]) -> Result<(), Error> {
        let plan = self.plan();
        let FilePlan { source, how: How::Parquet { targets, .. }, .. } = &plan.files[index] else { return Ok(()) };
        let mut tap = Tap::open(source, false)?;
        let footer = Arc::new(Footer::read(&mut tap, &source.name, &plan.limits)?);
        if footer.fields.len() != targets.len() {
            return Err(Error::changed(&source.name));
        }
        for root in &footer.roots {
            for (flat, target) in targets[root.flat.clone()].iter().enumerate() {
                let Some((column, value)) = target.and_then(|t| Some((t, suspects.get(&t)?))) else { continue };
                let place = Column { name: &source.name, footer: &footer, root, flat };
                if let Some(profile) = place.varies_from(value, &mut tap, plan)? {
                    profiles[column] = profile;
                    suspects.remove(&column);
                }
            }
        }
        Ok(())
    }

    fn probe_text(
        &mut self,
        index: usize,
        text: &TextFile,
        suspects: &mut Suspects<'_>,
        profiles: &mut [Profile],
    ) -> Result<(), Error> {
        if self.files()[index].format != Format::Csv(Compression::None) || text.dialect.encoding.is_utf16() {
            return Ok(());
        }
        let mut tap = Tap::open(&self.files()[index].clone(), false)?;
        for window in 1..=WINDOWS {
            let start = tap.len().saturating_sub(WINDOW) / WINDOWS * window;
            let Some(chunk) = probe(&mut tap, start, text).map_err(|e| Error::io(&text.name, e))? else { continue };
            let frame = loop {
                match self.plan().rows_in(index, text, &chunk) {
                    Err(error) if self.widen(&error) => {}
                    result => break result,
                }
            };
            // A window may begin inside a quoted field: what does not parse says nothing.
            let Ok(frame) = frame else { continue };
            drop_varying(&frame, suspects, profiles);
        }
        Ok(())
    }

    fn probe_json(&self, index: usize, suspects: &mut Suspects<'_>, profiles: &mut [Profile]) -> Result<(), Error> {
        let FilePlan { source, how: How::Json { file, .. }, .. } = &self.plan().files[index] else { return Ok(()) };
        if source.format != Format::Json(Compression::None) || file.encoding.is_utf16() {
            return Ok(());
        }
        let mut tap = Tap::open(source, false)?;
        for window in 1..=WINDOWS {
            let start = tap.len().saturating_sub(WINDOW) / WINDOWS * window;
            let bytes = read_window(&mut tap, start).map_err(|e| Error::io(&source.path, e))?;
            // Of an array, lines may not be records: what does not parse says nothing.
            let Some(records) = whole_lines(&bytes) else { continue };
            let Ok(frame) = self.plan().rows_of_json(index, file, &records) else { continue };
            drop_varying(&frame, suspects, profiles);
        }
        Ok(())
    }
}

/// Gives the columns that vary here the profile of these rows, and suspects them no more.
fn drop_varying(frame: &DataFrame, suspects: &mut Suspects<'_>, profiles: &mut [Profile]) {
    suspects.retain(|&i, value| {
        let column = frame.columns()[i].as_materialized_series();
        let varies = differs(column, value);
        if varies {
            profiles[i] = Profile::of(column);
        }
        !varies
    });
}

/// A flat column of a Parquet file.
struct Column<'a> {
    name: &'a str,
    footer: &'a Arc<Footer>,
    root: &'a Root,
    /// Which of the root's flat columns.
    flat: usize,
}

impl Column<'_> {
    /// The profile of the first rows that do not all hold `value`.
    fn varies_from(&self, value: &AnyValue<'_>, tap: &mut Tap, plan: &Plan) -> Result<Option<Profile>, Error> {
        for (index, group) in self.footer.meta.row_groups.iter().enumerate().filter(|(_, g)| g.num_rows() > 0) {
            let read = read_root(tap, self.name, self.footer, index, self.root)?;
            let step = read.piece_rows();
            for start in (0..group.num_rows()).step_by(step) {
                let rows = start..(start + step).min(group.num_rows());
                let decoded = decode(&read, self.root, rows, self.name, &plan.limits)?;
                if let Some(column) = decoded.get(self.flat).filter(|c| differs(c, value)) {
                    return Ok(Some(Profile::of(column)));
                }
            }
        }
        Ok(None)
    }
}

/// Whether the column holds another value; nulls count as one.
fn differs(column: &Series, value: &AnyValue<'_>) -> bool {
    if value.is_null() {
        return column.null_count() < column.len();
    }
    if column.null_count() > 0 {
        return true;
    }
    let ends = [0, column.len().saturating_sub(1)];
    let apart = ends.iter().any(|&i| column.get(i).is_ok_and(|v| v != *value));
    apart || column.n_unique().is_ok_and(|n| n > 1)
}

/// Whole records from about `start` on; `None` if there are none that can be trusted.
fn probe(tap: &mut Tap, start: u64, text: &TextFile) -> std::io::Result<Option<Chunk>> {
    Ok(whole_records(&read_window(tap, start)?, text))
}

fn read_window(tap: &mut Tap, start: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    tap.file().seek(SeekFrom::Start(start))?;
    tap.file().take(WINDOW).read_to_end(&mut bytes)?;
    Ok(bytes)
}
