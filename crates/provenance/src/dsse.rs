use std::{fs, path::Path};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::{Error, Signer, VerifyingKey, file::read_bounded};

/// A larger file is not read as an envelope.
pub(crate) const LARGEST_ENVELOPE: u64 = 256 << 20;

/// A DSSE 1.0 envelope: bytes, what they are, and any number of signatures over both.
///
/// An envelope without signatures is allowed, and means that nobody vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Media type of the payload.
    pub payload_type: String,
    /// The bytes that are signed.
    pub payload: Vec<u8>,
    /// Over [`pae`] of both.
    pub signatures: Vec<Signature>,
}

/// A signature in an [`Envelope`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Hints at the key, see [`VerifyingKey::keyid`]; may be empty.
    pub keyid: String,
    /// The signature's bytes.
    pub sig: Vec<u8>,
}

/// What is signed: DSSE's pre-authentication encoding of a payload and its type.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

impl Envelope {
    /// An unsigned envelope.
    pub fn new(payload_type: &str, payload: Vec<u8>) -> Self {
        Self { payload_type: payload_type.to_owned(), payload, signatures: Vec::new() }
    }

    /// What the payload is known by. A signature that is added later does not change it.
    pub fn payload_sha256(&self) -> Digest {
        Digest(Sha256::digest(&self.payload).into())
    }

    /// Adds this key's signature, in place of an older one by the same key.
    pub fn sign(&mut self, key: &dyn Signer) -> Result<(), Error> {
        let sig = key.sign(&pae(&self.payload_type, &self.payload))?;
        let keyid = key.verifying_key().keyid();
        self.signatures.retain(|s| s.keyid != keyid);
        self.signatures.push(Signature { keyid, sig });
        Ok(())
    }

    /// Those of the given keys that signed this envelope. Only given keys are tried: nothing in an envelope is a key.
    ///
    /// A signature is tried with the key its `keyid` names, or, where that is empty, with each.
    pub fn signers<'k>(&self, keys: &'k [VerifyingKey]) -> Vec<&'k VerifyingKey> {
        let message = pae(&self.payload_type, &self.payload);
        let signed = |key: &&VerifyingKey| {
            let keyid = key.keyid();
            let mut meant = self.signatures.iter().filter(|s| s.keyid.is_empty() || s.keyid == keyid);
            meant.any(|s| key.verify(&message, &s.sig))
        };
        keys.iter().filter(signed).collect()
    }

    /// The envelope as JSON, without white space.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.to_raw()).expect("strings always serialise")
    }

    /// Reads an envelope from JSON; the message says what is wrong with it.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        Self::from_raw(serde_json::from_slice(json).map_err(|e| e.to_string())?)
    }

    pub(crate) fn to_raw(&self) -> RawEnvelope {
        let raw = |s: &Signature| RawSignature { keyid: Some(s.keyid.clone()), sig: STANDARD.encode(&s.sig) };
        RawEnvelope {
            payload: STANDARD.encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: self.signatures.iter().map(raw).collect(),
        }
    }

    pub(crate) fn from_raw(raw: RawEnvelope) -> Result<Self, String> {
        let signature =
            |s: RawSignature| Ok(Signature { keyid: s.keyid.unwrap_or_default(), sig: decode(&s.sig, "sig")? });
        Ok(Self {
            payload: decode(&raw.payload, "payload")?,
            payload_type: raw.payload_type,
            signatures: raw.signatures.into_iter().map(signature).collect::<Result<_, String>>()?,
        })
    }

    /// Writes the envelope to a file.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        fs::write(path, self.to_json()).map_err(Error::io(path))
    }

    /// Reads the envelope in a file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let problem = |problem: String| Error::Envelope { path: path.to_owned(), problem };
        let json = read_bounded(path, LARGEST_ENVELOPE)?;
        Self::from_json(&json).map_err(problem)
    }
}

/// Unknown fields are refused: nothing that is not signed rides along in a file that people trust.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEnvelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<RawSignature>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSignature {
    /// Left out, null and empty are the same.
    #[serde(default)]
    keyid: Option<String>,
    sig: String,
}

/// DSSE allows both alphabets.
pub(crate) fn decode(text: &str, field: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).map_err(|_| format!("{field} is not base64"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, SigningKey};

    /// The example in DSSE's protocol.md.
    #[test]
    fn pae_of_the_specification() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    }

    #[test]
    fn several_keys_can_sign() {
        let keys = [Algorithm::Ed25519, Algorithm::P256].map(SigningKey::generate);
        let mut envelope = Envelope::new("text/plain", b"rows".to_vec());
        for key in keys.iter().chain(&keys) {
            envelope.sign(key).unwrap();
        }
        assert_eq!(envelope.signatures.len(), 2);
        let public = keys.map(|k| k.verifying_key());
        let read = Envelope::from_json(envelope.to_json().as_bytes()).unwrap();
        assert_eq!(read, envelope);
        assert_eq!(read.signers(&public).len(), 2);
        assert_eq!(read.signers(&[SigningKey::generate(Algorithm::P256).verifying_key()]), Vec::<&VerifyingKey>::new());
    }

    #[test]
    fn the_type_is_signed_too() {
        let key = SigningKey::generate(Algorithm::Ed25519);
        let mut envelope = Envelope::new("text/plain", b"rows".to_vec());
        envelope.sign(&key).unwrap();
        envelope.payload_type = "text/html".into();
        assert!(envelope.signers(&[key.verifying_key()]).is_empty());
    }

    #[test]
    fn a_keyid_is_only_a_hint() {
        let (key, other) = (SigningKey::generate(Algorithm::Ed25519), SigningKey::generate(Algorithm::Ed25519));
        let mut envelope = Envelope::new("text/plain", b"rows".to_vec());
        envelope.sign(&key).unwrap();
        envelope.signatures[0].keyid = String::new();
        assert_eq!(envelope.signers(&[other.verifying_key(), key.verifying_key()]), [&key.verifying_key()]);
        envelope.signatures[0].keyid = other.verifying_key().keyid();
        assert!(envelope.signers(&[other.verifying_key()]).is_empty());
    }

    #[test]
    fn both_base64_alphabets_are_read() {
        let json = br#"{"payload":"-_8=","payloadType":"x","signatures":[{"sig":"+/8="}]}"#;
        let envelope = Envelope::from_json(json).unwrap();
        assert_eq!(envelope.payload, envelope.signatures[0].sig);
        assert!(Envelope::from_json(br#"{"payload":"-/8=","payloadType":"x","signatures":[]}"#).is_err());
    }
}
