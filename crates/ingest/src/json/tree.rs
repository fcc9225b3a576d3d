//! From what JSON records hold to flat columns.

use std::{collections::HashMap, ops::Range};

use polars::prelude::DataType;

use super::{
    column::Item,
    shape::{Node, Seen, Shape},
};

/// A flat column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flat {
    pub name: String,
    pub item: Item,
    /// Lists around each item.
    pub levels: usize,
}

impl Flat {
    pub(crate) fn dtype(&self) -> DataType {
        (0..self.levels).fold(self.item.dtype(), |inner, _| DataType::List(Box::new(inner)))
    }
}

/// Where values go.
#[derive(Debug)]
pub(super) enum Tree {
    /// Into this flat column.
    Leaf(usize),
    /// Into this flat column, as JSON text.
    Raw(usize),
    List {
        item: Box<Tree>,
        /// The flat columns below.
        leaves: Range<usize>,
    },
    Object {
        keys: Keys,
        trees: Vec<Tree>,
        leaves: Range<usize>,
    },
}

/// The keys of an object.
#[derive(Debug)]
pub(super) struct Keys {
    pub names: Vec<String>,
    pub places: HashMap<String, usize>,
    /// Number of the first key, among those of all objects.
    pub first: usize,
}

impl Tree {
    pub(super) fn leaves(&self) -> Range<usize> {
        match self {
            Self::Leaf(leaf) | Self::Raw(leaf) => *leaf..leaf + 1,
            Self::List { leaves, .. } | Self::Object { leaves, .. } => leaves.clone(),
        }
    }
}

/// Types of one key that no column holds together.
pub(super) struct Clash {
    pub path: String,
    pub before: &'static str,
    pub first: Seen,
    pub found: &'static str,
    pub at: Seen,
}

/// The flat columns of what was seen, how to fill them, and how many keys there are.
pub(super) struct Grown {
    pub tree: Tree,
    pub flats: Vec<Flat>,
    pub keys: usize,
    /// Columns read as text because their values are of several types.
    pub mixed: Vec<String>,
}

/// Makes columns of what was seen.
pub(super) fn grow(root: &Node) -> Result<Grown, Clash> {
    let mut grower = Grower { flats: Vec::new(), keys: 0, mixed: Vec::new() };
    let tree = grower.tree(root, 0)?;
    Ok(Grown { tree, flats: grower.flats, keys: grower.keys, mixed: grower.mixed })
}

struct Grower {
    flats: Vec<Flat>,
    keys: usize,
    mixed: Vec<String>,
}

impl Grower {
    fn tree(&mut self, node: &Node, levels: usize) -> Result<Tree, Clash> {
        let first = self.flats.len();
        Ok(match &node.shape {
            Shape::Null => self.leaf(node, Item::Null, levels),
            Shape::Bool => self.leaf(node, Item::Bool, levels),
            Shape::Int => self.leaf(node, Item::Int, levels),
            Shape::Float => self.leaf(node, Item::Float, levels),
            Shape::Text => self.leaf(node, Item::Text, levels),
            Shape::Raw => {
                self.leaf(node, Item::Text, levels);
                self.mixed.push(node.path.clone());
                Tree::Raw(first)
            }
            // An object without keys has no columns of its own, but is one.
            Shape::Object(object) if object.nodes.is_empty() && !node.path.is_empty() => {
                self.leaf(node, Item::Null, levels);
                let keys = Keys { names: Vec::new(), places: HashMap::new(), first: self.keys };
                Tree::Object { keys, trees: Vec::new(), leaves: first..first + 1 }
            }
            Shape::Object(object) => {
                let names = object.keys().to_vec();
                let places = names.iter().enumerate().map(|(i, name)| (name.clone(), i)).collect();
                let keys = Keys { names, places, first: self.keys };
                self.keys += object.nodes.len();
                let trees = object.nodes.iter().map(|n| self.tree(n, levels)).collect::<Result<Vec<_>, _>>()?;
                Tree::Object { keys, trees, leaves: first..self.flats.len() }
            }
            Shape::List(item) => {
                let item = Box::new(self.tree(item, levels + 1)?);
                Tree::List { item, leaves: first..self.flats.len() }
            }
            Shape::Clash { before, found, at } => {
                return Err(Clash { path: node.path.clone(), before, first: node.seen, found, at: *at });
            }
        })
    }

    fn leaf(&mut self, node: &Node, item: Item, levels: usize) -> Tree {
        self.flats.push(Flat { name: node.path.clone(), item, levels });
        Tree::Leaf(self.flats.len() - 1)
    }
}
