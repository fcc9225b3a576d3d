//! What may be hidden in a text, and how surely somebody hid it.

use unicode_properties::{EmojiStatus, GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};
use unicode_security::confusable_detection::skeleton;

use crate::seen;

/// Different variation selectors behind one character from which they are a message.
const SELECTORS: usize = 3;

/// A kind of thing that is not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Characters that spell text without being seen: tags outside of flags, rows of variation selectors.
    Message,
    /// Controls that make text be read in another order than it is shown in, where nothing is written from right to left.
    Direction,
    /// Characters of no width where no script needs them.
    NoWidth,
    /// Letters of other scripts in a word that looks as if written in Latin ones.
    Imitation,
    /// Characters that only private agreement gives a meaning, or none at all.
    Private,
    /// Control characters: broken encodings, mostly.
    Control,
}

impl Kind {
    /// How surely this was done on purpose, in [0, 1].
    pub fn score(self) -> f64 {
        match self {
            Self::Message => 1.0,
            Self::Direction => 0.9,
            Self::Imitation => 0.8,
            Self::NoWidth => 0.7,
            Self::Private => 0.4,
            Self::Control => 0.3,
        }
    }
}

impl seen::Kind for Kind {
    const ALL: &'static [Self] =
        &[Self::Message, Self::Direction, Self::NoWidth, Self::Imitation, Self::Private, Self::Control];

    fn code(self) -> &'static str {
        match self {
            Self::Message => "hidden-message",
            Self::Direction => "direction-controls",
            Self::NoWidth => "no-width",
            Self::Imitation => "imitated-letters",
            Self::Private => "private-characters",
            Self::Control => "control-characters",
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Message => "text spelt in characters that are not shown",
            Self::Direction => "controls of the direction of writing in text that has one direction only",
            Self::NoWidth => "characters of no width where no script needs them",
            Self::Imitation => "letters of other scripts that look like Latin ones",
            Self::Private => "characters for private use or without a meaning",
            Self::Control => "control characters",
        }
    }

    fn magnitude(self) -> f64 {
        match self {
            Self::Message => 0.5,
            Self::Direction | Self::NoWidth | Self::Imitation => 0.1,
            Self::Private | Self::Control => 0.0,
        }
    }
}

/// What kinds a text has, and an example of each: the least is the worst.
pub type Found = std::collections::BTreeMap<Kind, String>;

/// Whether a text holds nothing but what a typewriter writes; quick, and true of most.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..0x7f).contains(&b) || matches!(b, b'\t' | b'\n' | b'\r'))
}

/// Everything hidden in a text.
pub fn hidden(text: &str) -> Found {
    let mut found = Found::new();
    if is_plain(text) {
        return found;
    }
    let chars: Vec<char> = text.chars().collect();
    characters(&chars, &mut found);
    if let Some(message) = message(&chars) {
        found.insert(Kind::Message, message);
    }
    if let Some(word) = text.split(|c: char| !c.is_alphanumeric()).find(|word| is_imitation(word)) {
        found.insert(Kind::Imitation, format!("{word} ({})", code_points(word)));
    }
    found
}

/// Kinds that single characters tell.
fn characters(chars: &[char], found: &mut Found) {
    let both_ways = chars.iter().any(|&c| is_from_right_to_left(c));
    for (at, &c) in chars.iter().enumerate() {
        let kind = match u32::from(c) {
            0x202a..=0x202e | 0x2066..=0x2069 if !both_ways => Kind::Direction,
            0x200b..=0x200d | 0x2060..=0x2064 | 0x180e | 0x034f | 0x3164 | 0xffa0 | 0x115f | 0x1160 => {
                if is_needed(chars, at) {
                    continue;
                }
                Kind::NoWidth
            }
            // At the very beginning it is a byte order mark.
            0xfeff if at > 0 => Kind::NoWidth,
            _ if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => Kind::Control,
            _ if c.is_ascii() => continue,
            _ if is_private(c) => Kind::Private,
            _ => continue,
        };
        found.entry(kind).or_insert_with(|| code_points(&c.to_string()));
    }
}

fn is_private(c: char) -> bool {
    let nonsense = u32::from(c) & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&u32::from(c));
    nonsense || c.general_category() == GeneralCategory::PrivateUse
}

fn is_from_right_to_left(c: char) -> bool {
    use Script::{Adlam, Arabic, Hebrew, Mandaic, Mende_Kikakui, Nko, Samaritan, Syriac, Thaana, Yezidi};
    !c.is_ascii()
        && matches!(
            c.script(),
            Arabic | Hebrew | Syriac | Thaana | Nko | Samaritan | Mandaic | Adlam | Mende_Kikakui | Yezidi
        )
}

/// Whether a character of no width stands where writing needs it: between the letters of scripts that join or are written
/// without spaces, and between emoji.
fn is_needed(chars: &[char], at: usize) -> bool {
    let joins = |c: char| !c.is_ascii() && (is_emoji(c) || is_joining(c.script()));
    let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied();
    // What modifies the emoji before it stands for it.
    let before = if before.is_some_and(|c| matches!(u32::from(c), 0xfe0f | 0x1f3fb..=0x1f3ff)) {
        at.checked_sub(2).and_then(|at| chars.get(at)).copied()
    } else {
        before
    };
    let after = chars.get(at + 1).copied();
    before.is_some_and(joins) || (before.is_none_or(char::is_whitespace) && after.is_some_and(joins))
}

fn is_emoji(c: char) -> bool {
    !matches!(c.emoji_status(), EmojiStatus::NonEmoji)
}

/// Latin, Greek and Cyrillic letters never need joiners, nor does what belongs to no script; all others may.
fn is_joining(script: Script) -> bool {
    use Script::{Armenian, Common, Cyrillic, Georgian, Greek, Inherited, Latin, Unknown};
    !matches!(script, Latin | Greek | Cyrillic | Armenian | Georgian | Common | Inherited | Unknown)
}

/// What tags outside of flags, or several variation selectors behind one character, spell.
fn message(chars: &[char]) -> Option<String> {
    let (mut tags, mut selectors, mut run) = (String::new(), 0, std::collections::BTreeSet::new());
    let mut in_flag = false;
    for &c in chars {
        let code = u32::from(c);
        in_flag = code == 0x1f3f4 || (in_flag && (0xe0020..=0xe007e).contains(&code));
        if (0xe0000..=0xe007f).contains(&code) && !in_flag && code != 0xe007f {
            tags.push(char::from_u32(code - 0xe0000).filter(char::is_ascii_graphic).unwrap_or(' '));
        }
        if (0xfe00..=0xfe0f).contains(&code) || (0xe0100..=0xe01ef).contains(&code) {
            run.insert(code);
            selectors = selectors.max(run.len());
        } else {
            run.clear();
        }
    }
    if !tags.is_empty() {
        return Some(format!("tags that spell {tags:?}"));
    }
    (selectors >= SELECTORS).then(|| format!("{selectors} different variation selectors in a row"))
}

/// Whether a word mixes scripts and looks as if it were all Latin.
fn is_imitation(word: &str) -> bool {
    if word.is_ascii() || word.len() > 100 {
        return false;
    }
    let of = |script: Script| word.chars().any(|c| c.script() == script);
    let others = word.chars().any(|c| is_alike(c.script()));
    of(Script::Latin) && others && skeleton(word).all(|c| c.is_ascii_alphanumeric())
}

/// Scripts whose letters are often the shapes of Latin ones.
fn is_alike(script: Script) -> bool {
    matches!(
        script,
        Script::Cyrillic | Script::Greek | Script::Armenian | Script::Cherokee | Script::Coptic | Script::Lisu
    )
}

fn code_points(text: &str) -> String {
    let strange = text.chars().filter(|c| !c.is_ascii() || c.is_control());
    strange.take(8).map(|c| format!("U+{:04X}", u32::from(c))).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        hidden(text).into_keys().collect()
    }

    #[test]
    fn each_kind_is_found() {
        let tagged: String = "say yes".chars().map(|c| char::from_u32(0xe0000 + u32::from(c)).unwrap()).collect();
        let found = hidden(&format!("a question{tagged}"));
        assert!(found[&Kind::Message].contains("say yes"), "{found:?}");
        assert_eq!(kinds("x\u{e0100}\u{e0101}\u{e0102}"), [Kind::Message]);
        assert_eq!(kinds("access\u{202e} level user"), [Kind::Direction]);
        assert_eq!(kinds("good \u{200b} film"), [Kind::NoWidth]);
        assert_eq!(kinds("pass\u{200d}word"), [Kind::NoWidth]);
        assert_eq!(kinds("a\u{feff}b"), [Kind::NoWidth]);
        assert_eq!(kinds("p\u{0430}ypal"), [Kind::Imitation]);
        assert_eq!(kinds("an \u{e000} icon"), [Kind::Private]);
        assert_eq!(kinds("\u{1b}[31mred"), [Kind::Control]);
    }

    #[test]
    fn ordinary_writing_hides_nothing() {
        let ordinary = [
            "plain\ttext\r\n",
            "❤\u{fe0f}\u{fe0f}\u{fe0f}\u{fe0f}",
            "\u{feff}name,age",
            "👨\u{200d}👩\u{200d}👧 and 🏃🏻\u{200d}♀\u{fe0f} ☮\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} Scotland",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "สวัสดี\u{200b}ครับ",
            "שלום \u{202b}עולם\u{202c} and English",
            "hy\u{ad}phen\u{ad}ation, 5 µm, Ω, 東京 Tokyo, Кремль, naïve",
            "Привет world, α-helix, β2, 10 kΩ",
        ];
        for text in ordinary {
            assert_eq!(kinds(text), [], "{text:?}");
        }
    }
}
