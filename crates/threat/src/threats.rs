use crate::{Check, Status};

/// A threat to a training-data pipeline.
#[derive(Clone, Copy, Debug)]
pub struct Threat {
    /// Its id.
    pub id: &'static str,
    /// What happens, in a sentence.
    pub title: &'static str,
    /// The goal that it serves.
    pub goal: &'static str,
    /// The element of the data flow that it strikes.
    pub element: &'static str,
    /// How bad it is: 1 limited, 2 high, 3 severe.
    pub impact: u8,
    /// Whether it comes with the data, so that the trust in its sources says how likely it is.
    pub by_source: bool,
    /// What answers it.
    pub checks: &'static [Check],
    /// How far those answer it at best.
    pub at_best: Status,
    /// What stays open even so.
    pub rest: &'static str,
}

use Check::{
    DatasetSignature, DeclaredDigests, DecoderLimits, Detector, Digests, KeyedSample, Quarantine, RecordedPolicy,
    Reference, Signature, SourceColumn, SourceInventory, TransparencyLog, Waivers,
};
use Status::{Active, Partial};

/// Every threat, by goal.
pub const THREATS: &[Threat] = &[
    Threat {
        id: "backdoor-trigger",
        title: "Rows with a planted word, phrase, style or value teach the model to answer as the attacker wants",
        goal: "control-the-model",
        element: "dataset",
        impact: 3,
        by_source: true,
        checks: &[Detector("trigger"), Detector("poisoned-text")],
        at_best: Active,
        rest: "triggers in images, audio and nested lists",
    },
    Threat {
        id: "clean-label-backdoor",
        title: "Rows that are labelled rightly carry a trigger that shows its effect only in the model",
        goal: "control-the-model",
        element: "dataset",
        impact: 3,
        by_source: true,
        checks: &[Detector("trigger"), Detector("outlier")],
        at_best: Partial,
        rest: "a trigger whose label is the right one leaves little in the data; test the model too",
    },
    Threat {
        id: "poisoned-response",
        title: "Responses of instruction data teach a generative model what its owner does not want",
        goal: "control-the-model",
        element: "dataset",
        impact: 3,
        by_source: true,
        checks: &[Detector("trigger"), Detector("poisoned-text")],
        at_best: Partial,
        rest: "responses that are wrong and read well",
    },
    Threat {
        id: "hidden-instruction",
        title: "Texts carry instructions or characters that people do not see and models obey",
        goal: "control-the-model",
        element: "dataset",
        impact: 2,
        by_source: true,
        checks: &[Detector("hidden-text"), Detector("unsafe-content"), Detector("trigger")],
        at_best: Active,
        rest: "instructions in plain words that look like content",
    },
    Threat {
        id: "label-flip",
        title: "Labels are changed, at random or from one class to another",
        goal: "spoil-the-model",
        element: "dataset",
        impact: 2,
        by_source: true,
        checks: &[Detector("label-flip"), Detector("conflicting-label")],
        at_best: Active,
        rest: "flips near the border of two classes, which cannot be told from doubt",
    },
    Threat {
        id: "targeted-clean-label",
        title: "A few plausible rows move the model's answer for one kind of input",
        goal: "control-the-model",
        element: "dataset",
        impact: 2,
        by_source: true,
        checks: &[Detector("outlier"), Detector("shift")],
        at_best: Partial,
        rest: "rows that leave labels, values and frequencies plausible cannot be seen in the data alone",
    },
    Threat {
        id: "absurd-rows",
        title: "Rows with impossible values damage what is learnt",
        goal: "spoil-the-model",
        element: "dataset",
        impact: 1,
        by_source: true,
        checks: &[Detector("outlier")],
        at_best: Active,
        rest: "values that are wrong and ordinary",
    },
    Threat {
        id: "flooding",
        title: "One row, or a few, are repeated until they outweigh the rest",
        goal: "spoil-the-model",
        element: "dataset",
        impact: 2,
        by_source: true,
        checks: &[Detector("duplicate-flood")],
        at_best: Active,
        rest: "repetition in other words",
    },
    Threat {
        id: "slow-drift",
        title: "New data moves away from the old, a little each time",
        goal: "spoil-the-model",
        element: "dataset",
        impact: 2,
        by_source: true,
        checks: &[Detector("shift"), Reference],
        at_best: Active,
        rest: "a drift that the reference has followed",
    },
    Threat {
        id: "split-view",
        title: "What is downloaded is not what was published: a domain was bought, a mirror changed",
        goal: "bring-in-data",
        element: "sources",
        impact: 3,
        by_source: true,
        checks: &[DeclaredDigests],
        at_best: Active,
        rest: "a publisher who is the attacker",
    },
    Threat {
        id: "slipped-in-file",
        title: "A file is put among those that were meant",
        goal: "bring-in-data",
        element: "sources",
        impact: 2,
        by_source: true,
        checks: &[DeclaredDigests, DatasetSignature],
        at_best: Active,
        rest: "a file that was there before the dataset was described or signed",
    },
    Threat {
        id: "false-contributor",
        title: "Contributors who are one person, or nobody, write what the dataset learns from",
        goal: "bring-in-data",
        element: "sources",
        impact: 2,
        by_source: true,
        checks: &[Detector("odd-source"), SourceColumn],
        at_best: Partial,
        rest: "who contributors are is known to the platform that took their rows",
    },
    Threat {
        id: "unknown-source",
        title: "Nobody can say where data comes from, who answers for it, or what it may be used for",
        goal: "bring-in-data",
        element: "sources",
        impact: 2,
        by_source: true,
        checks: &[SourceInventory],
        at_best: Active,
        rest: "what is declared is the word of whoever declared it",
    },
    Threat {
        id: "changed-after-scan",
        title: "Files are changed between the scan and the training",
        goal: "change-it-later",
        element: "training",
        impact: 3,
        by_source: false,
        checks: &[Digests, DatasetSignature],
        at_best: Active,
        rest: "only if `taster verify` runs where the trainer reads, right before it does",
    },
    Threat {
        id: "forged-manifest",
        title: "A manifest is written by somebody else, or its report is changed",
        goal: "change-it-later",
        element: "report",
        impact: 2,
        by_source: false,
        checks: &[Signature],
        at_best: Active,
        rest: "only if whoever accepts manifests checks the signature with a key of their own",
    },
    Threat {
        id: "ignored-quarantine",
        title: "Data that was found wanting is trained on all the same",
        goal: "change-it-later",
        element: "training",
        impact: 2,
        by_source: false,
        checks: &[Quarantine, RecordedPolicy, Waivers],
        at_best: Partial,
        rest: "the pipeline must stop at status 1, and demand a manifest that passed",
    },
    Threat {
        id: "scan-until-passed",
        title: "The scan is repeated with other settings until it passes, and only that one is shown",
        goal: "deny-it",
        element: "report",
        impact: 2,
        by_source: false,
        checks: &[TransparencyLog],
        at_best: Active,
        rest: "only if manifests without a proof are refused",
    },
    Threat {
        id: "stolen-key",
        title: "The signing key is used by somebody else",
        goal: "deny-it",
        element: "report",
        impact: 3,
        by_source: false,
        checks: &[TransparencyLog],
        at_best: Partial,
        rest: "keep the key in a KMS or HSM (--signer-command); the log shows what was signed, not by whom",
    },
    Threat {
        id: "hostile-file",
        title: "A malformed file crashes or stalls the scanner, or makes it read something else than the trainer",
        goal: "blind-the-scanner",
        element: "scan",
        impact: 1,
        by_source: true,
        checks: &[DecoderLimits],
        at_best: Active,
        rest: "decoders are other people's code; scan where nothing else can be reached",
    },
    Threat {
        id: "evasion",
        title: "Poison is made to stay below the thresholds",
        goal: "blind-the-scanner",
        element: "scan",
        impact: 2,
        by_source: true,
        checks: &[KeyedSample],
        at_best: Partial,
        rest: "who knows the thresholds can stay below them, at the price of a weaker attack",
    },
    Threat {
        id: "weakened-policy",
        title: "Detectors are turned off or thresholds raised, so that poison passes",
        goal: "blind-the-scanner",
        element: "scan",
        impact: 2,
        by_source: false,
        checks: &[RecordedPolicy],
        at_best: Active,
        rest: "somebody must look at the policy in the manifest",
    },
    Threat {
        id: "private-data",
        title: "Personal or secret data is in the rows, and the model gives it away",
        goal: "read-private-data",
        element: "dataset",
        impact: 2,
        by_source: false,
        checks: &[Detector("unsafe-content")],
        at_best: Partial,
        rest: "what is personal and has no form that gives it away; names, addresses, stories",
    },
    Threat {
        id: "report-leak",
        title: "The report shows values of rows to people who may not see them",
        goal: "read-private-data",
        element: "report",
        impact: 1,
        by_source: false,
        checks: &[],
        at_best: Active,
        rest: "report.html holds rows; keep it where the data is kept",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use taster_core::crosswalk::{self, Subject};

    use super::*;
    use crate::goals::GOALS;

    #[test]
    fn every_threat_has_a_goal_a_place_and_entries_of_catalogues() {
        let ids: BTreeSet<_> = THREATS.iter().map(|threat| threat.id).collect();
        assert_eq!(ids.len(), THREATS.len());
        for threat in THREATS {
            assert!(GOALS.iter().any(|goal| goal.id == threat.goal), "{}", threat.id);
            assert!(["sources", "dataset", "scan", "report", "training"].contains(&threat.element), "{}", threat.id);
            assert!((1..=3).contains(&threat.impact));
            let tags = crosswalk::tags(Subject::Threat, threat.id);
            assert_eq!(tags.iter().filter(|tag| tag.catalogue == "STRIDE").count(), 1, "{}", threat.id);
        }
        assert!(GOALS.iter().all(|goal| THREATS.iter().any(|threat| threat.goal == goal.id)));
    }
}
