//! The only place that knows when something matters: levels, thresholds, caps, severities and the verdict.

use taster_core::{Finding, Observation, Risk, Scale, Scope, Severity, Verdict};
use taster_stats::{fdr, null::empirical_null};

use crate::{Level, PolicyConfig};

/// Score from which a row is quarantined, where scores are probabilities.
const EVEN_ODDS: f64 = 0.5;

/// Detectors whose rows are marked as someone's work, and so outrank those that could be chance.
const PLANTED: &[&str] = &["trigger", "duplicate-flood", "poisoned-text"];

/// What a row comes to that is just not unusual enough to be quarantined for it.
const UNUSUAL: f64 = 0.02;

/// The level of a detector that the configuration says nothing of.
///
/// `deny` only where what is found is poison rather than merely unusual: an ordinary dataset has outliers, and an honest
/// new month of data has shifted.
pub fn default_level(id: &str) -> Level {
    match id {
        "label-flip" | "duplicate-flood" | "trigger" | "poisoned-text" | "hidden-text" => Level::Deny,
        _ => Level::Warn,
    }
}

/// The level of what the pipeline itself finds. A file that is not the one its owner declared is not data to train on, and
/// an acceptance that has ended accepts nothing.
pub(crate) fn pipeline_level(id: &str) -> Level {
    let denied = [crate::declared::ID, crate::lineage::ID, crate::waivers::ID];
    if denied.contains(&id) { Level::Deny } else { Level::Warn }
}

/// From which score a detector's rows are quarantined, and what that list may claim.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Threshold {
    /// The score; `None` quarantines nothing.
    pub at: Option<f64>,
    /// The claim, in words for the manifest.
    pub claims: String,
    /// Scores of the reference's calibration half, ascending, where rows have p-values by comparison with them.
    pub reference: Vec<f64>,
}

/// Chooses the threshold of a detector from the scores of the sample and, where p-values can be had, of the rows of the
/// reference that calibrate them.
pub(crate) fn threshold(
    given: Option<f64>,
    scale: Scale,
    sample: &[f64],
    calibration: Option<Vec<f64>>,
    policy: &PolicyConfig,
) -> Threshold {
    let score_only =
        |at, how: &str| Threshold { at, claims: format!("a score, no guarantee; {how}"), reference: Vec::new() };
    match (given, scale, calibration) {
        (Some(at), ..) => score_only(Some(at), "threshold given by the configuration"),
        (None, _, Some(calibration)) => conformal(sample, calibration, policy.fdr),
        (None, Scale::Probability, None) => score_only(Some(EVEN_ODDS), "threshold where poison is as likely as not"),
        (None, Scale::Rank, None) => {
            score_only(empirical_null(sample), "threshold from an empirical null fitted to the bulk of the scores")
        }
    }
}

/// Discoveries of Benjamini and Hochberg, by p-values against the scores of rows known to be clean.
fn conformal(sample: &[f64], mut calibration: Vec<f64>, fdr: f64) -> Threshold {
    calibration.retain(|s| !s.is_nan());
    let known: Vec<f64> = sample.iter().copied().filter(|s| !s.is_nan()).collect();
    let p_values = fdr::conformal(&mut calibration, &known);
    Threshold {
        at: fdr::discovery_threshold(&known, &p_values, fdr),
        claims: format!(
            "conformal p-values: models fitted on one half of the reference, scores compared with those of the {} rows of \
             the other half; Benjamini-Hochberg at a false discovery rate of {fdr}, if the rows that are not poisoned are \
             exchangeable with the reference",
            calibration.len(),
        ),
        reference: calibration,
    }
}

/// A score on the scale on which detectors are compared, and the quarantine is ranked by.
///
/// From the detector's own threshold on it is one half and more, and three quarters and more for rows that carry what
/// somebody planted: they come before rows that look mislabelled or are unusual. Below it a probability counts in
/// proportion. Traces of what is planted count by their root, since honest rows have next to none; that a row is unusual
/// counts for next to nothing, since every dataset has such rows.
pub(crate) fn fused(id: &str, scale: Scale, score: f64, threshold: Option<f64>) -> f64 {
    let planted = PLANTED.contains(&id);
    let from = if planted { 0.75 } else { 0.5 };
    if let Some(at) = threshold.filter(|&at| score >= at) {
        return from + 0.25 * (score - at) / (1.0 - at).max(f64::MIN_POSITIVE);
    }
    let at = threshold.unwrap_or(1.0);
    match scale {
        Scale::Rank => UNUSUAL * score / at,
        Scale::Probability if planted => from * (score / at).sqrt(),
        Scale::Probability => from * score / at,
    }
}

/// How likely a detector's quarantined rows are somebody's work and how much they can do, by the share of the dataset that
/// they are.
pub(crate) fn rows_risk(id: &str, share: f64) -> Risk {
    // Impact grows by a step at each of these shares.
    let impact = |steps: [f64; 2]| Risk::LIMITED + steps.iter().filter(|&&from| share >= from).count() as u8;
    match id {
        // A label error or two is in every dataset; one in fifty is not carelessness any more.
        "label-flip" => Risk::new(Risk::LIKELY, impact([0.02, 0.10])),
        "conflicting-label" => Risk::new(Risk::LIKELY, impact([0.02, 0.20])),
        // That a row stands there many times over is not a matter of opinion.
        "duplicate-flood" => Risk::new(Risk::SEEN, impact([0.20, 1.1])),
        // A handful of rows is enough for a backdoor; that it is one is surer the more there are.
        "trigger" | "poisoned-text" => {
            Risk::new(if share >= 0.20 { Risk::LIKELY } else { Risk::POSSIBLE }, Risk::SEVERE)
        }
        // How bad it is depends on what is hidden, and is said of each kind.
        "hidden-text" | "unsafe-content" => Risk::new(Risk::POSSIBLE, Risk::LIMITED),
        // An honest dataset has unusual rows too.
        _ => Risk::new(Risk::POSSIBLE, impact([0.05, 1.1])),
    }
}

/// The same of what a detector observed of columns, sources or the dataset, by the size of its effect; none for what is
/// merely worth knowing.
pub(crate) fn observation_risk(id: &str, observation: &Observation) -> Option<Risk> {
    let m = observation.magnitude;
    let steps = [0.2, 0.5].iter().filter(|&&from| m >= from).count() as u8;
    (m > 0.0).then(|| match (id, observation.code) {
        // A share of wrong labels matters as much as a share of rows with one.
        (_, "more-contradicted") => rows_risk("label-flip", m),
        ("trigger" | "poisoned-text", _) => Risk::new(Risk::UNLIKELY + steps, Risk::SEVERE),
        _ => Risk::new(Risk::LIKELY, Risk::LIMITED + steps),
    })
}

/// How much a finding of this risk matters.
pub(crate) fn severity(risk: Option<Risk>) -> Severity {
    risk.map_or(Severity::Info, |risk| risk.rating().into())
}

/// What each of these tests, by detector id, came to by itself.
pub(crate) fn standings(
    tests: impl Iterator<Item = String>,
    findings: &[Finding],
    level: impl Fn(&str) -> Level,
    fail_on: Severity,
    failed: &[String],
) -> Vec<(String, Verdict)> {
    let of = |id: String| {
        let own: Vec<Finding> = findings.iter().filter(|f| f.detector == id).cloned().collect();
        let failed: Vec<String> = failed.iter().filter(|f| **f == id).cloned().collect();
        let standing = verdict(&own, &level, fail_on, &failed).0;
        (id, standing)
    };
    tests.map(of).collect()
}

/// The verdict on all findings, and why. `level` gives each detector's level, `failed` names detectors that could not work.
pub(crate) fn verdict(
    findings: &[Finding],
    level: impl Fn(&str) -> Level,
    fail_on: Severity,
    failed: &[String],
) -> (Verdict, String) {
    if !failed.is_empty() {
        return (Verdict::Incomplete, format!("{} could not do its work", failed.join(", ")));
    }
    let minded = |least: Level, severity: Severity| {
        findings.iter().find(|f| f.waiver.is_none() && f.severity >= severity && level(&f.detector) >= least)
    };
    if let Some(finding) = minded(Level::Deny, fail_on) {
        return (Verdict::Failed, finding.message.clone());
    }
    if let Some(finding) = minded(Level::Warn, Severity::Monitor) {
        return (Verdict::Warned, finding.message.clone());
    }
    let reason = match findings.iter().filter(|f| f.waiver.is_some()).count() {
        0 => "nothing was found that the policy minds".into(),
        1 => "nothing was found that the policy minds, beside one finding that is waived".into(),
        n => format!("nothing was found that the policy minds, beside {n} findings that are waived"),
    };
    (Verdict::Passed, reason)
}

/// Whether so many rows are suspicious that it says something about the dataset and nothing about the rows.
pub(crate) fn is_whole_dataset(rows: u64, of: u64, max_share: f64) -> bool {
    // In a handful of rows every share is large.
    rows > 20 && rows as f64 > max_share * of as f64
}

/// What a finding is about, in a stable id.
pub(crate) fn finding_id(detector: &str, code: &str, scope: Scope, columns: &[String]) -> String {
    match (scope, columns) {
        (Scope::Column | Scope::Source, [name, ..]) => format!("{detector}/{code}/{name}"),
        _ => format!("{detector}/{code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(detector: &str, severity: Severity) -> Finding {
        Finding {
            id: String::new(),
            detector: detector.into(),
            code: "rows".into(),
            severity,
            risk: Risk::plain(severity),
            scope: Scope::Rows,
            message: "m".into(),
            columns: Vec::new(),
            rows: 1,
            magnitude: None,
            p_value: None,
            q_value: None,
            evidence: serde_json::Value::Null,
            tags: Vec::new(),
            fingerprint: None,
            waiver: None,
        }
    }

    #[test]
    fn verdict_follows_levels_and_fails_closed() {
        let judge = |findings: &[Finding], level: Level| verdict(findings, |_| level, Severity::Important, &[]).0;
        let (monitor, critical) = (finding("a", Severity::Monitor), finding("a", Severity::Critical));
        assert_eq!(judge(&[], Level::Deny), Verdict::Passed);
        assert_eq!(judge(std::slice::from_ref(&monitor), Level::Deny), Verdict::Warned);
        assert_eq!(judge(std::slice::from_ref(&critical), Level::Warn), Verdict::Warned);
        assert_eq!(judge(std::slice::from_ref(&critical), Level::Allow), Verdict::Passed);
        assert_eq!(judge(&[monitor, critical], Level::Deny), Verdict::Failed);
        let failed = verdict(&[], |_| Level::Deny, Severity::Important, &["outlier".into()]);
        assert_eq!(failed.0, Verdict::Incomplete);
    }

    #[test]
    fn severities_follow_from_risks() {
        let rows = |id: &str, shares: [f64; 3]| shares.map(|share| severity(Some(rows_risk(id, share))));
        let (monitor, important, critical) = (Severity::Monitor, Severity::Important, Severity::Critical);
        assert_eq!(rows("label-flip", [0.019, 0.02, 0.10]), [monitor, important, critical]);
        assert_eq!(rows("conflicting-label", [0.019, 0.02, 0.20]), [monitor, important, critical]);
        for id in ["duplicate-flood", "trigger", "poisoned-text"] {
            assert_eq!(rows(id, [0.0, 0.19, 0.20]), [important, important, critical], "{id}");
        }
        assert_eq!(rows("outlier", [0.049, 0.05, 1.0]), [monitor, important, important]);
        assert_eq!(rows("unsafe-content", [0.01, 0.5, 1.0]), [monitor; 3]);
        let observed = |id: &str, magnitude: f64| {
            let seen = Observation {
                code: "any",
                scope: Scope::Dataset,
                message: String::new(),
                columns: Vec::new(),
                magnitude,
                p_value: None,
                q_value: None,
                evidence: serde_json::Value::Null,
            };
            severity(observation_risk(id, &seen))
        };
        for id in ["trigger", "shift"] {
            let seen = [0.0, 0.1, 0.2, 0.5].map(|magnitude| observed(id, magnitude));
            assert_eq!(seen, [Severity::Info, monitor, important, critical], "{id}");
        }
    }

    #[test]
    fn fused_scores_keep_order_and_reach_a_half_at_the_threshold() {
        let outlier = |score, at| fused("outlier", Scale::Rank, score, at);
        assert_eq!((outlier(0.0, Some(0.9)), outlier(0.9, Some(0.9)), outlier(1.0, Some(0.9))), (0.0, 0.5, 0.75));
        assert!(outlier(1.0, None) <= 0.5);
        let scales = [("outlier", Scale::Rank), ("label-flip", Scale::Probability), ("trigger", Scale::Probability)];
        for ((id, scale), at) in scales.into_iter().flat_map(|of| [None, Some(0.0), Some(0.3)].map(|at| (of, at))) {
            let fused: Vec<f64> = (0..=100).map(|i| fused(id, scale, f64::from(i) / 100.0, at)).collect();
            assert!(fused.windows(2).all(|pair| pair[0] <= pair[1]), "{id} {at:?}: {fused:?}");
            assert!(fused.iter().all(|f| (0.0..=1.0).contains(f)), "{id} {at:?}: {fused:?}");
        }
    }

    #[test]
    fn planted_rows_outrank_mislabelled_ones_and_those_unusual_ones() {
        let probability = |id, score| fused(id, Scale::Probability, score, Some(0.5));
        assert!(probability("trigger", 0.5) >= probability("label-flip", 1.0));
        assert_eq!(probability("trigger", 1.0), 1.0);
        assert!(probability("trigger", 0.1) > probability("label-flip", 0.3));
        assert!(probability("label-flip", 0.1) > fused("outlier", Scale::Rank, 0.89, Some(0.9)));
    }

    #[test]
    fn a_reference_gives_discoveries_a_false_discovery_rate() {
        let reference: Vec<f64> = (0..1000).map(|i| f64::from(i) / 2000.0).collect();
        let mut sample = reference.clone();
        sample.extend([0.9; 50]);
        let chosen = threshold(None, Scale::Rank, &sample, Some(reference), &PolicyConfig::default());
        assert!(chosen.at.is_some_and(|at| at > 0.49), "{:?}", chosen.at);
        let given = threshold(Some(0.7), Scale::Rank, &sample, None, &PolicyConfig::default());
        assert_eq!(given.at, Some(0.7));
    }
}
