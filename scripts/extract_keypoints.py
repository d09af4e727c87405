#!/usr/bin/env python3
"""Extracts keypoints from a video of one player with MediaPipe Holistic, for mi_prepare and mi_generate.

  scripts/extract_keypoints.py VIDEO -o DIR [--format openpose|mediapipe] [--fps RATE] [--force]

DIR gets one OpenPose JSON file per frame (BODY_25 and both hands, source pixels) and times.csv, or
with --format mediapipe one holistic.json (docs/keypoints.md). Times are the container's, so a
variable frame rate comes out right. DIR appears when everything is done, or not at all.
Points outside the picture are MediaPipe's guesses and get the confidence 0.
The first use creates a virtual environment in ~/.cache/minet (or $XDG_CACHE_HOME/minet) with mediapipe
0.10.21, which includes its models; the programs ffmpeg and ffprobe read the video.
"""
import argparse
import json
import math
import os
import shutil
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGES = ["mediapipe==0.10.21", "numpy<2"]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minet"
HAND_POINTS, POSE_POINTS = 21, 33
# MediaPipe's pose points as BODY_25; the neck (1) and the middle of the hips (8) are middles.
BODY_25 = {0: 0, 2: 12, 3: 14, 4: 16, 5: 11, 6: 13, 7: 15, 9: 24, 10: 26, 11: 28, 12: 23, 13: 25,
           14: 27, 15: 5, 16: 2, 17: 8, 18: 7, 19: 31, 21: 29, 22: 32, 24: 30}
MIDDLES = {1: (11, 12), 8: (23, 24)}


class Problem(Exception):
    """One sentence for the user."""


class Untimed(Problem):
    """A video whose pictures have no times: converting it gives them some."""


# ---- what is written: plain Python, tested without MediaPipe

def openpose_points(points, width, height):
    """[[x, y, confidence], ...] in fractions of the picture -> OpenPose's flat list in pixels."""
    return [value for x, y, confidence in points
            for value in (round(x * width, 3), round(y * height, 3), round(confidence, 4))]


def openpose_frame(landmarks, width, height):
    """One frame's landmarks {"pose", "left_hand", "right_hand"} -> OpenPose's JSON object."""
    pose = landmarks["pose"]
    hands = {side: openpose_points(landmarks[f"{side}_hand"] or [[0, 0, 0]] * HAND_POINTS, width, height)
             for side in ("left", "right")}
    if not pose and not any(landmarks[f"{side}_hand"] for side in ("left", "right")):
        return {"version": 1.3, "people": []}
    body = [[0, 0, 0]] * 25
    if pose:
        for to, point in BODY_25.items():
            body[to] = pose[point]
        for to, (a, b) in MIDDLES.items():
            body[to] = [(pose[a][0] + pose[b][0]) / 2, (pose[a][1] + pose[b][1]) / 2, min(pose[a][2], pose[b][2])]
    return {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": openpose_points(body, width, height),
                                        "face_keypoints_2d": [], "hand_left_keypoints_2d": hands["left"],
                                        "hand_right_keypoints_2d": hands["right"]}]}


class OpenposeWriter:
    def __init__(self, folder, name, width, height):
        self.folder, self.name, self.width, self.height, self.times = folder, name, width, height, []

    def add(self, number, seconds, landmarks):
        frame = openpose_frame(landmarks, self.width, self.height)
        path = self.folder / f"{self.name}_{number:012d}_keypoints.json"
        path.write_text(json.dumps(frame, separators=(",", ":")), encoding="utf-8")
        self.times.append((number, seconds))

    def close(self):
        rows = "".join(f"{number},{seconds:.6f}\n" for number, seconds in self.times)
        (self.folder / "times.csv").write_text("frame,time_s\n" + rows, encoding="utf-8")


class MediapipeWriter:
    def __init__(self, folder, _name, width, height):
        self.file = open(folder / "holistic.json", "w", encoding="utf-8")
        self.file.write(f'{{"format":"mediapipe-holistic","version":1,"width":{width},"height":{height},"frames":[')
        self.first = True

    def add(self, number, seconds, landmarks):
        rounded = {part: [[round(value, 6) for value in point] for point in points]
                   for part, points in landmarks.items()}
        self.file.write("\n" if self.first else ",\n")
        self.file.write(json.dumps({"frame": number, "time_s": round(seconds, 6), **rounded}, separators=(",", ":")))
        self.first = False

    def close(self):
        self.file.write("\n]}\n")
        self.file.close()


WRITERS = {"openpose": OpenposeWriter, "mediapipe": MediapipeWriter}


def wanted_frames(times, fps):
    """Indices of the frames to look at: all, or the one nearest to each 1 / fps s, each once."""
    if fps is None:
        return list(range(len(times)))
    chosen, index = [], 0
    for step in range(int(times[-1] * fps + 1e-6) + 1):
        at = step / fps
        while index + 1 < len(times) and abs(times[index + 1] - at) <= abs(times[index] - at):
            index += 1
        if not chosen or chosen[-1] != index:
            chosen.append(index)
    return chosen


def rising(times):
    """Container times as seconds from the file's start, strictly rising."""
    result = []
    for at in times:
        at = max(at, 0.0)
        result.append(at if not result or at > result[-1] else result[-1] + 1e-3)
    return result


# ---- the video, by ffprobe and ffmpeg

def probe(video):
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
               "frame=best_effort_timestamp_time,width,height:format=start_time:stream_side_data=rotation",
               "-of", "json", os.fspath(video)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Problem("The program ffprobe is needed to read videos; install ffmpeg.") from None
    if result.returncode != 0:
        raise Problem(f"Cannot read {video} as a video: {' '.join(result.stderr.split())[:200]}.")
    answer = json.loads(result.stdout)
    frames = [f for f in answer.get("frames", []) if "width" in f]
    if not frames:
        raise Problem(f"Expected a video in {video}, but it has no pictures.")
    start = float(answer.get("format", {}).get("start_time") or 0)
    if any("best_effort_timestamp_time" not in f for f in frames):
        raise Untimed(f"Expected a time for every picture of {video}, got none for some.")
    times = rising([float(f["best_effort_timestamp_time"]) - start for f in frames])
    width, height = int(frames[0]["width"]), int(frames[0]["height"])
    rotation = next((abs(int(d["rotation"])) for s in answer.get("streams", [])
                     for d in s.get("side_data_list", []) if "rotation" in d), 0)
    return times, *((height, width) if rotation in (90, 270) else (width, height))


def with_times(video, folder):
    """The video again in a container that has times, for the rare one that has none."""
    converted = folder / "converted.mp4"
    result = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", os.fspath(video), "-an", "-c:v", "libx264",
                             "-preset", "veryfast", "-crf", "18", os.fspath(converted)], capture_output=True, text=True,
                            check=False)
    if result.returncode != 0:
        raise Problem(f"Cannot convert {video}, whose pictures have no times: {' '.join(result.stderr.split())[:200]}.")
    return converted


class Frames:
    """All pictures of a video, unrotated, as RGB bytes."""

    def __init__(self, video, width, height):
        self.size = width * height * 3
        self.process = subprocess.Popen(
            ["ffmpeg", "-v", "error", "-nostdin", "-i", os.fspath(video), "-map", "0:v:0", "-fps_mode", "passthrough",
             "-vf", f"scale={width}:{height}", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
            stdout=subprocess.PIPE)

    def next(self):
        data = self.process.stdout.read(self.size)
        return data if len(data) == self.size else None

    def close(self):
        self.process.kill()  # before its pipe closes, or it complains
        self.process.stdout.close()
        self.process.wait()


# ---- MediaPipe

class Holistic:
    """Landmarks as {"pose": 33 [x, y, visibility] or [], "left_hand": 21 [x, y, confidence] or [], ...}.

    MediaPipe gives no confidence for a hand's points: 1 where it saw the hand. A point outside the picture
    has 0, whatever MediaPipe thinks of it. Left and right are the player's own.
    """

    def __init__(self):
        os.environ.setdefault("GLOG_minloglevel", "3")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import mediapipe
        import numpy
        self.numpy = numpy
        self.model = mediapipe.solutions.holistic.Holistic(model_complexity=1, refine_face_landmarks=False)

    def look(self, rgb, width, height):
        result = self.model.process(self.numpy.frombuffer(rgb, self.numpy.uint8).reshape(height, width, 3))
        return landmarks_of(result)

    def close(self):
        self.model.close()


def landmarks_of(result):
    def inside(point):
        return 0 <= point.x <= 1 and 0 <= point.y <= 1

    def hand(found):
        return [[p.x, p.y, 1.0 if inside(p) else 0.0] for p in found.landmark] if found else []
    pose = result.pose_landmarks
    return {"pose": [[p.x, p.y, min(max(p.visibility, 0.0), 1.0) if inside(p) else 0.0] for p in pose.landmark]
            if pose else [],
            "left_hand": hand(result.left_hand_landmarks), "right_hand": hand(result.right_hand_landmarks)}


# ---- what looks wrong: the rules of src/pose/examine.cpp, so that it is told before the next step

SHOULDERS, ELBOWS, WRISTS = (12, 11), (14, 13), (16, 15)  # right, left


class Looks:
    """Collects a few distances per frame, in pixels."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.across, self.along, self.down_x, self.down_y = [], [], [], []
        self.clear = {"right": 0, "left": 0}
        self.swapped = {"right": 0, "left": 0}
        self.hands = {"right": 0, "left": 0}
        self.outside = 0

    def see(self, landmarks):
        pose = [[x * self.width, y * self.height, c] for x, y, c in landmarks["pose"]]
        self.outside += any(not (0 <= x <= 1 and 0 <= y <= 1)
                            for part in ("left_hand", "right_hand") for x, y, _ in landmarks[part])
        if not pose:
            return
        if all(pose[i][2] > 0.2 for i in SHOULDERS + ELBOWS):
            (rx, ry, _), (lx, ly, _) = (pose[i] for i in SHOULDERS)
            self.across.append(abs(rx - lx))
            self.along.append(abs(ry - ly))
            self.down_x.append((pose[ELBOWS[0]][0] + pose[ELBOWS[1]][0] - rx - lx) / 2)
            self.down_y.append((pose[ELBOWS[0]][1] + pose[ELBOWS[1]][1] - ry - ly) / 2)
        if all(pose[i][2] > 0.2 for i in WRISTS):
            for side, own, other in (("right", *WRISTS), ("left", *WRISTS[::-1])):
                fingers = [p for p in landmarks[f"{side}_hand"][1:] if p[2] > 0.2]
                if not fingers:
                    continue
                self.hands[side] += 1
                x, y = (sum(p[axis] for p in fingers) / len(fingers) * size
                        for axis, size in ((0, self.width), (1, self.height)))
                width, height = ((max(p[axis] for p in fingers) - min(p[axis] for p in fingers)) * size
                                 for axis, size in ((0, self.width), (1, self.height)))
                apart = math.dist(pose[own][:2], pose[other][:2])
                if apart < 1.2 * math.hypot(width, height):  # a trumpeter's hands: nothing can be told
                    continue
                to_own, to_other = (((x - pose[i][0]) ** 2 + (y - pose[i][1]) ** 2) ** 0.5 for i in (own, other))
                self.clear[side] += to_own > 2 * to_other or to_other > 2 * to_own
                self.swapped[side] += to_own > 2 * to_other

    def sentences(self, seen, frames):
        for side in ("right", "left"):
            if seen[f"{side}_hand"] == 0:
                yield f"the {side} hand is never seen: film so that both hands are in the picture"
            if (self.clear[side] >= 5 and 2 * self.swapped[side] > self.clear[side]
                    and 4 * self.swapped[side] >= self.hands[side]):
                yield (f"the fingers of the {side} hand are at the other wrist: left and right hands are swapped, as in a "
                       "mirrored film")
        if self.outside:
            yield f"in {self.outside} of {frames} frames a hand is partly outside the picture: those points count as not seen"
        if len(self.across) >= 5:
            across, along, x, y = (statistics.median(v) for v in (self.across, self.along, self.down_x, self.down_y))
            if along > 2 * across and abs(x) > 2 * abs(y):
                yield "the player lies on their side: rotate the film by 90 degrees"
            elif across > 2 * along and y < -2 * abs(x) and -y > 0.5 * across:
                yield "the player is upside down: rotate the film by 180 degrees"


# ---- the whole

class Quiet:
    """Keeps what libraries write to standard error away while they work; `terminal` still reaches the user."""

    def __enter__(self):
        sys.stderr.flush()
        self.saved = os.dup(2)
        self.terminal = os.fdopen(os.dup(2), "w")
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
        return self

    def __exit__(self, *_):
        sys.stderr.flush()
        os.dup2(self.saved, 2)
        os.close(self.saved)
        self.terminal.close()


class Bar:
    def __init__(self, total, terminal):
        self.total, self.begin, self.shown, self.terminal = total, time.monotonic(), 0.0, terminal

    def show(self, done):
        now = time.monotonic()
        if not self.terminal.isatty() or (now - self.shown < 0.2 and done < self.total):
            return
        self.shown = now
        left = (now - self.begin) / max(done, 1) * (self.total - done)
        filled = 30 * done // self.total
        end = "\n" if done == self.total else ""
        print(f"\r[{'#' * filled}{'.' * (30 - filled)}] {done}/{self.total} frames, {left:.0f} s left ",
              end=end, file=self.terminal, flush=True)


def extract(video, out, form, fps=None, force=False, make_model=Holistic):
    """Returns a summary for people."""
    if not video.is_file():
        raise Problem(f"Expected a video at {video}, got no file there; check the path.")
    if out.exists() and not force:
        raise Problem(f"{out} exists; choose another folder or --force.")
    if out.exists() and (not out.is_dir() or out.is_symlink() or (any(out.iterdir()) and not ours(out))):
        raise Problem(f"{out} contains other files than keypoints, so it is not replaced; choose another folder.")
    with tempfile.TemporaryDirectory(prefix="minet-video-") as folder:
        name = video.stem
        try:
            times, width, height = probe(video)
        except Untimed:
            video = with_times(video, Path(folder))
            times, width, height = probe(video)
        return look(video, name, out, form, times, width, height, fps, make_model)


def look(video, name, out, form, times, width, height, fps, make_model):
    """Runs the model over the wanted pictures and publishes DIR."""
    wanted = wanted_frames(times, fps)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.partial-", dir=out.parent))
    os.chmod(partial, 0o755)
    looks = Looks(width, height)
    seen = {"pose": 0, "left_hand": 0, "right_hand": 0}
    frames = model = None
    try:
        with Quiet() as quiet:
            model = make_model()
            frames = Frames(video, width, height)
            writer = WRITERS[form](partial, name, width, height)
            bar, todo = Bar(len(wanted), quiet.terminal), set(wanted)
            done = index = 0
            while done < len(wanted):
                rgb = frames.next()
                if rgb is None:  # ffprobe counted more than could be decoded
                    break
                if index in todo:
                    landmarks = model.look(rgb, width, height)
                    for part in seen:
                        seen[part] += bool(landmarks[part])
                    looks.see(landmarks)
                    writer.add(index, times[index], landmarks)
                    done += 1
                    bar.show(done)
                index += 1
            writer.close()
        if done < len(wanted) - 2:
            raise Problem(f"Expected {len(times)} pictures in {video}, got only {index}; the file is damaged.")
        if seen["pose"] == 0:
            raise Problem(f"Expected a person in {video}, got nobody in {done} frames; check the picture.")
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
    finally:
        if frames:
            frames.close()
        if model:
            model.close()
        shutil.rmtree(partial, ignore_errors=True)
    for sentence in looks.sentences(seen, done):
        print(f"warning: {out}: {sentence}", file=sys.stderr)
    made = out if form == "openpose" else out / "holistic.json"
    return (f"{out}: {done} frames of {times[wanted[-1]]:.2f} s, {width}x{height}; seen: body {seen['pose']}, "
            f"right hand {seen['right_hand']}, left hand {seen['left_hand']}\n"
            f"next: mi_prepare pose {shlex.quote(os.fspath(made))} -o player.npy --preview player.svg, "
            f"or mi_generate --model RUN --pose {shlex.quote(os.fspath(made))} -o out.wav")


def ours(folder):
    """Whether a folder holds nothing but what this script writes."""
    return all(f.name in ("times.csv", "holistic.json") or f.name.endswith("_keypoints.json") for f in folder.iterdir())


def ensure_environment():
    """Continues in an environment of its own, made on first use."""
    folder = CACHE / "mediapipe-0.10.21"
    python, ready = folder / "bin" / "python", folder / ".ready"
    if Path(sys.prefix).resolve() == folder.resolve():
        return
    if not ready.exists():
        print(f"First use: installing {', '.join(PACKAGES)} into {folder} ...", file=sys.stderr, flush=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", os.fspath(folder)], check=True)
        subprocess.run([os.fspath(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
                       check=True)
        ready.write_text("\n".join(PACKAGES) + "\n", encoding="utf-8")
    os.execv(python, [os.fspath(python), *sys.argv])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder to create")
    parser.add_argument("--format", choices=sorted(WRITERS), default="openpose")
    parser.add_argument("--fps", type=float, help="only look at this many frames per second; default: all")
    parser.add_argument("--force", action="store_true", help="replace DIR")
    arguments = parser.parse_args()
    try:
        if arguments.fps is not None and not 1 <= arguments.fps <= 1000:
            raise Problem(f"Expected --fps from 1 to 1000, got {arguments.fps:g}.")
        if arguments.out.exists() and not arguments.force:  # before minutes of installing
            raise Problem(f"{arguments.out} exists; choose another folder or --force.")
        ensure_environment()
        print(extract(arguments.video, arguments.out, arguments.format, arguments.fps, arguments.force))
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"error: The environment cannot be created: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing was written.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
