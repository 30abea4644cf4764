"""Ops that move pixels and channels, one row each. Knows the kinds; no graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.kinds import linear, name_rows
from gradmagic.ops.moving import moves
from gradmagic.ops.rules import called

Pair = tuple[int, int]


def _shuffle(x: Any, r: int) -> Any:
    *batch, c, h, w = x.shape
    n = len(batch)
    apart = x.reshape(*batch, c // (r * r), r, r, h, w)
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return apart.transpose(order).reshape(*batch, c // (r * r), h * r, w * r)


def _unshuffle(x: Any, r: int) -> Any:
    *batch, c, h, w = x.shape
    n = len(batch)
    apart = x.reshape(*batch, c, h // r, r, w // r, r)
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return apart.transpose(order).reshape(*batch, c * r * r, h // r, w // r)


def _channels(x: Any, groups: int) -> Any:
    b, c, *rest = x.shape
    return x.reshape(b, groups, c // groups, *rest).swapaxes(1, 2).reshape(x.shape)


pixel_shuffle = moves(_shuffle, "PixelShuffleBackward0")
pixel_unshuffle = moves(_unshuffle, "PixelUnshuffleBackward0")
channel_shuffle = moves(_channels, "ChannelShuffleBackward0")

# -- blocks of an image as columns, and back ----------------------------------------------------------------------


def _places(size: Pair, kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) -> tuple[Any, Any]:
    """Rows and columns of the padded image: (row of a block, column of a block, blocks down, blocks across)."""
    along = []
    for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True):
        blocks = (n + 2 * p - d * (k - 1) - 1) // s + 1
        along.append(np.arange(k)[:, None] * d + np.arange(max(blocks, 0)) * s)
    rows, columns = along
    return rows[:, None, :, None], columns[None, :, None, :]


def _im2col(x: Any, kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Any:
    rows, columns = _places(x.shape[2:], kernel, dilation, padding, stride)
    wide = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    out = wide[:, :, rows, columns]
    return out.reshape(x.shape[0], x.shape[1] * kernel[0] * kernel[1], out.shape[-2] * out.shape[-1])


def _col2im(x: Any, size: Pair, kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Any:
    rows, columns = _places(size, kernel, dilation, padding, stride)
    channels = x.shape[1] // (kernel[0] * kernel[1])
    wide = np.zeros((x.shape[0], channels, *(n + 2 * p for n, p in zip(size, padding, strict=True))), x.dtype)
    shown = np.broadcast_shapes(rows.shape, columns.shape)
    at: Any = (slice(None), slice(None), rows, columns)
    np.add.at(wide, at, x.reshape(x.shape[0], channels, *shown))
    inner = tuple(slice(p, p + n) for n, p in zip(size, padding, strict=True))
    return wide[(slice(None), slice(None), *inner)]


im2col: Any = linear(
    _im2col,
    lambda g, shape, kernel, dilation, padding, stride: called(col2im)(
        g, size=tuple(shape[2:]), kernel=kernel, dilation=dilation, padding=padding, stride=stride
    ),
    node="Im2ColBackward0",
)
col2im: Any = linear(
    _col2im,
    lambda g, kernel, dilation, padding, stride: called(im2col)(
        g, kernel=kernel, dilation=dilation, padding=padding, stride=stride
    ),
    node="Col2ImBackward0",
)

name_rows(globals())
