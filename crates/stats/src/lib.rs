//! Statistics and learners that know nothing of taster: gradient boosting, densities, nearest neighbours,
//! two-sample tests, p-values and false discovery rates, counting sketches.
//!
//! Everything here is deterministic: the result depends on the input and the seed, never on the number of threads.

pub mod boost;
pub mod cells;
pub mod counts;
pub mod dependence;
pub mod distinct;
pub mod effects;
pub mod exact;
pub mod fdr;
pub mod frequencies;
pub mod gaussian;
pub mod histogram;
pub mod kernel;
pub mod kmeans;
pub mod known;
pub mod linear;
pub mod math;
pub mod minhash;
mod moments;
pub mod neighbours;
pub mod ngrams;
pub mod null;
pub mod pairs;
pub mod quantiles;
pub mod tail;
pub mod two_sample;
mod vectorised;
pub mod whitening;
pub mod words;
