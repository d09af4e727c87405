#!/usr/bin/env python3
"""Writes small valid files for every reader: the initial corpus of readers_fuzz and models_fuzz.

Usage: make_seeds.py FOLDER     writes FOLDER/READER/NAME; FLAC and Ogg Vorbis need ffmpeg
"""
import json
import pathlib
import shutil
import struct
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests/cli"))
import files_test as made
import support

MIDI = (b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\x14\0\xff\x51\3\x07\xa1\x20\0\x90\x3c\x40\x60\x80\x3c\0\0\xff\x2f\0")
BETWEEN = b"\x1e"


class Seeds:
    def __init__(self, folder):
        self.folder = folder

    def path(self, reader, name):
        (self.folder / reader).mkdir(parents=True, exist_ok=True)
        return self.folder / reader / name

    def add(self, reader, name, content):
        if not isinstance(content, (bytes, str)):
            content = json.dumps(content)
        self.path(reader, name).write_bytes(content if isinstance(content, bytes) else content.encode())


def poses(seeds):
    frames = [made.with_confidence(made.player(i)) for i in range(3)]
    whole = [{"image_id": i, "category_id": 1, "keypoints": made.flat(made.wholebody(points)), "score": 1}
             for i, points in enumerate(frames)]
    seeds.add("pose_json", "holistic", made.holistic(frames))
    seeds.add("pose_json", "openpose", made.openpose(frames[0]))
    seeds.add("pose_json", "coco", [made.person(i) for i in range(3)])
    seeds.add("pose_json", "wholebody", whole)
    seeds.add("pose_json", "two-people", [made.person(i, idx=who) for i in range(3) for who in (1, 2)])
    seeds.add("pose_csv", "deeplabcut", made.deeplabcut([(str(i), i) for i in range(3)]))
    seeds.add("pose_csv", "deeplabcut-semicolon", made.deeplabcut([(str(i), i) for i in range(3)], separator=";"))
    seeds.add("pose_csv", "mediapipe", "frame,time_s,width,height,part,point,x,y,confidence\n" + "".join(
        f"{i},{i / 25},640,480,{part},{point},{0.1 + point / 50},0.25,0.9\n"
        for i in range(2) for part, points in (("pose", 33), ("left_hand", 21)) for point in range(points)))
    for name, shape in (("ours", (3, 47, 3)), ("solos", (3, 3, 47)), ("foley", (3, 3, 65))):
        support.write_npy(seeds.path("pose_array", name), shape)
    named = {"neck": [320, 200], "right_shoulder": [250, 210], "left_shoulder": [390, 205, 0.9], "left_wrist": None}
    seeds.add("pose_line", "names", "\n".join(json.dumps({"t": i, "joints": named}) for i in range(3)))
    seeds.add("pose_line", "lists", "\n".join(json.dumps(made.flat(points)) for points in frames))
    seeds.add("pose_line", "holistic", "\n".join(json.dumps({"width": 640, "height": 480, **frame})
                                                for frame in made.holistic(frames)["frames"]))
    seeds.add("pose_array", "raw", struct.pack("<423f", *[float(i % 101) for i in range(423)]))


def sounds(seeds):
    wav = seeds.path("sound", "16-bit.wav")
    support.write_wav(wav, 0.02)
    seeds.add("sound", "two-channels", made.wav_bytes([made.melody(0.02)] * 2))
    seeds.add("sound", "no-length", made.wav_bytes([made.melody(0.02)], size=0xFFFFFFFF))
    if shutil.which("ffmpeg"):
        for name, codec in (("flac", "flac"), ("ogg", "libvorbis"), ("wav", "pcm_f32le")):
            subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", wav, "-c:a", codec, "-f", name,
                            seeds.path("sound", "ffmpeg." + name)], check=True)


def corpora(seeds):
    seeds.add("table", "all", "id,audio,pose,notes,instrument,group,split\na,a.wav,a.npy,a.csv,fl,g,train\n"
              "b,b.wav,b.npy,,vn,h,test\n")
    yaml = "format_version: 1\nsource: folder\nsample_rate: 16000\nfps: 25\nhash: " + "0" * 64 + "\n"
    tracks = ("id,split,instrument,group,seconds,frames,gap_share,gain_db,notes\na,train,fl,g,9,225,0.02,-3,1\n"
              "b,test,vn,h,9,225,0,-7.5,0\n")
    seeds.add("corpus", "two", BETWEEN.join((yaml.encode(), tracks.encode(), b"track,kind,frames,sentence\na,x,1,y\n")))
    ids, spans = {"Violin": ["aaaaaaaaaaa"]}, {"aaaaaaaaaaa": [[0, 10], [20, 30]]}
    seeds.add("solos", "one", BETWEEN.join(json.dumps(part).encode() for part in (
        ids, {"Violin": spans}, {"aaaaaaaaaaa": [0, 40], "_counter": 40})))
    real = support.shared_data()
    if real and (real / "solos").is_dir():
        parts = [real / "solos" / name for name in ("solos_ids.json", "solos_timestamps.json", "skeleton_dict.json")]
        if all(part.exists() and part.stat().st_size < 200_000 for part in parts):
            seeds.add("solos", "real", BETWEEN.join(part.read_bytes() for part in parts))


def others(seeds):
    support.write_npy(seeds.path("npy", "floats"), (3, 4))
    support.write_npy(seeds.path("npy", "row"), (5,))
    seeds.add("csv", "quotes", 'a,b\n1,"x, ""y"""\n2,\n')
    seeds.add("csv", "semicolons", "a;b\r\n1,5;2\r\n")
    for name in ("tiny", "paper", "plus"):
        seeds.add("yaml", name, (SOURCE / f"configs/{name}.yaml").read_bytes())
    seeds.add("score", "midi", MIDI)
    seeds.add("score", "list", "onset_s,duration_s,pitch\n0,0.5,60\n0.5,0.25,64\n")
    sidecar = {"format": "minet sound", "version": "0.1.0", "model": "m", "model_sha256": "0" * 64, "torch": "2.11.0",
               "device": "cpu", "threads": 1, "capability": "AVX2", "codes": [1, 2, 3, 4], "gain_db": 0, "bits": 16,
               "inversion": {"iterations": 32, "seed": 1, "start": "gradient"}, "inputs": {"seed": 1}}
    seeds.add("sidecar", "sound", sidecar)
    key = {"format": "minet-listening-key", "test": "t", "trials": [
        {"id": "p", "made": "x", "catch": False, "instrument": "fl", "track": "a"}]}
    answers = {"format": "minet-listening-result", "test": "t", "listener": "l", "musician": "none",
               "trials": [{"id": "p", "chosen": "x", "left": "x"}]}
    seeds.add("listening", "one", BETWEEN.join(json.dumps(part).encode() for part in (key, answers)))
    run = {"corpus": "c", "init_from": "", "freeze": "vqvae", "device": "cpu", "threads": 1, "corpus_hash": "0" * 64}
    metrics = "".join(json.dumps({"stage": stage, "step": 10 * i, "loss": 2.5 / i}) + "\n"
                      for stage in ("vqvae", "prior") for i in (1, 2, 3))
    command = {"folder": "/tmp", "arguments": ["tables", "--shard", "1/2", "--out=o"]}
    seeds.add("run", "one", BETWEEN.join((json.dumps(run).encode(), metrics.encode(), json.dumps(command).encode())))
    for network in (SOURCE / "tests/vision/golden").glob("*.tflite"):
        if network.stat().st_size < 4000:
            seeds.add("tflite", network.stem, network.read_bytes())
    header = json.dumps({"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
                         "b": {"dtype": "I64", "shape": [1], "data_offsets": [16, 24]},
                         "__metadata__": {"k": "v"}}).encode()
    header += b" " * (-len(header) % 8)
    seeds.add("safetensors", "two", struct.pack("<Q", len(header)) + header + bytes(24))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    seeds = Seeds(pathlib.Path(sys.argv[1]))
    for make in (poses, sounds, corpora, others):
        make(seeds)


if __name__ == "__main__":
    main()
