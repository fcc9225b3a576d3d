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
    /// The one of this id.
    pub(crate) fn find<'a>(docs: &'a [Self], id: &str) -> Option<&'a Self> {
        docs.iter().find(|doc| doc.id == id)
    }
}
