"""Codes from a GPT-2 of the size of the paper's prior, by Hugging Face's `generate`; a worker.

    sampling.py PIECES CODES plain|notes cached|recompute

Two blocks, width 128, 8 heads, feed-forward 512, 1,024 codes, as in configs/paper.yaml; random weights. With
notes: cross-attention to the output of a transformer of two blocks over 129 note symbols. Body vectors are
left out. cached: keys and values are cached; recompute: each step runs over all codes again.
"""

import sys

import torch
import transformers
from worker import serve

WIDTH, HEADS, FFN, LAYERS, CODES, NOTES = 128, 8, 512, 2, 1024, 129


def main():
    pieces, codes, notes, way = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    transformers.logging.set_verbosity_error()
    torch.manual_seed(1)
    config = transformers.GPT2Config(
        vocab_size=CODES, n_positions=codes + 1, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS,
        n_inner=FFN, activation_function="relu", add_cross_attention=notes == "notes",
        attn_implementation="sdpa", bos_token_id=0, eos_token_id=None, pad_token_id=0)
    model = transformers.GPT2LMHeadModel(config).eval()
    start = torch.zeros(pieces, 1, dtype=torch.long)
    settings = dict(do_sample=True, top_k=0, top_p=1.0, max_new_tokens=codes,
                    use_cache=way == "cached")
    embedding = torch.nn.Embedding(NOTES, WIDTH).eval()
    layer = torch.nn.TransformerEncoderLayer(WIDTH, HEADS, FFN, 0.0, batch_first=True)
    encoder = torch.nn.TransformerEncoder(layer, LAYERS).eval()
    played = torch.randint(NOTES, (pieces, codes))

    def work():
        with torch.inference_mode():
            if notes == "notes":
                settings["encoder_hidden_states"] = encoder(embedding(played))
            return model.generate(start, **settings)

    serve(work, lambda drawn: {"codes": drawn.shape[1] - 1})


if __name__ == "__main__":
    main()
