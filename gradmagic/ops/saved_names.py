"""What torch's nodes show as ``_saved_…``, node by node. Knows nodes by name only.

Names of nodes ("Backward0" left out), and in the line below the names of what each shows, in the notation of
``saved_notation``.
"""

from __future__ import annotations

from gradmagic.engine.op import SAVED_NAMES
from gradmagic.ops.saved_notation import read, specification

_TABLE = """
Abs, Acos, Acosh, Angle, Asin, Asinh, Atan, Atanh, Cos, Cosh, Digamma, Erf, Erfc, Erfinv, Hardsigmoid,
Hardswish, I0, Lgamma, LinalgMatrixExp, Log, Log10, Log1P, Log2, Mish, NanToNum, Silu, Sin, Sinc, Sinh,
SpecialEntr
    self
BlockDiag, Ceil, Clone, Conj, Deg2Rad, Floor, Fmod, Frac, Imag, Neg, Rad2Deg, Real, Remainder, Round,
RoundBackward1, Sign, T, ToCopy, Trunc, ViewAsComplex, ViewAsReal, Zero
    -
Atan2, Div, Fmax, Fmin, FmodBackward1, Logaddexp, Logaddexp2, Maximum, Minimum, Mul, Nextafter,
RemainderBackward1, SpecialXlog1Py, Vdot, Xlogy
    other self
Exp, Exp2, Expm1, Polar, Reciprocal, Relu, Rsqrt, Sigmoid, SpecialNdtri, Sqrt, Tan, Tanh
    result
LinalgPinv, MaxBackward1, Median, MinBackward1, Nanmedian, Prod, Sgn, SpecialErfcx, SpecialI0E, SpecialI1,
SpecialI1E, SpecialLogNdtr
    result self
Expand, ReshapeAlias, Squeeze, Sum, Trace, UnsafeView, View
    self_sym_sizes
ReflectionPad1D, ReflectionPad2D, ReflectionPad3D, ReplicationPad1D, ReplicationPad2D, ReplicationPad3D
    padding=a0 self
Cat, Cumsum, Stack, Unbind, Unsqueeze
    dim
Add, Rsub, RsubBackward1, Sub
    alpha=?1
Amax, Amin, Logsumexp
    dim=?() keepdim result self
ProdBackward1
    dim=0dim keepdim result self
Kthvalue, Max, MedianBackward1, Min, Mode
    dim indices=y1 keepdim self_sym_sizes
Scatter, ScatterAdd, ScatterBackward1
    dim index
Sort, SortBackward1, Topk
    dim indices=y1 self_sym_sizes
Addcdiv, Addcmul
    tensor1=1 tensor2=2 value
Cummax, Cummin
    dim indices=y1 self
Cumprod, Logcumsumexp
    dim result self
Flip, Permute
    dims
Hardshrink, Softshrink
    lambd self
LinalgEig, LinalgEigh
    eigenvalues=y0 eigenvectors=y1
LogSoftmax, Softmax
    dim result
MseLoss, SoftMarginLoss
    reduction self target=1
NllLoss, NllLoss2D
    ignore_index=#-100 reduction self target=at total_weight=#None weight=#None
PowBackward1, PowBackward2
    exponent=1 result self
SigmoidBackward, TanhBackward
    grad_output=0 output=1
SqueezeBackward1
    dim=0dim self_sym_sizes
SqueezeBackward2
    dim self_sym_sizes
Tril, Triu
    diagonal
Var, VarMean
    correction=-correction dim keepdim self
Aminmax
    dim keepdim max=y1 min=y0 self
CholeskySolve
    input2=1 result self upper
Copysign
    result self
IndexFill
    dim index=at
DivBackward1, MulBackward1
    other=n
MaskedScatter
    mask source_sym_sizes=s1
SpecialZeta
    other self
Addbmm
    alpha=?1 batch1=1 batch1_sym_argsize_0=e10 batch1_sym_argsize_1=e11 batch2=2 batch2_sym_argsize_2=e22 beta=?1
Baddbmm
    alpha=?1 batch1=1 batch2=2 beta=?1
Addmv
    alpha=?1 beta=?1 mat=1 vec=2
Addr
    alpha=?1 beta=?1 vec1=1 vec2=2
AsStridedScatter
    size=a0 storage_offset=a2 stride=a1
Addmm
    alpha=?1 beta=?1 mat1=1 mat1_sym_sizes=s1 mat1_sym_strides=t1 mat2=2 mat2_sym_sizes=s2 mat2_sym_strides=t2
AsStrided
    size=a0 storage_offset=a2 stride=a1
BinaryCrossEntropy
    reduction self target=1 weight=!weight
BinaryCrossEntropyWithLogits
    pos_weight=!pos_weight reduction self target=1 weight=!weight
Bmm
    mat2=1 self
Cdist
    p=?2.0 result x1=0 x2=1
Celu
    alpha self
ChannelShuffle
    groups=a0
ClampBackward1
    max min self
ClampMax
    max self
ClampMaxBackward1
    max=1 self
ClampMin
    min self
ClampMinBackward1
    min=1 self
Col2Im
    dilation kernel_size=kernel padding stride
Complex
    imag=1 real=0
ConstantPadNd
    pad=widths
DiagEmbed
    dim1 dim2 offset
Diagonal
    dim1 dim2 offset self_sym_sizes
DiagonalScatter
    dim1=#None dim2=#None offset=#None
DivBackward2
    other rounding_mode=#None self
Dist
    other p result self
Dot
    self tensor=1
Elu
    alpha input_scale scale self
EluBackward
    alpha grad_output=0 input_scale is_result=#False scale self_or_result=1
FftC2C
    dim forward normalization
FftC2R
    dim normalization
FftR2C
    dim normalization onesided self
Gather
    dim=a0 index=a1 self sparse_grad=#False
Gelu
    approximate=#none self
GeluBackward
    approximate=#none grad_output=0 self=1
Frexp
    exponent=y1
Glu
    dim self
Hardtanh
    max_val min_val self
HuberLoss
    delta reduction self target=1
Hypot
    other result self
Im2Col
    dilation kernel_size=kernel padding self_sym_argsize_minus_1=d-1 self_sym_argsize_minus_2=d-2 stride
Index
    indices=places self_sym_sizes
IndexAdd
    alpha=#1 dim index source=1 source_dim=#None
IndexCopy
    dim index source=1 source_dim=#None
IndexPut
    accumulate=?False indices=places
IndexReduce
    dim include_self index reduce result self source=1
IndexSelect
    dim=a0 index=a1 self_sym_sizes
LeakyRelu
    negative_slope self
Lerp
    weight
LerpBackward1
    end=1 self weight=2
CholeskyInverse
    result self upper=?False
LinalgLu
    L=y0 P=#None U=y1 pivot=?True
LinalgLuFactorEx
    LU=y0 pivot=?True pivots=#None
LinalgCholeskyEx
    L=y upper=#False
LinalgCross
    dim other self
LinalgDet
    A=0 LU=#None pivots=#None result
LinalgInvEx
    inverse=y
LinalgLstsq
    b=1 self solution=y
LinalgQr
    Q=y0 R=y1 mode=?reduced
LinalgSlogdet
    A=0 LU=#None pivots=#None sign=y0
LinalgSolveEx
    A=0 LU=#None left pivots=#None result
LinalgSolveTriangular
    left result self unitriangular=#False upper
LinalgSvd
    S=y1 S_sym_argsize_minus_1=#None U=y0 Vh=y2 full_matrices
LinalgVectorNorm
    dim keepdim ord=p result self
LogSigmoid
    buffer=#None self
LogSigmoidBackward
    buffer=#None grad_output=0 self=1
Logit
    eps self
MaskedFill, MaskedFillBackward1
    mask
MaskedSelect
    mask=a0 self
Mean
    self_sym_numel self_sym_sizes
MeanBackward1
    dim keepdim self_sym_numel self_sym_sizes
Mm
    mat2=1 mat2_sym_sizes=s1 mat2_sym_strides=t1 self self_sym_sizes self_sym_strides=t0
MultiMarginLoss
    margin p reduction self target=at weight=#None
MultilabelMarginLoss
    is_target reduction self target=at
Mv
    self vec=1
NanmedianBackward1
    dim indices keepdim self_sym_sizes
Mvlgamma
    p self
Nansum
    dim keepdim self
NormBackward1
    dim keepdim p result self
Pdist
    p result self
PixelShuffle
    upscale_factor=a0
PixelUnshuffle
    downscale_factor=a0
Polygamma
    n self
Pow
    exponent self
PreluKernel
    self weight=1
Put
    accumulate index source=1
Renorm
    dim maxnorm p self
Repeat
    repeats=a0 self_sym_sizes
Roll
    dims=*dims shifts=*shifts
Rot90
    dims=a1 k=a0
ScatterReduce
    dim include_self index reduce result self src=1
Select
    dim index self_sym_sizes
SelectScatter
    dim=#None index
Slice
    dim end=stop self_sym_sizes start step
SliceScatter
    dim=#None end=#None start=#None step=#None
SmoothL1Loss
    beta reduction self target=1
Softplus
    beta self threshold
SoftplusBackward
    beta grad_output=0 self=1 threshold
Split
    dim self_sym_sizes split_size=0sizes
SplitWithSizes
    dim self_sym_sizes split_sizes=sizes
Std
    correction=-correction dim keepdim result self
StdMean
    correction=-correction dim keepdim result0=y0 self
SumBackward1
    dim keepdim self_sym_sizes
Take
    index=a0 self
Threshold
    self threshold
ThresholdBackward
    self=1 threshold=#0
Transpose
    dim0 dim1
Unfold
    dimension=a0 self_sym_sizes size=a1 step=a2
Where
    condition=0
"""

SAVED_NAMES.update(read(_TABLE))
SAVED_NAMES["NarrowCopyBackward0"] = dict(specification(p) for p in ["dim", "length=#None", "self_sym_sizes", "start"])
SAVED_NAMES["UnsafeSplitBackward0"] = SAVED_NAMES["SplitBackward0"]
SAVED_NAMES["UnsafeSplitWithSizesBackward0"] = SAVED_NAMES["SplitWithSizesBackward0"]
for _at, _turned in (("TBackward0", "1"), ("TransposeBackward0", "1"), ("UnsqueezeBackward0", "1"), ("SqueezeBackward0", "3"),
                     ("SqueezeBackward1", "4"), ("SqueezeBackward2", "5")):  # fmt: skip
    SAVED_NAMES[_at[:-1] + _turned] = SAVED_NAMES[_at]
for _name in ("Xlogy", "SpecialXlog1Py"):
    SAVED_NAMES.update({f"{_name}Backward{k}": SAVED_NAMES[f"{_name}Backward0"] for k in (1, 2)})
for _name in ("Elu", "Celu", "LeakyRelu", "Threshold"):
    SAVED_NAMES[f"{_name}Backward1"] = SAVED_NAMES[f"{_name}Backward0"]
SAVED_NAMES.update({f"{name}_copy": shows for name, shows in list(SAVED_NAMES.items())})
