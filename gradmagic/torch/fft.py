"""``torch.fft``: Fourier transforms. Knows the ops by their torch names only."""

from gradmagic.ops.complexes import fft, fft2, fftn, fftshift, ifft, ifft2, ifftn, ifftshift, irfft, rfft

__all__ = ["fft", "fft2", "fftn", "fftshift", "ifft", "ifft2", "ifftn", "ifftshift", "irfft", "rfft"]
