//! Fitting: from states and the keyed sample to models and the scores from which their rows are quarantined.

use std::collections::BTreeMap;

use rayon::prelude::*;
use taster_core::{Evidence, Model, Observation, Sample, State};

use crate::{
    Config,
    observe::guarded,
    plan::Planned,
    policy::{self, Threshold},
};

/// A fitted detector and the score from which its rows are quarantined.
pub(crate) struct Judge {
    pub id: &'static str,
    pub model: Box<dyn Model>,
    pub threshold: Threshold,
    pub observations: Vec<Observation>,
}

/// Fits every detector whose state is sound. A detector that panics has its message instead of a judge. `calibration` is
/// the half of the reference that no conformal model is fitted on.
pub(crate) fn fit(
    states: BTreeMap<&'static str, Result<Box<dyn State>, String>>,
    detectors: &[Planned],
    evidence: Evidence<'_>,
    calibration: Option<&Sample>,
    config: &Config,
) -> Vec<(&'static str, Result<Judge, String>)> {
    let mut states = states;
    let in_list_order: Vec<_> =
        detectors.iter().filter_map(|planned| Some((planned, states.remove(planned.id())?))).collect();
    in_list_order
        .into_par_iter()
        .with_max_len(1) // so that a thread with nothing to do finds a detector to fit
        .map(|(planned, state)| {
            let evidence = Evidence { key: evidence.key.derive(planned.id()), ..evidence };
            let judge = state.and_then(|state| guarded(|| judge(planned, state, &evidence, calibration, config)));
            (planned.id(), judge)
        })
        .collect()
}

fn judge(
    planned: &Planned,
    state: Box<dyn State>,
    evidence: &Evidence<'_>,
    calibration: Option<&Sample>,
    config: &Config,
) -> Judge {
    let model = state.fit(evidence);
    let scale = model.scale();
    let calibration = calibration.filter(|_| model.conformal()).map(|half| model.score(&half.table));
    let needed = scale == taster_core::Scale::Rank || calibration.is_some();
    let sample = if needed { model.score(&evidence.sample.table) } else { Vec::new() };
    let threshold = policy::threshold(planned.config.threshold, scale, &sample, calibration, &config.policy);
    Judge { id: planned.id(), observations: model.observations(), model, threshold }
}
