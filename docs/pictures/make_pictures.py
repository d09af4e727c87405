#!/usr/bin/env python3
"""The pictures of README.md, from what scripts/demo.sh and scripts/real_demo.py leave behind.

    python docs/pictures/make_pictures.py --demo demo --real demo-real     (needs matplotlib, librosa, soundfile)
    python docs/pictures/make_pictures.py --players players
    python docs/pictures/make_pictures.py --tables results
    python docs/pictures/make_pictures.py --every-instrument examples     (of mi_eval examples --tracks 13)
    python docs/pictures/make_pictures.py --saxophonist saxophonist.wav
"""
import argparse
import csv
import pathlib
import shutil
import subprocess
import tempfile

import librosa
import matplotlib
import numpy as np
import soundfile
from PIL import Image

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOP_HZ = 4000


def spectrogram(path, seconds=None, start=0.0):
    sound, rate = soundfile.read(path)
    first = int(start * rate)
    sound = sound[first:first + int(seconds * rate) if seconds else None]
    if rate != 16000:
        sound, rate = librosa.resample(sound, orig_sr=rate, target_sr=16000), 16000
    magnitude = np.abs(librosa.stft(sound, n_fft=2048, hop_length=256))
    return librosa.amplitude_to_db(magnitude, ref=np.max, top_db=70), len(sound) / rate


def show(axis, path, title, seconds=None, start=0.0, notes=None):
    picture, length = spectrogram(path, seconds, start)
    rows = int(TOP_HZ / 8000 * picture.shape[0])
    axis.imshow(picture[:rows], origin="lower", aspect="auto", cmap="magma", extent=(0, length, 0, TOP_HZ / 1000),
                interpolation="nearest")
    for onset, end, pitch in notes or []:
        if start <= onset < start + length:
            hz = 440 * 2 ** ((pitch - 69) / 12) / 1000
            axis.plot([onset - start, min(end - start, length)], [hz, hz], color="#7df9ff", linewidth=1.2)
    axis.set_title(title, fontsize=9, loc="left")
    axis.set_xlim(0, length)
    axis.set_ylim(0, TOP_HZ / 1000)
    axis.tick_params(labelsize=7)


def read_notes(path):
    with open(path, newline="") as file:
        return [(float(r["onset_s"]), float(r["onset_s"]) + float(r["duration_s"]), int(r["pitch"]))
                for r in csv.DictReader(file)]


def save(figure, name, dpi=110):
    figure.supylabel("kHz", fontsize=8)
    figure.supxlabel("seconds", fontsize=8)
    figure.tight_layout()
    figure.savefig(HERE / name, dpi=dpi)
    # Spectrograms need no more colours.
    Image.open(HERE / name).convert("RGB").quantize(64).save(HERE / name, optimize=True)
    plt.close(figure)
    print(HERE / name)


def write_example(name, sound, rate):
    """docs/listen/NAME.ogg, a block at a time: libsndfile's encoder fails on long ones."""
    with soundfile.SoundFile(ROOT / f"docs/listen/{name}.ogg", "w", rate, 1, format="OGG", subtype="VORBIS",
                             compression_level=0.9) as file:
        for first in range(0, len(sound), 4096):
            file.write(sound[first:first + 4096])


def real_player(path):
    """Twelve seconds of what plus plays for the saxophonist of Solos; nobody is seen in the first four."""
    sound, rate = soundfile.read(path)
    write_example("real-saxophonist-plus-keypoints-alone", sound[4 * rate:16 * rate], rate)


def orchestra_picture(demo, instruments):
    """A row an instrument: the player's own sound, and what the two trained models make of the movements."""
    with (demo / "unseen/tracks.csv").open() as file:
        tracks = {}
        for row in csv.DictReader(file):
            tracks.setdefault(row["instrument"], row["id"])
    names = {"vn": "violin", "fl": "flute", "tpt": "trumpet", "vc": "cello"}
    kinds = {"recorded": "the synthetic player", "plus-with-notes": "plus: keypoints and notes",
             "plus-keypoints-alone": "plus: keypoints alone", "paper-with-notes": "paper: keypoints and notes",
             "paper-keypoints-alone": "paper: keypoints alone"}
    figure, axes = plt.subplots(len(instruments), len(kinds), figsize=(15, 2.0 * len(instruments)), sharex=True,
                                sharey=True)
    for row, instrument in zip(axes, instruments):
        for axis, (kind, title) in zip(row, kinds.items()):
            sound = next((demo / "listen/sound").glob(f"{tracks[instrument]}-{kind}.*"))
            show(axis, sound, f"{names[instrument]}, {title}", 8)
            if kind != "paper-keypoints-alone":
                write_example(f"{names[instrument]}-{kind}", *soundfile.read(sound))
    save(figure, "orchestra.png", dpi=73)


def real_picture(real):
    figure, axes = plt.subplots(1, 3, figsize=(11, 2.4), sharey=True)
    show(axes[0], real / "corpus/saxophone/audio.flac" if (real / "corpus/saxophone").exists() else
         next(real.glob("corpus/*sax*/audio.flac")), "a recorded phrase of the training set (saxophone)")
    show(axes[1], real / "saxophonist.wav", "made from a real saxophonist's unseen keypoints")
    show(axes[2], real / "signer.wav", "made from a signer's OpenPose folder")
    save(figure, "real.png")


def tables_pictures(tables):
    """The page of results: mi_eval tables' examples and its map of body vectors."""
    kinds = {"real": "test sound, phases reconstructed", "body": "MI Net: keypoints alone",
             "notes": "content cond. MI Net: keypoints and notes"}
    tracks = sorted({path.name.rsplit("-", 1)[0] for path in (tables / "sound").glob("*.wav")})
    figure, axes = plt.subplots(len(tracks), len(kinds), figsize=(11, 1.9 * len(tracks)), sharex=True, sharey=True)
    for row, track in zip(axes, tracks):
        for axis, (kind, title) in zip(row, kinds.items()):
            show(axis, tables / f"sound/{track}-{kind}.wav", f"{track.split('_')[2]}, {title}")
    save(figure, "results-examples.png")
    shutil.copy(next(tables.glob("results/**/tsne.svg")), HERE / "results-bodies.svg")


def players_pictures(players):
    """The page on the orchestra: a strip of skeletons and a spectrogram for each instrument."""
    with (players / "tracks.csv").open() as file:
        tracks = {row["instrument"]: row for row in csv.DictReader(file)}
    figure, axes = plt.subplots(4, 4, figsize=(12, 8), sharex=True, sharey=True)
    for axis in axes.flat[len(tracks):]:
        axis.axis("off")
    for axis, (instrument, row) in zip(axes.flat, sorted(tracks.items())):
        show(axis, players / row["audio"], instrument, 6, start=4)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([ROOT / "build/release/bin/mi_prepare", "-q", "pose", players / row["pose"], "-o",
                            f"{folder}/pose.npy", "--preview", HERE / f"orchestra-{instrument}.svg", "--force"],
                           check=True)
    save(figure, "orchestra-sound.png")


def overlay_picture(players):
    """The page on generating: what is drawn on videos, with 64 colours."""
    row = next(row for row in csv.DictReader((players / "tracks.csv").open()) if row["instrument"] == "vn")
    with tempfile.TemporaryDirectory() as folder:
        sheet = pathlib.Path(folder) / "overlay.png"
        pose = pathlib.Path(folder) / "player.npy"
        program = ROOT / "build/release/bin/mi_prepare"
        subprocess.run([program, "-q", "pose", players / row["pose"], "--fps", row["fps"], "-o", pose], check=True)
        subprocess.run([program, "-q", "video", "--keypoints", pose, "--overlay-notes", players / row["notes"],
                        "--preview", sheet], check=True)
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", sheet, "-vf", "scale=880:-1:flags=lanczos,split[a][b];"
                        "[a]palettegen=64[p];[b][p]paletteuse=dither=none", HERE / "overlay.png"], check=True)


def every_instrument(examples):
    """The page on plus: eight seconds of each instrument, and the same one after another as sound."""
    kinds = {"recorded": "the synthetic player", "plus-with-notes": "keypoints and notes",
             "plus-keypoints-alone": "keypoints alone"}
    sounds = examples / "sound"
    tracks = sorted({path.name.removesuffix("-recorded.flac") for path in sounds.glob("*-recorded.flac")},
                    key=lambda track: track.split("_")[2])
    figure, axes = plt.subplots(len(tracks), len(kinds), figsize=(12, 1.25 * len(tracks)), sharex=True, sharey=True)
    for column, (kind, title) in enumerate(kinds.items()):
        parts = []
        for row, track in enumerate(tracks):
            path = next(sounds.glob(f"{track}-{kind}.*"))
            show(axes[row][column], path, f"{track.split('_')[2]}, {title}", 8)
            sound, rate = soundfile.read(path)
            parts.append(np.concatenate([sound[:8 * rate], np.zeros(rate // 2)]))
        write_example(f"every-instrument-{kind}", np.concatenate(parts), rate)
    save(figure, "plus-every-instrument.png", dpi=74)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=pathlib.Path)
    parser.add_argument("--real", type=pathlib.Path)
    parser.add_argument("--players", type=pathlib.Path, help="a folder of mi_prepare orchestra, for docs/orchestra.md")
    parser.add_argument("--tables", type=pathlib.Path, help="the folder of mi_eval tables, for docs/results.md")
    parser.add_argument("--every-instrument", type=pathlib.Path, help="of mi_eval examples, for docs/plus.md")
    parser.add_argument("--saxophonist", type=pathlib.Path, help="of mi_generate --model models/plus, for README.md")
    options = parser.parse_args()
    if options.demo:
        orchestra_picture(options.demo, ("vn", "fl", "tpt", "vc"))
        pose = next((options.demo / "corpus").glob("*_vn_*/pose.npy"))
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([ROOT / "build/release/bin/mi_prepare", "-q", "pose", pose, "-o", f"{folder}/violinist.npy",
                            "--preview", HERE / "violinist.svg", "--force"], check=True)
    if options.players:
        players_pictures(options.players)
        overlay_picture(options.players)
    if options.real:
        real_picture(options.real)
    if options.every_instrument:
        every_instrument(options.every_instrument)
    if options.saxophonist:
        real_player(options.saxophonist)
    if options.tables:
        tables_pictures(options.tables)


main()
