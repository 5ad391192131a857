"""Cases of control flow, masks, moved values, transposed and computed convolutions, which `pack_suite.py`
packs beside the backend suite. A case is written as in `operators.py`."""

import numpy as np

from case import Cases, floats, ints, normal, positive, scalar

CASES = Cases()
add = CASES.add

NORM = {"s": positive(4), "b": normal(4), "m": normal(4), "v": positive(4)}

# Control flow

THEN = "then_branch = t () => (float[N,C,H,W] t1) { t1 = Mul (x, half) }"
ELSE = "else_branch = e () => (float[N,C,H,W] e1) { e0 = Conv <pads = [1,1,1,1]> (x, w)\n e1 = Relu (e0) }"
for flag in (True, False):
    add(f"if_{str(flag).lower()}", f"h = If <{THEN}, {ELSE}> (f)", f=np.bool_(flag), half=scalar(0.5), w=normal(4, 4, 3, 3))
add("if_by_shape", "g = GlobalAveragePool (x)\ns = Shape (g)\nd = Gather (s, last)\nq = Equal (d, one)\n"
    "y = If <then_branch = t () => (float[N,C] t1) { t1 = Squeeze (g, ends) }, "
    "else_branch = e () => (float[N,C,H,W] e1) { e1 = Identity (g) }> (q)",
    last=np.int64(-1), one=np.int64(1), ends=ints(2, 3))
add("if_inside_if", "h = If <then_branch = t () => (float[N,C,H,W] t1) { t1 = If <then_branch = u () => (float[N,C,H,W] u1) "
    "{ u1 = Neg (x) }, else_branch = w () => (float[N,C,H,W] w1) { w1 = Exp (x) }> (no) }, "
    "else_branch = e () => (float[N,C,H,W] e1) { e1 = Identity (x) }> (yes)", yes=np.bool_(True), no=np.bool_(False))
# The norm is used inside a branch too, so that no convolution may take it in.
add("if_uses_what_is_outside", "c = Conv <pads = [1,1,1,1]> (x, w)\nn = BatchNormalization (c, s, b, m, v)\n"
    "z = If <then_branch = t () => (float[N,C,H,W] t1) { t1 = Relu (c) }, else_branch = e () => (float[N,C,H,W] e1) "
    "{ e1 = Neg (c) }> (yes)\nh = Add (n, z)", w=normal(4, 4, 3, 3), yes=np.bool_(True), **NORM)
BODY = ("body = b (int64 i, bool c, float[N,C,H,W] a) => (bool d, float[N,C,H,W] r) "
        "{ d = Identity (c)\n a0 = Conv <pads = [1,1,1,1]> (a, w)\n a1 = BatchNormalization (a0, s, b, m, v)\n r = Relu (a1) }")
add("loop_with_norm", f"h = Loop <{BODY}> (three, yes, x)", three=np.int64(3), yes=np.bool_(True), w=normal(4, 4, 3, 3),
    **NORM)
add("loop_by_condition", "h = Loop <body = b (int64 i, bool c, float[N,C,H,W] a) => (bool d, float[N,C,H,W] r) "
    "{ d = Less (i, two)\n f = Cast <to = 1> (i)\n g = Add (f, one)\n r = Mul (a, g) }> (, yes, x)",
    two=np.int64(2), one=scalar(1), yes=np.bool_(True))
add("loop_with_results", "last, all = Loop <body = b (int64 i, bool c, float[N,C,H,W] a) => (bool d, float[N,C,H,W] r, "
    "float[N,C,H,W] o) { d = Identity (c)\n r = Sin (a)\n o = Mul (r, two) }> (three, yes, x)\n"
    "f = ReduceMean <axes = [0], keepdims = 0> (all)\nh = Sub (f, last)",
    three=np.int64(3), two=scalar(2), yes=np.bool_(True))
add("loop_without_turns", "h = Loop <body = b (int64 i, bool c, float[N,C,H,W] a) => (bool d, float[N,C,H,W] r) "
    "{ d = Identity (c)\n r = Sin (a) }> (none, yes, x)", none=np.int64(0), yes=np.bool_(True))
add("scan_over_width", "last, all = Scan <num_scan_inputs = 1, scan_input_axes = [3], scan_output_axes = [3], body = b "
    "(float[1,4,5] s, float[1,4,5] p) => (float[1,4,5] q, float[1,4,5] o) { q = Add (s, p)\n o = Tanh (q) }> (z, x)\n"
    "h = Identity (all)", z=normal(1, 4, 5))

# Masks and choices

for operator in ("Greater", "Less", "GreaterOrEqual", "LessOrEqual"):
    label = operator.lower()
    add(f"{label}_scalar", f"m = {operator} (x, k)\nn = Neg (x)\nh = Where (m, x, n)", k=scalar(0.4))
    add(f"{label}_constant_first", f"m = {operator} (k, x)\nh = Where (m, k, x)", k=positive(4, 1, 1))
    add(f"{label}_activations", f"p = GlobalAveragePool (x)\nm = {operator} (x, p)\nf = Cast <to = 1> (m)\nh = Mul (x, f)")
add("equal_scalar", "r = Round (x)\nm = Equal (r, k)\nh = Where (m, x, c)", k=scalar(1), c=scalar(-2))
add("masks_together", "a = Greater (x, k)\nb = Less (x, c)\nd = And (a, b)\ne = Xor (a, b)\nf = Or (d, e)\ng = Not (e)\n"
    "i = Where (d, x, k)\nj = Where (f, i, c)\nh = Where (g, j, x)", k=scalar(0.3), c=scalar(0.6))
add("where_stretched", "m = Greater (x, k)\nh = Where (m, c, x)\ny = Reshape (h, row)", k=scalar(0.5), c=normal(2, 4, 5, 3), shape=(1, 4, 5, 3), row=ints(1, -1))
add("where_infinite", "m = Greater (x, k)\ni = Where (m, x, c)\nh = Softmax <axis = 3> (i)", k=scalar(0.2), c=scalar(-1e30))
add("where_constant_infinite", "i = Where (m, x, c)\nh = Softmax <axis = 3> (i)", c=scalar(-np.inf),
    m=np.arange(60).reshape(4, 5, 3) % 3 != 1)
add("is_nan", "n = Log (x)\nm = IsNaN (n)\nh = Where (m, x, n)")
add("cast_whole", "a = Mul (x, k)\ni = Cast <to = 7> (a)\nf = Cast <to = 1> (i)\nh = Add (f, x)", k=scalar(7))
add("cast_truth", "a = Floor (x)\nb = Add (a, x)\nc = Relu (b)\nd = Sub (c, k)\ne = Relu (d)\nm = Cast <to = 9> (e)\n"
    "h = Where (m, x, d)", k=scalar(0.5))
add("clip_by_values", "p = GlobalAveragePool (x)\nl = Min (x, p)\nh = Max (l, k)", k=positive(4, 5, 3))
add("mod_float", "h = Mod <fmod = 1> (x, k)", k=scalar(0.3))

# Moved values

add("expand_norm", "l = ReduceL2 <axes = [1], keepdims = 1> (x)\nc = Clip (l, e)\ns = Shape (x)\nd = Expand (c, s)\n"
    "h = Div (x, d)", e=scalar(1e-12))
add("expand_rank", "h = Expand (x, s)\ny = Reshape (h, row)", s=ints(3, 1, 4, 5, 3), shape=(1, 4, 5, 3), row=ints(1, -1))
add("tile", "h = Tile (x, r)", r=ints(1, 2, 1, 3))
add("gather_many", "h = Gather <axis = 2> (x, i)", i=np.array([[0, 3, 1], [4, -1, 2]] * 6))
add("gather_elements", "h = GatherElements <axis = 2> (x, i)", i=np.arange(60).reshape(1, 4, 5, 3) * 7 % 5, shape=(1, 4, 5, 3))
add("gather_nd", "h = GatherND (x, i)\ny = Reshape (h, row)", i=np.array([[0, 3, 1], [0, 0, -1]]), shape=(1, 4, 5, 3), row=ints(1, -1))
add("scatter_nd", "g = Exp (x)\nr = Reshape (g, s)\nu = Gather (r, k)\nz = Reshape (x, s)\nh = ScatterND (z, i, u)\ny = Reshape (h, row)",
    s=ints(20, 3), k=ints(4, 2), i=np.array([[1], [19]]), shape=(1, 4, 5, 3), row=ints(1, -1))
add("scatter_elements_into_zeros", "s = Shape (x)\nz = ConstantOfShape (s)\nh = ScatterElements <axis = 3> (z, i, x)",
    i=np.arange(60).reshape(1, 4, 5, 3) % 3, shape=(1, 4, 5, 3))
add("transpose_of_seven_axes", "r = Reshape (x, s)\nt = Transpose <perm = [6, 2, 4, 0, 5, 3, 1]> (r)\nq = Reshape (t, f)\n"
    "h = Mul (q, k)", s=ints(1, 2, 3, 2, 3, 2, 3), f=ints(1, 216), k=normal(216), shape=(1, 6, 6, 6))
add("cumsum", "h = CumSum (x, a)", a=np.int64(2))
add("cumsum_exclusive_reverse", "h = CumSum <exclusive = 1, reverse = 1> (x, a)", a=np.int64(1))
add("trilu", "h = Trilu <upper = 0> (x, k)", k=np.int64(1))
add("one_hot_of_constants", "o = OneHot <axis = 0> (i, d, v)\nh = MatMul (o, x)", i=ints(2, 0, 4), d=np.int64(3),
    v=floats(0, 1), shape=("N", 4, 3, 2), opset=13)
add("top_k_of_constants", "a, i = TopK <axis = 0> (k, n)\nh = Gather <axis = 1> (x, i)", k=normal(4), n=ints(3))

# Products

add("matmul_stretched", "g = ReduceMean <axes = [1]> (x)\nt = Transpose <perm = [0, 1, 3, 2]> (g)\nh = MatMul (x, t)")
add("matmul_batched_constant", "h = MatMul (x, w)", w=normal(4, 3, 2))
add("matmul_higher_constant", "h = MatMul (w, x)\ny = Reshape (h, row)", w=normal(2, 1, 6, 5), shape=(1, 4, 5, 3), row=ints(1, -1))
add("matmul_vector", "g = ReduceMean <axes = [0, 1, 2], keepdims = 0> (x)\nm = MatMul (x, g)\nh = Identity (m)",
    shape=(1, 4, 5, 3))
add("gemm_activations", "f = Flatten <axis = 2> (x)\ng = Exp (f)\nm = Gemm <transB = 1, alpha = 0.5, beta = 2.0> (f, g, b)\n"
    "h = Identity (m)\ny = Reshape (h, row)", b=normal(4), shape=(1, 4, 5, 3), row=ints(1, -1))
for name, equation, weight in (
    ("bilinear", "bchw,dc->bdhw", (5, 4)), ("outer", "bchw,d->bdchw", (2,)), ("sum", "bchw,cd->bd", (4, 3)),
    ("ellipsis", "...hw,wk->...hk", (3, 2)), ("elementwise", "bchw,chw->bhw", (4, 5, 3)), ("implicit", "bchw,ck", (4, 2)),
    ("batched", "bchw,cwk->bchk", (4, 3, 2)),
):  # fmt: skip
    add(f"einsum_{name}", f'h = Einsum <equation = "{equation}"> (x, w)', w=normal(*weight))
add("einsum_second_order", 'h = Einsum <equation = "bchw,bdhw->bcd"> (x, x)')
add("einsum_diagonal", 'h = Einsum <equation = "bcii->bci"> (x)', shape=("N", 4, 3, 3))
add("einsum_three", 'h = Einsum <equation = "bchw,cd,hk->bdkw"> (x, v, w)', v=normal(4, 2), w=normal(5, 3))

# Convolutions

add("conv_1d", "r = Reshape (x, s)\nc = Conv <pads = [1, 1]> (r, w, b)\nh = Relu (c)", s=ints(0, 4, 15), w=normal(3, 4, 3),
    b=normal(3))
add("conv_over_channels", "g = GlobalAveragePool (x)\nr = Reshape (g, s)\nc = Conv <pads = [1, 1]> (r, w)\n"
    "a = Sigmoid (c)\nq = Reshape (a, t)\nh = Mul (x, q)", s=ints(0, 1, 4), t=ints(0, 4, 1, 1), w=normal(1, 1, 3))
add("conv_several", "r = Reshape (x, s)\nh = Conv (r, w, b)\ny = Reshape (h, row)", s=ints(2, 2, 5, 3), w=normal(3, 2, 2, 2), b=normal(3),
    shape=(1, 4, 5, 3), row=ints(1, -1))
add("max_pool_1d", "r = Reshape (x, s)\nh = MaxPool <kernel_shape = [3], strides = [2]> (r)", s=ints(0, 4, 15))
add("conv_transpose", "h = ConvTranspose <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w, b)", w=normal(4, 3, 4, 4), b=normal(3))
add("conv_transpose_groups", "h = ConvTranspose <strides = [2, 3], group = 2, output_padding = [1, 0], pads = [0, 1, 1, 0]> "
    "(x, w)", w=normal(4, 3, 3, 2))
add("conv_transpose_dilations", "h = ConvTranspose <dilations = [2, 1], strides = [2, 1]> (x, w)", w=normal(4, 2, 2, 3))
add("conv_transpose_same", 'h = ConvTranspose <auto_pad = "SAME_UPPER", strides = [2, 2]> (x, w)', w=normal(4, 2, 3, 3))
add("conv_of_computed_kernel", "g = GlobalAveragePool (x)\nf = Flatten (g)\nk = MatMul (f, w)\nr = Reshape (k, s)\n"
    "h = Conv <pads = [1, 0, 1, 0], strides = [2, 1], group = 2> (x, r, b)", w=normal(4, 24), s=ints(4, 2, 3, 1), b=normal(4),
    shape=(1, 4, 5, 3))
