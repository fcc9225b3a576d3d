use std::fmt;

use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::{Verifier as _, hazmat::PrehashVerifier as _};
use pkcs8::EncodePublicKey as _;
use rand_core::OsRng;
use sha2::{Digest as _, Sha256};

use crate::Error;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519 (RFC 8032); signatures of 64 bytes.
    Ed25519,
    /// ECDSA over P-256 with SHA-256 (FIPS 186-5), nonces by RFC 6979; signatures in DER.
    P256,
    /// ECDSA over P-384 with SHA-384, nonces by RFC 6979; signatures in DER.
    P384,
    /// ECDSA over P-521 with SHA-512, random nonces; signatures in DER.
    P521,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 4] = [Self::Ed25519, Self::P256, Self::P384, Self::P521];

    /// The name used in flags and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Algorithm {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|a| a.name() == s);
        named.ok_or_else(|| format!("no algorithm {s:?}; there are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// A private key. It is wiped from memory when dropped, and never shown.
#[derive(Clone)]
pub struct SigningKey(pub(crate) Private);

#[derive(Clone)]
pub(crate) enum Private {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::SecretKey),
}

impl SigningKey {
    /// A new key, from the operating system's randomness.
    pub fn generate(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Ed25519 => Private::Ed25519(ed25519_dalek::SigningKey::generate(&mut OsRng)),
            Algorithm::P256 => Private::P256(p256::ecdsa::SigningKey::random(&mut OsRng)),
            Algorithm::P384 => Private::P384(p384::ecdsa::SigningKey::random(&mut OsRng)),
            Algorithm::P521 => Private::P521(p521::SecretKey::random(&mut OsRng)),
        })
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Private::Ed25519(_) => Algorithm::Ed25519,
            Private::P256(_) => Algorithm::P256,
            Private::P384(_) => Algorithm::P384,
            Private::P521(_) => Algorithm::P521,
        }
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(match &self.0 {
            Private::Ed25519(key) => Public::Ed25519(key.verifying_key()),
            Private::P256(key) => Public::P256(*key.verifying_key()),
            Private::P384(key) => Public::P384(*key.verifying_key()),
            Private::P521(key) => Public::P521(key.public_key()),
        })
    }

    /// Signs these bytes. The same key and bytes give the same signature, but for P-521.
    ///
    /// Errs where the key cannot sign, which no key made here does.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |e: p256::ecdsa::Error| Error::Signing(e.to_string());
        Ok(match &self.0 {
            Private::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Private::P256(key) => {
                let signature: p256::ecdsa::Signature = key.try_sign(message).map_err(failed)?;
                signature.to_der().as_bytes().to_vec()
            }
            Private::P384(key) => {
                let signature: p384::ecdsa::Signature = key.try_sign(message).map_err(failed)?;
                signature.to_der().as_bytes().to_vec()
            }
            Private::P521(key) => {
                let key = p521::ecdsa::SigningKey::from_bytes(&key.to_bytes()).map_err(failed)?;
                let signature: p521::ecdsa::Signature = key.try_sign(message).map_err(failed)?;
                signature.to_der().as_bytes().to_vec()
            }
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm())
    }
}

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey(pub(crate) Public);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Public {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::PublicKey),
}

impl VerifyingKey {
    /// How it was signed.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Public::Ed25519(_) => Algorithm::Ed25519,
            Public::P256(_) => Algorithm::P256,
            Public::P384(_) => Algorithm::P384,
            Public::P521(_) => Algorithm::P521,
        }
    }

    /// Whether this is a signature of the message by the private half.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Public::Ed25519(key) => {
                ed25519_dalek::Signature::from_slice(signature).is_ok_and(|s| key.verify_strict(message, &s).is_ok())
            }
            Public::P256(key) => {
                p256::ecdsa::Signature::from_der(signature).is_ok_and(|s| key.verify(message, &s).is_ok())
            }
            Public::P384(key) => {
                p384::ecdsa::Signature::from_der(signature).is_ok_and(|s| key.verify(message, &s).is_ok())
            }
            Public::P521(key) => {
                let signature = p521::ecdsa::Signature::from_der(signature);
                signature.is_ok_and(|s| p521_verifier(key).is_some_and(|key| key.verify(message, &s).is_ok()))
            }
        }
    }

    /// Whether this is an ECDSA signature of a message with this digest, as certificates carry them: any curve with any
    /// SHA-2. Never true for Ed25519.
    pub(crate) fn verify_prehash(&self, digest: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Public::Ed25519(_) => false,
            Public::P256(key) => {
                p256::ecdsa::Signature::from_der(signature).is_ok_and(|s| key.verify_prehash(digest, &s).is_ok())
            }
            Public::P384(key) => {
                p384::ecdsa::Signature::from_der(signature).is_ok_and(|s| key.verify_prehash(digest, &s).is_ok())
            }
            Public::P521(key) => {
                let signature = p521::ecdsa::Signature::from_der(signature);
                signature.is_ok_and(|s| p521_verifier(key).is_some_and(|key| key.verify_prehash(digest, &s).is_ok()))
            }
        }
    }

    /// The 32 bytes of an Ed25519 key (RFC 8032).
    pub(crate) fn ed25519_bytes(&self) -> Option<[u8; 32]> {
        match &self.0 {
            Public::Ed25519(key) => Some(key.to_bytes()),
            _ => None,
        }
    }

    /// Names the key: SHA-256 of its SPKI in DER, in hexadecimal. A hint for finding the key, not a proof of it.
    pub fn keyid(&self) -> String {
        hex::encode(Sha256::digest(self.spki_der()))
    }

    fn spki_der(&self) -> Vec<u8> {
        let document = match &self.0 {
            Public::Ed25519(key) => key.to_public_key_der(),
            Public::P256(key) => key.to_public_key_der(),
            Public::P384(key) => key.to_public_key_der(),
            Public::P521(key) => key.to_public_key_der(),
        };
        document.expect("a public key of fixed length has an SPKI encoding").into_vec()
    }
}

fn p521_verifier(key: &p521::PublicKey) -> Option<p521::ecdsa::VerifyingKey> {
    p521::ecdsa::VerifyingKey::from_affine(*key.as_affine()).ok()
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({} {})", self.algorithm(), self.keyid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_key_verifies_a_signature() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm);
            let signature = key.sign(b"rows").unwrap();
            assert!(key.verifying_key().verify(b"rows", &signature));
            assert!(!key.verifying_key().verify(b"rowz", &signature));
            for other in Algorithm::ALL {
                assert!(!SigningKey::generate(other).verifying_key().verify(b"rows", &signature));
            }
        }
    }

    #[test]
    fn a_changed_signature_does_not_verify() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm);
            let signature = key.sign(b"rows").unwrap();
            for bit in (0..signature.len() * 8).step_by(3) {
                let mut changed = signature.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(!key.verifying_key().verify(b"rows", &changed));
            }
            assert!(!key.verifying_key().verify(b"rows", &[]));
            assert!(!key.verifying_key().verify(b"rows", &signature[1..]));
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = SigningKey(Private::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[0xab; 32])));
        assert_eq!(format!("{key:?}"), "SigningKey(ed25519)");
    }
}
