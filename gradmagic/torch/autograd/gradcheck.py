"""``torch.autograd.gradcheck``: where torch's programs import GradcheckError from. Knows nothing itself."""

from gradmagic.ops.gradcheck import GradcheckError, gradcheck, gradgradcheck

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
