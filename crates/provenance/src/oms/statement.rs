use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taster_core::Digest;

use super::{
    Method, Resource, Serialization,
    resources::{file_of, is_plain, root_digest, shard_of},
    serialization::RawSerialization,
};
use crate::{DigestSet, Error, STATEMENT_TYPE, Statement, Subject, canonical_json};

/// Type of the predicate of OMS v1.0.
pub const OMS_PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";

/// What a bundle signs: files and how they were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub name: String,
    pub serialization: Serialization,
    pub resources: Vec<Resource>,
}

/// Fields that are not known are passed over, here and in resources, as the specification demands.
#[derive(Serialize, Deserialize)]
struct RawPredicate {
    resources: Vec<RawResource>,
    serialization: RawSerialization,
}

#[derive(Serialize, Deserialize)]
struct RawResource {
    name: String,
    digest: Digest,
    algorithm: String,
}

impl Signed {
    /// The statement's bytes, in canonical JSON; resources sorted by name.
    pub fn to_payload(&self) -> Vec<u8> {
        let mut resources = self.resources.clone();
        resources.sort();
        let sha256 = root_digest(&resources);
        let algorithm = algorithm(self.serialization.method);
        let raw = |r: Resource| RawResource { name: r.name, digest: r.sha256, algorithm: algorithm.clone() };
        let statement = Statement {
            statement_type: STATEMENT_TYPE.into(),
            subject: vec![Subject { name: self.name.clone(), digest: DigestSet { sha256 } }],
            predicate_type: OMS_PREDICATE_TYPE.into(),
            predicate: RawPredicate {
                resources: resources.into_iter().map(raw).collect(),
                serialization: self.serialization.to_raw(),
            },
        };
        let value = serde_json::to_value(statement).expect("a statement has only strings for keys");
        canonical_json(&value).into_bytes()
    }

    /// Reads a statement whose signature was verified.
    ///
    /// Errs with [`Error::Statement`] where it is of another type, or not as the specification has it.
    pub fn from_payload(payload: &[u8]) -> Result<Self, Error> {
        let wrong = |problem: String| Error::Statement(problem);
        let types: Statement<serde_json::Value> = serde_json::from_slice(payload).map_err(|e| wrong(e.to_string()))?;
        for (found, expected) in [(&types.statement_type, STATEMENT_TYPE), (&types.predicate_type, OMS_PREDICATE_TYPE)]
        {
            if found != expected {
                return Err(wrong(format!("it is a {found:?}, not a {expected:?}")));
            }
        }
        let raw: RawPredicate = serde_json::from_value(types.predicate).map_err(|e| wrong(e.to_string()))?;
        let [subject] = types.subject.as_slice() else {
            return Err(wrong("it has not exactly one subject".into()));
        };
        let serialization = Serialization::from_raw(raw.serialization).map_err(wrong)?;
        let resources =
            raw.resources.into_iter().map(|r| resource(r, &serialization)).collect::<Result<Vec<_>, _>>()?;
        let signed = Self { name: subject.name.clone(), serialization, resources };
        signed.check(subject.digest.sha256)?;
        Ok(signed)
    }

    fn check(&self, root: Digest) -> Result<(), Error> {
        if self.resources.is_empty() {
            return Err(Error::Statement("it lists no files".into()));
        }
        if root_digest(&self.resources) != root {
            return Err(Error::Statement("its subject is not the digest of its resources".into()));
        }
        if let Method::Shards(size) = self.serialization.method {
            self.check_shards(size)?;
        }
        let mut names: Vec<_> = self.resources.iter().map(|r| &r.name).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twice) => Err(Error::Statement(format!("it lists {:?} twice", twice[0]))),
            None => Ok(()),
        }
    }

    /// Whether the shards of each file follow on each other, each as long as it must be.
    fn check_shards(&self, size: u64) -> Result<(), Error> {
        let mut shards: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
        for resource in &self.resources {
            if let Some((file, range)) = shard_of(&resource.name) {
                shards.entry(file).or_default().push(range);
            }
        }
        for (file, mut ranges) in shards {
            ranges.sort_unstable();
            let whole = |i: usize| (i as u64).checked_mul(size);
            let fits = |(i, &(start, end)): (usize, &(u64, u64))| {
                let full = whole(i + 1) == Some(end);
                whole(i) == Some(start) && (full || (i + 1 == ranges.len() && start < end && end - start < size))
            };
            if !ranges.iter().enumerate().all(fits) {
                return Err(Error::Statement(format!("the shards of {file:?} do not follow on each other")));
            }
        }
        Ok(())
    }
}

/// How a resource's digest is called. For shards the specification has `sha256`; the reference client writes and expects
/// the size too.
fn algorithm(method: Method) -> String {
    match method {
        Method::Files => "sha256".into(),
        Method::Shards(size) => format!("sha256-sharded-{size}"),
    }
}

fn resource(raw: RawResource, serialization: &Serialization) -> Result<Resource, Error> {
    let refuse = |problem: &str| Err(Error::Statement(format!("its resource {:?} {problem}", raw.name)));
    if raw.algorithm != "sha256" && raw.algorithm != algorithm(serialization.method) {
        return refuse("is not hashed with sha256");
    }
    match file_of(&raw.name, serialization) {
        None => refuse("is not a shard"),
        Some(file) if !is_plain(file) => refuse("is not a path below the root"),
        Some(_) => Ok(Resource { name: raw.name, sha256: raw.digest }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(names: &[&str]) -> Signed {
        let resource = |(i, name): (usize, &&str)| Resource { name: (*name).into(), sha256: Digest([i as u8; 32]) };
        let resources = names.iter().enumerate().map(resource).collect();
        Signed { name: "data".into(), serialization: Serialization::default(), resources }
    }

    #[test]
    fn what_was_written_is_read() {
        let statement = signed(&["a", "b/c", "模型.bin"]);
        assert_eq!(Signed::from_payload(&statement.to_payload()).unwrap(), statement);
        let shards = Serialization { method: Method::Shards(10), ..Serialization::default() };
        let statement = Signed { serialization: shards, ..signed(&["a:0:10", "a:10:12", "odd:name:0:3"]) };
        assert_eq!(Signed::from_payload(&statement.to_payload()).unwrap(), statement);
    }

    #[test]
    fn names_are_sorted_by_code_points() {
        let text = String::from_utf8(signed(&["b", "a/c", "a-c", "B"]).to_payload()).unwrap();
        let at = |name: &str| text.find(&format!("\"name\":\"{name}\"")).unwrap();
        assert!(at("B") < at("a-c") && at("a-c") < at("a/c") && at("a/c") < at("b"));
    }

    #[test]
    fn statements_that_cannot_be_are_refused() {
        for names in [&[][..], &["a", "a"], &["../a"], &["/a"], &["a//b"], &["a/./b"], &[""]] {
            assert!(Signed::from_payload(&signed(names).to_payload()).is_err(), "{names:?}");
        }
        let shards = Serialization { method: Method::Shards(10), ..Serialization::default() };
        for name in ["a", "a:0", "a:x:1", "a::1", "../a:0:1", ":0:1"] {
            let statement = Signed { serialization: shards.clone(), ..signed(&[name]) };
            assert!(Signed::from_payload(&statement.to_payload()).is_err(), "{name}");
        }
        let payload = String::from_utf8(signed(&["a"]).to_payload()).unwrap();
        let zeros = "0".repeat(64);
        for (from, to) in [("Statement/v1", "Statement/v0.1"), ("signature/v1.0", "other"), (zeros.as_str(), "00")] {
            assert!(Signed::from_payload(payload.replace(from, to).as_bytes()).is_err(), "{to}");
        }
        let other_root = payload.replacen(&root_digest(&signed(&["a"]).resources).to_string(), &zeros, 1);
        assert_ne!(other_root, payload);
        assert!(Signed::from_payload(other_root.as_bytes()).is_err());
    }
}
