//! Whether the head after a node is average pooling and a linear layer.

use super::{Graph, NodeId, Op};

impl Graph {
    /// Whether the logits are affine in the averages of the node's channels over all positions:
    /// global average pooling and a linear layer, and nothing else. Then every class weighs each
    /// channel the same at every position (Zhou et al. 2016, "Learning Deep Features for
    /// Discriminative Localization", section 2).
    pub fn is_averaged_then_linear(&self, id: NodeId) -> bool {
        let users: Vec<NodeId> =
            self.ids().filter(|user| self.node(*user).inputs.contains(&id)).collect();
        let [average] = users[..] else { return false };
        let after = self.leads_to(&[average]);
        let keeps = |id: NodeId| {
            let op = &self.node(id).op;
            op.is_affine() || matches!(op, Op::Concatenate(_))
        };
        self.node(average).op.averages_positions()
            && self.ids().all(|id| id == average || !after[id.0] || keeps(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::op::{
        Affine, Arithmetic, Axes, Linear, Matrix, Pointwise, PoolAxis, Resample,
    };
    use crate::graph::{GraphBuilder, Shape};
    use burn::tensor::{Device, Tensor};

    const SHAPE: Shape = Shape::new(3, 4, 4);

    fn linear(inputs: usize) -> Op {
        Linear::new(Tensor::ones([2, inputs], &Device::flex()), None).into()
    }

    /// Whether a node before the operations is averaged, then linear.
    fn is_so(operations: Vec<Op>) -> bool {
        let mut graph = GraphBuilder::new(SHAPE, &Device::flex());
        let layer = graph.add("layer", Pointwise::Relu, &[Graph::INPUT]).unwrap();
        let mut last = layer;
        for (index, op) in operations.into_iter().enumerate() {
            last = graph.add(index.to_string(), op, &[last]).unwrap();
        }
        graph.finish().unwrap().is_averaged_then_linear(layer)
    }

    fn average(kernel: usize) -> Op {
        let side = PoolAxis {
            kernel,
            stride: kernel,
            dilation: 1,
            padding: (0, 0),
            ceil: false,
            count_padding: true,
        };
        let matrix = || Matrix::average_pool(SHAPE.height, side).unwrap();
        Resample::new("average pool", matrix(), matrix(), &Device::flex()).into()
    }

    #[test]
    fn averages_in_every_form_are_known() {
        assert!(is_so(vec![Op::GlobalAveragePool, linear(3)]));
        assert!(is_so(vec![average(4), Op::Flatten, linear(3)]));
        let sixteenth =
            Affine::new(Some(vec![1.0 / 16.0]), None, Shape::new(1, 1, 1), &Device::flex());
        assert!(is_so(vec![Op::Sum(Axes::SPATIAL), sixteenth.into(), linear(3)]));
        assert!(is_so(vec![Op::GlobalAveragePool]), "the channels are the classes");
        let mut graph = GraphBuilder::new(SHAPE, &Device::flex());
        let layer = graph.add("layer", Pointwise::Relu, &[Graph::INPUT]).unwrap();
        let pool = graph.add("pool", Op::GlobalAveragePool, &[layer]).unwrap();
        let one = Linear::new(Tensor::ones([1, 3], &Device::flex()), None);
        graph.add("logit", one, &[pool]).unwrap();
        let graph = graph.finish().unwrap().with_both_classes().unwrap();
        assert!(graph.is_averaged_then_linear(layer), "one logit and its negative");
    }

    #[test]
    fn anything_else_is_not() {
        assert!(!is_so(vec![Op::Flatten, linear(48)]), "every place has a weight of its own");
        assert!(!is_so(vec![Pointwise::Relu.into(), Op::GlobalAveragePool, linear(3)]));
        assert!(!is_so(vec![Op::GlobalAveragePool, Pointwise::Relu.into(), linear(3)]));
        assert!(!is_so(vec![average(3), linear(3)]), "a window that leaves places out");
        assert!(!is_so(vec![average(2), Op::Flatten, linear(12)]));
        let channels = Axes { channels: true, rows: true, columns: true };
        assert!(!is_so(vec![Op::Sum(channels)]));
    }

    #[test]
    fn a_second_way_to_the_logits_is_seen() {
        let mut graph = GraphBuilder::new(SHAPE, &Device::flex());
        let layer = graph.add("layer", Pointwise::Relu, &[Graph::INPUT]).unwrap();
        let pool = graph.add("pool", Op::GlobalAveragePool, &[layer]).unwrap();
        let gate = graph.add("gate", Pointwise::Sigmoid, &[pool]).unwrap();
        graph.add("product", Arithmetic::Multiply, &[pool, gate]).unwrap();
        let graph = graph.finish().unwrap();
        assert!(!graph.is_averaged_then_linear(layer));
        assert!(!graph.is_averaged_then_linear(graph.output()), "nothing follows");
    }
}
