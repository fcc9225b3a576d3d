//! Several files become one dataset: the same columns, of one type each.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use polars::prelude::DataType;
use taster_core::Kind;

use crate::{
    CsvOptions, Error, Note, Options,
    csv::{self, CellType, Guess, Missing, Seen, TextFile},
    error::Place,
    field::{Field, kind, unify},
    open::{Body, Opened, infer_cells},
    plan::{FilePlan, How, Plan},
};

/// The plan of a dataset: all files must have the same columns, in any order.
pub(crate) fn plan(opened: Vec<Opened>, options: &Options, notes: &mut Vec<Note>) -> Result<Plan, Error> {
    let mut fields: Vec<Field> = opened[0].fields.clone();
    let hive = partition_fields(&opened, &mut fields, notes)?;
    for file in &opened[1..] {
        same_columns(&opened[0], file)?;
    }
    let places: BTreeMap<&str, usize> = fields.iter().enumerate().map(|(i, f)| (f.name.as_str(), i)).collect();
    let place = |f: &Field| places.get(f.name.as_str()).copied();
    let targets: Vec<Vec<Option<usize>>> = opened.iter().map(|file| file.fields.iter().map(place).collect()).collect();
    unify_typed(&opened, &targets, &mut fields)?;
    let missing = Arc::new(Missing::new(&options.csv.missing));
    let mut cells = infer_cells(&opened, &targets, fields.len(), &missing, options)?;
    if opened.iter().any(|f| f.body.is_cells()) {
        unify_cells(&opened, &mut fields, &mut cells, hive)?;
    }
    let dims = vec![None; fields.len()];
    let files = file_plans(opened, targets, &fields[hive..], hive, &missing, options);
    Ok(Plan { fields, cells, dims, files, limits: options.limits.clone() })
}

/// Adds a column for each `key=value` folder; gives the index of the first.
fn partition_fields(opened: &[Opened], fields: &mut Vec<Field>, notes: &mut Vec<Note>) -> Result<usize, Error> {
    let hive = fields.len();
    let keys = |file: &Opened| file.source.partition.iter().map(|(k, _)| k.clone()).collect::<Vec<_>>();
    let first = keys(&opened[0]);
    for file in opened {
        if keys(file) != first {
            let what = format!("its folders name {:?}, those of {} {first:?}", keys(file), opened[0].source.name);
            return Err(Error::schema(Place::file(&file.source.name), what, "lay out all files in the same folders"));
        }
    }
    for (i, key) in first.iter().enumerate() {
        if fields.iter().any(|f| f.name == *key) {
            notes.push(Note::new(format!("column {key:?} is read from the files, not from their folders' names")));
            continue;
        }
        let values = || opened.iter().filter_map(|f| f.source.partition[i].1.as_deref());
        let whole = values().all(|v| v.parse::<i64>().is_ok_and(|n| n.to_string() == v));
        let dtype = if whole { DataType::Int64 } else { DataType::String };
        fields.push(Field { name: key.clone(), dtype });
    }
    Ok(hive)
}

fn same_columns(first: &Opened, file: &Opened) -> Result<(), Error> {
    let next = "give files of the same columns, or scan them one by one";
    let lacks = |a: &Opened, b: &Opened| {
        let names: BTreeSet<&str> = b.fields.iter().map(|f| f.name.as_str()).collect();
        a.fields.iter().find(|f| !names.contains(f.name.as_str())).map(|f| f.name.clone())
    };
    if let Some(name) = lacks(first, file) {
        let what = format!("there is no such column here, but {} has it", first.source.name);
        return Err(Error::schema(Place::file(&file.source.name).column(&name), what, next));
    }
    if let Some(name) = lacks(file, first) {
        let what = format!("{} does not have this column", first.source.name);
        return Err(Error::schema(Place::file(&file.source.name).column(&name), what, next));
    }
    Ok(())
}

/// Unifies the columns of files that bring their types.
fn unify_typed(opened: &[Opened], targets: &[Vec<Option<usize>>], fields: &mut [Field]) -> Result<(), Error> {
    for (file, targets) in opened.iter().zip(targets) {
        for (field, target) in file.fields.iter().zip(targets) {
            let Some(common) = target.map(|t| &mut fields[t]) else { continue };
            let unified = unify(&common.dtype, &field.dtype);
            common.dtype = unified.ok_or_else(|| mixed(file, &field.name, &field.dtype, &common.dtype, OTHERS))?;
        }
    }
    Ok(())
}

/// Where a column has another type.
const OTHERS: &str = "in other files";

pub(crate) fn mixed(file: &Opened, column: &str, here: &DataType, before: &DataType, there: &str) -> Error {
    let name = |d: &DataType| kind(d).map_or_else(|| d.to_string(), |k| k.to_string());
    let (here, before) = (name(here), name(before));
    let what = format!("the column is {here} here, but {before} {there}");
    Error::schema(Place::file(&file.source.name).column(column), what, "store it with the same type in both")
}

/// Gives the columns of text files types that those of files with types agree with.
fn unify_cells(opened: &[Opened], fields: &mut [Field], cells: &mut [CellType], hive: usize) -> Result<(), Error> {
    let typed = opened.iter().any(|f| !f.body.is_cells());
    let text = opened.iter().find(|f| f.body.is_cells()).unwrap_or(&opened[0]);
    for (field, cell) in fields.iter_mut().zip(cells).take(hive) {
        if !typed {
            field.dtype = cell.dtype();
            continue;
        }
        let stored = kind(&field.dtype).unwrap_or(Kind::Null);
        *cell = fit(*cell, &stored).ok_or_else(|| mixed(text, &field.name, &cell.dtype(), &field.dtype, OTHERS))?;
        let unified = unify(&field.dtype, &cell.dtype());
        field.dtype = unified.ok_or_else(|| mixed(text, &field.name, &cell.dtype(), &field.dtype, OTHERS))?;
    }
    Ok(())
}

/// How cells that look like `cell` are parsed to be of this kind.
pub(crate) fn fit(cell: CellType, kind: &Kind) -> Option<CellType> {
    Some(match (cell, kind) {
        (_, Kind::String) => CellType::Text,
        (CellType::Empty, Kind::Int) => CellType::Int(csv::PLAIN),
        (CellType::Empty, Kind::Float | Kind::Decimal { .. }) => CellType::Float(csv::PLAIN),
        (CellType::Int(digits), Kind::Float) => CellType::Float(digits),
        (CellType::Empty, Kind::Bool) => CellType::Bool,
        (CellType::Empty, Kind::Date) => CellType::Date,
        (CellType::Empty, Kind::Timestamp { zone }) => CellType::Timestamp { zoned: zone.is_some() },
        (cell, Kind::Null) => cell,
        (CellType::Float(_), Kind::Int) => cell,
        (cell, kind) if cell.kind() == *kind => cell,
        _ => return None,
    })
}

pub(crate) fn file_plans(
    opened: Vec<Opened>,
    targets: Vec<Vec<Option<usize>>>,
    partition: &[Field],
    hive: usize,
    missing: &Arc<Missing>,
    options: &Options,
) -> Vec<FilePlan> {
    let plans = opened.into_iter().zip(targets).map(|(file, targets)| {
        let value = |f: &Field| file.source.partition.iter().find(|(k, _)| *k == f.name).and_then(|(_, v)| v.clone());
        let constants = partition.iter().enumerate().map(|(i, f)| (hive + i, value(f))).collect();
        let how = match file.body {
            Body::Parquet { tail, rows } => How::Parquet { targets, tail, rows },
            Body::Arrow { head } => How::Arrow { targets, head },
            Body::Json(file) => How::Json { targets, file: Arc::new(file) },
            Body::Text { dialect, required } => How::Text(Arc::new(TextFile {
                name: file.source.name.clone(),
                dialect,
                width: targets.len(),
                required,
                targets,
                ragged: options.csv.ragged,
                missing: missing.clone(),
                limits: options.limits.clone(),
                seen: Seen::default(),
            })),
        };
        FilePlan { source: file.source, len: file.len, how, constants }
    });
    plans.collect()
}

/// A type that holds what `cells` does and this cell too; text only if `textual`.
pub(crate) fn wider(
    cells: CellType,
    text: &[u8],
    textual: bool,
    separator: u8,
    options: &CsvOptions,
) -> Option<CellType> {
    let alone = || {
        let mut guess = Guess::new(separator, options);
        guess.see(text);
        guess.cell_type()
    };
    match (cells, alone()) {
        (CellType::Text, _) => None,
        (CellType::Empty, alone) => Some(alone),
        (CellType::Int(digits), _) if digits.float(text).is_some() => Some(CellType::Float(digits)),
        // Plain whole numbers are written alike whatever groups digits or begins the fraction.
        (CellType::Int(csv::PLAIN), number @ (CellType::Int(_) | CellType::Float(_))) => Some(number),
        (CellType::Float(csv::PLAIN), CellType::Int(digits) | CellType::Float(digits)) if digits.decimal == b'.' => {
            Some(CellType::Float(digits))
        }
        _ => textual.then_some(CellType::Text),
    }
}
