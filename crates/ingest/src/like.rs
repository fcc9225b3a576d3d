//! Files read as the columns of another dataset: a reference, or what is verified.

use std::{collections::BTreeMap, sync::Arc};

use polars::prelude::{DataType, TimeUnit, TimeZone};
use taster_core::{Column, Kind};

use crate::{
    Error, Note, Options,
    csv::{CellType, Missing},
    error::{Place, shown},
    field::{Field, kind, unify},
    merge::{file_plans, fit, mixed},
    open::{Body, Opened, infer_cells},
    plan::Plan,
};

/// The columns that files are read as.
pub(crate) struct Like<'a> {
    pub columns: &'a [Column],
    /// How those columns are held.
    pub fields: Vec<Field>,
    /// For each column of vectors, their length.
    pub dims: Vec<Option<usize>>,
    /// Whether every column must be here, of this very kind; else the features must, and numbers may be of any kind.
    pub exact: bool,
}

impl<'a> Like<'a> {
    /// Columns of exactly these kinds.
    pub(crate) fn exactly(columns: &'a [Column]) -> Self {
        let field = |c: &Column| Field { name: c.name.clone(), dtype: widest(&c.kind) };
        Self { columns, fields: columns.iter().map(field).collect(), dims: vec![None; columns.len()], exact: true }
    }

    /// Whether a column may be of another kind.
    fn is_free(&self, column: usize) -> bool {
        use taster_core::Role;
        !self.exact && matches!(self.columns[column].role, Role::Ignored | Role::Id)
    }

    fn is_needed(&self, column: &Column) -> bool {
        self.exact || column.role.is_feature()
    }
}

/// A type that holds every value of this kind.
fn widest(kind: &Kind) -> DataType {
    match kind {
        Kind::Null => DataType::Null,
        Kind::Bool => DataType::Boolean,
        Kind::Int => DataType::Int64,
        Kind::Float => DataType::Float64,
        Kind::Decimal { scale } => DataType::Decimal(38, *scale as usize),
        Kind::String => DataType::String,
        Kind::Binary => DataType::Binary,
        Kind::Date => DataType::Date,
        Kind::Time => DataType::Time,
        Kind::Timestamp { zone } => {
            let zone = TimeZone::opt_try_new(zone.as_deref()).unwrap_or(Some(TimeZone::UTC));
            DataType::Datetime(TimeUnit::Microseconds, zone)
        }
        Kind::Duration => DataType::Duration(TimeUnit::Microseconds),
        Kind::List(item) => DataType::List(Box::new(widest(item))),
    }
}

/// The plan of files read as the columns of `like`.
pub(crate) fn plan(
    opened: Vec<Opened>,
    options: &Options,
    like: Like<'_>,
    notes: &mut Vec<Note>,
) -> Result<Plan, Error> {
    let columns = like.columns;
    let mut fields = like.fields.clone();
    let mut targets = Vec::with_capacity(opened.len());
    let places: BTreeMap<&str, usize> = columns.iter().enumerate().map(|(i, c)| (c.name.as_str(), i)).collect();
    for file in &opened {
        let found: Vec<Option<usize>> = file.fields.iter().map(|f| places.get(f.name.as_str()).copied()).collect();
        check_columns(file, &found, &like, notes)?;
        targets.push(found);
    }
    let missing = Arc::new(Missing::new(&options.csv.missing));
    let mut cells = infer_cells(&opened, &targets, fields.len(), &missing, options)?;
    // For each file and each column of `like`, the file's own.
    let own: Vec<BTreeMap<usize, usize>> =
        targets.iter().map(|t| t.iter().enumerate().filter_map(|(i, t)| Some(((*t)?, i))).collect()).collect();
    for (i, field) in fields.iter_mut().enumerate() {
        *field = own_field(field, i, &like, &opened, &own, &mut cells)?;
    }
    let partition = |f: &Opened, name: &str| f.source.partition.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
    let constants: Vec<Vec<(usize, Option<String>)>> = opened
        .iter()
        .map(|f| columns.iter().enumerate().filter_map(|(i, c)| Some((i, partition(f, &c.name)?))).collect())
        .collect();
    let mut files = file_plans(opened, targets, &[], 0, &missing, options);
    for (file, constants) in files.iter_mut().zip(constants) {
        file.constants = constants;
    }
    Ok(Plan { fields, cells, dims: like.dims, files, limits: options.limits.clone() })
}

/// Every feature must be here; what else is missing or superfluous is noted.
fn check_columns(file: &Opened, found: &[Option<usize>], like: &Like<'_>, notes: &mut Vec<Note>) -> Result<(), Error> {
    let name = &file.source.name;
    let found_ones: std::collections::BTreeSet<usize> = found.iter().copied().flatten().collect();
    for (i, column) in like.columns.iter().enumerate() {
        let here = found_ones.contains(&i) || file.source.partition.iter().any(|(k, _)| *k == column.name);
        if !here && like.is_needed(column) {
            let what = "there is no such column here, but the data this is compared with has it";
            let next = "give data with the same columns, or pass --ignore for the column";
            return Err(Error::schema(Place::file(name).column(&column.name), what, next));
        }
        if !here {
            notes.push(Note::new(format!("{name}: column {:?} is not here, and counts as missing", column.name)));
        }
    }
    let extra: Vec<&str> =
        file.fields.iter().zip(found).filter(|(_, t)| t.is_none()).map(|(f, _)| f.name.as_str()).collect();
    if !extra.is_empty() {
        notes.push(Note::new(format!(
            "{name}: not in the data this is compared with, so left out: {}",
            shown(&extra.join(", "))
        )));
    }
    Ok(())
}

/// How a column is held here: as one of the same kind, or numbers as numbers.
fn own_field(
    field: &Field,
    index: usize,
    like: &Like<'_>,
    opened: &[Opened],
    own: &[BTreeMap<usize, usize>],
    cells: &mut [CellType],
) -> Result<Field, Error> {
    let wanted = kind(&field.dtype).unwrap_or(Kind::Null);
    let free = like.is_free(index);
    let loose = free || (like.exact && wanted != Kind::Null) || wanted == Kind::Null;
    let mut dtype = if loose { DataType::Null } else { field.dtype.clone() };
    for (file, own) in opened.iter().zip(own) {
        let Some(own) = own.get(&index).map(|&i| &file.fields[i]) else { continue };
        let differs =
            |here: &DataType| mixed(file, &field.name, here, &field.dtype, "in the data this is compared with");
        let here = match file.body {
            Body::Parquet { .. } | Body::Arrow { .. } | Body::Json(_) => own.dtype.clone(),
            Body::Text { .. } => {
                // What is verified is read as what it was, so that the error names the cell that is not.
                let exact = || fit(CellType::Empty, &wanted).filter(|_| like.exact);
                let fitted = if free { Some(cells[index]) } else { fit(cells[index], &wanted).or_else(exact) };
                cells[index] = fitted.ok_or_else(|| differs(&cells[index].dtype()))?;
                cells[index].dtype()
            }
        };
        dtype = unify(&dtype, &here).ok_or_else(|| differs(&here))?;
        if like.exact && kind(&dtype) != Some(wanted.clone()) {
            let held = unify(&dtype, &field.dtype).filter(|d| kind(d) == Some(wanted.clone()));
            dtype = held.ok_or_else(|| differs(&here))?;
        }
    }
    Ok(Field { name: field.name.clone(), dtype })
}
