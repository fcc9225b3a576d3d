use std::fmt;

use polars::prelude::Series;
use serde::de::{Deserialize as _, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    DEPTH, JsonFile, Records,
    column::{Column, Items},
    fault::{Fault, syntax},
    open::utf8,
    splitter::Layout,
    tree::Tree,
};
use crate::{
    Error,
    error::{Place, shown},
};

/// Parses records into the flat columns of their file, in order.
pub(crate) fn decode(records: &Records, file: &JsonFile, index: usize) -> Result<Vec<Series>, Error> {
    let text = utf8(records, &file.name, index)?;
    let rows = records.spans.len();
    let columns = file.flats.iter().map(|flat| Column::new(flat.item, flat.levels, rows)).collect();
    let mut out = Out { file, columns, stamps: vec![0; file.keys], stamp: 0, fault: None };
    for &(start, end) in &records.spans {
        let mut parser = serde_json::Deserializer::from_str(&text[start..end]);
        let put = Put { tree: &file.tree, out: &mut out, level: 0, depth: 0 };
        put.deserialize(&mut parser).and_then(|()| parser.end()).map_err(|e| {
            let line = records.line_at(start) + e.line().saturating_sub(1) as u64;
            let at = Place::file(&file.name).line(line);
            out.fault
                .take()
                .map_or_else(|| syntax(&e, at.clone(), file.layout == Layout::Lines), |f| f.into_error(at.clone()))
        })?;
    }
    let series = out.columns.into_iter().zip(file.flats.iter()).map(|(column, flat)| column.finish(&flat.name));
    series.collect::<Result<_, _>>().map_err(|e| {
        let next = "please report this file: taster should not do that";
        Error::malformed(Place::file(&file.name).line(records.first_line), shown(&e.to_string()), next)
    })
}

/// Columns in the making.
struct Out<'a> {
    file: &'a JsonFile,
    columns: Vec<Column>,
    /// For each key, the number of the object it was last seen in.
    stamps: Vec<u64>,
    stamp: u64,
    fault: Option<Fault>,
}

impl Out<'_> {
    fn fail<E: serde::de::Error>(&mut self, fault: Fault) -> E {
        self.fault = Some(fault);
        E::custom("")
    }

    fn null(&mut self, tree: &Tree, level: usize) {
        for leaf in tree.leaves() {
            self.columns[leaf].push_null(level);
        }
    }

    fn text<E: serde::de::Error>(&mut self, leaf: usize, text: &str) -> Result<bool, E> {
        let limit = self.file.cell_bytes;
        if text.len() > limit {
            let path = self.file.flats[leaf].name.clone();
            return Err(self.fail(Fault::Long { path, bytes: text.len(), limit }));
        }
        let Items::Text(texts) = &mut self.columns[leaf].items else { return Ok(false) };
        texts.push_value(text);
        Ok(true)
    }
}

/// One value on its way into columns.
struct Put<'t, 'o, 'a> {
    tree: &'t Tree,
    out: &'o mut Out<'a>,
    /// Lists around it.
    level: usize,
    /// Lists and objects around it.
    depth: usize,
}

impl Put<'_, '_, '_> {
    /// The items of the column that the value goes into, if it is a plain one.
    fn items(&mut self) -> Option<&mut Items> {
        if let Tree::Leaf(leaf) = self.tree { Some(&mut self.out.columns[*leaf].items) } else { None }
    }

    fn misfit<E: serde::de::Error>(self, found: &'static str) -> E {
        if self.depth == 0 {
            return self.out.fail(Fault::NoObject(found));
        }
        let leaves = self.tree.leaves();
        let flat = &self.out.file.flats[leaves.start];
        let before = match self.tree {
            Tree::Leaf(_) | Tree::Raw(_) => flat.item.words(),
            Tree::List { .. } => "an array",
            Tree::Object { .. } => "an object",
        };
        let path = flat.name.clone();
        self.out.fail(Fault::Misfit { path, found, before })
    }
}

impl<'de> DeserializeSeed<'de> for Put<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let &Tree::Raw(leaf) = self.tree else { return deserializer.deserialize_any(self) };
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if raw == "null" {
            self.out.null(self.tree, self.level);
        } else if raw.starts_with('"') {
            let text: String = serde_json::from_str(raw).map_err(serde::de::Error::custom)?;
            self.out.text(leaf, &text)?;
        } else {
            self.out.text(leaf, raw)?;
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Put<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.depth == 0 {
            return Err(self.misfit("null"));
        }
        self.out.null(self.tree, self.level);
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(mut self, value: bool) -> Result<(), E> {
        let Some(Items::Bool(values, valid)) = self.items() else { return Err(self.misfit("true or false")) };
        values.push(value);
        valid.push(true);
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(mut self, value: i64) -> Result<(), E> {
        match self.items() {
            Some(Items::Int(numbers)) => numbers.push(Some(value)),
            Some(Items::Float(numbers)) => numbers.push(Some(value as f64)),
            _ => return Err(self.misfit("a whole number")),
        }
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(mut self, value: u64) -> Result<(), E> {
        match (self.items(), i64::try_from(value)) {
            (Some(Items::Int(numbers)), Ok(value)) => numbers.push(Some(value)),
            (Some(Items::Float(numbers)), _) => numbers.push(Some(value as f64)),
            _ => return Err(self.misfit("a whole number")),
        }
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(mut self, value: f64) -> Result<(), E> {
        let Some(Items::Float(numbers)) = self.items() else { return Err(self.misfit("a number with a fraction")) };
        numbers.push(Some(value));
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        let &Tree::Leaf(leaf) = self.tree else { return Err(self.misfit("a string")) };
        if self.out.text(leaf, value)? { Ok(()) } else { Err(self.misfit("a string")) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Tree::List { item, leaves } = self.tree else { return Err(self.misfit("an array")) };
        let Self { out, level, depth, .. } = self;
        if depth >= DEPTH {
            return Err(out.fail(Fault::Deep));
        }
        while items.next_element_seed(Put { tree: item, out, level: level + 1, depth: depth + 1 })?.is_some() {}
        for leaf in leaves.clone() {
            out.columns[leaf].close(level);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Tree::Object { keys, trees, .. } = self.tree else { return Err(self.misfit("an object")) };
        let Self { tree, out, level, depth } = self;
        if depth >= DEPTH {
            return Err(out.fail(Fault::Deep));
        }
        out.stamp += 1;
        let stamp = out.stamp;
        let (mut expected, mut seen) = (0, 0);
        while let Some(place) = entries.next_key_seed(Key { tree, out, expected })? {
            let Some(place) = place else {
                entries.next_value::<IgnoredAny>()?;
                continue;
            };
            (expected, seen) = (place + 1, seen + 1);
            if std::mem::replace(&mut out.stamps[keys.first + place], stamp) == stamp {
                return Err(out.fail(Fault::Twice(keys.names[place].clone())));
            }
            entries.next_value_seed(Put { tree: &trees[place], out, level, depth: depth + 1 })?;
        }
        if trees.is_empty() {
            out.null(tree, level);
        } else if seen < trees.len() {
            let absent = |place: &usize| out.stamps[keys.first + place] != stamp;
            let absent: Vec<usize> = (0..trees.len()).filter(absent).collect();
            for place in absent {
                out.null(&trees[place], level);
            }
        }
        Ok(())
    }
}

/// A key on its way to its place in an object; `None` for one that is left out.
struct Key<'t, 'o, 'a> {
    tree: &'t Tree,
    out: &'o mut Out<'a>,
    /// The place after that of the key before.
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_, '_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_, '_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Option<usize>, E> {
        let Tree::Object { keys, .. } = self.tree else { return Ok(None) };
        if keys.names.get(self.expected).is_some_and(|k| k == key) {
            return Ok(Some(self.expected));
        }
        if let Some(&place) = keys.places.get(key) {
            return Ok(Some(place));
        }
        if self.out.file.lenient {
            return Ok(None);
        }
        Err(self.out.fail(Fault::NewKey(shown(key))))
    }
}
