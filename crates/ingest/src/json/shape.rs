//! What the records of JSON files hold: every key, and the types of its values.

use std::{collections::HashMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{DEPTH, fault::Fault};

/// What is known of the values of one key, or of the items of a list.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Its column's name.
    pub path: String,
    pub shape: Shape,
    /// Where its shape was first seen.
    pub seen: Seen,
    /// Whether the user gave it a role for which JSON text will do.
    given: bool,
}

/// A record's file and line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub file: usize,
    pub line: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    Null,
    Bool,
    Int,
    Float,
    Text,
    /// Values of several types, or whole numbers beyond 64 bits: all as JSON text, strings without their quotes.
    Raw,
    List(Box<Node>),
    Object(Object),
    /// Types that no column holds together, and where the second was seen.
    Clash {
        before: &'static str,
        found: &'static str,
        at: Seen,
    },
}

#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    pub nodes: Vec<Node>,
    keys: Vec<String>,
    places: HashMap<String, usize>,
    /// For each key, the number of the object it was last seen in.
    stamps: Vec<u64>,
}

impl Object {
    pub(super) fn keys(&self) -> &[String] {
        &self.keys
    }
}

impl Shape {
    /// In words, for messages.
    pub(super) const fn words(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool => "true or false",
            Self::Int | Self::Float => "a number",
            Self::Text => "a string",
            Self::Raw => "values of several types",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
            Self::Clash { .. } => "types that do not go together",
        }
    }
}

/// Looks at records, one after the other.
pub(super) struct Looker<'a> {
    pub root: Node,
    /// Columns that the user gave a role for which JSON text will do.
    given: &'a [&'a str],
    pub at: Seen,
    keys: usize,
    most_keys: usize,
    longest_key: usize,
    stamp: u64,
    fault: Option<Fault>,
}

impl<'a> Looker<'a> {
    pub(super) fn new(given: &'a [&'a str], most_keys: usize, longest_key: usize) -> Self {
        let at = Seen::default();
        let root = Node { path: String::new(), shape: Shape::Object(Object::default()), seen: at, given: false };
        Self { root, given, at, keys: 0, most_keys, longest_key, stamp: 0, fault: None }
    }

    /// Takes in one record.
    pub(super) fn see(&mut self, record: &str) -> Result<(), Result<Fault, serde_json::Error>> {
        let mut root = std::mem::replace(&mut self.root, Node::blank());
        let mut parser = serde_json::Deserializer::from_str(record);
        let look = Look { node: &mut root, looker: self, level: 0 };
        let done = look.deserialize(&mut parser).and_then(|()| parser.end());
        self.root = root;
        done.map_err(|e| self.fault.take().ok_or(e))?;
        match &self.root.shape {
            Shape::Clash { found, .. } => Err(Ok(Fault::NoObject(found))),
            _ => Ok(()),
        }
    }

    fn child(&self, parent: &str, key: &str) -> Node {
        let path = if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") };
        Node { given: self.given.contains(&path.as_str()), path, shape: Shape::Null, seen: self.at }
    }

    fn fail<E: serde::de::Error>(&mut self, fault: Fault) -> E {
        self.fault = Some(fault);
        E::custom("")
    }
}

impl Node {
    fn blank() -> Self {
        Self { path: String::new(), shape: Shape::Null, seen: Seen::default(), given: false }
    }

    fn scalar(&mut self, new: Shape, at: Seen) {
        use Shape as S;
        self.shape = match (&self.shape, new) {
            (S::Null, new) => {
                self.seen = at;
                new
            }
            (S::Bool, S::Bool)
            | (S::Int, S::Int)
            | (S::Float, S::Float | S::Int)
            | (S::Text, S::Text)
            | (S::Raw | S::Clash { .. }, _) => return,
            (S::Int, S::Float) => S::Float,
            (S::List(_) | S::Object(_), new) => return self.clash(new.words(), at),
            _ => S::Raw,
        };
    }

    fn clash(&mut self, found: &'static str, at: Seen) {
        let before = self.shape.words();
        self.shape = if self.given { Shape::Raw } else { Shape::Clash { before, found, at } };
    }
}

/// One value on its way into a node.
struct Look<'n, 'l, 'a> {
    node: &'n mut Node,
    looker: &'l mut Looker<'a>,
    level: usize,
}

impl<'de> DeserializeSeed<'de> for Look<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        if self.level == 0 {
            self.node.clash("null", self.looker.at);
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.node.scalar(Shape::Bool, self.looker.at);
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.node.scalar(Shape::Int, self.looker.at);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        let fits = i64::try_from(value).is_ok();
        self.node.scalar(if fits { Shape::Int } else { Shape::Raw }, self.looker.at);
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.node.scalar(Shape::Float, self.looker.at);
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.node.scalar(Shape::Text, self.looker.at);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { node, looker, level } = self;
        if level >= DEPTH {
            return Err(looker.fail(Fault::Deep));
        }
        match &node.shape {
            Shape::Null => {
                let item = Node { path: node.path.clone(), shape: Shape::Null, seen: looker.at, given: node.given };
                (node.shape, node.seen) = (Shape::List(Box::new(item)), looker.at);
            }
            Shape::List(_) | Shape::Raw | Shape::Clash { .. } => {}
            _ => node.clash("an array", looker.at),
        }
        let Shape::List(item) = &mut node.shape else {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        while items.next_element_seed(Look { node: item, looker, level: level + 1 })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { node, looker, level } = self;
        if level >= DEPTH {
            return Err(looker.fail(Fault::Deep));
        }
        match &node.shape {
            _ if node.given => node.shape = Shape::Raw,
            Shape::Null => (node.shape, node.seen) = (Shape::Object(Object::default()), looker.at),
            Shape::Object(_) | Shape::Raw | Shape::Clash { .. } => {}
            _ => node.clash("an object", looker.at),
        }
        let Shape::Object(object) = &mut node.shape else {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        looker.stamp += 1;
        let stamp = looker.stamp;
        let mut expected = 0;
        while let Some(place) = entries.next_key_seed(Key { object, looker, parent: &node.path, expected })? {
            expected = place + 1;
            if std::mem::replace(&mut object.stamps[place], stamp) == stamp {
                return Err(looker.fail(Fault::Twice(object.nodes[place].path.clone())));
            }
            entries.next_value_seed(Look { node: &mut object.nodes[place], looker, level: level + 1 })?;
        }
        Ok(())
    }
}

/// A key on its way to its place in an object.
struct Key<'o, 'l, 'a, 'p> {
    object: &'o mut Object,
    looker: &'l mut Looker<'a>,
    parent: &'p str,
    /// The place after that of the key before.
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_, '_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_, '_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<usize, E> {
        let Self { object, looker, parent, expected } = self;
        if object.keys.get(expected).is_some_and(|k| k == key) {
            return Ok(expected);
        }
        if let Some(&place) = object.places.get(key) {
            return Ok(place);
        }
        if key.len() > looker.longest_key {
            return Err(looker.fail(Fault::LongKey(key.len(), looker.longest_key)));
        }
        looker.keys += 1;
        if looker.keys > looker.most_keys {
            return Err(looker.fail(Fault::Keys(looker.most_keys)));
        }
        let place = object.nodes.len();
        object.nodes.push(looker.child(parent, key));
        object.keys.push(key.to_owned());
        object.places.insert(key.to_owned(), place);
        object.stamps.push(0);
        Ok(place)
    }
}
