"""The models, runs and corpora of minet in PyTorch and NumPy.

    model = minet.load("models/plus")               # a run, a folder with model.safetensors, or the file
    pose = minet.read_pose("me.npy")
    performance = minet.generate(model, pose, seed=1)

Shapes use the letters of docs/architecture.md: B batch, F frequency bins, T frames or codes, P pose frames, K codes,
D code width, H width of the body vector.
"""

from .baselines import BaselineModel
from .generating import Performance, generate
from .load import load
from .notes import note_indices
from .paper import PaperModel
from .plus import PlusModel, Tokens
from .pose import Pose, read_pose
from .records import Corpus, Track, read_corpus, read_metrics, read_sidecar, read_sound
from .uniform import Random, derive_seed

__version__ = "0.2.0"
__all__ = [
    "BaselineModel",
    "Corpus",
    "PaperModel",
    "Performance",
    "PlusModel",
    "Pose",
    "Random",
    "Tokens",
    "Track",
    "derive_seed",
    "generate",
    "load",
    "note_indices",
    "read_corpus",
    "read_metrics",
    "read_pose",
    "read_sidecar",
    "read_sound",
]
