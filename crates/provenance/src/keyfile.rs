use std::{
    fs::{self, OpenOptions},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use ed25519_dalek::pkcs8::KeypairBytes;
use pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, Document, EncodePrivateKey as _, EncodePublicKey as _,
    EncryptedPrivateKeyInfo, LineEnding, PrivateKeyInfo, SecretDocument, pkcs5::pbes2,
};
use rand_core::{OsRng, RngCore as _};
use zeroize::Zeroizing;

use crate::{
    Algorithm, Error, SigningKey, VerifyingKey,
    keys::{Private, Public},
};

/// Rounds of PBKDF2-HMAC-SHA-256 over a passphrase, as OWASP's password storage cheat sheet asks. PBKDF2 and not
/// scrypt, because OpenSSL by default refuses the memory that scrypt's recommended parameters need.
const ROUNDS: u32 = 600_000;

/// No key file is longer; anything longer is not read.
const LONGEST_KEY_FILE: u64 = 64 * 1024;

/// A key pair that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// `NAME.pem`: PKCS#8, readable by its owner only.
    pub private: PathBuf,
    /// `NAME.pub.pem`: SPKI.
    pub public: PathBuf,
    /// Names the key in signatures.
    pub keyid: String,
}

/// Makes a key and writes it as `NAME.pem` (PKCS#8, mode 0600, encrypted where a passphrase is given) and
/// `NAME.pub.pem` (SPKI).
///
/// Errs where either file exists or cannot be written; then neither is left behind.
pub fn keygen(algorithm: Algorithm, name: &Path, passphrase: Option<&str>) -> Result<KeyPair, Error> {
    let key = SigningKey::generate(algorithm);
    let (private, public) = (with_suffix(name, ".pem"), with_suffix(name, ".pub.pem"));
    let public_pem = key.verifying_key().to_pem()?;
    create(&private, key.to_pem(passphrase)?.as_bytes(), 0o600)?;
    create(&public, public_pem.as_bytes(), 0o644).inspect_err(|_| drop(fs::remove_file(&private)))?;
    Ok(KeyPair { private, public, keyid: key.verifying_key().keyid() })
}

fn with_suffix(name: &Path, suffix: &str) -> PathBuf {
    let mut path = name.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Creates a file that did not exist, with this mode from its first moment on.
fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Error::KeyExists(path.to_owned()),
        _ => Error::io(path)(e),
    })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| {
        drop(fs::remove_file(path));
        Error::io(path)(e)
    })
}

impl SigningKey {
    /// The key as PKCS#8 in PEM, encrypted (PBES2: PBKDF2-HMAC-SHA-256, AES-256-CBC) where a passphrase is given.
    pub fn to_pem(&self, passphrase: Option<&str>) -> Result<Zeroizing<String>, Error> {
        let document = self.to_pkcs8().map_err(signing)?;
        let Some(passphrase) = passphrase else {
            return document.to_pem("PRIVATE KEY", LineEnding::LF).map_err(signing);
        };
        encrypt(&document, passphrase)?.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).map_err(signing)
    }

    /// Reads a key file. The passphrase is used only where the key is encrypted.
    pub fn load(path: &Path, passphrase: Option<&str>) -> Result<Self, Error> {
        Self::from_pem(&read(path)?, passphrase, path)
    }

    /// Reads a key from PEM; `origin` names it in errors (the file, or the environment variable).
    pub fn from_pem(pem: &str, passphrase: Option<&str>, origin: &Path) -> Result<Self, Error> {
        let problem = |problem: &str| Error::Key { path: origin.to_owned(), problem: problem.to_owned() };
        let pem = pem.trim();
        let (label, document) = SecretDocument::from_pem(pem).map_err(|_| problem("not a private key in PEM"))?;
        match (label, passphrase) {
            ("PRIVATE KEY", _) => Self::from_pkcs8(document.as_bytes()).map_err(problem),
            ("ENCRYPTED PRIVATE KEY", None) => Err(Error::PassphraseNeeded(origin.to_owned())),
            ("ENCRYPTED PRIVATE KEY", Some(passphrase)) => {
                let clear = EncryptedPrivateKeyInfo::try_from(document.as_bytes())
                    .and_then(|key| key.decrypt(passphrase))
                    .map_err(|_| problem("the passphrase is wrong, or the key is damaged"))?;
                Self::from_pkcs8(clear.as_bytes()).map_err(problem)
            }
            ("EC PRIVATE KEY", _) => Err(problem("a key in SEC1 form; convert it: openssl pkcs8 -topk8 -in KEY")),
            ("PUBLIC KEY", _) => Err(problem("a public key where the private one is needed")),
            _ => Err(problem("not a PKCS#8 private key")),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, &'static str> {
        if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_der(der) {
            return Ok(Self(Private::Ed25519(key)));
        }
        let p256 = p256::ecdsa::SigningKey::from_pkcs8_der(der).ok().map(Private::P256);
        let p384 = || p384::ecdsa::SigningKey::from_pkcs8_der(der).ok().map(Private::P384);
        let p521 = || p521::SecretKey::from_pkcs8_der(der).ok().map(Private::P521);
        p256.or_else(p384).or_else(p521).map(Self).ok_or("not an Ed25519, P-256, P-384 or P-521 key")
    }

    fn to_pkcs8(&self) -> pkcs8::Result<SecretDocument> {
        match &self.0 {
            // Without the public key: OpenSSL does not read PKCS#8 version 2.
            Private::Ed25519(key) => {
                let mut bytes = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
                let document = bytes.to_pkcs8_der();
                zeroize::Zeroize::zeroize(&mut bytes.secret_key);
                document
            }
            Private::P256(key) => key.to_pkcs8_der(),
            Private::P384(key) => key.to_pkcs8_der(),
            Private::P521(key) => key.to_pkcs8_der(),
        }
    }
}

fn encrypt(document: &SecretDocument, passphrase: &str) -> Result<SecretDocument, Error> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    OsRng.fill_bytes(&mut salt);
    OsRng.fill_bytes(&mut iv);
    let parameters = pbes2::Parameters::pbkdf2_sha256_aes256cbc(ROUNDS, &salt, &iv).map_err(signing)?;
    let clear = PrivateKeyInfo::try_from(document.as_bytes()).map_err(signing)?;
    clear.encrypt_with_params(parameters, passphrase).map_err(signing)
}

impl VerifyingKey {
    /// The key as SPKI in PEM.
    pub fn to_pem(&self) -> Result<String, Error> {
        match &self.0 {
            Public::Ed25519(key) => key.to_public_key_pem(LineEnding::LF),
            Public::P256(key) => key.to_public_key_pem(LineEnding::LF),
            Public::P384(key) => key.to_public_key_pem(LineEnding::LF),
            Public::P521(key) => key.to_public_key_pem(LineEnding::LF),
        }
        .map_err(signing)
    }

    /// Reads a public key file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::from_pem(&read(path)?, path)
    }

    /// Reads a public key from PEM; `origin` names it in errors.
    pub fn from_pem(pem: &str, origin: &Path) -> Result<Self, Error> {
        let pem = pem.trim();
        let document = Document::from_pem(pem).ok().filter(|(label, _)| *label == "PUBLIC KEY");
        if let Some(key) = document.and_then(|(_, document)| Self::from_spki(document.as_bytes())) {
            return Ok(key);
        }
        let problem = if pem.contains("PRIVATE KEY") {
            "a private key where the public one is needed (NAME.pub.pem)"
        } else {
            "not an Ed25519, P-256, P-384 or P-521 public key in PEM (SPKI)"
        };
        Err(Error::Key { path: origin.to_owned(), problem: problem.into() })
    }

    /// Reads a public key from its SPKI in DER, as certificates hold it.
    pub(crate) fn from_spki(der: &[u8]) -> Option<Self> {
        let ed25519 = ed25519_dalek::VerifyingKey::from_public_key_der(der).ok().map(Public::Ed25519);
        let p256 = || p256::ecdsa::VerifyingKey::from_public_key_der(der).ok().map(Public::P256);
        let p384 = || p384::ecdsa::VerifyingKey::from_public_key_der(der).ok().map(Public::P384);
        let p521 = || p521::PublicKey::from_public_key_der(der).ok().map(Public::P521);
        ed25519.or_else(p256).or_else(p384).or_else(p521).map(Self)
    }
}

fn signing(e: impl std::fmt::Display) -> Error {
    Error::Signing(e.to_string())
}

fn read(path: &Path) -> Result<Zeroizing<String>, Error> {
    let mut pem = Zeroizing::new(String::with_capacity(4096));
    let file = fs::File::open(path).map_err(Error::io(path))?;
    file.take(LONGEST_KEY_FILE).read_to_string(&mut pem).map_err(Error::io(path))?;
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs_for(pair: &KeyPair, passphrase: Option<&str>) -> bool {
        let private = SigningKey::load(&pair.private, passphrase).unwrap();
        let public = VerifyingKey::load(&pair.public).unwrap();
        assert_eq!(public.keyid(), pair.keyid);
        public.verify(b"rows", &private.sign(b"rows").unwrap())
    }

    #[test]
    fn written_keys_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for algorithm in Algorithm::ALL {
            let pair = keygen(algorithm, &folder.path().join(algorithm.name()), None).unwrap();
            assert!(pair.private.ends_with(format!("{algorithm}.pem")));
            assert!(pair.public.ends_with(format!("{algorithm}.pub.pem")));
            assert!(signs_for(&pair, None));
            assert!(signs_for(&pair, Some("not needed")));
        }
    }

    #[test]
    fn a_passphrase_protects_the_key() {
        let folder = tempfile::tempdir().unwrap();
        for algorithm in Algorithm::ALL {
            let pair = keygen(algorithm, &folder.path().join(algorithm.name()), Some("correct horse")).unwrap();
            assert!(fs::read_to_string(&pair.private).unwrap().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
            assert!(signs_for(&pair, Some("correct horse")));
            assert!(matches!(SigningKey::load(&pair.private, None), Err(Error::PassphraseNeeded(_))));
            assert!(matches!(SigningKey::load(&pair.private, Some("wrong")), Err(Error::Key { .. })));
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_private_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let pair = keygen(Algorithm::Ed25519, &folder.path().join("k"), None).unwrap();
        assert_eq!(fs::metadata(&pair.private).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("k");
        fs::write(folder.path().join("k.pub.pem"), "mine").unwrap();
        assert!(matches!(keygen(Algorithm::P256, &name, None), Err(Error::KeyExists(_))));
        assert!(!folder.path().join("k.pem").exists());
        assert_eq!(fs::read_to_string(folder.path().join("k.pub.pem")).unwrap(), "mine");
        fs::write(folder.path().join("k.pem"), "mine too").unwrap();
        assert!(matches!(keygen(Algorithm::P256, &name, None), Err(Error::KeyExists(_))));
        assert_eq!(fs::read_to_string(folder.path().join("k.pem")).unwrap(), "mine too");
    }

    #[test]
    fn the_wrong_half_is_said_to_be_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let pair = keygen(Algorithm::P256, &folder.path().join("k"), None).unwrap();
        let private = SigningKey::load(&pair.public, None).unwrap_err().to_string();
        assert!(private.contains("a public key where the private one is needed"), "{private}");
        let public = VerifyingKey::load(&pair.private).unwrap_err().to_string();
        assert!(public.contains("a private key where the public one is needed"), "{public}");
    }

    #[test]
    fn damaged_keys_are_refused() {
        let pem = SigningKey::generate(Algorithm::P256).to_pem(None).unwrap();
        for cut in 0..pem.len() - 1 {
            let origin = Path::new("cut.pem");
            if pem[..cut].trim() != pem.trim() {
                assert!(SigningKey::from_pem(&pem[..cut], None, origin).is_err());
            }
        }
    }
}
