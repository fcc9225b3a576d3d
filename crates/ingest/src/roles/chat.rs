//! Conversations: a list of turns beside a list of who says them.

use polars::prelude::DataFrame;
use taster_core::{Column, Role};

use super::{Coding, is_list_of_texts};
use crate::values::text_lists;

/// Names of the two lists: who speaks, and what is said.
const PAIRS: [(&str, &str); 2] = [("role", "content"), ("from", "value")];
/// What the model is called among the speakers.
const MODEL: [&str; 8] = ["assistant", "gpt", "model", "bot", "chatgpt", "ai", "bard", "bing"];

/// Whether a turn of this speaker is the model's.
fn is_model(speaker: &str) -> bool {
    MODEL.contains(&speaker.to_ascii_lowercase().as_str())
}

/// The turns of the model, or those of all others, of each conversation; one that is missing stays so.
pub(crate) fn turns(
    speakers: Option<Vec<Option<Vec<String>>>>,
    contents: Option<Vec<Option<Vec<String>>>>,
    of_model: bool,
) -> Vec<Option<String>> {
    let (Some(speakers), Some(contents)) = (speakers, contents) else { return Vec::new() };
    let said = |(speakers, contents): (Option<Vec<String>>, Option<Vec<String>>)| {
        let turns = speakers?.into_iter().zip(contents?).filter(|(speaker, _)| is_model(speaker) == of_model);
        Some(turns.map(|(_, content)| content).collect::<Vec<_>>().join("\n"))
    };
    speakers.into_iter().zip(contents).map(said).collect()
}

/// Makes of the first conversation what is said to the model, and its answers: the list of speakers, which says little
/// itself, stands for the former.
pub(super) fn split(columns: &mut [Column], codings: &mut [Coding], sample: &DataFrame) {
    let inferred = |c: &Column| !c.why.starts_with("given") && is_list_of_texts(&c.kind);
    let pair = |(i, column): (usize, &Column)| {
        let (stem, what) = column.name.rsplit_once('.')?;
        let (speaker, _) = PAIRS.iter().find(|(_, content)| *content == what)?;
        let other = columns.iter().position(|c| c.name == format!("{stem}.{speaker}"))?;
        (inferred(column) && inferred(&columns[other]) && is_conversation(sample, other, i)).then_some((other, i))
    };
    let Some((speakers, contents)) = columns.iter().enumerate().find_map(pair) else { return };
    let free = !columns.iter().any(|c| c.role == Role::Response);
    let (said_to, answers) = (columns[speakers].name.clone(), columns[contents].name.clone());
    columns[speakers].role = Role::Text;
    columns[speakers].why = format!("a conversation: stands for the turns in {answers} that are not the model's");
    codings[speakers] = Coding::Turns { beside: contents, of_model: false };
    columns[contents].role = if free { Role::Response } else { Role::Text };
    columns[contents].why = format!("a conversation: the model's turns, by {said_to}");
    codings[contents] = Coding::Turns { beside: speakers, of_model: true };
}

/// Whether the model speaks, and another does, in most of the rows.
fn is_conversation(sample: &DataFrame, speakers: usize, contents: usize) -> bool {
    let lists = |i: usize| sample.columns().get(i).and_then(|c| text_lists(c.as_materialized_series()));
    let both = |of_model| {
        let said = turns(lists(speakers), lists(contents), of_model);
        said.iter().flatten().filter(|t| !t.is_empty()).count() * 2 > sample.height()
    };
    both(true) && both(false)
}
