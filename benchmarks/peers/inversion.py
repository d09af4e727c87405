"""Phase reconstruction by librosa.griffinlim or torchaudio's GriffinLim; a worker.

    inversion.py librosa|torchaudio ROUNDS OUT_FOLDER MAGNITUDES.npy...

Magnitudes are [T, 1024], as minet's; a Nyquist bin of zeros is added beforehand. Both use their own
defaults: the fast form, momentum 0.99, random initial phases. The sounds go to OUT_FOLDER.
"""

import pathlib
import sys

import numpy as np
from worker import serve

N_FFT, HOP = 2048, 256


def main():
    which, rounds, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
    targets = [np.ascontiguousarray(np.pad(np.load(path), ((0, 0), (0, 1))).T)  # [1025, T]
               for path in sys.argv[4:]]
    if which == "librosa":
        import librosa

        def invert(target):
            return librosa.griffinlim(target, n_iter=rounds, hop_length=HOP, n_fft=N_FFT,
                                      momentum=0.99, random_state=1)
    else:
        import torch
        import torchaudio

        torch.manual_seed(1)
        transform = torchaudio.transforms.GriffinLim(N_FFT, rounds, hop_length=HOP, power=1.0)
        targets = [torch.from_numpy(target) for target in targets]

        def invert(target):
            with torch.inference_mode():
                return transform(target).numpy()

    def describe(sounds):
        for i, sound in enumerate(sounds):
            np.save(folder / f"{i}.npy", sound.astype(np.float32))
        return {}

    serve(lambda: [invert(target) for target in targets], describe)


if __name__ == "__main__":
    main()
