use std::path::Path;

use der::{
    AnyRef, Decode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _,
    asn1::{BitStringRef, GeneralizedTime, ObjectIdentifier, UtcTime},
    pem,
};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::{Error, VerifyingKey, file::read_bounded};

/// No file of certificates is longer.
const LARGEST_FILE: u64 = 4 << 20;

/// An X.509 certificate (RFC 5280), as far as chains of signers need it.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// What its issuer signed.
    signed: Vec<u8>,
    algorithm: ObjectIdentifier,
    signature: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) subject: Vec<u8>,
    spki: Vec<u8>,
    /// First and last second of its validity, since 1970.
    pub(super) valid: (u64, u64),
    pub(super) extensions: Extensions,
}

/// What the extensions that are understood say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    /// Whether it may issue certificates, and how many may follow below the one it issues.
    pub authority: bool,
    pub path_length: Option<u64>,
    /// First byte of the key usage, where there is one.
    pub key_usage: Option<u8>,
    pub code_signing: bool,
    /// A critical extension that is not understood; such a certificate is refused.
    pub not_understood: Option<ObjectIdentifier>,
}

const DIGITAL_SIGNATURE: u8 = 0x80;
const KEY_CERT_SIGN: u8 = 0x04;

const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");

impl Certificate {
    /// Reads a certificate in DER; the message says what is wrong with it.
    pub fn from_der(der: &[u8]) -> Result<Self, &'static str> {
        parse(der).ok_or("not an X.509 certificate")
    }

    /// Reads every certificate in a PEM file.
    ///
    /// Errs where it holds none, or one that cannot be read.
    pub fn load(path: &Path) -> Result<Vec<Self>, Error> {
        let problem = |problem: &str| Error::Key { path: path.to_owned(), problem: problem.to_owned() };
        let text = read_bounded(path, LARGEST_FILE)?;
        let text = String::from_utf8(text).map_err(|_| problem("not a certificate in PEM"))?;
        let mut certificates = Vec::new();
        for block in text.split_inclusive(END).filter(|block| block.contains(BEGIN)) {
            let block = &block[block.find(BEGIN).unwrap_or(0)..];
            let (_, der) = pem::decode_vec(block.as_bytes()).map_err(|_| problem("not a certificate in PEM"))?;
            certificates.push(Self::from_der(&der).map_err(problem)?);
        }
        if certificates.is_empty() { Err(problem("holds no certificate in PEM")) } else { Ok(certificates) }
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its public key; `None` for kinds of keys that are not verified here, such as RSA.
    pub fn key(&self) -> Option<VerifyingKey> {
        VerifyingKey::from_spki(&self.spki)
    }

    /// The common name of its subject, or its fingerprint where it has none.
    pub fn name(&self) -> String {
        let common = || {
            let sets = sequence(&self.subject)?.into_iter().filter_map(|set| items(inside(set, Tag::Set)?));
            let pairs = sets.flatten().filter_map(sequence);
            let mut texts = pairs.filter(|pair| pair.first().and_then(|id| oid(id)) == Some(COMMON_NAME));
            String::from_utf8(AnyRef::from_der(texts.next()?.get(1)?).ok()?.value().to_vec()).ok()
        };
        common().unwrap_or_else(|| hex::encode(Sha256::digest(&self.der)))
    }

    /// Whether its key may sign data: by key usage or by extended key usage, as the reference client has it.
    pub(super) fn may_sign_data(&self) -> bool {
        self.extensions.code_signing || self.extensions.key_usage.is_some_and(|usage| usage & DIGITAL_SIGNATURE != 0)
    }

    /// Whether it may issue certificates.
    pub(super) fn may_issue(&self) -> bool {
        let usage = self.extensions.key_usage.is_none_or(|usage| usage & KEY_CERT_SIGN != 0);
        self.extensions.authority && usage
    }

    /// Whether the key of `issuer` signed it.
    pub(super) fn is_signed_by(&self, issuer: &Self) -> bool {
        let digest = match self.algorithm {
            ECDSA_SHA256 => Sha256::digest(&self.signed).to_vec(),
            ECDSA_SHA384 => Sha384::digest(&self.signed).to_vec(),
            ECDSA_SHA512 => Sha512::digest(&self.signed).to_vec(),
            _ => return false,
        };
        issuer.key().is_some_and(|key| key.verify_prehash(&digest, &self.signature))
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({:?})", self.name())
    }
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

fn parse(der: &[u8]) -> Option<Certificate> {
    let [signed, algorithm, signature] = sequence(der)?.try_into().ok()?;
    let mut fields = sequence(signed)?.into_iter().peekable();
    if fields.peek().and_then(|field| context(field, TagNumber::N0)).is_some() {
        fields.next(); // the version; extensions are only there in version 3
    }
    let (_serial, inner) = (inside(fields.next()?, Tag::Integer)?, fields.next()?);
    let (issuer, validity, subject, spki) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let [from, to] = sequence(validity)?.try_into().ok()?;
    let extensions = fields.find_map(|field| context(field, TagNumber::N3));
    Some(Certificate {
        der: der.to_vec(),
        signed: signed.to_vec(),
        algorithm: (inner == algorithm).then(|| oid(sequence(algorithm)?.first()?)).flatten()?,
        signature: BitStringRef::from_der(signature).ok()?.as_bytes()?.to_vec(),
        issuer: issuer.to_vec(),
        subject: subject.to_vec(),
        spki: spki.to_vec(),
        valid: (seconds(from)?, seconds(to)?),
        extensions: extensions.map_or_else(|| Some(Extensions::default()), parse_extensions)?,
    })
}

fn parse_extensions(content: &[u8]) -> Option<Extensions> {
    let (mut known, mut seen) = (Extensions::default(), Vec::new());
    for extension in sequence(content)? {
        let parts = sequence(extension)?;
        let id = oid(parts.first()?)?;
        let critical = parts.len() == 3 && *inside(parts[1], Tag::Boolean)? != [0];
        let value = inside(parts.last()?, Tag::OctetString)?;
        if seen.contains(&id) {
            return None;
        }
        seen.push(id);
        match id {
            BASIC_CONSTRAINTS => {
                let parts = sequence(value)?;
                known.authority = parts.first().and_then(|p| inside(p, Tag::Boolean)).is_some_and(|ca| *ca != [0]);
                let length = parts.iter().find_map(|p| inside(p, Tag::Integer));
                known.path_length = length.map(|bytes| bytes.iter().fold(0, |n, &b| n << 8 | u64::from(b)));
            }
            KEY_USAGE => {
                known.key_usage = Some(BitStringRef::from_der(value).ok()?.raw_bytes().first().copied().unwrap_or(0));
            }
            EXTENDED_KEY_USAGE => {
                known.code_signing = sequence(value)?.into_iter().any(|usage| oid(usage) == Some(CODE_SIGNING));
            }
            _ if critical => known.not_understood = Some(id),
            _ => {}
        }
    }
    Some(known)
}

/// The elements of a DER sequence that fills these bytes.
fn sequence(der: &[u8]) -> Option<Vec<&[u8]>> {
    items(inside(der, Tag::Sequence)?)
}

fn items(content: &[u8]) -> Option<Vec<&[u8]>> {
    let mut reader = SliceReader::new(content).ok()?;
    let mut items = Vec::new();
    while !reader.is_finished() {
        items.push(reader.tlv_bytes().ok()?);
    }
    Some(items)
}

/// What is in the one element that fills these bytes, if it has this tag.
fn inside(der: &[u8], tag: Tag) -> Option<&[u8]> {
    AnyRef::from_der(der).ok().filter(|any| any.tag() == tag).map(AnyRef::value)
}

fn context(der: &[u8], number: TagNumber) -> Option<&[u8]> {
    inside(der, Tag::ContextSpecific { constructed: true, number })
}

fn oid(der: &[u8]) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_der(der).ok()
}

fn seconds(der: &[u8]) -> Option<u64> {
    let utc = UtcTime::from_der(der).ok().map(|t| t.to_unix_duration());
    utc.or_else(|| GeneralizedTime::from_der(der).ok().map(|t| t.to_unix_duration())).map(|d| d.as_secs())
}
