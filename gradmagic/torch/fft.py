"""``torch.fft``: Fourier transforms. Knows the ops by their torch names only."""

from gradmagic.ops import fourier as _fourier

globals().update({name: getattr(_fourier, name) for name in _fourier.NAMES})

__all__ = list(_fourier.NAMES)
