//! Control flow that follows from constants and shapes: the branch that is taken, and the turns of
//! a loop one after the other.

use super::{Lowering, Value};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::axis_of;
use crate::model::onnx::proto::{Attribute, Graph, Node};

/// Turns of a loop at most.
const MOST_TURNS: i64 = 1 << 12;

type Outputs = Result<Vec<Value>, String>;

impl<'a> Lowering<'a> {
    /// The outputs of `If`, `Loop` and `Scan`; none for other operators.
    pub(super) fn control(&mut self, node: &'a Node, inputs: &[Option<Value>]) -> Option<Outputs> {
        match node.op_type.as_str() {
            "Loop" | "Scan" if self.batch > 1 => {
                Some(Err(format!("a loop over {} pictures at once is not supported", self.batch)))
            }
            "If" => Some(self.branch(node, inputs)),
            "Loop" => Some(self.turns(node, inputs)),
            "Scan" => Some(self.scan(node, inputs)),
            _ => None,
        }
    }

    fn branch(&mut self, node: &'a Node, inputs: &[Option<Value>]) -> Outputs {
        let condition = inputs.first().and_then(Option::as_ref).ok_or("it has no condition")?;
        let branch = if truth(condition)? { "then_branch" } else { "else_branch" };
        let branch = node.graph(branch).ok_or("a branch is missing")?;
        let outputs = self.body(branch, vec![])?;
        for (outer, inner) in node.output.iter().zip(&branch.output) {
            if let Some(place) = self.places.get(inner.name.as_str()).copied() {
                self.places.insert(outer, place);
            }
        }
        Ok(outputs)
    }

    fn turns(&mut self, node: &'a Node, inputs: &[Option<Value>]) -> Outputs {
        let body = node.graph("body").ok_or("it has no body")?;
        let most = match inputs.first() {
            Some(Some(Value::Constant(count))) => {
                Some(count.to_ints().first().copied().ok_or("a number of turns without a value")?)
            }
            Some(Some(Value::Activation(_))) => {
                return Err("the number of its turns depends on the picture".into());
            }
            _ => None,
        };
        let mut goes_on = inputs.get(1).and_then(Option::as_ref).map_or(Ok(true), truth)?;
        let carried: Option<Vec<Value>> = inputs.iter().skip(2).cloned().collect();
        let mut carried = carried.ok_or("a value that it carries is missing")?;
        let mut found: Vec<Vec<Value>> =
            vec![vec![]; body.output.len().saturating_sub(1 + carried.len())];
        let mut turn = 0;
        while goes_on && most.is_none_or(|most| turn < most) {
            if turn == MOST_TURNS {
                return Err(format!("more than {MOST_TURNS} turns"));
            }
            let mut given = vec![
                Value::Constant(Constant::ints(&[], vec![turn])?),
                Value::Constant(Constant::ints(&[], vec![1])?),
            ];
            given.append(&mut carried);
            let count = given.len() - 2;
            let mut outputs = self.body(body, given)?.into_iter();
            goes_on = truth(&outputs.next().ok_or("its body gives no condition")?)?;
            carried = outputs.by_ref().take(count).collect();
            found.iter_mut().zip(outputs).for_each(|(found, value)| found.push(value));
            turn += 1;
        }
        let stacked = found.into_iter().map(|found| self.stacked(&found, 0));
        let stacked: Vec<Value> = stacked.collect::<Result<_, _>>()?;
        Ok(carried.into_iter().chain(stacked).collect())
    }

    fn scan(&mut self, node: &'a Node, inputs: &[Option<Value>]) -> Outputs {
        if self.opset < 9 {
            return Err("its form before opset 9 is not supported".into());
        }
        let body = node.graph("body").ok_or("it has no body")?;
        let inputs: Option<Vec<Value>> = inputs.iter().cloned().collect();
        let mut states = inputs.ok_or("an input is missing")?;
        let count = node.int("num_scan_inputs").and_then(|count| usize::try_from(count).ok());
        let first = count.and_then(|count| states.len().checked_sub(count));
        let scanned = states.split_off(first.ok_or("a number of inputs that does not fit")?);
        let listed = |name: &str, index: usize| {
            node.ints(name).and_then(|values| values.get(index)).copied().unwrap_or(0)
        };
        let mut axes = vec![];
        for (index, value) in scanned.iter().enumerate() {
            axes.push(axis_of(listed("scan_input_axes", index), value.dims().len())?);
        }
        let length = scanned.iter().zip(&axes).map(|(value, axis)| value.dims()[*axis]).min();
        let length = length.unwrap_or(0) as i64;
        let results = body.output.len().saturating_sub(states.len());
        let mut found: Vec<Vec<Value>> = vec![vec![]; results];
        for turn in 0..length.min(MOST_TURNS + 1) {
            if turn == MOST_TURNS {
                return Err(format!("more than {MOST_TURNS} turns"));
            }
            let kept = states.len();
            for (index, value) in scanned.iter().enumerate() {
                let backwards = listed("scan_input_directions", index) == 1;
                let at = if backwards { length - 1 - turn } else { turn };
                let at = Value::Constant(Constant::ints(&[], vec![at])?);
                let axis = Attribute::int("axis", axes[index] as i64);
                states.push(self.apply("Gather", vec![axis], &[value, &at])?);
            }
            let mut outputs = self.body(body, std::mem::take(&mut states))?.into_iter();
            states = outputs.by_ref().take(kept).collect();
            found.iter_mut().zip(outputs).for_each(|(found, value)| found.push(value));
        }
        for (index, mut values) in found.into_iter().enumerate() {
            if listed("scan_output_directions", index) == 1 {
                values.reverse();
            }
            states.push(self.stacked(&values, listed("scan_output_axes", index))?);
        }
        Ok(states)
    }

    /// Lowers the nodes of a graph inside a node, which sees all names around it.
    fn body(&mut self, graph: &'a Graph, given: Vec<Value>) -> Outputs {
        if graph.input.len() != given.len() {
            return Err(format!(
                "its body takes {} values, not {}",
                graph.input.len(),
                given.len()
            ));
        }
        for tensor in &graph.initializer {
            self.values.remove(tensor.name.as_str());
            self.weights.insert(&tensor.name, tensor);
        }
        for (input, value) in graph.input.iter().zip(given) {
            self.values.insert(&input.name, value);
        }
        for node in &graph.node {
            self.step(node)?;
        }
        let result = |name: &str| self.value(name)?.ok_or_else(|| "a result without a name".into());
        graph.output.iter().map(|output| result(&output.name)).collect()
    }

    /// Values one after the other along a new axis.
    fn stacked(&mut self, values: &[Value], axis: i64) -> Result<Value, String> {
        if values.is_empty() {
            return Err("a loop without iterations gives no values to concatenate".into());
        }
        let axes = Value::Constant(Constant::list(vec![axis]));
        let parts = values.iter().map(|value| self.apply("Unsqueeze", vec![], &[value, &axes]));
        let parts: Vec<Value> = parts.collect::<Result<_, _>>()?;
        let parts: Vec<&Value> = parts.iter().collect();
        self.apply("Concat", vec![Attribute::int("axis", axis)], &parts)
    }
}

fn truth(condition: &Value) -> Result<bool, String> {
    match condition {
        Value::Constant(constant) => match constant.to_ints()[..] {
            [value] => Ok(value != 0),
            _ => Err(format!("a condition of {:?}", constant.dims())),
        },
        Value::Activation(_) => {
            Err("its condition depends on the picture, so that it is another network for every one"
                .into())
        }
    }
}
