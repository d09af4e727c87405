#!/usr/bin/env python3
"""Statistics that show whether movement and sound of a synthetic orchestra belong together, and not trivially.

    scripts/orchestra_report.py FOLDER [--only knn,onsets,pitch,tracker] [--tracks N] [--seconds S]

FOLDER was made by `mi_prepare orchestra` (with keypoints as npy). Needs numpy; `tracker` also
needs librosa and takes about as long as the sound that it analyses (--tracks per instrument,
--seconds of each).

knn      nearest neighbour by instrument on raw poses, tracks of the same composition excluded
onsets   correlation of hand speed with note onsets, compared with onsets of other tracks
pitch    nearest neighbours in pose predict the pitch of notes of the same player, compared with shuffled notes
tracker  librosa's pyin against Notes_*.txt: share of voiced frames within 50 cents
"""
import argparse
import csv
import pathlib
import sys
import wave

import numpy as np

ORDER = ["vn", "va", "vc", "db", "fl", "ob", "cl", "bn", "sax", "tpt", "hn", "tbn", "tba"]
FPS = 30000 / 1001
OVERBLOWS = {"fl": (62, 12), "ob": (62, 12), "cl": (53, 19), "bn": (43, 12), "sax": (53, 12)}  # lowest, interval
RIGHT_SHOULDER, LEFT_SHOULDER, RIGHT_WRIST, LEFT_WRIST = 1, 4, 3, 6
RIGHT_HAND, LEFT_HAND = slice(7, 27), slice(27, 47)


class Track:
    def __init__(self, root, row):
        self.instrument, self.group = row["instrument"], row["group"]
        self.audio = root / row["audio"]
        self.notes = np.loadtxt(root / row["notes"], ndmin=2)  # onset, Hz, duration
        raw = np.load(root / row["pose"])
        pose = raw[:, :, :2].astype(float)
        times = np.arange(len(pose))
        for j in range(pose.shape[1]):
            seen = raw[:, j, 2] > 0.2
            for axis in range(2):
                pose[:, j, axis] = np.interp(times, times[seen], pose[seen, j, axis])
        neck = np.median(pose[:, 0], axis=0)
        width = np.median(np.linalg.norm(pose[:, RIGHT_SHOULDER] - pose[:, LEFT_SHOULDER], axis=1))
        self.pose = (pose - neck) / width

    def frame_of(self, seconds):
        return np.clip((np.asarray(seconds) * FPS).astype(int), 0, len(self.pose) - 1)


def by_instrument(tracks):
    return [(code, [t for t in tracks if t.instrument == code]) for code in ORDER]


def knn(tracks):
    rng = np.random.default_rng(0)
    four = int(4 * FPS)
    for title, statistics in (
            ("one frame (x, y of 47 joints)", lambda t, at: t.pose[at].ravel()),
            ("4 s (means and deviations)", lambda t, at: np.concatenate(
                [t.pose[at:at + four].mean(0).ravel(), t.pose[at:at + four].std(0).ravel()]))):
        features, labels, groups = [], [], []
        for track in tracks:
            for at in rng.integers(0, len(track.pose) - four, 6):
                features.append(statistics(track, at))
                labels.append(ORDER.index(track.instrument))
                groups.append(track.group)
        features, labels, groups = np.array(features), np.array(labels), np.array(groups)
        confusion = np.zeros((13, 13), int)
        for i in range(len(features)):
            distance = np.square(features - features[i]).sum(1)
            distance[groups == groups[i]] = np.inf
            confusion[labels[i], labels[np.argmin(distance)]] += 1
        accuracy = np.trace(confusion) / confusion.sum()
        balanced = np.mean(np.diag(confusion) / confusion.sum(1))
        chance = np.square(confusion.sum(1) / confusion.sum()).sum()
        print(f"\n1-NN, {title}: accuracy {accuracy:.3f}, mean over instruments {balanced:.3f}, "
              f"chance {chance:.3f}")
        print("true\\got " + " ".join(f"{c:>4}" for c in ORDER))
        for i, code in enumerate(ORDER):
            print(f"{code:>8} " + " ".join(f"{n:>4}" if n else "   ." for n in confusion[i]))
        share = confusion / confusion.sum(1, keepdims=True)
        both = sorted(((share[a, b] + share[b, a], ORDER[a], ORDER[b])
                       for a in range(13) for b in range(a)), reverse=True)
        print("most confused: " + ", ".join(f"{b}/{a} {100 * s / 2:.0f} %" for s, a, b in both[:4]))


def speed(track):
    """Mean movement of all joints but the neck from frame to frame, limited to 4 times the median."""
    steps = np.linalg.norm(np.diff(track.pose[:, 1:], axis=0), axis=2)
    steps = np.minimum(steps, 4 * np.median(steps) + 1e-9).mean(1)
    return np.concatenate([[0], steps])


def onset_curve(track, length):
    curve = np.zeros(length)
    times = np.arange(length) / FPS
    for onset in track.notes[:, 0]:
        curve += np.exp(-0.5 * np.square((times - onset) / 0.035))
    return np.minimum(curve, 1)


def onsets(tracks):
    print("\nCorrelation of hand speed with note onsets (with onsets of other tracks: mean, 95th percentile)")
    for code, some in by_instrument(tracks):
        real, other = [], []
        for t, track in enumerate(some):
            motion = speed(track)
            real.append(np.corrcoef(motion, onset_curve(track, len(motion)))[0, 1])
            strangers = [s for s in tracks if s.group != track.group][t::7]
            other += [np.corrcoef(motion, onset_curve(s, len(motion)))[0, 1] for s in strangers]
        print(f"{code:>4} {np.mean(real):6.3f}   ({np.mean(other):6.3f}, {np.percentile(other, 95):6.3f})")


def pitch(tracks):
    print("\nPitch from the pose: 5 nearest notes of the same player (hand shapes and places, 4 frames "
          "in a note);\n"
          "share within a semitone of the note (shuffled notes), within one if octaves are ignored "
          "(shuffled); winds: which register of a fingering (always the commoner one)")
    rng = np.random.default_rng(0)
    for code, some in by_instrument(tracks):
        totals = np.zeros(5)
        register = np.zeros(3)
        for track in some:
            midi = 69 + 12 * np.log2(track.notes[:, 1] / 440)
            features = []
            for onset, _, duration in track.notes:
                frames = track.frame_of(onset + duration * np.array([0.35, 0.5, 0.65, 0.8]))
                p = track.pose[frames].mean(0)
                shoulders = (p[RIGHT_SHOULDER] + p[LEFT_SHOULDER]) / 2
                hands = [p[RIGHT_HAND] - p[RIGHT_WRIST], p[LEFT_HAND] - p[LEFT_WRIST]]
                features.append(np.concatenate([h.ravel() for h in hands] +
                                               [2 * (p[w] - shoulders)
                                                for w in (RIGHT_WRIST, LEFT_WRIST)]))
            features = np.array(features)
            fold = (np.arange(len(midi)) * 5) // len(midi)  # contiguous folds: neighbouring notes are not independent
            if code in OVERBLOWS:  # does the pose tell the register of a fingering?
                base, interval = OVERBLOWS[code]
                pitches = np.round(midi)
                for i in range(len(midi)):
                    same = (fold != fold[i]) & (pitches >= base) & ((pitches - pitches[i]) % interval == 0)
                    if pitches[i] < base or len(set(pitches[same])) < 2:
                        continue
                    nearest = np.argmin(np.where(same, np.square(features - features[i]).sum(1), np.inf))
                    values, counts = np.unique(pitches[same], return_counts=True)
                    register += [pitches[nearest] == pitches[i], values[np.argmax(counts)] == pitches[i], 1]
            for which, truth in enumerate((midi, rng.permutation(midi))):
                for k in range(5):
                    train, test = fold != k, fold == k
                    if not test.any() or train.sum() < 5:
                        continue
                    distance = np.square(features[test][:, None] - features[train][None]).sum(2)
                    near = truth[train][np.argsort(distance, axis=1)[:, :5]]
                    guess = np.median(near, axis=1)
                    fold_off = np.abs(near[:, 0] - truth[test])
                    within = np.abs(guess - truth[test]) < 1.5
                    wrapped = np.minimum(fold_off % 12, 12 - fold_off % 12) < 1.5
                    totals[2 * which] += within.sum()
                    totals[2 * which + 1] += wrapped.sum()
            totals[4] += len(midi)
        a, b, c, d = totals[:4] / totals[4]
        print(f"{code:>4} {a:6.3f} ({c:6.3f})   {b:6.3f} ({d:6.3f})" +
              (f"   register {register[0] / register[2]:.3f} ({register[1] / register[2]:.3f})"
               if register[2] else ""))


def tracker(tracks, most, seconds):
    import librosa
    print(f"\npyin against Notes_*.txt, {most} tracks of each instrument, {seconds:g} s each: voiced "
          "frames within 50 cents (median deviation, cents)")
    everything = []
    for code, some in by_instrument(tracks):
        offs = []
        for track in some[:most]:
            with wave.open(str(track.audio), "rb") as file:
                rate = file.getframerate()
                sound = np.frombuffer(file.readframes(int(seconds * rate)), np.int16) / 32768
            low, high = track.notes[:, 1].min() / 1.5, track.notes[:, 1].max() * 1.5
            target = 16000
            sound = librosa.resample(sound, orig_sr=rate, target_sr=target)
            length = 4096 if low < 60 else 2048
            hz, voiced, _ = librosa.pyin(sound, fmin=low, fmax=high, sr=target, frame_length=length,
                                         hop_length=160)
            times = np.arange(len(hz)) * 0.01
            margin = length / target / 4  # a frame extends half its length to each side
            for onset, note_hz, duration in track.notes:
                inside = (times > onset + min(margin, duration / 3)) & \
                         (times < onset + duration - min(margin, duration / 3)) & voiced
                offs.append(1200 * np.log2(hz[inside] / note_hz))
        offs = np.concatenate(offs)
        everything.append(offs)
        print(f"{code:>4} {100 * np.mean(np.abs(offs) < 50):6.1f} %  ({np.median(offs):+.0f})", flush=True)
    offs = np.concatenate(everything)
    print(f" all {100 * np.mean(np.abs(offs) < 50):6.1f} %  ({np.median(offs):+.0f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="knn,onsets,pitch,tracker")
    parser.add_argument("--tracks", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with open(options.folder / "tracks.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if any(not row["pose"].endswith(".npy") for row in rows):
        sys.exit("expected keypoints as npy; make the orchestra without --pose-format openpose.")
    tracks = [Track(options.folder, row) for row in rows]
    print(f"{len(tracks)} synthetic tracks of {len({t.group for t in tracks})} compositions")
    wanted = options.only.split(",")
    if "knn" in wanted:
        knn(tracks)
    if "onsets" in wanted:
        onsets(tracks)
    if "pitch" in wanted:
        pitch(tracks)
    if "tracker" in wanted:
        tracker(tracks, options.tracks, options.seconds)


if __name__ == "__main__":
    main()
