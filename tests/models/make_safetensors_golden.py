"""Writes tests/models/golden_python.safetensors with the `safetensors` package (tried with 0.8).

Run: python tests/models/make_safetensors_golden.py
One tensor of each dtype that minet reads, metadata with non-ASCII text, no content hash.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

counts = torch.arange(6).reshape(2, 3)
tensors = {
    "a.float32": counts.to(torch.float32) / 4,
    "a.float64": counts.to(torch.float64) / 8,
    "b.float16": counts.to(torch.float16) / 2,
    "b.bfloat16": counts.to(torch.bfloat16) * 2,
    "c.int64": counts.to(torch.int64) - 3,
    "c.int32": counts.to(torch.int32) - 4,
    "d.uint8": counts.to(torch.uint8) + 250,
    "d.bool": counts % 2 == 1,
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 4),
}
metadata = {"written_by": "make_safetensors_golden.py", "greeting": "Grüße \u266b \"quoted\"\n"}
save_file(tensors, Path(__file__).parent / "golden_python.safetensors", metadata=metadata)
