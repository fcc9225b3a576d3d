use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{
    Bundle, Certificate, Material, Resource, Serialization,
    resources::{hash, pieces},
    statement::Signed,
    walk::{below, root_name, walk},
};
use crate::{Algorithm, Envelope, Error, PAYLOAD_TYPE, Signature, Signer, dsse::pae};

/// Who signs: a key, and the certificates that say whose it is, if any.
pub struct Identity<'a> {
    /// Signs; must be on one of the NIST curves.
    pub signer: &'a dyn Signer,
    /// The key's certificate, then those that lead to an authority; empty for the `key` method.
    pub certificates: Vec<Certificate>,
}

/// Signs every file below `root`, a folder or one file. `out`, where the bundle will be written, is left out.
///
/// Errs where a file cannot be read or may not be signed (a link that is not allowed, a name that is not UTF-8), where
/// there is none, and where the key or its certificate does not fit.
pub fn sign(
    root: &Path,
    serialization: &Serialization,
    out: Option<&Path>,
    identity: &Identity<'_>,
) -> Result<Bundle, Error> {
    let mut serialization = serialization.clone();
    serialization.ignore_paths.extend(out.and_then(|out| below(root, out)));
    for path in &serialization.ignore_paths {
        if let Some(problem) = Serialization::problem_of(path) {
            return Err(Error::Unsignable { name: path.clone(), problem: problem.to_owned() });
        }
    }
    serialization.ignore_paths.sort();
    serialization.ignore_paths.dedup();
    let walk = walk(root, &serialization)?;
    if let Some((name, problem)) = walk.problems.into_iter().next() {
        return Err(Error::Unsignable { name, problem });
    }
    let files: Vec<_> = walk.files.iter().collect();
    let resources = hash(&pieces(&files, serialization.method)).into_iter().collect::<Result<Vec<_>, _>>()?;
    sign_resources(&root_name(root), serialization, resources, identity)
}

/// Signs files that were hashed before; `name` is what the whole is called.
///
/// Errs where there are none, or the key or its certificate does not fit.
pub fn sign_resources(
    name: &str,
    serialization: Serialization,
    resources: Vec<Resource>,
    identity: &Identity<'_>,
) -> Result<Bundle, Error> {
    if resources.is_empty() {
        return Err(Error::Unsignable { name: name.to_owned(), problem: "there are no files to sign".into() });
    }
    let material = identity.material()?;
    let payload = Signed { name: name.to_owned(), serialization, resources }.to_payload();
    let sig = identity.signer.sign(&pae(PAYLOAD_TYPE, &payload))?;
    let signatures = vec![Signature { keyid: String::new(), sig }];
    Ok(Bundle { material, envelope: Envelope { payload_type: PAYLOAD_TYPE.into(), payload, signatures } })
}

impl Identity<'_> {
    fn material(&self) -> Result<Material, Error> {
        let key = self.signer.verifying_key();
        if key.algorithm() == Algorithm::Ed25519 {
            let problem = "model signing knows no Ed25519 keys; make one with `taster keygen --algorithm p256`";
            return Err(Error::Signing(problem.into()));
        }
        match self.certificates.first() {
            None => Ok(Material::PublicKey { hint: hint(&key.to_pem()?) }),
            Some(certificate) if certificate.key().as_ref() != Some(&key) => {
                Err(Error::Signing("the first certificate is not that of the signing key".into()))
            }
            Some(_) => Ok(Material::Certificates(self.certificates.clone())),
        }
    }
}

/// How the reference client names a key: SHA-256 of its PEM.
pub(super) fn hint(pem: &str) -> String {
    hex::encode(Sha256::digest(pem))
}
