/// What an attacker wants: the root of an attack tree.
pub(crate) struct Goal {
    pub id: &'static str,
    pub title: &'static str,
}

/// The goals, in the order in which attack trees are shown.
pub(crate) const GOALS: &[Goal] = &[
    Goal { id: "control-the-model", title: "Make the model do what the attacker wants, where the attacker wants it" },
    Goal { id: "spoil-the-model", title: "Make the model worse for everybody, or for some" },
    Goal { id: "bring-in-data", title: "Get data of one's own into the dataset" },
    Goal { id: "change-it-later", title: "Change the data after it was checked" },
    Goal { id: "deny-it", title: "Make it look as if nothing had happened" },
    Goal { id: "blind-the-scanner", title: "Break or blind the scanner" },
    Goal { id: "read-private-data", title: "Learn what the dataset keeps private" },
];
