use serde::{Deserialize, Serialize};

/// An entry of a public catalogue of threats. Ids move between releases, so the title and release are always given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tag {
    /// `STRIDE`, `MITRE ATLAS`, `OWASP LLM`, `OWASP ML`, `NIST AI 100-2`.
    pub catalogue: std::borrow::Cow<'static, str>,
    /// The id in it.
    pub id: std::borrow::Cow<'static, str>,
    /// Its title in that release.
    pub title: std::borrow::Cow<'static, str>,
    /// The release, empty where the catalogue has none.
    pub release: std::borrow::Cow<'static, str>,
}

impl Tag {
    /// An entry known at compile time.
    pub const fn new(catalogue: &'static str, id: &'static str, title: &'static str, release: &'static str) -> Self {
        use std::borrow::Cow::Borrowed;
        Self { catalogue: Borrowed(catalogue), id: Borrowed(id), title: Borrowed(title), release: Borrowed(release) }
    }
}
