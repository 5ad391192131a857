//! Sums of products by Einstein's notation: transpositions, sums and matrix products.

use super::Result;
use super::unfolded::sizes;
use crate::model::onnx::constant::Constant;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::proto::Attribute;

/// A value and the letters of its axes.
#[derive(Clone)]
struct Term {
    value: Value,
    letters: Vec<char>,
}

/// Stand for the axes of an ellipsis, the last one first.
const ELLIPSIS: [char; 8] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇'];

pub fn lower(net: &mut Lowering, call: &Call) -> Result<Value> {
    let equation: String = call.node.text("equation").ok_or("no equation")?.split(' ').collect();
    let (left, right) = match equation.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (equation.as_str(), None),
    };
    let mut terms = vec![];
    let names: Vec<&str> = left.split(',').collect();
    if names.len() != call.inputs.len() {
        return Err(format!("{} values for {equation}", call.inputs.len()));
    }
    for (letters, input) in names.iter().zip(&call.inputs) {
        let value = input.clone().ok_or("an input is missing")?;
        let letters = axes(letters, value.dims().len())?;
        terms.push(diagonal(net, Term { value, letters })?);
    }
    let wanted = wanted(right, &terms)?;
    let mut terms = terms.into_iter();
    let mut sum = terms.next().ok_or("no values")?;
    while let Some(next) = terms.next() {
        let later: Vec<char> = terms.clone().flat_map(|term| term.letters).collect();
        let kept = |letter: &char| wanted.contains(letter) || later.contains(letter);
        sum = contracted(net, sum, next, kept)?;
    }
    let sum = summed(net, sum, |letter| wanted.contains(letter))?;
    let place = |letter: &char| sum.letters.iter().position(|own| own == letter);
    let order: Option<Vec<usize>> = wanted.iter().map(place).collect();
    transposed(net, &sum.value, &order.ok_or("a letter of the result that no value has")?)
}

/// The letters of a value's axes, with those of an ellipsis.
fn axes(letters: &str, rank: usize) -> Result<Vec<char>> {
    let failed = || format!("{letters} for {rank} axes");
    let letters: Vec<char> = match letters.split_once("...") {
        None => letters.chars().collect(),
        Some((before, after)) => {
            let count = rank.checked_sub(before.len() + after.len()).ok_or_else(failed)?;
            let hidden = ELLIPSIS.get(..count).ok_or_else(failed)?;
            before.chars().chain(hidden.iter().rev().copied()).chain(after.chars()).collect()
        }
    };
    match letters.len() == rank {
        true => Ok(letters),
        false => Err(failed()),
    }
}

/// The letters of the result; where they are not given those that come once, in their order.
fn wanted(right: Option<&str>, terms: &[Term]) -> Result<Vec<char>> {
    let all: Vec<char> = terms.iter().flat_map(|term| term.letters.clone()).collect();
    let hidden: Vec<char> = ELLIPSIS.iter().rev().copied().filter(|c| all.contains(c)).collect();
    if let Some(right) = right {
        let of_ellipsis = if right.contains("...") { hidden.len() } else { 0 };
        return axes(right, right.replace("...", "").len() + of_ellipsis);
    }
    let once = |letter: &char| all.iter().filter(|other| *other == letter).count() == 1;
    let mut letters: Vec<char> =
        all.iter().copied().filter(|c| !ELLIPSIS.contains(c)).filter(once).collect();
    letters.sort_unstable();
    Ok(hidden.into_iter().chain(letters).collect())
}

fn transposed(net: &mut Lowering, value: &Value, order: &[usize]) -> Result<Value> {
    let order = order.iter().map(|axis| *axis as i64);
    net.apply("Transpose", vec![Attribute::ints("perm", order)], &[value])
}

/// One axis for every letter: of two of the same the values where both indices are alike.
fn diagonal(net: &mut Lowering, mut term: Term) -> Result<Term> {
    while let Some((first, second)) = twice(&term.letters) {
        let dims = term.value.dims();
        let (rank, length) = (dims.len(), dims[first]);
        if dims[second] != length {
            return Err(format!("two axes of one letter in {dims:?}"));
        }
        let mut order: Vec<usize> = (0..rank).filter(|a| ![first, second].contains(a)).collect();
        let others: Vec<usize> = order.clone();
        order.extend([first, second]);
        let moved = transposed(net, &term.value, &order)?;
        let mut dims: Vec<usize> = others.iter().map(|axis| dims[*axis]).collect();
        dims.push(length * length);
        let flat = net.apply("Reshape", vec![], &[&moved, &sizes(&dims)])?;
        let places = (0..length).map(|index| (index * (length + 1)) as i64).collect();
        let places = Value::Constant(Constant::list(places));
        let along = Attribute::int("axis", rank as i64 - 2);
        let value = net.apply("Gather", vec![along], &[&flat, &places])?;
        let mut letters: Vec<char> = others.iter().map(|axis| term.letters[*axis]).collect();
        letters.push(term.letters[first]);
        term = Term { value, letters };
    }
    Ok(term)
}

fn twice(letters: &[char]) -> Option<(usize, usize)> {
    let again = |(first, letter): (usize, &char)| {
        let second = letters.iter().skip(first + 1).position(|other| other == letter)?;
        Some((first, first + 1 + second))
    };
    letters.iter().enumerate().find_map(again)
}

/// Without the letters that are not kept.
fn summed(net: &mut Lowering, term: Term, kept: impl Fn(&char) -> bool) -> Result<Term> {
    let axes: Vec<i64> = (0..term.letters.len())
        .filter(|axis| !kept(&term.letters[*axis]))
        .map(|axis| axis as i64)
        .collect();
    if axes.is_empty() {
        return Ok(term);
    }
    let axes = Value::Constant(Constant::list(axes));
    let value =
        net.apply("ReduceSum", vec![Attribute::int("keepdims", 0)], &[&term.value, &axes])?;
    Ok(Term { value, letters: term.letters.iter().copied().filter(kept).collect() })
}

/// The product of two terms, summed over the letters that both have and nothing else needs.
fn contracted(net: &mut Lowering, a: Term, b: Term, kept: impl Fn(&char) -> bool) -> Result<Term> {
    let (of_a, of_b) = (a.letters.clone(), b.letters.clone());
    let a = summed(net, a, |letter| kept(letter) || of_b.contains(letter))?;
    let b = summed(net, b, |letter| kept(letter) || of_a.contains(letter))?;
    let in_both = |letter: &&char| b.letters.contains(letter);
    let both: Vec<char> = a.letters.iter().filter(in_both).copied().collect();
    let (batch, inner): (Vec<char>, Vec<char>) = both.iter().partition(|letter| kept(letter));
    let own = |term: &Term| -> Vec<char> {
        term.letters.iter().copied().filter(|letter| !both.contains(letter)).collect()
    };
    let (left, right) = (own(&a), own(&b));
    let a_parts = [&batch[..], &left[..], &inner[..]];
    let b_parts = [&batch[..], &inner[..], &right[..]];
    let (a_matrix, a_dims) = as_matrices(net, &a, a_parts)?;
    let (b_matrix, b_dims) = as_matrices(net, &b, b_parts)?;
    let operator = if inner.is_empty() { "Mul" } else { "MatMul" };
    let product = net.apply(operator, vec![], &[&a_matrix, &b_matrix])?;
    let mut dims = product.dims()[..batch.len()].to_vec();
    dims.extend(&a_dims[batch.len()..batch.len() + left.len()]);
    dims.extend(&b_dims[batch.len() + inner.len()..]);
    let value = net.apply("Reshape", vec![], &[&product, &sizes(&dims)])?;
    Ok(Term { value, letters: [batch, left, right].concat() })
}

/// A term as matrices: axes of the batch, then two more; and the lengths of all axes in that order.
fn as_matrices(
    net: &mut Lowering,
    term: &Term,
    parts: [&[char]; 3],
) -> Result<(Value, Vec<usize>)> {
    let place = |letter: &char| term.letters.iter().position(|own| own == letter);
    let order: Vec<usize> = parts.concat().iter().filter_map(place).collect();
    let moved = transposed(net, &term.value, &order)?;
    let lengths = moved.dims();
    let (batch, rest) = lengths.split_at(parts[0].len());
    let (rows, columns) = rest.split_at(parts[1].len());
    let mut dims = batch.to_vec();
    dims.extend([rows.iter().product::<usize>(), columns.iter().product()]);
    let value = net.apply("Reshape", vec![], &[&moved, &sizes(&dims)])?;
    Ok((value, lengths))
}
