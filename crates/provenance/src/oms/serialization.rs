use serde::{Deserialize, Serialize};
use serde_json::Number;

/// The shard size the specification asks for where none is said.
pub const DEFAULT_SHARD: u64 = 1_000_000_000;

/// What git keeps at the top of a folder; never signed, as the specification demands.
pub(super) const GIT_PATHS: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// How a file becomes resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One digest for each file.
    Files,
    /// One digest for each run of this many bytes, so that one large file is hashed in parallel. Empty files have no
    /// shard and are not protected.
    Shards(u64),
}

/// Which files of a folder are signed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serialization {
    /// One digest a file or one a shard.
    pub method: Method,
    /// Whether links to files are followed. Links to folders never are.
    pub allow_symlinks: bool,
    /// Paths below the root, with `/`, that are left out with all below them.
    pub ignore_paths: Vec<String>,
}

impl Default for Serialization {
    /// By files, no links, nothing left out but what git keeps at the top.
    fn default() -> Self {
        let ignore_paths = GIT_PATHS.map(str::to_owned).to_vec();
        Self { method: Method::Files, allow_symlinks: false, ignore_paths }
    }
}

impl Serialization {
    /// Whether this path is left out: it is one that is ignored, or below one.
    pub(super) fn ignores(&self, name: &str) -> bool {
        let covers = |path: &str| name.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.ignore_paths.iter().map(String::as_str).chain(GIT_PATHS).any(covers)
    }

    /// What is wrong with a path to ignore, if anything: the specification wants plain relative paths.
    pub(super) fn problem_of(path: &str) -> Option<&'static str> {
        let odd = |part: &str| part.is_empty() || part == "." || part == "..";
        match path {
            _ if path.split('/').any(odd) => Some("not a plain path below the root"),
            _ if path.contains(['*', '?', '[']) => Some("patterns are not allowed; name each path"),
            _ => None,
        }
    }

    pub(super) fn to_raw(&self) -> RawSerialization {
        let (method, shard_size) = match self.method {
            Method::Files => ("files", None),
            Method::Shards(size) => ("shards", Some(size.into())),
        };
        RawSerialization {
            method: method.into(),
            hash_type: "sha256".into(),
            allow_symlinks: self.allow_symlinks,
            shard_size,
            ignore_paths: self.ignore_paths.clone(),
        }
    }

    pub(super) fn from_raw(raw: RawSerialization) -> Result<Self, String> {
        if raw.hash_type != "sha256" {
            return Err(format!("its files are hashed with {:?}; taster verifies sha256 only", raw.hash_type));
        }
        let method = match (raw.method.as_str(), raw.shard_size) {
            ("files", None) => Method::Files,
            ("files", Some(_)) => return Err("it has a shard size but no shards".into()),
            ("shards", Some(size)) => Method::Shards(whole(&size).ok_or("its shard size is not a positive number")?),
            ("shards", None) => return Err("it has shards but no shard size".into()),
            (other, _) => return Err(format!("its files are serialised by {other:?}, which is unknown")),
        };
        let odd = raw.ignore_paths.iter().find(|path| path.split('/').any(|part| part.is_empty() || part == ".."));
        if let Some(path) = odd.or_else(|| raw.ignore_paths.iter().find(|path| *path == ".")) {
            return Err(format!("it leaves out {path:?}, which is not a path below the root"));
        }
        Ok(Self { method, allow_symlinks: raw.allow_symlinks, ignore_paths: raw.ignore_paths })
    }
}

/// Protocol buffers write every number as a double, so `1e9` is read as well.
fn whole(number: &Number) -> Option<u64> {
    let exact = |float: f64| (float.fract() == 0.0 && float < 9e15).then_some(float as u64);
    number.as_u64().or_else(|| number.as_f64().filter(|f| *f > 0.0).and_then(exact)).filter(|size| *size > 0)
}

/// As it stands in the predicate.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSerialization {
    method: String,
    hash_type: String,
    allow_symlinks: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shard_size: Option<Number>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ignore_paths: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_ignored_with_all_below_it_and_nothing_else() {
        let serialization = Serialization { ignore_paths: vec!["cache".into()], ..Serialization::default() };
        for ignored in ["cache", "cache/a/b", ".git", ".git/HEAD", ".gitignore"] {
            assert!(serialization.ignores(ignored), "{ignored}");
        }
        for kept in ["cached", "sub/cache", "sub/.git", ".gitmodules", "a"] {
            assert!(!serialization.ignores(kept), "{kept}");
        }
    }

    #[test]
    fn paths_to_ignore_are_plain() {
        for odd in ["", ".", "..", "/etc", "a/../b", "a//b", "a/", "*.csv", "a?", "[ab]"] {
            assert!(Serialization::problem_of(odd).is_some(), "{odd}");
        }
        assert_eq!(Serialization::problem_of("a/b c.csv"), None);
    }

    #[test]
    fn what_was_written_is_read() {
        for method in [Method::Files, Method::Shards(7)] {
            let serialization = Serialization { method, allow_symlinks: true, ignore_paths: vec!["x".into()] };
            let json = serde_json::to_string(&serialization.to_raw()).unwrap();
            assert_eq!(Serialization::from_raw(serde_json::from_str(&json).unwrap()).unwrap(), serialization);
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let read = |json: &str| serde_json::from_str(json).map_err(|e| e.to_string()).and_then(Serialization::from_raw);
        let with =
            |fields: &str| format!(r#"{{"method":"files","hash_type":"sha256","allow_symlinks":false{fields}}}"#);
        assert!(read(&with("")).is_ok());
        assert!(read(&with(r#","shard_size":5"#)).is_err());
        assert!(read(&with(r#","ignore_paths":["."]"#)).is_err());
        assert!(read(&with(r#","ignore_paths":["../x"]"#)).is_err());
        assert!(read(&with(r#","other":1"#)).is_err());
        assert!(read(r#"{"method":"files","hash_type":"blake3","allow_symlinks":false}"#).is_err());
        assert!(read(r#"{"method":"shards","hash_type":"sha256","allow_symlinks":false}"#).is_err());
        assert!(read(r#"{"method":"shards","hash_type":"sha256","allow_symlinks":false,"shard_size":0}"#).is_err());
        let large = r#"{"method":"shards","hash_type":"sha256","allow_symlinks":false,"shard_size":1000000000.0}"#;
        assert_eq!(read(large).unwrap().method, Method::Shards(DEFAULT_SHARD));
    }
}
