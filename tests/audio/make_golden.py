"""Golden values for tests/audio from librosa and soxr.

    python tests/audio/make_golden.py          writes tests/audio/golden/*.npy
    python tests/audio/make_golden.py --check  compares them with the results of the installed packages

Made with librosa 0.11.0 and soxr 1.1.0. The input is noise from integers (Numerical Recipes' linear
congruential generator), so that C++ generates exactly the same noise (noise() in helpers.hpp).
"""

import pathlib
import sys

import librosa
import numpy as np
import soxr

FOLDER = pathlib.Path(__file__).parent / "golden"


def noise(count):
    state = 1
    out = np.empty(count, np.float32)
    for i in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        out[i] = (state >> 16) / 32768 - 1
    return out


def goldens():
    # 2000 samples are not a multiple of the hop: 8 frames, both edges padded.
    spectrum = librosa.stft(noise(2000), n_fft=2048, hop_length=256, center=True, pad_mode="constant")
    yield "librosa_magnitude", np.ascontiguousarray(np.abs(spectrum)[:1024].T)  # [T, F]
    for rate in (22050, 44100, 48000):
        yield f"soxr_hq_{rate}_16000", soxr.resample(noise(3000), rate, 16000, quality="HQ")


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, values in goldens():
        path = FOLDER / f"{name}.npy"
        values = values.astype("<f4")
        if "--check" in sys.argv:
            print(name, "largest difference", np.abs(np.load(path) - values).max())
        else:
            np.save(path, values)
            print(path.name, values.shape)


if __name__ == "__main__":
    main()
