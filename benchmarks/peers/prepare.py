"""A folder in URMP's layout to a corpus, as one would write it in Python (soundfile, soxr, librosa, json).

    prepare.py ROOT OUT

For each part: sound at 16 kHz, levelled, as FLAC; the player's keypoints from the OpenPose files of
the whole piece, gaps filled as in Solos, at 25 frames per second; notes as a table; checksums. A whole
process: bench.py times it cold, beside mi_prepare urmp. Its corpus is like minet's except for the
choice of the test split, warnings, and the handling of bad files.
"""

import csv
import hashlib
import json
import pathlib
import shutil
import sys

import librosa
import numpy as np
import soundfile
import soxr

RATE, FPS, SOURCE_FPS, GAP = 16000, 25, 30000 / 1001, 0.2


def skeleton():
    parents = [-1, 0, 1, 2, 0, 4, 5]
    for wrist, first in ((3, 7), (6, 27)):
        parents += [wrist if i % 4 == 0 else first + i - 1 for i in range(20)]
    return parents


PARENTS = skeleton()


def people_in(path):
    """[people, 47, 3], left to right."""
    found = []
    for person in json.loads(path.read_bytes())["people"]:
        body = np.array(person["pose_keypoints_2d"], np.float32).reshape(-1, 3)[1:8]
        hands = [np.array(person[f"hand_{side}_keypoints_2d"], np.float32).reshape(-1, 3)[1:]
                 for side in ("right", "left")]
        hands = [hand if len(hand) == 20 else np.zeros((20, 3), np.float32) for hand in hands]
        found.append(np.concatenate([body, *hands]))
    return sorted(found, key=lambda joints: joints[0, 0])


def follow(frames, players):
    """[players, frames, 47, 3]: in each frame the people nearest to those of the previous frame."""
    start = next(i for i, people in enumerate(frames) if len(people) == players)
    result = np.zeros((players, len(frames), 47, 3), np.float32)
    for order in (range(start, len(frames)), range(start, -1, -1)):
        last = np.stack([joints[[0, 1, 4], :2] for joints in frames[start]])
        for i in order:
            if not frames[i]:
                continue
            trunks = np.stack([joints[[0, 1, 4], :2] for joints in frames[i]])
            distances = np.linalg.norm(last[:, None] - trunks[None], axis=-1).mean(-1)
            for _ in range(min(players, len(trunks))):
                player, person = np.unravel_index(distances.argmin(), distances.shape)
                result[player, i] = frames[i][person]
                last[player] = trunks[person]
                distances[player], distances[:, person] = np.inf, np.inf
    return result


def fill_gaps(pose):
    raw, count = pose.copy(), len(pose)
    places = np.arange(count)
    for joint, parent in enumerate(PARENTS):
        points = raw[:, joint, :2] - (raw[:, parent, :2] if parent >= 0 else 0)
        good, seen = raw[:, joint, 2] > GAP, raw[:, joint, 2] > 0
        mean = points[seen].mean(0) if seen.any() else np.zeros(2)
        known = np.concatenate([[-1], places[good], [count]])
        for axis in (0, 1):
            values = np.concatenate([[mean[axis]], points[good, axis], [mean[axis]]])
            points[:, axis] = np.where(good, points[:, axis], np.interp(places, known, values))
        pose[:, joint, :2] = points + (pose[:, parent, :2] if parent >= 0 else 0)
    return pose


def resample(pose):
    times = np.arange(int((len(pose) - 1) / SOURCE_FPS * FPS) + 1) * SOURCE_FPS / FPS
    low = times.astype(int)
    high, weight = np.minimum(low + 1, len(pose) - 1), (times - low)[:, None, None]
    out = pose[low] * (1 - weight) + pose[high] * weight
    out[:, :, 2] = np.minimum(pose[low, :, 2], pose[high, :, 2])
    return out.astype(np.float32)


def level(sound):
    """To -23 dB over the frames that sound, with peaks of at most -1 dB."""
    power = librosa.feature.rms(y=sound, frame_length=800, hop_length=800, center=False)[0] ** 2
    active = power[power > power.max() * 1e-4].mean()
    gain = min(-23 - 10 * np.log10(active), -1 - 20 * np.log10(np.abs(sound).max()))
    return sound * 10 ** (gain / 20), gain


def main():
    root, out = map(pathlib.Path, sys.argv[1:])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    rows = []
    for piece in sorted(path for path in root.iterdir() if path.is_dir()):
        sounds = sorted(piece.glob("AuSep_*.wav"), key=lambda path: int(path.name.split("_")[1]))
        poses = sorted(next(piece.glob("Pose_*")).glob("*.json"))
        players = follow([people_in(path) for path in poses], len(sounds))
        for path, pose in zip(sounds, players):
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
            sound = soxr.resample(samples.mean(axis=1), rate, RATE, quality="HQ")
            pose = resample(fill_gaps(pose))
            frames = min(len(pose), len(sound) * FPS // RATE)
            sound, gain = level(sound[:frames * RATE // FPS])
            folder = out / path.stem
            folder.mkdir()
            soundfile.write(folder / "audio.flac", sound, RATE, subtype="PCM_16")
            np.save(folder / "pose.npy", pose[:frames])
            notes = np.loadtxt(path.with_name(path.stem.replace("AuSep", "Notes") + ".txt"), ndmin=2)
            with open(folder / "notes.csv", "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["onset_s", "duration_s", "pitch"])
                for onset, hz, duration in notes:
                    pitch = round(float(librosa.hz_to_midi(hz)))
                    writer.writerow([onset, duration, pitch])
            sums = [hashlib.sha256((folder / name).read_bytes()).hexdigest()
                    for name in ("audio.flac", "pose.npy", "notes.csv")]
            rows.append([path.stem, path.stem.split("_")[2], frames, f"{gain:.2f}", *sums])
    with open(out / "tracks.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "instrument", "frames", "gain_db", "sums"], *rows])


if __name__ == "__main__":
    main()
