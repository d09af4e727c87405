#!/usr/bin/env python3
"""Makes a corpus, a model and music from real recordings and real keypoints, in a few minutes.

    scripts/real_demo.py DATA [--out demo-real] [--steps 500]

DATA holds audio/gcompris, audio/sms-tools (recorded phrases), solos/ (a saxophonist's keypoints, Solos
format) and openpose/ (folders of OpenPose JSON). Apart from the saxophone, no phrase comes with its own
player's keypoints: those pairs are arbitrary, so this shows that the programs handle real files, not that
a model has learned who plays what. Music is generated from keypoints that were not in training: the last
8 s of the saxophonist, and a signer's OpenPose folder.
"""
import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FRAME = 3 * 47 * 4  # bytes of one frame: x, y, confidence of 47 joints, float32


def run(*arguments):
    print("$", *arguments, flush=True)
    subprocess.run([str(a) for a in arguments], check=True)


def cut_skeleton(source, folder, ranges):
    """Writes pieces of a Solos array as raw memory maps, the format that Solos publishes."""
    data = source.read_bytes()
    start = 10 + int.from_bytes(data[8:10], "little")  # after the NPY 1.0 header
    for name, (first, stop) in ranges.items():
        (folder / f"{name}.npy").write_bytes(data[start + first * FRAME:start + stop * FRAME])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "demo-real")
    parser.add_argument("--steps", type=int, default=500, help="VQ-VAE steps; the prior gets half as many")
    options = parser.parse_args()
    data, out = options.data.resolve(), options.out
    solos = data / "solos/skeleton_OqH9szlahwU_f0000-0899.npy"
    if not solos.is_file():
        sys.exit(f"real_demo.py: expected {solos}, which is not there; give the folder that holds solos/")
    if (out / "run").exists():
        sys.exit(f"real_demo.py: expected a new folder, but {out} holds a run; choose another --out")
    out.mkdir(parents=True, exist_ok=True)

    cut_skeleton(solos, out, {"player_a": (0, 135), "player_b": (135, 405), "player_c": (405, 555),
                              "player_d": (555, 700), "held_out": (700, 900)})
    phrases, signer = data / "audio/gcompris", data / "openpose/psl_word_good_1564405243"
    rows = [  # audio, keypoints, format, instrument, split
        (phrases / "saxophone.ogg", out / "player_a.npy", "solos", "sax", "train"),
        (phrases / "flute_traversiere.ogg", out / "player_b.npy", "solos", "fl", "train"),
        (phrases / "clarinet.ogg", out / "player_c.npy", "solos", "cl", "train"),
        (phrases / "trombone.ogg", out / "player_d.npy", "solos", "tbn", "train"),
        (phrases / "violin.ogg", signer, "openpose", "vn", "train"),
        (phrases / "horn.ogg", signer, "openpose", "hn", "train"),
        (data / "audio/sms-tools/cello-phrase.wav", signer, "openpose", "vc", "train"),
        (phrases / "tuba.ogg", signer, "openpose", "tba", "test"),
    ]
    table = out / "tracks.csv"
    table.write_text("audio,pose,pose_format,instrument,split,group\n" + "".join(
        f"{audio.resolve()},{pose.resolve()},{form},{name},{split},{audio.stem}\n"
        for audio, pose, form, name, split in rows))

    programs = ROOT / "build/release/bin"
    run(programs / "mi_prepare", "folder", "--table", table, "--out", out / "corpus", "--force")
    run(programs / "mi_prepare", "check", out / "corpus")
    run(programs / "mi_train", ROOT / "configs/tiny.yaml", "--corpus", out / "corpus", "--run", out / "run",
        "--set", f"vqvae_training.steps={options.steps}", "--set", f"prior_training.steps={options.steps // 2}",
        "--set", "content.enabled=false")
    for name, pose, form in (("saxophonist", out / "held_out.npy", "solos"),
                             ("signer", data / "openpose/psl_live_f0040-0110", "openpose")):
        run(programs / "mi_generate", "--model", out / "run", "--pose", pose, "--format", form,
            "--temperature", 0.7, "-o", out / f"{name}.wav", "--force")
    print(f"Listen to {out}/*.wav")


main()
