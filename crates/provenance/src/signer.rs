use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{Error, SigningKey, VerifyingKey};

/// Signs with a key that it may or may not hold itself.
pub trait Signer: Send + Sync {
    /// The public half of the key.
    fn verifying_key(&self) -> VerifyingKey;

    /// A signature over these bytes: 64 bytes for Ed25519, DER for ECDSA.
    ///
    /// Errs where the key cannot sign.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error>;
}

impl Signer for SigningKey {
    fn verifying_key(&self) -> VerifyingKey {
        Self::verifying_key(self)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Self::sign(self, message)
    }
}

/// A key that another program keeps: a KMS, an HSM, an agent.
///
/// The program is run by the shell. It reads the bytes to sign from its standard input and writes the signature, as bytes
/// or in base64, to its standard output. What it writes is checked with the public key before it is used.
#[derive(Clone, Debug)]
pub struct SignerCommand {
    /// The command line.
    pub command: String,
    /// The public half of the key it signs with.
    pub key: VerifyingKey,
}

impl Signer for SignerCommand {
    fn verifying_key(&self) -> VerifyingKey {
        self.key.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let refuse = |problem: &str| Error::Signing(format!("the signer command {:?} {problem}", self.command));
        let output = self.run(message).map_err(|e| refuse(&format!("could not be run: {e}")))?;
        if !output.status.success() {
            return Err(refuse(&format!("failed: {}", output.status)));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let decoded = STANDARD.decode(text.split_whitespace().collect::<String>()).unwrap_or_default();
        let valid = |signature: &Vec<u8>| self.key.verify(message, signature);
        let signature = [output.stdout, decoded].into_iter().find(valid);
        signature.ok_or_else(|| refuse("wrote no signature that its public key verifies"))
    }
}

impl SignerCommand {
    fn run(&self, message: &[u8]) -> std::io::Result<std::process::Output> {
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut command = Command::new(shell);
        command.arg(flag).arg(&self.command).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut stdin = child.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
        std::thread::scope(|scope| {
            // A program that writes before it has read everything must not wait for us. One that does not read at all
            // is found out by its signature.
            let writer = scope.spawn(move || drop(stdin.write_all(message)));
            let output = child.wait_with_output();
            let _ = writer.join();
            output
        })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::Algorithm;

    #[test]
    fn what_the_command_writes_is_checked() {
        let key = SigningKey::generate(Algorithm::P256);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("signature");
        let signer = |command: &str| SignerCommand { command: command.into(), key: key.verifying_key() };
        std::fs::write(&file, key.sign(b"rows").unwrap()).unwrap();
        let bytes = signer(&format!("cat > /dev/null; cat {}", file.display()));
        assert!(bytes.sign(b"rows").is_ok());
        assert!(bytes.sign(b"other rows").is_err());
        assert!(signer(&format!("base64 < {}", file.display())).sign(b"rows").is_ok());
        for command in ["false", "true", "cat", "no-such-program-at-all"] {
            assert!(matches!(signer(command).sign(b"rows"), Err(Error::Signing(_))), "{command}");
        }
    }
}
