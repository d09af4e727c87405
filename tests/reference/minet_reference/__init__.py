"""The network of docs/architecture.md once more, in PyTorch, written for reading and not for speed.

It was written from that page and the paper (arXiv 2012.03478) alone, without looking at the C++ sources, so
that where the two agree both follow the page.
"""

from .checkpoint import Model, read_model, read_with_metadata
from .config import Config
from .modules import BodyEncoder, ContentTransformer, Prior, VectorQuantizer, VqVae
from .optimiser import make_optimiser, rate

__all__ = [
    "BodyEncoder",
    "Config",
    "ContentTransformer",
    "Model",
    "Prior",
    "VectorQuantizer",
    "VqVae",
    "make_optimiser",
    "rate",
    "read_model",
    "read_with_metadata",
]
