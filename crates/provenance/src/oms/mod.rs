//! OpenSSF Model Signing (OMS) v1.0: a folder or a file signed so that tools that were not made here can verify it.
//!
//! A [`Bundle`] is a Sigstore bundle v0.3 around a DSSE envelope around an in-toto statement, whose predicate lists every
//! file (or every shard of every file) with its SHA-256. See `docs/signing.md` and
//! <https://github.com/ossf/model-signing-spec>.
//!
//! - [`Serialization`] says which files count and how they are cut.
//! - [`sign`] makes a bundle, [`verify`] checks one: signature first, then every file.
//! - [`Certificate`] is for the `certificate` method; no key or certificate in a bundle is trusted by itself.

mod bundle;
mod certificate;
mod chain;
mod resources;
mod scanned;
mod serialization;
mod sign;
mod statement;
mod verify;
mod walk;

pub use bundle::{BUNDLE_TYPE, Bundle, Material};
pub use certificate::Certificate;
pub use chain::Anchors;
pub use resources::Resource;
pub use scanned::{Scanned, sign_scanned};
pub use serialization::{DEFAULT_SHARD, Method, Serialization};
pub use sign::{Identity, sign, sign_resources};
pub use statement::OMS_PREDICATE_TYPE;
pub use verify::{Leniency, OmsTrust, verify};
