use polars::prelude::{DataType, PlSmallStr, PolarsResult, Series};
use polars_arrow::{
    array::{Array, BooleanArray, ListArray, MutableBinaryViewArray, NullArray},
    bitmap::BitmapBuilder,
    datatypes::{ArrowDataType, Field},
    offset::OffsetsBuffer,
};

use crate::csv::Numbers;

/// What the values of a column, or the items of its lists, are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Null,
    Bool,
    Int,
    Float,
    Text,
}

impl Item {
    pub(super) fn dtype(self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Text => DataType::String,
        }
    }

    /// In words, for messages.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool => "true or false",
            Self::Int => "whole numbers",
            Self::Float => "numbers",
            Self::Text => "strings",
        }
    }
}

/// A column in the making: items, and the lists around them.
pub(super) struct Column {
    /// From the outside in.
    lists: Vec<List>,
    pub(super) items: Items,
}

struct List {
    ends: Vec<i64>,
    valid: BitmapBuilder,
}

pub(super) enum Items {
    Null(usize),
    Bool(BitmapBuilder, BitmapBuilder),
    Int(Numbers<i64>),
    Float(Numbers<f64>),
    Text(MutableBinaryViewArray<str>),
}

impl Column {
    /// A column of items within so many lists.
    pub(super) fn new(item: Item, levels: usize, rows: usize) -> Self {
        let items = match item {
            Item::Null => Items::Null(0),
            Item::Bool => Items::Bool(BitmapBuilder::with_capacity(rows), BitmapBuilder::with_capacity(rows)),
            Item::Int => Items::Int(Numbers::new(rows)),
            Item::Float => Items::Float(Numbers::new(rows)),
            Item::Text => Items::Text(MutableBinaryViewArray::with_capacity(rows)),
        };
        let list = |_| List { ends: vec![0], valid: BitmapBuilder::new() };
        Self { lists: (0..levels).map(list).collect(), items }
    }

    /// Appends a missing value: a list of that level, from the outside, or an item.
    pub(super) fn push_null(&mut self, level: usize) {
        match self.lists.get_mut(level) {
            Some(list) => {
                let end = list.ends.last().copied().unwrap_or(0);
                list.ends.push(end);
                list.valid.push(false);
            }
            None => self.items.push_null(),
        }
    }

    /// Ends a list of that level; what was appended below it since the last one is in it.
    pub(super) fn close(&mut self, level: usize) {
        let inner = self.lists.get(level + 1).map_or_else(|| self.items.len(), |list| list.valid.len());
        if let Some(list) = self.lists.get_mut(level) {
            list.ends.push(inner as i64);
            list.valid.push(true);
        }
    }

    pub(super) fn finish(self, name: &str) -> PolarsResult<Series> {
        let mut array = self.items.finish();
        for list in self.lists.into_iter().rev() {
            let item = Field::new("item".into(), array.dtype().clone(), true);
            let offsets = OffsetsBuffer::try_from(list.ends)?;
            let dtype = ArrowDataType::LargeList(Box::new(item));
            array = ListArray::try_new(dtype, offsets, array, list.valid.into_opt_validity())?.boxed();
        }
        Series::try_from((PlSmallStr::from_str(name), array))
    }
}

impl Items {
    fn len(&self) -> usize {
        match self {
            Self::Null(rows) => *rows,
            Self::Bool(values, _) => values.len(),
            Self::Int(numbers) => numbers.len(),
            Self::Float(numbers) => numbers.len(),
            Self::Text(texts) => texts.len(),
        }
    }

    pub(super) fn push_null(&mut self) {
        match self {
            Self::Null(rows) => *rows += 1,
            Self::Bool(values, valid) => {
                values.push(false);
                valid.push(false);
            }
            Self::Int(numbers) => numbers.push(None),
            Self::Float(numbers) => numbers.push(None),
            Self::Text(texts) => texts.push_null(),
        }
    }

    fn finish(self) -> Box<dyn Array> {
        match self {
            Self::Null(rows) => NullArray::new(ArrowDataType::Null, rows).boxed(),
            Self::Bool(values, valid) => {
                BooleanArray::new(ArrowDataType::Boolean, values.freeze(), valid.into_opt_validity()).boxed()
            }
            Self::Int(numbers) => numbers.finish(ArrowDataType::Int64),
            Self::Float(numbers) => numbers.finish(ArrowDataType::Float64),
            Self::Text(texts) => texts.freeze().boxed(),
        }
    }
}
