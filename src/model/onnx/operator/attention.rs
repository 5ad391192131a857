//! Scaled dot-product attention as one operator (opset 23): matrix products and a softmax.

use super::Result;
use super::unfolded::sizes;
use crate::model::onnx::constant::Constant;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::proto::Attribute;

/// softmax(Q·Kᵀ·scale + mask)·V for every head.
pub fn lower(net: &mut Lowering, call: &Call) -> Result<Value> {
    let node = call.node;
    let given = |index: usize| call.inputs.get(index).and_then(Option::as_ref);
    let windows = ["left_window_size", "right_window_size"];
    if (4..7).any(|index| given(index).is_some()) || node.output.len() > 1 {
        return Err("attention over what came before is not supported".into());
    }
    if windows.iter().any(|name| node.int(name).is_some_and(|size| size >= 0)) {
        return Err("attention within windows is not supported".into());
    }
    let [q, k, v] = [0, 1, 2].map(|index| given(index).cloned());
    let (q, k, v) = (q.ok_or("no queries")?, k.ok_or("no keys")?, v.ok_or("no values")?);
    let is_flat = q.dims().len() == 3;
    let q = heads(net, &q, node.int("q_num_heads"))?;
    let (k, v) =
        (heads(net, &k, node.int("kv_num_heads"))?, heads(net, &v, node.int("kv_num_heads"))?);
    let (k, v) = (shared(net, &k, q.dims()[1])?, shared(net, &v, q.dims()[1])?);
    let width = *q.dims().last().ok_or("queries without values")? as f32;
    let scale = node.float("scale").unwrap_or(1.0 / width.sqrt());
    let turned = net.apply("Transpose", vec![Attribute::ints("perm", [0, 1, 3, 2])], &[&k])?;
    let product = net.apply("MatMul", vec![], &[&q, &turned])?;
    let mut scores = net.apply("Mul", vec![], &[&product, &number(scale)?])?;
    if let Some(cap) = node.float("softcap").filter(|cap| *cap > 0.0) {
        let narrow = net.apply("Div", vec![], &[&scores, &number(cap)?])?;
        let bent = net.apply("Tanh", vec![], &[&narrow])?;
        scores = net.apply("Mul", vec![], &[&bent, &number(cap)?])?;
    }
    let scores = masked(net, call, scores)?;
    let shares = net.apply("Softmax", vec![Attribute::int("axis", -1)], &[&scores])?;
    let result = net.apply("MatMul", vec![], &[&shares, &v])?;
    if !is_flat {
        return Ok(result);
    }
    let dims = result.dims();
    let moved = net.apply("Transpose", vec![Attribute::ints("perm", [0, 2, 1, 3])], &[&result])?;
    net.apply("Reshape", vec![], &[&moved, &sizes(&[dims[0], dims[2], dims[1] * dims[3]])])
}

fn number(value: f32) -> Result<Value> {
    Ok(Value::Constant(Constant::floats(&[], vec![value])?))
}

/// N×L×(heads·E) as N×heads×L×E.
fn heads(net: &mut Lowering, value: &Value, count: Option<i64>) -> Result<Value> {
    let dims = value.dims();
    let [n, length, width] = dims[..] else {
        return match dims.len() {
            4 => Ok(value.clone()),
            _ => Err(format!("a value of {dims:?}")),
        };
    };
    let count = count.and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| *count > 0 && width % count == 0).ok_or("no heads")?;
    let apart =
        net.apply("Reshape", vec![], &[value, &sizes(&[n, length, count, width / count])])?;
    net.apply("Transpose", vec![Attribute::ints("perm", [0, 2, 1, 3])], &[&apart])
}

/// Every head repeated for the queries that share it.
fn shared(net: &mut Lowering, value: &Value, wanted: usize) -> Result<Value> {
    let dims = value.dims();
    let count = dims[1].max(1);
    if count == wanted {
        return Ok(value.clone());
    }
    if !wanted.is_multiple_of(count) {
        return Err(format!("{wanted} heads of queries for {count}"));
    }
    let places = (0..wanted).map(|head| (head * count / wanted) as i64).collect();
    let places = Value::Constant(Constant::list(places));
    net.apply("Gather", vec![Attribute::int("axis", 1)], &[value, &places])
}

/// With the mask: what it hides is −∞.
fn masked(net: &mut Lowering, call: &Call, scores: Value) -> Result<Value> {
    let dims = scores.dims();
    let [.., queries, keys] = dims[..] else { return Err("no scores".into()) };
    let hidden = number(f32::NEG_INFINITY)?;
    let mut scores = scores;
    let ones = Value::Constant(Constant::ints(&[queries, keys], vec![1; queries * keys])?);
    let mut open = ones.clone();
    if let Some(Some(mask)) = call.inputs.get(3) {
        if mask.dims().last() != Some(&keys) {
            return Err(format!("a mask of {:?} for {dims:?}", mask.dims()));
        }
        scores = match mask {
            Value::Constant(Constant::Int(_)) => {
                open = net.apply("And", vec![], &[&open, mask])?;
                net.apply("Where", vec![], &[mask, &scores, &hidden])?
            }
            Value::Constant(_) => net.apply("Add", vec![], &[&scores, mask])?,
            // Whether it is added or boolean can't be determined.
            Value::Activation(_) => return Err("a mask that depends on the picture".into()),
        };
    }
    if call.node.int("is_causal").unwrap_or(0) != 0 {
        let seen = (0..queries * keys).map(|place| i64::from(place % keys <= place / keys));
        let seen = Value::Constant(Constant::ints(&[queries, keys], seen.collect())?);
        open = net.apply("And", vec![], &[&open, &seen])?;
        scores = net.apply("Where", vec![], &[&seen, &scores, &hidden])?;
    }
    match &open {
        Value::Constant(open) if open.to_ints().chunks(keys).any(|row| !row.contains(&1)) => {
            Err("a query that may see no key at all".into())
        }
        _ => Ok(scores),
    }
}
