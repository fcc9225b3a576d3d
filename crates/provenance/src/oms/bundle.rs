use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Certificate;
use crate::{
    Envelope, Error, PAYLOAD_TYPE,
    dsse::{LARGEST_ENVELOPE, RawEnvelope, decode},
    file::read_bounded,
};

/// Media type of the bundles that are written and read.
pub const BUNDLE_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A Sigstore bundle v0.3: an envelope, and how to find what verifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// How to find what verifies it.
    pub material: Material,
    /// What was signed.
    pub envelope: Envelope,
}

/// How to find what verifies a bundle. None of it is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Material {
    /// A key that the verifier must have.
    PublicKey {
        /// Names it; empty where nothing does.
        hint: String,
    },
    /// The signer's certificate, then those that lead to one the verifier trusts.
    Certificates(Vec<Certificate>),
    /// A certificate of Sigstore's keyless method, which needs Sigstore's services and is not verified here.
    Keyless,
}

impl Bundle {
    /// The bundle as JSON.
    pub fn to_json(&self) -> String {
        let certificate = |c: &Certificate| RawCertificate { raw_bytes: STANDARD.encode(c.der()) };
        let (public_key, chain) = match &self.material {
            Material::PublicKey { hint } => {
                (Some(RawKey { hint: Some(hint.clone()), raw_bytes: None, key_details: None }), None)
            }
            Material::Certificates(chain) => {
                (None, Some(RawChain { certificates: chain.iter().map(certificate).collect() }))
            }
            Material::Keyless => (None, None),
        };
        let raw = RawBundle {
            media_type: BUNDLE_TYPE.into(),
            verification_material: RawMaterial {
                public_key,
                x509_certificate_chain: chain,
                certificate: None,
                tlog_entries: Some(Vec::new()),
                timestamp_verification_data: None,
            },
            dsse_envelope: self.envelope.to_raw(),
        };
        serde_json::to_string(&raw).expect("strings always serialise")
    }

    /// Reads a bundle from JSON; the message says what is wrong with it. No signature is checked.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let raw: RawBundle = serde_json::from_slice(json).map_err(|e| e.to_string())?;
        if raw.media_type != BUNDLE_TYPE {
            return Err(format!("its media type is {:?}, not {BUNDLE_TYPE:?}", raw.media_type));
        }
        let envelope = Envelope::from_raw(raw.dsse_envelope)?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(format!("its payload is a {:?}, not an in-toto statement", envelope.payload_type));
        }
        match envelope.signatures.as_slice() {
            [one] if one.sig.is_empty() => return Err("its signature is empty".into()),
            [_] => {}
            // What nobody signed is no bundle, even where the signature is not to be checked.
            other => return Err(format!("it has {} signatures, and a bundle has exactly one", other.len())),
        }
        Ok(Self { material: raw.verification_material.read()?, envelope })
    }

    /// Reads the bundle in a file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let problem = |problem: String| Error::Bundle { path: path.to_owned(), problem };
        Self::from_json(&read_bounded(path, LARGEST_ENVELOPE)?).map_err(problem)
    }

    /// Writes the bundle to a file.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        fs::write(path, self.to_json()).map_err(Error::io(path))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawBundle {
    media_type: String,
    verification_material: RawMaterial,
    dsse_envelope: RawEnvelope,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawMaterial {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<RawKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x509_certificate_chain: Option<RawChain>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tlog_entries: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp_verification_data: Option<Value>,
}

/// Before v1.1 of the reference client the key itself stood here. It is not trusted, so not read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawKey {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw_bytes: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_details: Option<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChain {
    certificates: Vec<RawCertificate>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawCertificate {
    raw_bytes: String,
}

impl RawMaterial {
    fn read(self) -> Result<Material, String> {
        match (self.public_key, self.x509_certificate_chain, self.certificate) {
            (Some(key), None, None) => key.read(),
            (None, Some(chain), None) => chain.read(),
            (None, None, Some(_)) => match self.tlog_entries.as_deref() {
                None | Some([]) => Err("it has a certificate of the keyless method and no log entry".into()),
                Some(_) => Ok(Material::Keyless),
            },
            _ => {
                Err("its verificationMaterial has not exactly one of publicKey, x509CertificateChain, certificate"
                    .into())
            }
        }
    }
}

impl RawKey {
    fn read(self) -> Result<Material, String> {
        match (self.hint, self.raw_bytes) {
            (None, None) => Err("its publicKey has neither hint nor rawBytes".into()),
            (hint, _) => Ok(Material::PublicKey { hint: hint.unwrap_or_default() }),
        }
    }
}

impl RawChain {
    fn read(self) -> Result<Material, String> {
        let certificate = |raw: RawCertificate| {
            Certificate::from_der(&decode(&raw.raw_bytes, "rawBytes")?).map_err(|e| format!("a certificate: {e}"))
        };
        let chain: Vec<_> = self.certificates.into_iter().map(certificate).collect::<Result<_, String>>()?;
        if chain.is_empty() { Err("its certificate chain is empty".into()) } else { Ok(Material::Certificates(chain)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Signature;

    fn bundle() -> Bundle {
        let signatures = vec![Signature { keyid: String::new(), sig: vec![1, 2, 3] }];
        let envelope = Envelope { payload_type: PAYLOAD_TYPE.into(), payload: b"{}".to_vec(), signatures };
        Bundle { material: Material::PublicKey { hint: "ab".into() }, envelope }
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(Bundle::from_json(bundle().to_json().as_bytes()).unwrap(), bundle());
    }

    /// The shapes of OMS v1.0's test vectors, valid and invalid, by the specification's description of them.
    #[test]
    fn shapes_of_the_specification() {
        let with = |material: &str, rest: &str| {
            format!(r#"{{"mediaType":"{BUNDLE_TYPE}","verificationMaterial":{material}{rest}}}"#)
        };
        let envelope = r#","dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AA=="}]}"#;
        let valid = [
            r#"{"publicKey":{"hint":"ab"},"tlogEntries":[]}"#,
            r#"{"publicKey":{"hint":"ab"}}"#,
            r#"{"publicKey":{"rawBytes":"AA==","keyDetails":"PKIX_ECDSA_P384_SHA_256"}}"#,
            r#"{"certificate":{"rawBytes":"AA=="},"tlogEntries":[{"logIndex":"1"}]}"#,
        ];
        for material in valid {
            assert!(Bundle::from_json(with(material, envelope).as_bytes()).is_ok(), "{material}");
        }
        for keyid in [r#","keyid":null"#, r#","keyid":"""#] {
            let envelope = envelope.replace(r#""AA==""#, &format!(r#""AA=="{keyid}"#));
            assert!(Bundle::from_json(with(valid[0], &envelope).as_bytes()).is_ok());
        }
        let invalid = [
            with(valid[0], ""),
            with("{}", envelope),
            with(r#"{"publicKey":{}}"#, envelope),
            with(r#"{"x509CertificateChain":{"certificates":[]}}"#, envelope),
            with(r#"{"certificate":{"rawBytes":"AA=="}}"#, envelope),
            with(r#"{"publicKey":{"hint":"a"},"x509CertificateChain":{"certificates":[]}}"#, envelope),
            with(valid[0], envelope).replace("bundle.v0.3", "bundle.v0.1"),
            with(valid[0], envelope).replace("vnd.in-toto+json", "json"),
            with(valid[0], envelope).replace(r#"{"sig":"AA=="}"#, ""),
            with(valid[0], envelope).replace(r#"{"sig":"AA=="}"#, r#"{"sig":"AA=="},{"sig":"AA=="}"#),
            with(valid[0], envelope).replace("AA==\"}]", "\"}]"),
            format!(r#"{{"mediaType":"{BUNDLE_TYPE}"{envelope}}}"#),
            String::new(),
            with(valid[0], envelope)[..100].to_owned(),
        ];
        for json in invalid {
            assert!(Bundle::from_json(json.as_bytes()).is_err(), "{json}");
        }
    }
}
