use super::Certificate;

/// Certificates whose owners are trusted, and the time for which chains are judged.
#[derive(Clone, Debug)]
pub struct Anchors {
    /// Each is trusted by itself: an authority, or a signer's own certificate.
    pub certificates: Vec<Certificate>,
    /// Seconds since 1970.
    pub at: u64,
}

/// No chain is longer.
const LONGEST: usize = 8;

impl Anchors {
    /// Checks that a chain leads from a signer's certificate, through some of `others`, to one that is trusted (RFC 5280,
    /// section 6, without policies and name constraints: a certificate that demands either is refused), that each is
    /// valid at the time, and that the first may sign data.
    ///
    /// Errs with what is wrong, in words.
    pub(super) fn check(&self, signer: &Certificate, others: &[Certificate]) -> Result<(), String> {
        if !signer.may_sign_data() {
            return Err("its certificate may not be used for signing data".into());
        }
        self.lead(signer, others, 0)
    }

    fn lead(&self, certificate: &Certificate, others: &[Certificate], depth: usize) -> Result<(), String> {
        self.usable(certificate)?;
        if self.certificates.contains(certificate) {
            return Ok(());
        }
        if depth == LONGEST {
            return Err("its chain of certificates is too long".into());
        }
        let mut reason = format!("no trusted certificate issued that of {:?}", certificate.name());
        for issuer in self.certificates.iter().chain(others) {
            if issuer.subject != certificate.issuer || issuer == certificate || !certificate.is_signed_by(issuer) {
                continue;
            }
            match may_issue(issuer, depth as u64).and_then(|()| self.lead(issuer, others, depth + 1)) {
                Ok(()) => return Ok(()),
                Err(why) => reason = why,
            }
        }
        Err(reason)
    }

    fn usable(&self, certificate: &Certificate) -> Result<(), String> {
        let name = certificate.name();
        if let Some(id) = certificate.extensions.not_understood {
            return Err(format!(
                "the certificate of {name:?} has the critical extension {id}, which is not understood"
            ));
        }
        match certificate.valid {
            (from, _) if self.at < from => Err(format!("the certificate of {name:?} is not valid yet")),
            (_, to) if self.at > to => Err(format!("the certificate of {name:?} has expired")),
            _ => Ok(()),
        }
    }
}

/// Whether a certificate may issue one below which there are `below` more authorities.
fn may_issue(issuer: &Certificate, below: u64) -> Result<(), String> {
    let name = issuer.name();
    if !issuer.may_issue() {
        return Err(format!("the certificate of {name:?} may not issue others"));
    }
    match issuer.extensions.path_length {
        Some(most) if below > most => Err(format!("the certificate of {name:?} allows no chain as long as this")),
        _ => Ok(()),
    }
}
