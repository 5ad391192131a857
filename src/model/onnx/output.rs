//! Which of a file's outputs are the scores of classes, and how they end.

use super::lowering::{Lowering, Value};
use super::view::View;
use crate::graph::{Ending, NodeId};
use crate::model::OutputKind;

/// What a card or the command line says of the output.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub name: Option<String>,
    pub kind: Option<OutputKind>,
}

/// The output in use.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The logits, without what ends the network.
    pub node: NodeId,
    pub ending: Option<Ending>,
    pub name: String,
    /// All rows of scores by name, with their shapes.
    pub choices: Vec<(String, String)>,
}

/// A row of scores.
struct Candidate<'a> {
    name: &'a str,
    dims: Vec<usize>,
    node: NodeId,
    ending: Option<Ending>,
}

/// Parts of names that outputs beside the scores have.
const BESIDE: [&str; 9] =
    ["aux", "embed", "feat", "hidden", "pool", "attn", "attention", "loss", "latent"];
const SCORES: [&str; 6] = ["score", "prob", "class", "softmax", "pred", "output"];

/// The requested output, or else the one whose name and use are those of scores.
///
/// # Errors
/// When there is no such output, or none is a row of scores.
pub fn choose<'a>(
    net: &mut Lowering<'a>,
    outputs: &[&'a str],
    wanted: &Wanted,
) -> Result<Chosen, String> {
    let name = wanted.name.as_deref();
    if let Some(name) = name.filter(|name| !outputs.contains(name)) {
        return Err(format!("it has no output `{name}`; it has {}", outputs.join(", ")));
    }
    let is_wanted = |one: &str| name.is_none_or(|name| name == one);
    let (mut candidates, mut failure) = (vec![], None);
    for output in outputs {
        match candidate(net, output, wanted.kind) {
            Ok(found) => candidates.push(found),
            Err(why) if is_wanted(output) => failure = failure.or(Some(why)),
            Err(_) => {}
        }
    }
    let best = (0..candidates.len())
        .filter(|place| is_wanted(candidates[*place].name))
        .max_by_key(|place| (rank(net, &candidates, *place), std::cmp::Reverse(*place)));
    let Some(best) = best else {
        return Err(failure.unwrap_or_else(|| "it has no output".into()));
    };
    let choices = candidates.iter().map(|one| (one.name.to_string(), in_words(&one.dims)));
    let choices = choices.collect();
    let Candidate { name, node, ending, .. } = candidates.swap_remove(best);
    net.notes.extend(notes(outputs, name, ending));
    Ok(Chosen { node: net.as_scores(node)?, ending, name: name.to_string(), choices })
}

/// What the reader of a report should know of the choice.
fn notes(outputs: &[&str], name: &str, ending: Option<Ending>) -> Vec<String> {
    let others: Vec<_> = outputs.iter().filter(|other| **other != name).copied().collect();
    let chosen = (!others.is_empty()).then(|| {
        let (count, others) = (outputs.len(), others.join(", "));
        format!("output `{name}` of {count} is used (beside it: {others}); `[output] name` in a model card or --output chooses")
    });
    let ended = ending.map(|ending| {
        let end = ending.name();
        format!("the {end} at its end is left out: scores are the logits before it")
    });
    chosen.into_iter().chain(ended).collect()
}

/// An output that is a row of scores, without its ending where that fits the kind.
fn candidate<'a>(
    net: &mut Lowering<'a>,
    name: &'a str,
    kind: Option<OutputKind>,
) -> Result<Candidate<'a>, String> {
    let view = match net.value(name)? {
        Some(Value::Activation(view)) => view,
        Some(Value::Constant(_)) => {
            return Err(format!("its output `{name}` does not depend on the picture"));
        }
        None => return Err(format!("no node gives its output `{name}`")),
    };
    net.check_batch(name, &view)?;
    let row = scores(net, &view)?;
    let ending = net.ending(row).filter(|(_, end)| kind.is_none_or(|kind| kind.goes_with(*end)));
    let (node, ending) = ending.map_or((row, None), |(node, ending)| (node, Some(ending)));
    Ok(Candidate { name, dims: view.dims(), node, ending })
}

/// The node of a row of class scores.
fn scores(net: &mut Lowering, view: &View) -> Result<NodeId, String> {
    match view.dims().iter().filter(|dim| **dim != 1).count() {
        0 | 1 => net.row(view),
        _ => Err(format!("its output is {:?}, not one score a class", view.dims())),
    }
}

/// How much an output looks like the scores of classes: most by being called logits, then by not
/// being called a by-product, by leading to no other output, by its name, its ending, its length.
fn rank(net: &Lowering, all: &[Candidate], place: usize) -> [bool; 6] {
    let candidate = &all[place];
    let name = candidate.name.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let is_beside = has(&BESIDE);
    let leads_on = all
        .iter()
        .any(|other| other.node != candidate.node && net.needs(other.node, candidate.node));
    [
        has(&["logit"]) && !is_beside,
        !is_beside,
        !leads_on,
        has(&SCORES),
        candidate.ending.is_some(),
        candidate.dims.iter().product::<usize>() > 1,
    ]
}

fn in_words(dims: &[usize]) -> String {
    let sides: Vec<String> = dims.iter().map(ToString::to_string).collect();
    sides.join("×")
}
