//! Deciding on quarantined rows in the terminal (`docs/review.md`).
//!
//! ```text
//! key → Step → Event → Journal (on disk) → Review → view
//! ```
//!
//! What was decided is [`Review`], which knows neither terminal nor disk. A decision is an [`Event`]: it is on the disk, in
//! the [`Journal`], before the screen shows it, so nothing is lost wherever the work ends. The file of decisions is written
//! from it at the end, and can be again.

mod alike;
mod error;
mod groups;
mod journal;
mod keys;
mod review;
mod saved;
mod terminal;
#[cfg(test)]
mod testing;
mod view;

pub use error::Error;
pub use journal::Journal;
pub use review::{Count, Event, Place, Review};
pub use saved::save;
pub use terminal::run;
