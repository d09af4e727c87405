"""Sound files to log-spectrograms at 16 kHz with librosa; a worker.

    features.py SOUND...
"""

import sys

import librosa
import numpy as np
from worker import serve


def features(path):
    sound, _ = librosa.load(path, sr=16000, mono=True, res_type="soxr_hq")
    magnitudes = np.abs(librosa.stft(sound, n_fft=2048, hop_length=256))[:1024]
    unit = np.maximum(magnitudes * np.float32(1 / 100), np.float32(1e-4))
    return np.float32(20) * np.log10(unit)


if __name__ == "__main__":
    serve(lambda: [features(path) for path in sys.argv[1:]],
          lambda found: {"frames": sum(spectrogram.shape[1] for spectrogram in found)})
