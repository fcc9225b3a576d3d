/// What a detector is, for the reports: told by the list of detectors.
#[derive(Clone, Debug)]
pub struct RuleDoc {
    /// Its id.
    pub id: String,
    /// One line: what it finds.
    pub finds: String,
    /// Its README, in Markdown.
    pub readme: String,
}

impl RuleDoc {
    /// What the README says under this heading; nothing where it has no such heading.
    pub(crate) fn section(&self, title: &str) -> Option<&str> {
        let heading = format!("\n## {title}\n");
        let from = self.readme.find(&heading)? + heading.len();
        let rest = &self.readme[from..];
        Some(rest.find("\n## ").map_or(rest, |end| &rest[..end]).trim())
    }

    /// The one of this id.
    pub(crate) fn find<'a>(docs: &'a [Self], id: &str) -> Option<&'a Self> {
        docs.iter().find(|doc| doc.id == id)
    }
}
