//! Operators as steps of others.

use super::{Call, Lowering, Value};
use crate::graph::op::{Affine, Take};
use crate::graph::{NodeId, Shape};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::operator;
use crate::model::onnx::proto::{Attribute, Node};
use crate::model::onnx::view::View;

/// Operators that others are made of are those of this opset.
const OPSET: i64 = 18;

impl Lowering<'_> {
    /// The first output of an operator on values, as if the file had it as a node here.
    ///
    /// # Errors
    /// As for a node of the file.
    pub fn apply(
        &mut self,
        operator: &str,
        attribute: Vec<Attribute>,
        inputs: &[&Value],
    ) -> Result<Value, String> {
        let node = Node { op_type: operator.into(), attribute, ..Node::default() };
        let inputs = inputs.iter().map(|value| Some((*value).clone())).collect();
        let call = Call { node: &node, inputs, opset: OPSET };
        let outputs = operator::lower(self, &call)?;
        outputs.into_iter().next().ok_or_else(|| format!("{operator} gives nothing"))
    }

    /// A value as one of the graph: constants become nodes that do not change with the picture.
    pub fn view_of(&mut self, value: &Value) -> Result<View, String> {
        match value {
            Value::Activation(view) => Ok(view.clone()),
            Value::Constant(constant) => self.constant_view(constant),
        }
    }

    fn constant_view(&mut self, constant: &Constant) -> Result<View, String> {
        let dims = constant.dims().to_vec();
        let shape = Shape::new(1, 1, constant.len());
        let pixels = self.pixels;
        let nothing = self.take(vec![0; constant.len()], shape, pixels)?;
        let zeros = Some(vec![0.0; constant.len()]);
        let affine = Affine::new(zeros, Some(constant.to_floats()), shape, self.device());
        Ok(View::of(self.add(affine, &[nothing])?, &dims))
    }

    /// A node with the values at `places` of another.
    pub fn take(
        &mut self,
        places: Vec<usize>,
        shape: Shape,
        from: NodeId,
    ) -> Result<NodeId, String> {
        let take = Take::new(&places, shape, self.device());
        self.add(take.ok_or("more values than can be moved")?, &[from])
    }
}
