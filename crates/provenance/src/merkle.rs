use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::Error;

/// Root of a tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1).
pub fn empty_root() -> Digest {
    Digest(Sha256::digest([]).into())
}

/// An interior node: SHA-256 of 0x01, the left and the right child (RFC 6962, section 2.1).
pub fn node(left: &Digest, right: &Digest) -> Digest {
    let mut input = [1; 65];
    input[1..33].copy_from_slice(&left.0);
    input[33..].copy_from_slice(&right.0);
    Digest(Sha256::digest(input).into())
}

/// Consecutive leaves of an RFC 6962 tree, folded to the roots of as few perfect subtrees as their place allows.
///
/// A subtree of 2^k leaves is folded only where its first leaf's index is a multiple of 2^k, as in the whole tree. So
/// ranges built apart, on other threads or machines, can be appended in order, and the result is the same however the
/// leaves were split.
///
/// ```
/// use taster_core::Digest;
/// use taster_provenance::CompactRange;
///
/// let leaves: Vec<Digest> = (0..10).map(|i| Digest([i; 32])).collect();
/// let mut split = CompactRange::of(0, &leaves[..3]);
/// split.append(CompactRange::of(3, &leaves[3..]))?;
/// assert_eq!(split.root(), CompactRange::of(0, &leaves).root());
/// # Ok::<(), taster_provenance::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactRange {
    start: u64,
    end: u64,
    /// Subtrees of more than 2^top leaves are left unfolded.
    top: u32,
    nodes: Vec<Subtree>,
}

/// A perfect subtree of 2^level leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subtree {
    pub(crate) level: u32,
    pub(crate) root: Digest,
}

/// Above every level a tree of 2^64 leaves has.
const NO_TOP: u32 = 64;

impl CompactRange {
    /// A range without leaves that starts at this leaf index.
    pub fn empty(start: u64) -> Self {
        Self::with_top(start, NO_TOP)
    }

    /// The range of these leaf hashes, the first of which has the index `start`. One hash per leaf.
    pub fn of(start: u64, leaves: &[Digest]) -> Self {
        let mut range = Self::empty(start);
        range.extend(leaves);
        range
    }

    /// Appends the range that comes next.
    ///
    /// Errs with [`Error::Gap`] where `next` does not start where this ends.
    pub fn append(&mut self, next: Self) -> Result<(), Error> {
        if next.start != self.end {
            return Err(Error::Gap { expected: self.end, found: next.start });
        }
        for subtree in next.nodes {
            self.push(subtree);
        }
        Ok(())
    }

    /// Appends leaf hashes.
    pub fn extend(&mut self, leaves: &[Digest]) {
        for &root in leaves {
            self.push(Subtree { level: 0, root });
        }
    }

    /// Root of the tree of all leaves so far; `None` for a range that does not start at leaf 0.
    pub fn root(&self) -> Option<Digest> {
        (self.start == 0).then(|| fold(&self.nodes))
    }

    /// Index of the first leaf.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// One more than the index of the last leaf.
    pub fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn with_top(start: u64, top: u32) -> Self {
        Self { start, end: start, top, nodes: Vec::new() }
    }

    pub(crate) fn top(&self) -> u32 {
        self.top
    }

    /// Roots of the consecutive blocks of 2^top leaves of a range that starts at leaf 0; the last may be shorter.
    pub(crate) fn block_roots(&self) -> Vec<Digest> {
        let whole = self.nodes.iter().take_while(|subtree| subtree.level == self.top).count();
        let (blocks, rest) = self.nodes.split_at(whole);
        let last = (!rest.is_empty()).then(|| fold(rest));
        blocks.iter().map(|subtree| subtree.root).chain(last).collect()
    }

    /// Folds up to a higher top.
    pub(crate) fn raise(&mut self, top: u32) {
        let mut raised = Self::with_top(self.start, top);
        for &subtree in &self.nodes {
            raised.push(subtree);
        }
        *self = raised;
    }

    /// Appends a subtree and folds it with those it completes.
    fn push(&mut self, mut last: Subtree) {
        let mut first = self.end;
        self.end += 1 << last.level;
        while let Some(left) = self.nodes.last()
            && left.level == last.level
            && last.level < self.top
            && (first >> last.level) & 1 == 1
        {
            first -= 1 << last.level;
            last = Subtree { level: last.level + 1, root: node(&left.root, &last.root) };
            self.nodes.pop();
        }
        self.nodes.push(last);
    }
}

/// Root over consecutive subtrees of which the first starts at leaf 0 of the (sub)tree.
pub(crate) fn fold(nodes: &[Subtree]) -> Digest {
    let mut whole = CompactRange::empty(0);
    for &subtree in nodes {
        whole.push(subtree);
    }
    let roots = whole.nodes.iter().rev().map(|subtree| subtree.root);
    roots.reduce(|right, left| node(&left, &right)).unwrap_or_else(empty_root)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaf(data: &[u8]) -> Digest {
        Digest(Sha256::new().chain_update([0]).chain_update(data).finalize().into())
    }

    /// The definition in RFC 6962, section 2.1, word for word.
    pub(crate) fn naive(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node(&naive(left), &naive(right))
            }
        }
    }

    /// The inputs and roots of Certificate Transparency's reference tests.
    #[test]
    fn certificate_transparency_vectors() {
        let inputs =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let leaves: Vec<_> = inputs.iter().map(|hex| leaf(&hex::decode(hex).unwrap())).collect();
        for (n, root) in roots.iter().enumerate() {
            assert_eq!(CompactRange::of(0, &leaves[..=n]).root().unwrap().to_string(), *root);
        }
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(CompactRange::empty(0).root().unwrap().to_string(), empty);
    }

    #[test]
    fn out_of_order_is_refused() {
        let mut range = CompactRange::of(0, &[leaf(b"a")]);
        let late = CompactRange::of(2, &[leaf(b"c")]);
        assert!(matches!(range.append(late.clone()), Err(Error::Gap { expected: 1, found: 2 })));
        assert_eq!(late.root(), None);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_naive_root(n in 0usize..200, start in 0u64..70, cuts in prop::collection::vec(0usize..200, 0..8)) {
            let leaves: Vec<_> = (0..n as u64).map(|i| leaf(&i.to_le_bytes())).collect();
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(n)).chain([0, n]).collect();
            cuts.sort_unstable();
            for start in [0, start] {
                let mut range = CompactRange::empty(start);
                for pair in cuts.windows(2) {
                    range.append(CompactRange::of(start + pair[0] as u64, &leaves[pair[0]..pair[1]])).unwrap();
                }
                prop_assert_eq!(&range, &CompactRange::of(start, &leaves));
                if start == 0 {
                    prop_assert_eq!(range.root().unwrap(), naive(&leaves));
                }
            }
        }
    }
}
