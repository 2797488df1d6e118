"""Writes src/graph/tensorflow/op-table.ts: what TensorFlow's registry says of the operations that we write.

    python scripts/tensorflow-ops.py > src/graph/tensorflow/op-table.ts      (needs: pip install tensorflow-cpu)

One operation a line:  Name(input:type, ...) -> output:type, ... ; attribute:kind = default {allowed types}, ...
A type is a data type or the attribute that holds it; N*T is a list of N tensors of type T, *T one whose types are the
list attribute T. Types that a Graph does not have are left out of the allowed ones.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from tensorflow.core.framework import types_pb2
from tensorflow.python.framework import op_def_registry

NAMES = """
Placeholder Const Identity NoOp Bitcast DeepCopy
VarHandleOp ReadVariableOp AssignVariableOp
StatelessWhile TensorListReserve TensorListSetItem TensorListGetItem TensorListStack TensorListFromTensor
HashTableV2 LookupTableImportV2 LookupTableFindV2
Abs Acos Acosh Asin Asinh Atan Atanh Ceil ClipByValue Cos Cosh Elu EluGrad Erf Exp Expm1 Floor IsFinite IsInf IsNan
LeakyRelu Log Log1p LogicalNot Neg Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Sqrt Square
Tan Tanh Cast Softmax LogSoftmax Cumsum Cumprod ReverseV2
AddN AddV2 Atan2 Equal FloorDiv FloorMod Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr Maximum Minimum Mul
NotEqual Pow RealDiv SelectV2 SquaredDifference Sub
ReluGrad Relu6Grad SigmoidGrad TanhGrad SoftplusGrad SeluGrad LeakyReluGrad BiasAdd BiasAddGrad
All Any ArgMax ArgMin Max Mean Min Prod Sum TopKV2
MatMul BatchMatMulV2 BroadcastTo ConcatV2 ExpandDims Fill GatherNd GatherV2 MirrorPad OneHot Pack PadV2 Range Reshape
ScatterNd Shape Slice Split SplitV Squeeze StridedSlice StridedSliceGrad Tile Transpose Unpack UnsortedSegmentSum
AvgPool AvgPool3D AvgPool3DGrad AvgPoolGrad Conv2D Conv2DBackpropFilter Conv2DBackpropInput Conv3D
Conv3DBackpropFilterV2 Conv3DBackpropInputV2 DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter
DepthwiseConv2dNativeBackpropInput MaxPool MaxPool3D MaxPool3DGrad MaxPoolGrad
ResizeBilinear ResizeBilinearGrad ResizeNearestNeighbor ResizeNearestNeighborGrad
""".split()

TYPES = ["float", "double", "int32", "int64", "bool", "string", "resource", "variant"]


def type_name(number):
    return types_pb2.DataType.Name(number)[3:].lower()


def argument(arg):
    kind = arg.type_attr or ("*" + arg.type_list_attr if arg.type_list_attr else type_name(arg.type))
    return f"{arg.name}:{arg.number_attr + '*' if arg.number_attr else ''}{kind}"


def default(attr):
    value = attr.default_value
    kind = value.WhichOneof("value")
    if kind == "type":
        return type_name(value.type)
    if kind in ("i", "f"):
        return repr(getattr(value, kind))
    if kind == "b":
        return str(value.b).lower()
    if kind == "s":
        return '"' + value.s.decode() + '"'
    if kind == "list":
        return "[" + ",".join(str(item) for item in value.list.i) + "]"
    return "any"


def attribute(attr):
    text = f"{attr.name}:{attr.type}"
    if attr.HasField("default_value"):
        text += f" = {default(attr)}"
    allowed = [type_name(item) for item in attr.allowed_values.list.type]
    if allowed:
        text += " {" + " ".join(name for name in TYPES if name in allowed) + "}"
    return text


def line(op):
    inputs = ", ".join(argument(arg) for arg in op.input_arg)
    outputs = ", ".join(argument(arg) for arg in op.output_arg)
    attributes = ", ".join(attribute(attr) for attr in op.attr)
    return f"{op.name}({inputs}) -> {outputs} ; {attributes}".replace("  ", " ").strip()


definitions = {name: op_def_registry.get(name) for name in NAMES}
missing = [name for name, definition in definitions.items() if definition is None]
if missing:
    sys.exit(f"TensorFlow has no operation named {', '.join(missing)}.")
print("// Made by scripts/tensorflow-ops.py from TensorFlow's registry; not to be edited.")
print("export const OP_TABLE = `")
for name in sorted(definitions):
    print(line(definitions[name]))
print("`;")
