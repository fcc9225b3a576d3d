//! Signed notes: C2SP `signed-note`, with Ed25519 keys.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use crate::{Error, Signer, VerifyingKey};

/// The byte that says Ed25519 in a key's id.
const ED25519: u8 = 1;

/// Most signatures a note may carry. The specification asks for 16 at least.
const MOST_SIGNATURES: usize = 64;

/// A text and the signatures under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// Ends with a line break.
    pub text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    /// Four bytes that name the key, then the signature's own.
    bytes: Vec<u8>,
}

/// The public key as other tools that check notes take it: `name+id+base64`. `None` where the key is not Ed25519.
pub fn verifier_key(name: &str, key: &VerifyingKey) -> Option<String> {
    let public = [&[ED25519][..], &key.ed25519_bytes()?].concat();
    Some(format!("{name}+{}+{}", hex::encode(key_id(name, key)?), STANDARD.encode(public)))
}

/// Whether this can be the name of a key, and so the origin of a log.
pub(crate) fn is_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    !name.is_empty() && !name.contains(forbidden)
}

fn key_id(name: &str, key: &VerifyingKey) -> Option<[u8; 4]> {
    let public = key.ed25519_bytes()?;
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(public).finalize();
    Some([hash[0], hash[1], hash[2], hash[3]])
}

impl Note {
    /// Signs a text under this name.
    ///
    /// Errs where the key is not Ed25519, or cannot sign.
    pub fn sign(text: String, name: &str, signer: &dyn Signer) -> Result<Self, Error> {
        let key = signer.verifying_key();
        let id = key_id(name, &key).ok_or_else(|| {
            let problem = "a log is signed with an Ed25519 key (make one with keygen --algorithm ed25519), not with";
            Error::Signing(format!("{problem} {}", key.algorithm()))
        })?;
        let bytes = [&id[..], &signer.sign(text.as_bytes())?].concat();
        Ok(Self { text, signatures: vec![NoteSignature { name: name.to_owned(), bytes }] })
    }

    /// Reads a note; the message says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let whole = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
        if whole.chars().any(|c| c < ' ' && c != '\n') {
            return Err("it holds control characters".into());
        }
        let at = whole.rfind("\n\n").ok_or("it has no blank line before its signatures")?;
        let (text, below) = (&whole[..=at], &whole[at + 2..]);
        let below = below.strip_suffix('\n').ok_or("its last line does not end")?;
        let signatures = below.split('\n').map(signature).collect::<Option<Vec<_>>>();
        let signatures = signatures.ok_or("a line below the blank one is no signature")?;
        if signatures.len() > MOST_SIGNATURES {
            return Err(format!("it has more than {MOST_SIGNATURES} signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Whether this key signed it under this name. Signatures by others are passed over; a false one by this key is not.
    pub fn signed_by(&self, name: &str, key: &VerifyingKey) -> bool {
        let Some(id) = key_id(name, key) else { return false };
        let mut own = self.signatures.iter().filter(|s| s.name == name && s.bytes[..4] == id).peekable();
        own.peek().is_some() && own.all(|s| key.verify(self.text.as_bytes(), &s.bytes[4..]))
    }
}

fn signature(line: &str) -> Option<NoteSignature> {
    let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    (is_name(name) && bytes.len() > 4).then(|| NoteSignature { name: name.to_owned(), bytes })
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|s| writeln!(f, "— {} {}", s.name, STANDARD.encode(&s.bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, SigningKey};

    #[test]
    fn a_note_is_read_back_and_only_its_key_and_name_verify_it() {
        let key = SigningKey::generate(Algorithm::Ed25519);
        let note = Note::sign("a\n\nb\n".into(), "example.com/x", &key).unwrap();
        let read = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read, note);
        assert!(read.signed_by("example.com/x", &key.verifying_key()));
        assert!(!read.signed_by("example.com/y", &key.verifying_key()));
        assert!(!read.signed_by("example.com/x", &SigningKey::generate(Algorithm::Ed25519).verifying_key()));
        let forged = Note { text: "a\n\nc\n".into(), ..read };
        assert!(!forged.signed_by("example.com/x", &key.verifying_key()));
    }

    #[test]
    fn signatures_of_others_are_passed_over() {
        let (key, other) = (SigningKey::generate(Algorithm::Ed25519), SigningKey::generate(Algorithm::Ed25519));
        let mut note = Note::sign("a\n".into(), "log", &key).unwrap();
        note.signatures.extend(Note::sign("b\n".into(), "witness", &other).unwrap().signatures);
        assert!(note.signed_by("log", &key.verifying_key()));
        // One of ours that does not hold spoils it.
        note.signatures.extend(Note::sign("b\n".into(), "log", &key).unwrap().signatures);
        assert!(!note.signed_by("log", &key.verifying_key()));
    }

    /// The example in C2SP's signed-note: the text is everything above the last blank line.
    #[test]
    fn the_note_of_the_specification_is_read() {
        let text = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n";
        let line = "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
        let note = Note::parse(format!("{text}\n{line}").as_bytes()).unwrap();
        assert_eq!(note.text, text);
        assert_eq!(note.to_string(), format!("{text}\n{line}"));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for bytes in ["", "a\n", "a\n\n", "a\n\n— x\n", "a\n\n— x y\n", "a\n\n— x AAAAAAA=", "a\r\n\n— x AAAAAAA=\n"]
        {
            assert!(Note::parse(bytes.as_bytes()).is_err(), "{bytes:?}");
        }
        assert!(Note::parse(b"\xff\n\n").is_err());
    }

    #[test]
    fn other_keys_than_ed25519_are_refused() {
        let key = SigningKey::generate(Algorithm::P256);
        let error = Note::sign("a\n".into(), "log", &key).unwrap_err();
        assert!(error.to_string().contains("Ed25519"), "{error}");
        assert_eq!(verifier_key("log", &key.verifying_key()), None);
    }
}
