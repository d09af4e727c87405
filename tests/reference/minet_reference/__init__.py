"""The network of docs/networks.md once more, in PyTorch, written for reading and not for speed.

It was written from that page and the paper (arXiv 2012.03478) alone, without looking at the C++ sources, so
that where the two agree both follow the page.
"""

from .baselines import BaselineConfig, make_baseline, partitions
from .checkpoint import Model, read_model, read_with_metadata
from .config import Config
from .gru_seq2seq import ContentGru, PriorGru
from .modules import BodyEncoder, ContentTransformer, Prior, VectorQuantizer, VqVae
from .optimiser import make_optimiser, rate

__all__ = [
    "BaselineConfig",
    "BodyEncoder",
    "Config",
    "ContentGru",
    "ContentTransformer",
    "Model",
    "Prior",
    "PriorGru",
    "VectorQuantizer",
    "VqVae",
    "make_baseline",
    "make_optimiser",
    "partitions",
    "rate",
    "read_model",
    "read_with_metadata",
]
