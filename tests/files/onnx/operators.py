"""Cases of single operators."""

import numpy as np

from case import Cases, floats, ints, normal, positive, scalar

CASES = Cases()
add = CASES.add

# Convolutions

W, B = normal(3, 4, 3, 3), normal(3)
add("conv", "h = Conv (x, w, b)", w=W, b=B, batch=2)
add("conv_no_bias", "h = Conv (x, w)", w=W)
add("conv_pads", "h = Conv <pads = [1, 1, 1, 1]> (x, w, b)", w=W, b=B)
add("conv_asymmetric_pads", "h = Conv <pads = [0, 1, 2, 0]> (x, w, b)", w=W, b=B)
add("conv_strides", "h = Conv <strides = [2, 1], pads = [1, 1, 1, 1]> (x, w, b)", w=W, b=B)
add("conv_dilations", "h = Conv <dilations = [2, 1], pads = [2, 0, 1, 1]> (x, w)", w=W)
add("conv_groups", "h = Conv <group = 2> (x, w, b)", w=normal(6, 2, 3, 3), b=normal(6))
add("conv_depthwise", "h = Conv <group = 4, pads = [1, 1, 1, 1]> (x, w)", w=normal(4, 1, 3, 3))
add("conv_depthwise_multiplier", "h = Conv <group = 4> (x, w)", w=normal(8, 1, 3, 3))
add("conv_pointwise", "h = Conv <kernel_shape = [1, 1]> (x, w, b)", w=normal(3, 4, 1, 1), b=normal(3))
add("conv_rectangular", "h = Conv <pads = [0, 1, 0, 1]> (x, w)", w=normal(3, 4, 1, 3))
for kind in ("SAME_UPPER", "SAME_LOWER", "VALID"):
    pad = f'auto_pad = "{kind}"'
    add(f"conv_{kind.lower()}", f"h = Conv <{pad}, strides = [2, 2]> (x, w)", w=normal(4, 4, 3, 2))
add("conv_strides_3", "h = Conv <strides = [3, 3]> (x, w)", w=W, shape=("N", 4, 9, 8))

# Normalisations

BN = {"s": normal(4), "b": normal(4) + 1, "m": normal(4) * 2, "v": positive(4)}
for opset in (7, 9, 14, 15):
    add(f"batch_norm_{opset}", "h = BatchNormalization (x, s, b, m, v)", opset=opset, **BN)
add("batch_norm_epsilon", "h = BatchNormalization <epsilon = 0.1> (x, s, b, m, v)", **BN)
add("batch_norm_after_conv", "c = Conv (x, w, cb)\nh = BatchNormalization (c, s, b, m, v)",
    w=normal(4, 4, 3, 3), cb=normal(4), **BN)
add("batch_norm_before_conv", "n = BatchNormalization (x, s, b, m, v)\nh = Conv <pads = [1,1,1,1]> (n, w)",
    w=W, **BN)
add("batch_norm_rank_2", "f = Flatten (x)\nh = BatchNormalization (f, s, b, m, v)", shape=("N", 2, 2, 1), **BN)
add("batch_norm_of_weights", "k = Reshape (w, flat)\n"
    "n, m2, v2 = BatchNormalization <epsilon = 0.001, training_mode = 1> (k, s, b, m, v)\n"
    "c = Reshape (n, square)\nh = Conv (x, c)",
    w=normal(4, 4, 3, 3), flat=ints(1, 4, -1), square=ints(4, 4, 3, 3), **BN)
add("instance_norm", "h = InstanceNormalization <epsilon = 0.01> (x, s, b)", s=BN["s"], b=BN["b"])
add("layer_norm", "h = LayerNormalization (x, s, b)", s=normal(3), b=normal(3, scale=0.2))
add("layer_norm_no_bias", "h = LayerNormalization <axis = -1, epsilon = 0.001> (x, s)", s=normal(3))
add("layer_norm_axis_1", "h = LayerNormalization <axis = 1> (x, s)", s=normal(4, 5, 3))
add("layer_norm_channels_last", "t = Transpose <perm = [0,2,3,1]> (x)\nn = LayerNormalization (t, s, b)\n"
    "h = Transpose <perm = [0,3,1,2]> (n)", s=normal(4), b=BN["b"])
add("group_norm_21", "h = GroupNormalization <num_groups = 2> (x, s, b)", s=normal(4), b=BN["b"], opset=21, ir=10)
add("lrn", "h = LRN <size = 3, alpha = 0.5, beta = 0.75, bias = 2.0> (x)")
add("lrn_wide", "h = LRN <size = 5> (x)", shape=("N", 3, 5, 5))
add("lp_norm", "h = LpNormalization <axis = 1, p = 2> (x)")

# Activations

SHIFT = "c = Sub (x, half)\n"
HALF = {"half": scalar(0.5)}


def activation(name, operator, opset=17, ir=8, **weights):
    """An activation of values on both sides of zero."""
    add(name, SHIFT + "h = " + operator, opset=opset, ir=ir, **HALF, **weights)


activation("relu", "Relu (c)")
activation("relu_6", "Relu (c)", opset=7)
activation("leaky_relu", "LeakyRelu (c)")
activation("leaky_relu_alpha", "LeakyRelu <alpha = 0.2> (c)")
activation("prelu_channel", "PRelu (c, a)", a=normal(4, 1, 1))
activation("prelu_scalar", "PRelu (c, a)", a=floats(0.25))
activation("prelu_full", "PRelu (c, a)", a=normal(4, 5, 3))
activation("clip_7", "Clip <min = -0.2, max = 0.3> (c)", opset=7)
activation("clip_6_one_sided", "Clip <min = 0.0> (c)", opset=10)
activation("clip_11", "Clip (c, lo, hi)", opset=11, lo=scalar(-0.1), hi=scalar(0.2))
activation("clip_13_min", "Clip (c, lo)", lo=scalar(-0.1))
activation("clip_13_max", "Clip (c, , hi)", hi=scalar(0.1))
activation("sigmoid", "Sigmoid (c)")
activation("hard_sigmoid", "HardSigmoid (c)")
activation("hard_sigmoid_alpha", "HardSigmoid <alpha = 1.6666667, beta = 0.4> (c)")
activation("hard_swish", "HardSwish (c)", opset=14)
activation("tanh", "Tanh (c)")
activation("elu", "Elu <alpha = 0.7> (c)")
activation("selu", "Selu (c)")
activation("celu", "Celu <alpha = 2.0> (c)", opset=12)
activation("softplus", "Softplus (c)")
activation("softsign", "Softsign (c)")
activation("thresholded_relu", "ThresholdedRelu <alpha = 0.2> (c)")
activation("mish", "Mish (c)", opset=18)
activation("erf", "Erf (c)")
activation("gelu", "Gelu (c)", opset=20, ir=9)
activation("gelu_tanh", 'Gelu <approximate = "tanh"> (c)', opset=20, ir=9)
add("gelu_decomposed", SHIFT + "d = Div (c, r)\ne = Erf (d)\np = Add (e, one)\nq = Mul (c, p)\nh = Mul (q, half)",
    r=scalar(2**0.5), one=scalar(1), **HALF)
add("silu_decomposed", SHIFT + "s = Sigmoid (c)\nh = Mul (c, s)", **HALF)
add("hard_swish_decomposed", SHIFT + "p = Add (c, three)\nk = Clip (p, zero, six)\nm = Mul (c, k)\nh = Div (m, six)",
    three=scalar(3), zero=scalar(0), six=scalar(6), **HALF)

# Softmax

add("softmax_11", "s = Softmax <axis = 1> (x)\nh = Mul (s, k)", k=normal(4, 5, 3), opset=11)
add("softmax_11_axis_2", "h = Softmax <axis = 2> (x)", opset=11)
add("softmax_11_last", "f = Flatten (x)\ny = Softmax (f)", opset=11, shape=("N", 2, 3, 1))
add("softmax_13", "h = Softmax <axis = 1> (x)")
add("softmax_13_axis_2", "h = Softmax <axis = 2> (x)")
add("softmax_13_last_axis", "h = Softmax (x)")
add("softmax_last", "f = Flatten (x)\ny = Softmax (f)", shape=("N", 2, 3, 1))
add("log_softmax_last", "f = Flatten (x)\ny = LogSoftmax (f)", shape=("N", 2, 3, 1))
add("log_softmax_12_last", "f = Flatten (x)\ny = LogSoftmax (f)", shape=("N", 2, 3, 1), opset=12)

# Pooling

K = "kernel_shape = [3, 3]"
add("max_pool", "h = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)", batch=2)
add("max_pool_no_strides", "h = MaxPool <kernel_shape = [2, 2]> (x)")
add("max_pool_overlap", f"h = MaxPool <{K}, strides = [2, 2], pads = [1, 1, 1, 1]> (x)")
add("max_pool_ceil", f"h = MaxPool <{K}, strides = [2, 2], ceil_mode = 1> (x)")
add("max_pool_ceil_pads", f"h = MaxPool <{K}, strides = [2, 2], pads = [1, 1, 0, 0], ceil_mode = 1> (x)")
add("max_pool_asymmetric", f"h = MaxPool <{K}, strides = [2, 2], pads = [0, 1, 2, 0]> (x)")
add("max_pool_dilations", f"h = MaxPool <{K}, dilations = [2, 1]> (x)")
add("max_pool_same_upper", f'h = MaxPool <{K}, strides = [2, 2], auto_pad = "SAME_UPPER"> (x)')
add("max_pool_same_lower", f'h = MaxPool <{K}, strides = [2, 2], auto_pad = "SAME_LOWER"> (x)')
add("max_pool_valid", f'h = MaxPool <{K}, strides = [2, 2], auto_pad = "VALID"> (x)', opset=8)
add("max_pool_negative", "n = Neg (x)\nh = MaxPool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (n)")
P = "pads = [1, 1, 1, 1]"
add("average_pool", "h = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (x)", opset=7)
add("average_pool_exclude_pad", f"h = AveragePool <{K}, {P}> (x)")
add("average_pool_include_pad", f"h = AveragePool <{K}, {P}, count_include_pad = 1> (x)")
add("average_pool_ceil", f"h = AveragePool <{K}, strides = [2, 2], ceil_mode = 1> (x)", opset=19, ir=9)
add("average_pool_ceil_include", f"h = AveragePool <{K}, strides = [2, 2], {P}, ceil_mode = 1, count_include_pad = 1> (x)",
    opset=19, ir=9)
add("average_pool_asymmetric", f"h = AveragePool <{K}, strides = [2, 2], pads = [0, 1, 2, 0]> (x)")
add("average_pool_asymmetric_include", f"h = AveragePool <{K}, pads = [0, 1, 2, 0], count_include_pad = 1> (x)")
add("average_pool_same_upper", f'h = AveragePool <{K}, strides = [2, 2], auto_pad = "SAME_UPPER"> (x)')
add("average_pool_same_lower", f'h = AveragePool <{K}, strides = [2, 2], auto_pad = "SAME_LOWER"> (x)')
add("average_pool_dilations", f"h = AveragePool <{K}, dilations = [2, 1]> (x)", opset=19, ir=9)
add("global_average_pool", "h = GlobalAveragePool (x)")
add("global_max_pool", "h = GlobalMaxPool (x)")
add("lp_pool", "h = LpPool <kernel_shape = [2, 2], strides = [2, 2], p = 2> (x)")

# Linear layers

FLAT = {"shape": ("N", 2, 3, 2)}
add("gemm", "f = Flatten (x)\ny = Gemm (f, w, b)", w=normal(12, 5), b=normal(5), batch=2, **FLAT)
add("gemm_trans_b", "f = Flatten (x)\ny = Gemm <transB = 1> (f, w, b)", w=normal(5, 12), b=normal(5), **FLAT)
add("gemm_alpha_beta", "f = Flatten (x)\ny = Gemm <transB = 1, alpha = 0.5, beta = 2.0> (f, w, b)",
    w=normal(5, 12), b=normal(5), **FLAT)
add("gemm_no_bias", "f = Flatten (x)\ny = Gemm (f, w)", w=normal(12, 5), opset=11, **FLAT)
add("gemm_scalar_bias", "f = Flatten (x)\ny = Gemm (f, w, b)", w=normal(12, 5), b=scalar(0.3), **FLAT)
add("gemm_trans_a", "r = Reshape (x, s)\ny = Gemm <transA = 1> (r, w, b)", s=ints(12, 1), w=normal(12, 5), b=normal(1, 5),
    shape=(1, 2, 3, 2))
add("gemm_rank_2_input", "y = Gemm (x, w, b)", w=normal(12, 5), b=normal(5), shape=("N", 12))
add("matmul", "f = Flatten (x)\nm = MatMul (f, w)\ny = Add (m, b)", w=normal(12, 5), b=normal(5), batch=2, **FLAT)
add("matmul_bias_first", "f = Flatten (x)\nm = MatMul (f, w)\ny = Add (b, m)", w=normal(12, 5), b=normal(5), **FLAT)
add("matmul_last_axis", "h = MatMul (x, w)", w=normal(3, 2))
add("matmul_constant_left", "h = MatMul (w, x)", w=normal(2, 5))
add("matmul_activations", "t = Transpose <perm = [0, 1, 3, 2]> (x)\nh = MatMul (x, t)", shape=("N", 2, 3, 4))
add("einsum_linear", 'f = Flatten (x)\ny = Einsum <equation = "bi,io->bo"> (f, w)', w=normal(12, 5), **FLAT)

# Arithmetic

SHAPES = {"channel": (4, 1, 1), "scalar": (), "batched_channel": (1, 4, 1, 1), "width": (3,), "height": (5, 1),
          "plane": (5, 3), "full": (4, 5, 3), "one": (1,)}
for operator in ("Add", "Sub", "Mul", "Div"):
    for label, shape in SHAPES.items():
        if operator in ("Add", "Mul") or label in ("channel", "scalar", "plane"):
            add(f"{operator.lower()}_{label}", f"h = {operator} (x, k)", k=np.asarray(positive(*shape), np.float32))
for operator in ("Add", "Sub", "Mul", "Div"):
    kind = operator.lower()
    add(f"{kind}_constant_first", f"p = Add (x, one)\nh = {operator} (k, p)", k=positive(4, 1, 1), one=scalar(1))
    add(f"{kind}_activations", f"p = Sigmoid (x)\nh = {operator} (x, p)")
add("add_broadcast_activations", "g = GlobalAveragePool (x)\nh = Add (g, x)")
add("mul_spatial_gate", "m = ReduceMean <axes = [1]> (x)\ns = Sigmoid (m)\nh = Mul (x, s)")
add("pow", "h = Pow (x, k)", k=scalar(3))
add("pow_square", "h = Pow (x, k)", k=scalar(2))
add("pow_fraction", "p = Add (x, k)\nh = Pow (p, k)", k=scalar(0.5))
add("abs", "p = Sub (x, k)\nh = Abs (p)", k=scalar(0.5))
for operator in ("Sqrt", "Neg", "Exp", "Log", "Reciprocal", "Sin", "Cos", "Floor"):
    add(operator.lower(), f"p = Add (x, k)\nh = {operator} (p)", k=scalar(0.5))
add("max_constant", SHIFT + "h = Max (c, k)", k=scalar(0.1), **HALF)
add("min_constant", SHIFT + "h = Min (k, c)", k=normal(4, 1, 1), **HALF)
add("max_activations", "p = Sigmoid (x)\nh = Max (x, p)")
add("min_activations", "p = Sigmoid (x)\nh = Min (x, p)")
add("max_one", "h = Max (x)")
add("sum", "p = Sigmoid (x)\nh = Sum (x, p, x)")
add("mean", "p = Sigmoid (x)\nh = Mean (x, p, k)", k=normal(4, 1, 1))
add("where_constant_mask", "h = Where (m, x, k)", m=normal(4, 5, 3) > 0, k=scalar(0.25))

# Reductions

for operator in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2"):
    name = "reduce_" + operator[6:].lower()
    by_input = operator == "ReduceSum"
    if by_input:
        add(name, "h = ReduceSum (x, a)", a=ints(2, 3))
        add(name + "_11", "h = ReduceSum <axes = [2, 3], keepdims = 0> (x)", opset=11)
    else:
        add(name, f"h = {operator} <axes = [2, 3]> (x)")
        add(name + "_18", f"h = {operator} <keepdims = 0> (x, a)", a=ints(-2, -1), opset=18)
add("reduce_mean_keepdims_0", "h = ReduceMean <axes = [2, 3], keepdims = 0> (x)")
add("reduce_mean_negative_axes", "h = ReduceMean <axes = [-1, -2], keepdims = 0> (x)")
add("reduce_mean_channels", "h = ReduceMean <axes = [1]> (x)")
add("reduce_mean_channels_keepdims_0", "h = ReduceMean <axes = [1], keepdims = 0> (x)")
add("reduce_mean_width", "h = ReduceMean <axes = [3], keepdims = 0> (x)")
add("reduce_mean_nhwc", "t = Transpose <perm = [0, 2, 3, 1]> (x)\nh = ReduceMean <axes = [1, 2], keepdims = 0> (t)")

# Shapes

add("concat_channels", "p = Sigmoid (x)\nh = Concat <axis = 1> (x, p, x)")
add("concat_height", "p = Sigmoid (x)\nh = Concat <axis = 2> (p, x)")
add("concat_width", "p = Sigmoid (x)\nh = Concat <axis = -1> (x, p)")
add("concat_constant", "h = Concat <axis = 1> (x, k)", k=normal(1, 2, 5, 3), shape=(1, 4, 5, 3))
add("concat_flat", "f = Flatten (x)\ng = GlobalMaxPool (x)\nq = Flatten (g)\ny = Concat <axis = 1> (f, q)")
add("split_7", "a, b = Split <axis = 1> (x)\nh = Mul (a, b)", opset=7)
add("split_uneven_11", "a, b = Split <axis = 1, split = [1, 3]> (x)\nh = Mul (a, b)", opset=11)
add("split_13", "a, b = Split <axis = 1> (x, s)\nh = Mul (b, a)", s=ints(3, 1))
add("split_equal_13", "a, b = Split <axis = 2> (x)\nh = Sub (b, a)", shape=("N", 3, 4, 5))
add("split_18", "a, b = Split <axis = 1, num_outputs = 2> (x)\nh = Sub (a, b)", opset=18)
add("split_18_ragged", "a, b = Split <axis = -1, num_outputs = 2> (x)\ns = ReduceSum <keepdims = 1> (b, l)\nh = Mul (a, s)",
    l=ints(3), opset=18)
add("slice_9", "h = Slice <axes = [2, 3], starts = [1, 0], ends = [5, -1]> (x)", opset=9)
add("slice_9_no_axes", "h = Slice <starts = [0, 1], ends = [1, 3]> (x)", opset=9, shape=(1, 4, 5, 3))
add("slice_10", "h = Slice (x, s, e, a)", s=ints(1), e=ints(3), a=ints(1), opset=10)
add("slice_steps", "h = Slice (x, s, e, a, t)", s=ints(0, 1), e=ints(2**63 - 1, 5), a=ints(2, 3), t=ints(2, 2))
add("slice_negative", "h = Slice (x, s, e, a)", s=ints(-3), e=ints(-1), a=ints(-3))
add("slice_reversed", "h = Slice (x, s, e, a, t)", s=ints(-1), e=ints(-(2**63) + 1), a=ints(3), t=ints(-1))
add("focus", "a = Slice (x, z, e, r, t)\nb = Slice (x, o, e, r, t)\nh = Concat <axis = 1> (a, b)",
    z=ints(0, 0), o=ints(1, 0), e=ints(99, 99), r=ints(2, 3), t=ints(2, 2), shape=("N", 3, 4, 6))
PADS = ints(0, 0, 1, 2, 0, 0, 0, 1)
add("pad_2", "h = Pad <pads = [0, 0, 1, 2, 0, 0, 0, 1], value = 0.5> (x)", opset=7)
add("pad_2_reflect", 'h = Pad <pads = [0, 0, 1, 2, 0, 0, 0, 1], mode = "reflect"> (x)', opset=7)
add("pad_11", "h = Pad (x, p, v)", p=PADS, v=scalar(0.25), opset=11)
add("pad_11_zero", "h = Pad (x, p)", p=PADS, opset=11)
add("pad_channels", "h = Pad (x, p)", p=ints(0, 1, 0, 0, 0, 2, 0, 0))
add("pad_reflect", 'h = Pad <mode = "reflect"> (x, p)', p=PADS)
add("pad_edge", 'h = Pad <mode = "edge"> (x, p)', p=PADS)
add("pad_18", "h = Pad (x, p, v, a)", p=ints(1, 0, 0, 2), v=scalar(0), a=ints(2, -1), opset=18)
add("pad_crop", "h = Pad (x, p)", p=ints(0, 0, -1, 0, 0, 0, -1, -2))
add("flatten_axis_0", "f = Flatten <axis = 0> (x)\ny = Identity (f)", shape=(1, 4, 5, 3))
add("flatten_axis_2", "f = Flatten <axis = 2> (x)\ny = Reshape (f, s)", s=ints(-1, 60))
add("flatten_axis_negative", "f = Flatten <axis = -3> (x)\ny = Identity (f)")
add("reshape_flat", "y = Reshape (x, s)", s=ints(-1, 60), batch=2)
add("reshape_zero", "y = Reshape (x, s)", s=ints(0, -1), opset=7)
add("reshape_one", "y = Reshape (x, s)", s=ints(1, -1), shape=(1, 4, 5, 3))
add("reshape_allowzero", "y = Reshape <allowzero = 1> (x, s)", s=ints(1, 60), opset=14, shape=(1, 4, 5, 3))
add("reshape_rank_3", "r = Reshape (x, s)\nh = MatMul (r, w)", s=ints(0, 4, -1), w=normal(15, 3))
add("reshape_rank_4", "r = Reshape (x, s)\nh = Conv (r, w)", s=ints(0, 2, 6, 5), w=normal(2, 2, 3, 3))
add("squeeze_11", "g = GlobalAveragePool (x)\nq = Squeeze <axes = [2, 3]> (g)\ny = Relu (q)", opset=11)
add("squeeze_13", "g = GlobalAveragePool (x)\nq = Squeeze (g, a)\ny = Relu (q)", a=ints(-1, -2))
add("unsqueeze_11", "u = Unsqueeze <axes = [2, 3]> (x)\nc = Conv (u, w)\nh = Relu (c)", opset=11, shape=("N", 4),
    w=normal(3, 4, 1, 1))
add("unsqueeze_13", "u = Unsqueeze (x, a)\nh = Conv (u, w)", a=ints(1), shape=("N", 6, 5), w=normal(2, 1, 3, 3))
add("transpose", "h = Transpose <perm = [0, 1, 3, 2]> (x)")
add("transpose_nhwc", "h = Transpose <perm = [0, 2, 3, 1]> (x)")
add("transpose_twice", "t = Transpose <perm = [0, 2, 3, 1]> (x)\nr = Relu (t)\nh = Transpose <perm = [0, 3, 1, 2]> (r)")
add("depth_to_space", "h = DepthToSpace <blocksize = 2> (x)", shape=("N", 8, 2, 3))
add("depth_to_space_crd", 'h = DepthToSpace <blocksize = 2, mode = "CRD"> (x)', shape=("N", 8, 2, 3))
add("space_to_depth", "h = SpaceToDepth <blocksize = 2> (x)", shape=("N", 2, 4, 6))
add("gather_channel_scalar", "g = Gather <axis = 1> (x, i)\nh = Relu (g)", i=np.int64(2))
add("gather_channels", "h = Gather <axis = 1> (x, i)", i=ints(3, 0, -1))
add("gather_bgr", "g = Gather <axis = 1> (x, i)\nh = Conv (g, w)", i=ints(2, 1, 0), w=normal(3, 3, 3, 3), shape=("N", 3, 5, 5))
add("gather_width", "h = Gather <axis = -1> (x, i)", i=ints(0, 2))
add("identity", "i = Identity (x)\nh = Identity (i)")
add("dropout_7", "h = Dropout <ratio = 0.7> (x)", opset=7)
add("dropout_10", "h, mask = Dropout (x)", opset=10)
add("dropout_12", "h = Dropout (x, r)", opset=12, r=scalar(0.7))
add("dropout_13_training_false", "h = Dropout (x, r, t)", r=scalar(0.7), t=np.bool_(False))
add("cast_float", "h = Cast <to = 1> (x)")

# Resizing

SCALES, SIZES = floats(1, 1, 2, 1.5), ints(1, 2, 9, 7)
for mode in ("nearest", "linear", "cubic"):
    for places in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"):
        if not (mode == "nearest" and places == "pytorch_half_pixel"):
            attributes = f'mode = "{mode}", coordinate_transformation_mode = "{places}"'
            add(f"resize_{mode}_{places}", f"h = Resize <{attributes}> (x, , s)", s=SCALES, shape=("N", 2, 4, 4))
SMALL = {"shape": (1, 2, 4, 4)}
add("resize_sizes", 'h = Resize <mode = "linear"> (x, , , s)', s=SIZES, **SMALL)
add("resize_sizes_nearest", 'h = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", '
    'nearest_mode = "floor"> (x, , , s)', s=SIZES, **SMALL)
add("resize_down", 'h = Resize <mode = "linear"> (x, , s)', s=floats(1, 1, 0.5, 0.75), **SMALL)
add("resize_cubic_a", 'h = Resize <mode = "cubic", cubic_coeff_a = -0.5> (x, , s)', s=SCALES, **SMALL)
add("resize_11", 'h = Resize <mode = "linear"> (x, r, s)', r=floats(), s=SCALES, opset=11, **SMALL)
add("resize_10", 'h = Resize <mode = "nearest"> (x, s)', s=SCALES, opset=10, **SMALL)
add("resize_18_axes", 'h = Resize <mode = "linear", axes = [2, 3]> (x, , s)', s=floats(2, 2), opset=18, **SMALL)
add("upsample_7", 'h = Upsample <mode = "nearest", scales = [1.0, 1.0, 2.0, 2.0]> (x)', opset=7, **SMALL)
add("upsample_9", 'h = Upsample <mode = "nearest"> (x, s)', s=floats(1, 1, 2, 3), opset=9, **SMALL)
add("upsample_9_linear", 'h = Upsample <mode = "linear"> (x, s)', s=floats(1, 1, 2, 2), opset=9, **SMALL)
