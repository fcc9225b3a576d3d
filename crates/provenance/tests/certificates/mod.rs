//! X.509 certificates for tests, written by hand so that they can be wrong in every way.

use taster_provenance::{Algorithm, SigningKey, oms::Certificate};

/// First, present and last second of certificates' validity, in 2026.
pub const EARLY: u64 = 1_767_225_600;
pub const NOW: u64 = 1_780_000_000;
pub const LATE: u64 = 1_798_761_599;

/// What a certificate will say.
#[derive(Clone)]
pub struct Template {
    pub algorithm: Algorithm,
    pub name: &'static str,
    pub valid: (u64, u64),
    pub authority: bool,
    pub path_length: Option<u8>,
    /// First byte of the key usage.
    pub usage: u8,
    /// Whether it has a critical extension that nobody knows.
    pub critical: bool,
}

/// A certificate and its key.
pub struct Issued {
    pub key: SigningKey,
    pub certificate: Certificate,
    name: &'static str,
}

impl Template {
    pub fn leaf(name: &'static str) -> Self {
        let (valid, path_length) = ((EARLY, LATE), None);
        Self { algorithm: Algorithm::P256, name, valid, authority: false, path_length, usage: 0x80, critical: false }
    }

    pub fn authority(name: &'static str) -> Self {
        Self { authority: true, usage: 0x04, ..Self::leaf(name) }
    }

    pub fn self_signed(self) -> Issued {
        let key = SigningKey::generate(self.algorithm);
        self.issue(key.clone(), &key, self.name)
    }

    pub fn issued_by(self, issuer: &Issued) -> Issued {
        self.issue(SigningKey::generate(self.algorithm), &issuer.key, issuer.name)
    }

    fn issue(&self, key: SigningKey, issuer: &SigningKey, issuer_name: &str) -> Issued {
        let last = match issuer.algorithm() {
            Algorithm::P384 => 3,
            Algorithm::P521 => 4,
            _ => 2,
        };
        let algorithm = sequence(&[tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last])]);
        let signed = sequence(&[
            tlv(0xa0, &tlv(0x02, &[2])),
            tlv(0x02, &[7]),
            algorithm.clone(),
            name(issuer_name),
            sequence(&[time(self.valid.0), time(self.valid.1)]),
            name(self.name),
            spki(&key),
            tlv(0xa3, &self.extensions()),
        ]);
        let signature = [vec![0], issuer.sign(&signed).unwrap()].concat();
        let der = sequence(&[signed, algorithm, tlv(0x03, &signature)]);
        Issued { key, certificate: Certificate::from_der(&der).unwrap(), name: self.name }
    }

    fn extensions(&self) -> Vec<u8> {
        let mut constraints = Vec::new();
        if self.authority {
            constraints.push(tlv(0x01, &[0xff]));
            constraints.extend(self.path_length.map(|n| tlv(0x02, &[n])));
        }
        let usage = tlv(0x03, &[self.usage.trailing_zeros() as u8, self.usage]);
        let mut all =
            vec![extension(&[0x55, 0x1d, 0x13], &sequence(&constraints)), extension(&[0x55, 0x1d, 0x0f], &usage)];
        if self.critical {
            all.push(extension(&[0x55, 0x1d, 0x7f], &[5, 0]));
        }
        sequence(&all)
    }
}

fn extension(id: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[tlv(0x06, id), tlv(0x01, &[0xff]), tlv(0x04, value)])
}

fn name(text: &str) -> Vec<u8> {
    sequence(&[tlv(0x31, &sequence(&[tlv(0x06, &[0x55, 0x04, 0x03]), tlv(0x0c, text.as_bytes())]))])
}

fn spki(key: &SigningKey) -> Vec<u8> {
    let pem = key.verifying_key().to_pem().unwrap();
    der::pem::decode_vec(pem.as_bytes()).unwrap().1
}

/// A GeneralizedTime.
fn time(seconds: u64) -> Vec<u8> {
    let time = der::DateTime::from_unix_duration(std::time::Duration::from_secs(seconds)).unwrap();
    let (date, clock) = ((time.year(), time.month(), time.day()), (time.hour(), time.minutes(), time.seconds()));
    let text = format!("{:04}{:02}{:02}{:02}{:02}{:02}Z", date.0, date.1, date.2, clock.0, clock.1, clock.2);
    tlv(0x18, text.as_bytes())
}

fn sequence(items: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &items.concat())
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match content.len() {
        n @ 0..128 => vec![n as u8],
        n @ 128..256 => vec![0x81, n as u8],
        n => vec![0x82, (n >> 8) as u8, n as u8],
    };
    [vec![tag], length, content.to_vec()].concat()
}
