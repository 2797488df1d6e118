// Made by scripts/tensorflow-ops.py from TensorFlow's registry; not to be edited.
export const OP_TABLE = `
Abs(x:T) -> y:T ; T:type {float double int32 int64}
Acos(x:T) -> y:T ; T:type {float double}
Acosh(x:T) -> y:T ; T:type {float double}
AddN(inputs:N*T) -> sum:T ; N:int, T:type {float double int32 int64 variant}
AddV2(x:T, y:T) -> z:T ; T:type {float double int32 int64}
All(input:bool, reduction_indices:Tidx) -> output:bool ; keep_dims:bool = false, Tidx:type = int32 {int32 int64}
Any(input:bool, reduction_indices:Tidx) -> output:bool ; keep_dims:bool = false, Tidx:type = int32 {int32 int64}
ArgMax(input:T, dimension:Tidx) -> output:output_type ; T:type {float double int32 int64 bool}, Tidx:type = int32 {int32 int64}, output_type:type = int64 {int32 int64}
ArgMin(input:T, dimension:Tidx) -> output:output_type ; T:type {float double int32 int64 bool}, Tidx:type = int32 {int32 int64}, output_type:type = int64 {int32 int64}
Asin(x:T) -> y:T ; T:type {float double}
Asinh(x:T) -> y:T ; T:type {float double}
AssignVariableOp(resource:resource, value:dtype) -> ; dtype:type, validate_shape:bool = false
Atan(x:T) -> y:T ; T:type {float double}
Atan2(y:T, x:T) -> z:T ; T:type {float double}
Atanh(x:T) -> y:T ; T:type {float double}
AvgPool(value:T) -> output:T ; ksize:list(int), strides:list(int), padding:string, data_format:string = "NHWC", T:type {float double}
AvgPool3D(input:T) -> output:T ; ksize:list(int), strides:list(int), padding:string, data_format:string = "NDHWC", T:type {float double}
AvgPool3DGrad(orig_input_shape:int32, grad:T) -> output:T ; ksize:list(int), strides:list(int), padding:string, data_format:string = "NDHWC", T:type {float double}
AvgPoolGrad(orig_input_shape:int32, grad:T) -> output:T ; ksize:list(int), strides:list(int), padding:string, data_format:string = "NHWC", T:type {float double}
BatchMatMulV2(x:T, y:T) -> output:T ; T:type {float double int32 int64}, adj_x:bool = false, adj_y:bool = false, grad_x:bool = false, grad_y:bool = false
BiasAdd(value:T, bias:T) -> output:T ; T:type {float double int32 int64}, data_format:string = "NHWC"
BiasAddGrad(out_backprop:T) -> output:T ; T:type {float double int32 int64}, data_format:string = "NHWC"
Bitcast(input:T) -> output:type ; T:type {float double int32 int64}, type:type {float double int32 int64}
BroadcastTo(input:T, shape:Tidx) -> output:T ; T:type, Tidx:type = int32 {int32 int64}
Cast(x:SrcT) -> y:DstT ; SrcT:type, DstT:type, Truncate:bool = false
Ceil(x:T) -> y:T ; T:type {float double}
ClipByValue(t:T, clip_value_min:T, clip_value_max:T) -> output:T ; T:type {float double int32 int64}
ConcatV2(values:N*T, axis:Tidx) -> output:T ; N:int, T:type, Tidx:type = int32 {int32 int64}
Const() -> output:dtype ; value:tensor, dtype:type
Conv2D(input:T, filter:T) -> output:T ; T:type {float double int32}, strides:list(int), use_cudnn_on_gpu:bool = true, padding:string, explicit_paddings:list(int) = [], data_format:string = "NHWC", dilations:list(int) = [1,1,1,1]
Conv2DBackpropFilter(input:T, filter_sizes:int32, out_backprop:T) -> output:T ; T:type {float double}, strides:list(int), use_cudnn_on_gpu:bool = true, padding:string, explicit_paddings:list(int) = [], data_format:string = "NHWC", dilations:list(int) = [1,1,1,1]
Conv2DBackpropInput(input_sizes:int32, filter:T, out_backprop:T) -> output:T ; T:type {float double int32}, strides:list(int), use_cudnn_on_gpu:bool = true, padding:string, explicit_paddings:list(int) = [], data_format:string = "NHWC", dilations:list(int) = [1,1,1,1]
Conv3D(input:T, filter:T) -> output:T ; T:type {float double}, strides:list(int), padding:string, data_format:string = "NDHWC", dilations:list(int) = [1,1,1,1,1]
Conv3DBackpropFilterV2(input:T, filter_sizes:int32, out_backprop:T) -> output:T ; T:type {float double}, strides:list(int), padding:string, data_format:string = "NDHWC", dilations:list(int) = [1,1,1,1,1]
Conv3DBackpropInputV2(input_sizes:Tshape, filter:T, out_backprop:T) -> output:T ; T:type {float double}, strides:list(int), padding:string, data_format:string = "NDHWC", dilations:list(int) = [1,1,1,1,1], Tshape:type = int32 {int32 int64}
Cos(x:T) -> y:T ; T:type {float double}
Cosh(x:T) -> y:T ; T:type {float double}
Cumprod(x:T, axis:Tidx) -> out:T ; exclusive:bool = false, reverse:bool = false, T:type {float double int32 int64}, Tidx:type = int32 {int32 int64}
Cumsum(x:T, axis:Tidx) -> out:T ; exclusive:bool = false, reverse:bool = false, T:type {float double int32 int64}, Tidx:type = int32 {int32 int64}
DeepCopy(x:T) -> y:T ; T:type
DepthwiseConv2dNative(input:T, filter:T) -> output:T ; T:type {float double}, strides:list(int), padding:string, explicit_paddings:list(int) = [], data_format:string = "NHWC", dilations:list(int) = [1,1,1,1]
DepthwiseConv2dNativeBackpropFilter(input:T, filter_sizes:int32, out_backprop:T) -> output:T ; T:type {float double}, strides:list(int), padding:string, explicit_paddings:list(int) = [], data_format:string = "NHWC", dilations:list(int) = [1,1,1,1]
DepthwiseConv2dNativeBackpropInput(input_sizes:int32, filter:T, out_backprop:T) -> output:T ; T:type {float double}, strides:list(int), padding:string, explicit_paddings:list(int) = [], data_format:string = "NHWC", dilations:list(int) = [1,1,1,1]
Elu(features:T) -> activations:T ; T:type {float double}
EluGrad(gradients:T, outputs:T) -> backprops:T ; T:type {float double}
Equal(x:T, y:T) -> z:bool ; T:type, incompatible_shape_error:bool = true
Erf(x:T) -> y:T ; T:type {float double}
Exp(x:T) -> y:T ; T:type {float double}
ExpandDims(input:T, dim:Tdim) -> output:T ; T:type, Tdim:type = int32 {int32 int64}
Expm1(x:T) -> y:T ; T:type {float double}
Fill(dims:index_type, value:T) -> output:T ; T:type, index_type:type = int32 {int32 int64}
Floor(x:T) -> y:T ; T:type {float double}
FloorDiv(x:T, y:T) -> z:T ; T:type {float double int32 int64}
FloorMod(x:T, y:T) -> z:T ; T:type {float double int32 int64}
GatherNd(params:Tparams, indices:Tindices) -> output:Tparams ; Tparams:type, Tindices:type {int32 int64}, bad_indices_policy:string = ""
GatherV2(params:Tparams, indices:Tindices, axis:Taxis) -> output:Tparams ; batch_dims:int = 0, Tparams:type, Tindices:type {int32 int64}, Taxis:type {int32 int64}
Greater(x:T, y:T) -> z:bool ; T:type {float double int32 int64}
GreaterEqual(x:T, y:T) -> z:bool ; T:type {float double int32 int64}
HashTableV2() -> table_handle:resource ; container:string = "", shared_name:string = "", use_node_name_sharing:bool = false, key_dtype:type, value_dtype:type
Identity(input:T) -> output:T ; T:type
IsFinite(x:T) -> y:bool ; T:type {float double}
IsInf(x:T) -> y:bool ; T:type {float double}
IsNan(x:T) -> y:bool ; T:type {float double}
LeakyRelu(features:T) -> activations:T ; alpha:float = 0.20000000298023224, T:type = float {float double}
LeakyReluGrad(gradients:T, features:T) -> backprops:T ; alpha:float = 0.20000000298023224, T:type = float {float double}
Less(x:T, y:T) -> z:bool ; T:type {float double int32 int64}
LessEqual(x:T, y:T) -> z:bool ; T:type {float double int32 int64}
Log(x:T) -> y:T ; T:type {float double}
Log1p(x:T) -> y:T ; T:type {float double}
LogSoftmax(logits:T) -> logsoftmax:T ; T:type {float double}
LogicalAnd(x:bool, y:bool) -> z:bool ;
LogicalNot(x:bool) -> y:bool ;
LogicalOr(x:bool, y:bool) -> z:bool ;
LookupTableFindV2(table_handle:resource, keys:Tin, default_value:Tout) -> values:Tout ; Tin:type, Tout:type
LookupTableImportV2(table_handle:resource, keys:Tin, values:Tout) -> ; Tin:type, Tout:type
MatMul(a:T, b:T) -> product:T ; transpose_a:bool = false, transpose_b:bool = false, T:type {float double int32 int64}, grad_a:bool = false, grad_b:bool = false
Max(input:T, reduction_indices:Tidx) -> output:T ; keep_dims:bool = false, T:type {float double int32 int64}, Tidx:type = int32 {int32 int64}
MaxPool(input:T) -> output:T ; T:type = float {float double int32 int64}, ksize:list(int), strides:list(int), padding:string, explicit_paddings:list(int) = [], data_format:string = "NHWC"
MaxPool3D(input:T) -> output:T ; ksize:list(int), strides:list(int), padding:string, data_format:string = "NDHWC", T:type {float}
MaxPool3DGrad(orig_input:TInput, orig_output:TInput, grad:T) -> output:T ; ksize:list(int), strides:list(int), padding:string, data_format:string = "NDHWC", T:type = float {float}, TInput:type = float {float}
MaxPoolGrad(orig_input:T, orig_output:T, grad:T) -> output:T ; ksize:list(int), strides:list(int), padding:string, explicit_paddings:list(int) = [], data_format:string = "NHWC", T:type = float {float double int32 int64}
Maximum(x:T, y:T) -> z:T ; T:type {float double int32 int64}
Mean(input:T, reduction_indices:Tidx) -> output:T ; keep_dims:bool = false, T:type {float double int32 int64}, Tidx:type = int32 {int32 int64}
Min(input:T, reduction_indices:Tidx) -> output:T ; keep_dims:bool = false, T:type {float double int32 int64}, Tidx:type = int32 {int32 int64}
Minimum(x:T, y:T) -> z:T ; T:type {float double int32 int64}
MirrorPad(input:T, paddings:Tpaddings) -> output:T ; T:type, Tpaddings:type = int32 {int32 int64}, mode:string
Mul(x:T, y:T) -> z:T ; T:type {float double int32 int64}
Neg(x:T) -> y:T ; T:type {float double int32 int64}
NoOp() -> ;
NotEqual(x:T, y:T) -> z:bool ; T:type, incompatible_shape_error:bool = true
OneHot(indices:TI, depth:int32, on_value:T, off_value:T) -> output:T ; axis:int = -1, T:type, TI:type = int64 {int32 int64}
Pack(values:N*T) -> output:T ; N:int, T:type, axis:int = 0
PadV2(input:T, paddings:Tpaddings, constant_values:T) -> output:T ; T:type, Tpaddings:type = int32 {int32 int64}
Placeholder() -> output:dtype ; dtype:type, shape:shape = any
Pow(x:T, y:T) -> z:T ; T:type {float double int32 int64}
Prod(input:T, reduction_indices:Tidx) -> output:T ; keep_dims:bool = false, T:type {float double int32 int64}, Tidx:type = int32 {int32 int64}
Range(start:Tidx, limit:Tidx, delta:Tidx) -> output:Tidx ; Tidx:type = int32 {float double int32 int64}
ReadVariableOp(resource:resource) -> value:dtype ; dtype:type
RealDiv(x:T, y:T) -> z:T ; T:type {float double int32 int64}
Reciprocal(x:T) -> y:T ; T:type {float double int32 int64}
Relu(features:T) -> activations:T ; T:type {float double int32 int64}
Relu6(features:T) -> activations:T ; T:type {float double int32 int64}
Relu6Grad(gradients:T, features:T) -> backprops:T ; T:type {float double int32 int64}
ReluGrad(gradients:T, features:T) -> backprops:T ; T:type {float double int32 int64}
Reshape(tensor:T, shape:Tshape) -> output:T ; T:type, Tshape:type = int32 {int32 int64}
ResizeBilinear(images:T, size:int32) -> resized_images:float ; T:type {float double int32 int64}, align_corners:bool = false, half_pixel_centers:bool = false
ResizeBilinearGrad(grads:float, original_image:T) -> output:T ; T:type {float double}, align_corners:bool = false, half_pixel_centers:bool = false
ResizeNearestNeighbor(images:T, size:int32) -> resized_images:T ; T:type {float double int32 int64}, align_corners:bool = false, half_pixel_centers:bool = false
ResizeNearestNeighborGrad(grads:T, size:int32) -> output:T ; T:type {float double int32}, align_corners:bool = false, half_pixel_centers:bool = false
ReverseV2(tensor:T, axis:Tidx) -> output:T ; Tidx:type = int32 {int32 int64}, T:type {float double int32 int64 bool string}
Round(x:T) -> y:T ; T:type {float double int32 int64}
Rsqrt(x:T) -> y:T ; T:type {float double}
ScatterNd(indices:Tindices, updates:T, shape:Tindices) -> output:T ; T:type, Tindices:type {int32 int64}, bad_indices_policy:string = ""
SelectV2(condition:bool, t:T, e:T) -> output:T ; T:type
Selu(features:T) -> activations:T ; T:type {float double}
SeluGrad(gradients:T, outputs:T) -> backprops:T ; T:type {float double}
Shape(input:T) -> output:out_type ; T:type, out_type:type = int32 {int32 int64}
Sigmoid(x:T) -> y:T ; T:type {float double}
SigmoidGrad(y:T, dy:T) -> z:T ; T:type {float double}
Sign(x:T) -> y:T ; T:type {float double int32 int64}
Sin(x:T) -> y:T ; T:type {float double}
Sinh(x:T) -> y:T ; T:type {float double}
Slice(input:T, begin:Index, size:Index) -> output:T ; T:type, Index:type {int32 int64}
Softmax(logits:T) -> softmax:T ; T:type {float double}
Softplus(features:T) -> activations:T ; T:type {float double}
SoftplusGrad(gradients:T, features:T) -> backprops:T ; T:type {float double}
Split(split_dim:int32, value:T) -> output:num_split*T ; num_split:int, T:type
SplitV(value:T, size_splits:Tlen, split_dim:int32) -> output:num_split*T ; num_split:int, T:type, Tlen:type = int64 {int32 int64}
Sqrt(x:T) -> y:T ; T:type {float double}
Square(x:T) -> y:T ; T:type {float double int32 int64}
SquaredDifference(x:T, y:T) -> z:T ; T:type {float double int32 int64}
Squeeze(input:T) -> output:T ; T:type, squeeze_dims:list(int) = []
StatelessWhile(input:*T) -> output:*T ; T:list(type), cond:func, body:func, output_shapes:list(shape) = [], parallel_iterations:int = 10
StridedSlice(input:T, begin:Index, end:Index, strides:Index) -> output:T ; T:type, Index:type {int32 int64}, begin_mask:int = 0, end_mask:int = 0, ellipsis_mask:int = 0, new_axis_mask:int = 0, shrink_axis_mask:int = 0
StridedSliceGrad(shape:Index, begin:Index, end:Index, strides:Index, dy:T) -> output:T ; T:type, Index:type {int32 int64}, begin_mask:int = 0, end_mask:int = 0, ellipsis_mask:int = 0, new_axis_mask:int = 0, shrink_axis_mask:int = 0
Sub(x:T, y:T) -> z:T ; T:type {float double int32 int64}
Sum(input:T, reduction_indices:Tidx) -> output:T ; keep_dims:bool = false, T:type {float double int32 int64}, Tidx:type = int32 {int32 int64}
Tan(x:T) -> y:T ; T:type {float double}
Tanh(x:T) -> y:T ; T:type {float double}
TanhGrad(y:T, dy:T) -> z:T ; T:type {float double}
TensorListFromTensor(tensor:element_dtype, element_shape:shape_type) -> output_handle:variant ; element_dtype:type, shape_type:type {int32 int64}
TensorListGetItem(input_handle:variant, index:int32, element_shape:Tshape) -> item:element_dtype ; element_dtype:type, Tshape:type = int32 {int32 int64}
TensorListReserve(element_shape:shape_type, num_elements:int32) -> handle:variant ; element_dtype:type, shape_type:type {int32 int64}
TensorListSetItem(input_handle:variant, index:int32, item:element_dtype) -> output_handle:variant ; element_dtype:type, resize_if_index_out_of_bounds:bool = false
TensorListStack(input_handle:variant, element_shape:int32) -> tensor:element_dtype ; element_dtype:type, num_elements:int = -1
Tile(input:T, multiples:Tmultiples) -> output:T ; T:type, Tmultiples:type = int32 {int32 int64}
TopKV2(input:T, k:Tk) -> values:T, indices:index_type ; sorted:bool = true, T:type {float double int32 int64}, Tk:type = int32 {int32 int64}, index_type:type = int32 {int32 int64}
Transpose(x:T, perm:Tperm) -> y:T ; T:type, Tperm:type = int32 {int32 int64}
Unpack(value:T) -> output:num*T ; num:int, T:type, axis:int = 0
UnsortedSegmentSum(data:T, segment_ids:Tindices, num_segments:Tnumsegments) -> output:T ; T:type {float double int32 int64}, Tindices:type {int32 int64}, Tnumsegments:type = int32 {int32 int64}
VarHandleOp() -> resource:resource ; container:string = "", shared_name:string = "", debug_name:string = "", dtype:type, shape:shape, allowed_devices:list(string) = []
`;
