"""The networks of docs/networks.md a second time, in PyTorch, written for readability rather than speed.

They were written from that page and the paper (arXiv 2012.03478) alone, without looking at the C++ sources, so
that if the two agree, both follow the page.
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
