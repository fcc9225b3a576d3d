use taster_core::xml;

use super::rows::Rows;
use crate::text::visible;

/// HTML under construction. Only literals of this crate enter it as they are; everything else goes through [`xml`] and
/// [`visible`], so nothing in the data can become markup.
#[derive(Clone, Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Adds markup written in this crate.
    pub(super) fn lit(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text, safe in content and in quoted attributes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.0.push_str(&xml(&visible(text)));
        self
    }

    /// Adds what is markup already.
    pub(super) fn add(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// Adds the page's rows as they are: [`Rows`] is safe in a script element.
    pub(super) fn data(&mut self, rows: &Rows) -> &mut Self {
        self.0.push_str(&rows.json);
        self
    }

    /// Adds text between a pair of tags.
    pub(super) fn wrap(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Self {
        self.lit(open).text(text).lit(close)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// Adds items while they fit into so many pieces and bytes; gives how many were added.
pub(super) fn fill<T>(
    out: &mut Markup,
    items: impl IntoIterator<Item = T>,
    max_items: usize,
    max_bytes: usize,
    render: impl Fn(T) -> Markup,
) -> usize {
    let end = out.len() + max_bytes;
    let mut added = 0;
    for item in items.into_iter().take(max_items) {
        let piece = render(item);
        if out.len() + piece.len() > end {
            break;
        }
        out.add(&piece);
        added += 1;
    }
    added
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_through() {
        let mut out = Markup::default();
        out.text("<script>\"'`&\0\u{202E}");
        assert_eq!(out.into_string(), "&lt;script&gt;&quot;&#39;&#96;&amp;⟨U+0000⟩⟨U+202E⟩");
    }

    #[test]
    fn filling_stops_at_the_limits() {
        let one = |n: usize| {
            let mut m = Markup::default();
            m.text(&n.to_string());
            m
        };
        let mut out = Markup::default();
        assert_eq!(fill(&mut out, 0..9, 5, 100, one), 5);
        assert_eq!(fill(&mut out, 0..9, 9, 3, one), 3);
        assert_eq!(out.into_string(), "01234012");
    }
}
