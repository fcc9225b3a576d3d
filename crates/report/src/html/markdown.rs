//! The Markdown that detectors' READMEs are written in: headings, paragraphs, lists, tables, fenced code; within a line
//! code, bold, emphasis and links, of which only the text is shown. What is not known is shown as it is written.

use super::markup::Markup;

/// Renders a document; headings begin two levels down, as it sits in a section of the report.
pub(super) fn render(text: &str) -> Markup {
    let mut out = Markup::default();
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        at += block(&mut out, &lines[at..]);
    }
    out
}

/// Renders the block that begins here and gives how many lines it takes, at least one.
fn block(out: &mut Markup, lines: &[&str]) -> usize {
    let first = lines[0].trim();
    if first.is_empty() {
        return 1;
    }
    if first.starts_with("```") {
        return code(out, lines);
    }
    if let Some((level, title)) = heading(first) {
        let (open, close) = if level <= 1 { ("<h4>", "</h4>") } else { ("<h5>", "</h5>") };
        out.lit(open);
        inline(out, title);
        out.lit(close);
        return 1;
    }
    if first.starts_with('|') {
        return table(out, lines);
    }
    match item(first) {
        Some((ordered, _)) => list(out, lines, ordered),
        None => paragraph(out, lines),
    }
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    (1..=6).contains(&level).then(|| title.strip_prefix(' ').map(|t| (level, t)))?
}

/// Whether a line begins an item: of an ordered list or not, and its text.
fn item(line: &str) -> Option<(bool, &str)> {
    if let Some(text) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return Some((false, text));
    }
    let text = line.trim_start_matches(|c: char| c.is_ascii_digit());
    (text.len() < line.len()).then(|| text.strip_prefix(". ").map(|t| (true, t)))?
}

fn code(out: &mut Markup, lines: &[&str]) -> usize {
    let end = lines.iter().skip(1).position(|l| l.trim_start().starts_with("```")).map_or(lines.len(), |i| i + 1);
    out.wrap("<pre tabindex=\"0\"><code>", &lines[1..end].join("\n"), "</code></pre>");
    (end + 1).min(lines.len())
}

fn table(out: &mut Markup, lines: &[&str]) -> usize {
    let rows: Vec<&str> = lines.iter().map(|l| l.trim()).take_while(|l| l.starts_with('|')).collect();
    out.lit("<div class=\"wide\" tabindex=\"0\"><table>");
    for (i, row) in rows.iter().enumerate() {
        if i == 1 && row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ')) {
            continue;
        }
        let (open, close) = if i == 0 { ("<th>", "</th>") } else { ("<td>", "</td>") };
        out.lit("<tr>");
        for cell in row.trim_matches('|').split('|') {
            out.lit(open);
            inline(out, cell.trim());
            out.lit(close);
        }
        out.lit("</tr>");
    }
    out.lit("</table></div>");
    rows.len()
}

fn list(out: &mut Markup, lines: &[&str], ordered: bool) -> usize {
    let mut items: Vec<String> = Vec::new();
    let mut used = 0;
    for line in lines {
        match (item(line.trim()), items.last_mut()) {
            (Some((kind, text)), _) if kind == ordered => items.push(text.to_owned()),
            (None, Some(last)) if line.starts_with("  ") && !line.trim().is_empty() => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => break,
        }
        used += 1;
    }
    let (open, close) = if ordered { ("<ol>", "</ol>") } else { ("<ul>", "</ul>") };
    out.lit(open);
    for text in &items {
        out.lit("<li>");
        inline(out, text);
        out.lit("</li>");
    }
    out.lit(close);
    used
}

fn paragraph(out: &mut Markup, lines: &[&str]) -> usize {
    let begins_other = |l: &str| l.is_empty() || l.starts_with("```") || l.starts_with('|') || heading(l).is_some();
    let rest = lines.iter().skip(1).map(|l| l.trim()).take_while(|l| !begins_other(l) && item(l).is_none());
    let text: Vec<&str> = std::iter::once(lines[0].trim()).chain(rest).collect();
    out.lit("<p>");
    inline(out, &text.join(" "));
    out.lit("</p>");
    text.len()
}

/// Renders a sentence that may quote names in backticks, and nothing else.
pub(super) fn prose(out: &mut Markup, mut text: &str) {
    while let Some(at) = text.find('`') {
        out.text(&text[..at]);
        text = &text[at..];
        let Some(done) = code_span(out, text) else { break };
        text = &text[done..];
    }
    out.text(text);
}

/// Renders what stands within a line.
fn inline(out: &mut Markup, mut text: &str) {
    while let Some(at) = text.find(['`', '*', '[']) {
        out.text(&text[..at]);
        text = &text[at..];
        let done = code_span(out, text).or_else(|| strong(out, text)).or_else(|| link(out, text));
        // All three marks are one byte long.
        let done = done.unwrap_or_else(|| {
            out.text(&text[..1]);
            1
        });
        text = &text[done..];
    }
    out.text(text);
}

fn code_span(out: &mut Markup, text: &str) -> Option<usize> {
    let inside = text.strip_prefix('`')?;
    let end = inside.find('`')?;
    out.wrap("<code>", &inside[..end], "</code>");
    Some(end + 2)
}

fn strong(out: &mut Markup, text: &str) -> Option<usize> {
    let (mark, open, close) =
        if text.starts_with("**") { ("**", "<strong>", "</strong>") } else { ("*", "<em>", "</em>") };
    let inside = text.strip_prefix(mark)?;
    let end = inside.find(mark).filter(|&end| end > 0 && !inside.starts_with(' '))?;
    out.lit(open);
    inline(out, &inside[..end]);
    out.lit(close);
    Some(end + 2 * mark.len())
}

/// A link becomes its text, and its target in brackets where it leads out; neither can be followed.
fn link(out: &mut Markup, text: &str) -> Option<usize> {
    let inside = text.strip_prefix('[')?;
    let (label, rest) = inside.split_once("](")?;
    let (target, _) = rest.split_once(')')?;
    inline(out, label);
    if target.starts_with("https://") {
        out.wrap(" <span class=\"quiet\">(", target, ")</span>");
    }
    Some(label.len() + target.len() + 4)
}

#[cfg(test)]
mod tests {
    fn html(text: &str) -> String {
        super::render(text).into_string()
    }

    #[test]
    fn blocks() {
        assert_eq!(html("# A\n## B\ntext\nmore\n\nnext"), "<h4>A</h4><h5>B</h5><p>text more</p><p>next</p>");
        assert_eq!(html("- a\n- b\n  c\n\n1. d"), "<ul><li>a</li><li>b c</li></ul><ol><li>d</li></ol>");
        assert_eq!(html("```rust\na < b\n# c\n```\nd"), "<pre tabindex=\"0\"><code>a &lt; b\n# c</code></pre><p>d</p>");
        assert_eq!(
            html("| a | b |\n|---|---|\n| 1 | 2 |"),
            "<div class=\"wide\" tabindex=\"0\"><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></div>"
        );
    }

    #[test]
    fn marks_within_a_line() {
        assert_eq!(
            html("a `b*c` **d `e`** *f*"),
            "<p>a <code>b*c</code> <strong>d <code>e</code></strong> <em>f</em></p>"
        );
        assert_eq!(html("2 * 3 ** `x [y] z"), "<p>2 * 3 ** &#96;x [y] z</p>");
        assert_eq!(html("[t](https://e.org/)"), "<p>t <span class=\"quiet\">(https://e.org/)</span></p>");
    }

    #[test]
    fn prose_knows_code_alone() {
        let mut out = super::Markup::default();
        super::prose(&mut out, "`a<b` is **not** [b](c), `nor");
        assert_eq!(out.into_string(), "<code>a&lt;b</code> is **not** [b](c), &#96;nor");
    }

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(html("[<b>](javascript:alert(1))"), "<p>&lt;b&gt;)</p>");
        assert_eq!(html("<img onerror=\"x\">"), "<p>&lt;img onerror=&quot;x&quot;&gt;</p>");
        assert_eq!(html("```\n</code><script>"), "<pre tabindex=\"0\"><code>&lt;/code&gt;&lt;script&gt;</code></pre>");
    }

    #[test]
    fn odd_input_ends() {
        for text in ["```", "-", "- ", "1.", "#", "|", "||\n|-", "**", "* *", "[](", "[a](b", "  - x\n y", "####### x"]
        {
            html(text);
        }
    }
}
