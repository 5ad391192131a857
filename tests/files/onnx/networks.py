"""Cases of several operators: blocks, shape computations, layouts, and ways of storing weights."""

import numpy as np
from onnx import TensorProto, helper

from case import Cases, floats, ints, normal, positive, scalar

CASES = Cases()
add = CASES.add

# One small network in every operator set

CONV = {"w": normal(3, 4, 3, 3), "b": normal(3), "fw": normal(5, 18), "fb": normal(5)}
NETWORK = """c = Conv <pads = [1, 1, 1, 1]> (x, w, b)
r = Relu (c)
p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)
f = Flatten (p)
y = Gemm <transB = 1> (f, fw, fb)"""
IR = {range(7, 9): 3, range(9, 10): 4, range(10, 11): 5, range(11, 12): 6, range(12, 15): 7, range(15, 19): 8,
      range(19, 21): 9, range(21, 23): 10, range(23, 24): 11, range(24, 25): 11, range(25, 26): 12, range(26, 27): 13}
for opsets, ir in IR.items():
    for opset in opsets:
        add(f"network_opset_{opset}", NETWORK, opset=opset, ir=ir, weights_are_inputs=ir == 3, 
            shape=("N", 4, 4, 7), **CONV)

# Blocks

add("squeeze_excite", """g = GlobalAveragePool (x)
a = Conv (g, w1, b1)
r = Relu (a)
e = Conv (r, w2, b2)
s = Sigmoid (e)
h = Mul (x, s)""", w1=normal(2, 4, 1, 1), b1=normal(2), w2=normal(4, 2, 1, 1), b2=normal(4), batch=2)
add("squeeze_excite_gemm", """g = GlobalAveragePool (x)
f = Flatten (g)
a = Gemm <transB = 1> (f, w1, b1)
r = Relu (a)
e = Gemm <transB = 1> (r, w2, b2)
s = HardSigmoid (e)
u = Unsqueeze (s, axes)
h = Mul (u, x)""", w1=normal(2, 4), b1=normal(2), w2=normal(4, 2), b2=normal(4), axes=ints(2, 3))
add("residual", "c = Conv <pads = [1, 1, 1, 1]> (x, w)\nr = Relu (c)\ns = Add (r, x)\nh = Relu (s)", w=normal(4, 4, 3, 3))
add("dense_block", """c = Conv <pads = [1, 1, 1, 1]> (x, w1)
d = Concat <axis = 1> (x, c)
r = Relu (d)
e = Conv (r, w2)
h = GlobalAveragePool (e)""", w1=normal(2, 4, 3, 3), w2=normal(5, 6, 1, 1))
add("channel_shuffle", """r = Reshape (x, s5)
t = Transpose <perm = [0, 2, 1, 3, 4]> (r)
u = Reshape (t, s4)
h = Conv <group = 2> (u, w)""", s5=ints(-1, 2, 3, 4, 5), s4=ints(-1, 6, 4, 5), w=normal(4, 3, 3, 3), shape=("N", 6, 4, 5), batch=2)
add("pixel_shuffle", """r = Reshape (x, s6)
t = Transpose <perm = [0, 1, 4, 2, 5, 3]> (r)
h = Reshape (t, s4)""", s6=ints(-1, 2, 2, 2, 2, 3), s4=ints(-1, 2, 4, 6), shape=("N", 8, 2, 3))
add("attention", """r = Reshape (x, s3)
t = Transpose <perm = [0, 2, 1]> (r)
q = MatMul (t, wq)
k = MatMul (t, wk)
v = MatMul (t, wv)
kt = Transpose <perm = [0, 2, 1]> (k)
m = MatMul (q, kt)
d = Div (m, root)
a = Softmax <axis = -1> (d)
o = MatMul (a, v)
h = ReduceMean <axes = [1], keepdims = 0> (o)""", s3=ints(0, 4, -1), wq=normal(4, 3), wk=normal(4, 4)[:, :3].copy(),
    wv=normal(4, 5), root=scalar(3**0.5))
add("global_attention_pool", """c = Conv (x, w)
r = Reshape (c, s1)
a = Softmax <axis = 2> (r)
v = Reshape (x, s4)
t = Transpose <perm = [0, 2, 1]> (a)
m = MatMul (v, t)
h = Relu (m)""", w=normal(1, 4, 1, 1), s1=ints(0, 1, 15), s4=ints(0, 4, 15))
add("layer_norm_decomposed", """m = ReduceMean <axes = [-1]> (x)
c = Sub (x, m)
q = Pow (c, two)
v = ReduceMean <axes = [-1]> (q)
e = Add (v, eps)
d = Sqrt (e)
n = Div (c, d)
k = Mul (n, s)
h = Add (k, b)""", two=scalar(2), eps=scalar(1e-5), s=normal(3), b=normal(3, scale=0.1))
add("layer_scale", "t = Transpose <perm = [0, 2, 3, 1]> (x)\nm = Mul (t, k)\nu = Transpose <perm = [0, 3, 1, 2]> (m)\n"
    "h = Add (x, u)", k=normal(4))

# Preprocessing as the first nodes

MEAN, STD = normal(1, 3, 1, 1) + 0.5, positive(1, 3, 1, 1)
RGB = {"shape": ("N", 3, 6, 5), "w": normal(4, 3, 3, 3)}
add("normalised_sub_div", "c = Sub (x, m)\nd = Div (c, s)\nh = Conv (d, w)", m=MEAN, s=STD, **RGB)
add("normalised_mul_add", "c = Mul (x, k)\nd = Add (c, b)\nh = Conv (d, w)", k=1 / STD, b=-MEAN / STD, **RGB)
add("normalised_255", "c = Mul (x, k)\nd = Sub (c, m)\nh = Conv (d, w)", k=scalar(255), m=MEAN * 255, **RGB)
add("normalised_bgr", "c = Sub (x, m)\nd = Div (c, s)\ng = Gather <axis = 1> (d, i)\nh = Conv (g, w)", m=MEAN, s=STD,
    i=ints(2, 1, 0), **RGB)

# Channels last

NHWC = {"shape": ("N", 6, 5, 3)}
add("nhwc_input", "t = Transpose <perm = [0, 3, 1, 2]> (x)\nc = Conv <pads = [1, 1, 1, 1]> (t, w)\nh = Relu (c)",
    w=normal(4, 3, 3, 3), batch=2, **NHWC)
add("nhwc_input_normalised", "s = Sub (x, m)\nt = Transpose <perm = [0, 3, 1, 2]> (s)\nh = Conv (t, w)", m=normal(3),
    w=normal(4, 3, 3, 3), **NHWC)
add("nhwc_output", """t = Transpose <perm = [0, 3, 1, 2]> (x)
c = Conv (t, w)
u = Transpose <perm = [0, 2, 3, 1]> (c)
f = Reshape (u, s)
y = MatMul (f, fw)""", w=normal(4, 3, 3, 3), s=ints(-1, 48), fw=normal(48, 5), batch=2, **NHWC)
add("nhwc_bias", """t = Transpose <perm = [0, 3, 1, 2]> (x)
c = Conv (t, w)
u = Transpose <perm = [0, 2, 3, 1]> (c)
d = Add (u, b)
r = Relu (d)
m = ReduceMean <axes = [1, 2], keepdims = 0> (r)
y = MatMul (m, fw)""", w=normal(4, 3, 3, 3), b=normal(4), fw=normal(4, 5), **NHWC)
add("nhwc_squeeze_excite", """u = Transpose <perm = [0, 2, 3, 1]> (x)
m = ReduceMean <axes = [1, 2], keepdims = 0> (u)
s = Sigmoid (m)
e = Reshape (s, s4)
p = Mul (u, e)
h = Transpose <perm = [0, 3, 1, 2]> (p)""", s4=ints(-1, 1, 1, 4))
add("nhwc_concat", """u = Transpose <perm = [0, 2, 3, 1]> (x)
s = Sigmoid (u)
c = Concat <axis = 3> (u, s)
h = Transpose <perm = [0, 3, 1, 2]> (c)""")
add("nhwc_pad", "u = Transpose <perm = [0, 2, 3, 1]> (x)\np = Pad (u, k)\nt = Transpose <perm = [0, 3, 1, 2]> (p)\n"
    "h = Conv (t, w)", k=ints(0, 0, 0, 0, 0, 1, 1, 0), w=normal(3, 4, 3, 3))

# Computed shapes

add("flatten_computed", """s = Shape (x)
n = Gather <axis = 0> (s, zero)
u = Unsqueeze (n, axis)
c = Concat <axis = 0> (u, rest)
y = Reshape (x, c)""", zero=np.int64(0), axis=ints(0), rest=ints(-1), batch=2)
add("flatten_computed_11", """s = Shape (x)
n = Gather <axis = 0> (s, zero)
u = Unsqueeze <axes = [0]> (n)
c = Concat <axis = 0> (u, rest)
y = Reshape (x, c)""", zero=np.int64(0), rest=ints(-1), opset=11, batch=2)
add("flatten_shape_slice", """s = Shape (x)
n = Slice (s, zero, one, zero)
c = Concat <axis = 0> (n, rest)
y = Reshape (x, c)""", zero=ints(0), one=ints(1), rest=ints(-1))
add("shuffle_computed", """s = Shape (x)
n = Gather <axis = 0> (s, i0)
c = Gather <axis = 0> (s, i1)
a = Gather <axis = 0> (s, i2)
b = Gather <axis = 0> (s, i3)
g = Div (c, two)
nu = Unsqueeze (n, zero)
cu = Unsqueeze (c, zero)
gu = Unsqueeze (g, zero)
au = Unsqueeze (a, zero)
bu = Unsqueeze (b, zero)
s5 = Concat <axis = 0> (nu, twos, gu, au, bu)
s4 = Concat <axis = 0> (nu, cu, au, bu)
r = Reshape (x, s5)
t = Transpose <perm = [0, 2, 1, 3, 4]> (r)
h = Reshape (t, s4)""", i0=np.int64(0), i1=np.int64(1), i2=np.int64(2), i3=np.int64(3), two=np.int64(2), zero=ints(0), twos=ints(2))
add("shape_15", "s = Shape <start = 0, end = 1> (x)\nc = Concat <axis = 0> (s, rest)\ny = Reshape (x, c)", rest=ints(-1))
add("resize_computed", """s = Shape (x)
hw = Slice (s, two, four, zero)
d = Mul (hw, twos)
nc = Slice (s, zero, two, zero)
z = Concat <axis = 0> (nc, d)
h = Resize <mode = "nearest"> (x, , , z)""", zero=ints(0), two=ints(2), four=ints(4), twos=ints(2, 2))
add("shape_cast_arithmetic", """s = Shape (x)
hw = Slice (s, two, four, zero)
f = Cast <to = 1> (hw)
m = Mul (f, k)
e = Floor (m)
i = Cast <to = 7> (e)
nc = Slice (s, zero, two, zero)
z = Concat <axis = 0> (nc, i)
h = Resize <mode = "linear"> (x, , , z)""", zero=ints(0), two=ints(2), four=ints(4), k=floats(1.5, 0.5))
add("pad_computed", """z = ConstantOfShape <value = int64[1] {0}> (n)
c = Concat <axis = 0> (p, z)
r = Reshape (c, s)
v = Slice (r, m1, e, a0, m1)
t = Transpose <perm = [1, 0]> (v)
f = Reshape (t, m1)
h = Pad (x, f)""", n=ints(4), p=ints(1, 2, 0, 1), s=ints(-1, 2), m1=ints(-1), e=ints(-(2**63) + 1), a0=ints(0))
add("expand_constant", "e = Expand (k, s)\nh = Mul (x, e)", k=normal(4, 1, 1), s=ints(1, 4, 5, 3))
add("expand_where_equal", """o = ConstantOfShape <value = int64[1] {1}> (n)
m = Mul (o, minus)
q = Equal (s, m)
w = Where (q, o, s)
e = Expand (k, w)
h = Add (x, e)""", n=ints(4), minus=np.int64(-1), s=ints(-1, 4, 5, 3), k=normal(4, 1, 1))
add("constant_of_shape", "o = ConstantOfShape <value = float[1] {0.5}> (s)\nh = Mul (x, o)", s=ints(4, 1, 1))
add("constant_nodes", """k = Constant <value = float[4,1,1] {1.0, 2.0, -1.0, 0.5}> ()
s = Constant <value_float = 0.25> ()
i = Constant <value_ints = [0, -1]> ()
m = Mul (x, k)
a = Add (m, s)
y = Reshape (a, i)""")
add("range_gather", "r = Range (zero, four, two)\nh = Gather <axis = 1> (x, r)", zero=np.int64(0), four=np.int64(4), two=np.int64(2))
add("gather_constants", "k = Gather <axis = 0> (t, i)\nh = Mul (x, k)", t=normal(5, 4, 1, 1), i=np.int64(2))
add("folded_weights", "m = Mul (w, k)\nt = Transpose <perm = [1, 0, 2, 3]> (m)\nh = Conv (x, t)", w=normal(4, 3, 3, 3), k=scalar(0.5))

# Ways of storing weights

W = normal(3, 4, 3, 3)


def stored(kind, values):
    """A tensor in its typed field rather than as raw bytes."""
    return helper.make_tensor("", kind, values.shape, values.flatten())


add("weights_float_data", "h = Conv (x, w)", w=stored(TensorProto.FLOAT, W))
add("weights_double", "f = Cast <to = 1> (w)\nh = Conv (x, f)", w=W.astype(np.float64))
add("weights_double_data", "f = Cast <to = 1> (w)\nh = Conv (x, f)", w=stored(TensorProto.DOUBLE, W))
add("weights_float16", "f = Cast <to = 1> (w)\nh = Conv (x, f)", w=W.astype(np.float16))
add("weights_float16_data", "f = Cast <to = 1> (w)\nh = Conv (x, f)", w=stored(TensorProto.FLOAT16, W))
add("weights_bfloat16", "f = Cast <to = 1> (w)\nh = Conv (x, f)", w=stored(TensorProto.BFLOAT16, W))
add("weights_int32", "f = Cast <to = 1> (w)\nh = Conv (x, f)", w=(W * 4).astype(np.int32))
add("weights_int8_dequantized", "f = DequantizeLinear <axis = 0> (w, s)\nh = Conv (x, f)", w=(W * 100).astype(np.int8),
    s=floats(0.01, 0.02, 0.005))
add("shape_int64_data", "y = Reshape (x, s)", s=stored(TensorProto.INT64, ints(0, -1)))
add("half_network", """f = Cast <to = 10> (x)
c = Conv (f, w, b)
r = Relu (c)
h = Cast <to = 1> (r)""", w=W.astype(np.float16), b=normal(3).astype(np.float16))
add("weights_are_inputs", NETWORK, opset=8, ir=3, weights_are_inputs=True, shape=(1, 4, 4, 7), **CONV)
add("weights_external", NETWORK, external=True, shape=(1, 4, 4, 7), **CONV)
add("compressed", NETWORK, compressed=True, shape=(1, 4, 4, 7), **CONV)

# Functions of the file itself, one inside the other, with an attribute and its default

add("functions", """c = own.block <slope = 0.3> (x, w)
h = own.block (c, w)""", w=normal(4, 4, 1, 1), functions="""
<domain: "own", opset_import: ["" : 17, "own" : 1]> block <slope: float = 0.1> (x, w) => (y) {
    t = Conv (x, w)
    y = own.kink <alpha: float = @slope> (t)
}
<domain: "own", opset_import: ["" : 17]> kink <alpha> (t) => (y) {
    s = LeakyRelu <alpha: float = @alpha> (t)
    y = Add (s, t)
}""")
