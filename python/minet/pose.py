"""Keypoints: the pose.npy of `mi_prepare pose`, `mi_prepare video` and of corpora."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import numpy as np

JOINTS = 47
VALUES = 2 * JOINTS  # x and y
NECK, RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST, LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST = 0, 1, 2, 3, 4, 5, 6
# Each joint's parent: arms from the neck, and five fingers of four joints from each wrist.
PARENTS = [-1, 0, 1, 2, 0, 4, 5] + [
    joint - 1 if joint > first else wrist
    for wrist, hand in ((RIGHT_WRIST, 7), (LEFT_WRIST, 27))
    for first in range(hand, hand + 20, 4)
    for joint in range(first, first + 4)
]
SAME = 1e-6  # fraction of a frame
MOST = 1e6  # of a coordinate; beyond, the programs take a joint for absent


@dataclass
class Pose:
    joints: np.ndarray  # [P, 47, 3] float32: x, y and confidence
    fps: float = 25.0

    @property
    def seconds(self) -> float:
        return len(self.joints) / self.fps

    def normalised(self) -> "Pose":
        """Relative to the median neck, in median shoulder widths; the same factor for x and y."""
        joints = self.joints.copy()
        xy = joints[:, :, :2].astype(np.float64)
        joints[:, :, :2] = (xy - np.median(xy[:, NECK], axis=0)) / _shoulder_width(xy)
        return Pose(joints, self.fps)

    def resampled(self, fps: float) -> "Pose":
        """At `fps`, from the first frame to the last; confidence is the lower of the two that are interpolated."""
        if fps == self.fps:
            return self
        frames = math.floor((len(self.joints) - 1) / self.fps * fps + SAME) + 1
        first, second, weight = self._around(np.arange(frames) / fps)
        joints = self._between(first, second, weight)
        joints[:, :, 2] = np.minimum(self.joints[first, :, 2], self.joints[second, :, 2])
        return Pose(joints, fps)

    def window(self, start_s: float, frames: int, fps: float = 25.0) -> np.ndarray:
        """[frames, 94] float32 at start_s + i / fps seconds; beyond the first and last frame, these are repeated."""
        return self._between(*self._around(start_s + np.arange(frames) / fps))[:, :, :2].reshape(frames, -1)

    def _around(self, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The frames before and after each time, and the weight of the second."""
        last = len(self.joints) - 1
        position = np.clip(seconds * self.fps, 0, last)
        first = np.floor(position).astype(np.int64)
        weight = position - first
        first = np.where(weight >= 1 - SAME, first + 1, first)
        weight = np.where((weight <= SAME) | (weight >= 1 - SAME), 0.0, weight)
        return first, np.where(weight > 0, np.minimum(first + 1, last), first), weight[:, None, None]

    def _between(self, first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
        joints = self.joints.astype(np.float64)
        return (joints[first] * (1 - weight) + joints[second] * weight).astype(np.float32)


def _shoulder_width(xy: np.ndarray) -> float:
    def length(a: int, b: int) -> float:
        return float(np.median(np.hypot(*(xy[:, a] - xy[:, b]).T)))

    right, left = length(NECK, RIGHT_SHOULDER), length(NECK, LEFT_SHOULDER)
    arm = max(
        length(RIGHT_SHOULDER, RIGHT_ELBOW),
        length(LEFT_SHOULDER, LEFT_ELBOW),
        length(RIGHT_ELBOW, RIGHT_WRIST),
        length(LEFT_ELBOW, LEFT_WRIST),
    )
    longest = max(right, left, arm)
    if longest < 1e-6:
        return 1.0
    least = 0.02 * longest  # anything less is no width: a joint that was never seen sits on its parent
    across = length(RIGHT_SHOULDER, LEFT_SHOULDER)
    if min(across, right, left) > least:
        return across
    return 2 * max(right, left) if max(right, left) > least else longest


def read_pose(path: str | os.PathLike, fps: float = 25.0) -> Pose:
    """Reads a pose.npy, whose gaps are filled. Convert other files first: `mi_prepare pose FILE -o NAME.npy`."""
    joints = np.load(path)
    if joints.ndim != 3 or joints.shape[1:] != (JOINTS, 3) or len(joints) < 1:
        raise ValueError(f"{path}: expected keypoints [frames, 47, 3], got an array of shape {joints.shape}")
    if not 0 < fps < math.inf:
        raise ValueError(f"{path}: expected more than 0 frames per second, got {fps}")
    xy = joints[:, :, :2]
    absent = ~np.isfinite(joints).all(2) | (xy == 0).all(2) | (abs(xy) > MOST).any(2)
    if absent.any():
        raise ValueError(
            f"{path}: expected every joint in every frame, got {absent.sum()} of {absent.size} that are absent "
            f"(at 0, 0, not a number, or beyond {MOST:g}); fill them with `mi_prepare pose`"
        )
    return Pose(joints.astype(np.float32), fps)
