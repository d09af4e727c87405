#!/usr/bin/env python3
"""Writes tests/vision/golden: a small network for each operator and TensorFlow Lite's results for it, and its results
for the five networks that the programs use.

  python3 -m venv V && V/bin/pip install ai-edge-litert==2.3.0 flatbuffers "numpy<2"
  V/bin/python tests/vision/make_golden.py FOLDER_OF_NETWORKS

Inputs are not stored: see pattern().
"""
import sys
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s
from ai_edge_litert.interpreter import Interpreter

GOLDEN = Path(__file__).resolve().parent / "golden"
NETWORKS = ("pose_detection", "pose_landmark_full", "palm_detection_full", "hand_landmark_full", "hand_recrop")
KEPT = 400  # values of each output of a large network, evenly spaced


def pattern(shape):
    """Values from -1 to 1 that look random; tests/vision/helpers.hpp computes the same."""
    index = np.arange(int(np.prod(shape)), dtype=np.int64)
    return ((index * 7919 % 1009).astype(np.float32) / np.float32(504.5) - np.float32(1)).reshape(shape)


class Builder:
    """One graph with one input and one output."""

    def __init__(self, shape):
        self.random = np.random.default_rng(1)
        self.model = s.ModelT()
        self.model.version = 3
        self.model.operatorCodes, self.model.buffers = [], [self.buffer(None)]
        self.graph = s.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs = [self.tensor(shape)]
        self.model.subgraphs = [self.graph]

    @staticmethod
    def buffer(data):
        out = s.BufferT()
        out.data = None if data is None else np.frombuffer(data, np.uint8)
        return out

    def tensor(self, shape, values=None, kind=None):
        out = s.TensorT()
        out.shape, out.name = list(shape), f"t{len(self.graph.tensors)}"
        kinds = {"float32": 0, "float16": 1, "int32": 2}
        out.type = kinds[kind or (values.dtype.name if values is not None else "float32")]
        out.buffer = 0
        if values is not None:
            self.model.buffers.append(self.buffer(values.tobytes()))
            out.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(out)
        return len(self.graph.tensors) - 1

    def constant(self, *shape):
        return self.tensor(shape, self.random.normal(0, 0.5, shape).astype(np.float32))

    def half(self, *shape):
        """A float16 tensor followed by DEQUANTIZE."""
        stored = self.tensor(shape, self.random.normal(0, 0.5, shape).astype(np.float16))
        return self.operator("DEQUANTIZE", [stored], shape)

    def sparse(self, rows, columns):
        """A sparse float16 [rows, 1, 1, columns], half of it 0, followed by DENSIFY and DEQUANTIZE."""
        dense = self.random.normal(0, 0.5, (rows, columns)).astype(np.float16)
        dense[self.random.random(dense.shape) < 0.5] = 0
        shape = (rows, 1, 1, columns)
        stored = self.tensor(shape, dense[dense != 0], "float16")
        begin = np.concatenate([[0], np.cumsum((dense != 0).sum(1))])
        sparsity = s.SparsityParametersT()
        sparsity.traversalOrder, sparsity.dimMetadata = [0, 1, 2, 3], []
        for size in shape[:3]:
            dimension = s.DimensionMetadataT()
            dimension.format, dimension.denseSize = 0, size
            sparsity.dimMetadata.append(dimension)
        last = s.DimensionMetadataT()
        last.format = 1
        last.arraySegmentsType, last.arraySegments = 2, s.Uint16VectorT()
        last.arraySegments.values = begin.astype(np.uint16)
        last.arrayIndicesType, last.arrayIndices = 3, s.Uint8VectorT()
        last.arrayIndices.values = np.nonzero(dense)[1].astype(np.uint8)
        sparsity.dimMetadata.append(last)
        self.graph.tensors[stored].sparsity = sparsity
        unpacked = self.operator("DENSIFY", [stored], shape, kind="float16")
        return self.operator("DEQUANTIZE", [unpacked], shape)

    def integers(self, values):
        values = np.array(values, np.int32)
        return self.tensor(values.shape, values)

    def operator(self, name, inputs, shape, kind="float32", **options):
        code = s.OperatorCodeT()
        code.builtinCode = getattr(s.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = {"DEQUANTIZE": 3, "RESIZE_BILINEAR": 3}.get(name, 1)
        self.model.operatorCodes.append(code)
        out = s.OperatorT()
        out.opcodeIndex = len(self.model.operatorCodes) - 1
        out.inputs, out.outputs = inputs, [self.tensor(shape, kind=kind)]
        options_name = {"CONV_2D": "Conv2DOptions", "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions", "ADD": "AddOptions",
                        "MAX_POOL_2D": "Pool2DOptions", "CONCATENATION": "ConcatenationOptions",
                        "FULLY_CONNECTED": "FullyConnectedOptions", "DEPTH_TO_SPACE": "DepthToSpaceOptions",
                        "RESIZE_BILINEAR": "ResizeBilinearOptions", "MEAN": "ReducerOptions",
                        "STRIDED_SLICE": "StridedSliceOptions"}.get(name)
        if options_name:
            out.builtinOptions = getattr(s, options_name + "T")()
            out.builtinOptionsType = getattr(s.BuiltinOptions, options_name)
            for key, value in options.items():
                setattr(out.builtinOptions, key, value)
        self.graph.operators.append(out)
        return out.outputs[0]

    def convolution(self, weight, bias, shape, depthwise=False, stride=1, same=True, activation=0, dilation=1):
        name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        more = {"depthMultiplier": 1} if depthwise else {}
        return self.operator(name, [0, weight, bias], shape, padding=0 if same else 1, strideH=stride, strideW=stride,
                             dilationHFactor=dilation, dilationWFactor=dilation, fusedActivationFunction=activation,
                             **more)

    def bytes(self, output):
        self.graph.outputs = [output]
        builder = flatbuffers.Builder(4096)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def cases():
    def case(shape):
        return Builder(shape)
    b = case([1, 7, 9, 5])
    yield "conv_same_2", b, b.convolution(b.half(6, 3, 3, 5), b.half(6), [1, 4, 5, 6], stride=2)
    b = case([1, 8, 8, 5])
    yield "conv_same_2_even", b, b.convolution(b.half(6, 3, 3, 5), b.half(6), [1, 4, 4, 6], stride=2, activation=3)
    b = case([1, 8, 6, 5])
    yield "conv_valid", b, b.convolution(b.constant(6, 3, 3, 5), b.constant(6), [1, 6, 4, 6], same=False, activation=1)
    b = case([1, 9, 9, 4])
    yield "conv_dilated", b, b.convolution(b.constant(3, 3, 3, 4), b.constant(3), [1, 9, 9, 3], dilation=2)
    b = case([1, 6, 6, 24])
    yield "conv_sparse", b, b.convolution(b.sparse(16, 24), b.half(16), [1, 6, 6, 16])
    b = case([1, 8, 8, 8])
    yield "depthwise_2", b, b.convolution(b.constant(1, 5, 5, 8), b.constant(8), [1, 4, 4, 8], True, 2)
    b = case([1, 8, 7, 8])
    yield "depthwise", b, b.convolution(b.half(1, 3, 3, 8), b.half(8), [1, 8, 7, 8], True, activation=3)
    b = case([1, 4, 5, 6])
    yield "add", b, b.operator("ADD", [0, b.constant(1, 4, 5, 6)], [1, 4, 5, 6], fusedActivationFunction=3)
    b = case([1, 4, 5, 6])
    yield "concatenation", b, b.operator("CONCATENATION", [0, b.constant(1, 3, 5, 6)], [1, 7, 5, 6], axis=1)
    b = case([1, 3, 4, 12])
    yield "depth_to_space", b, b.operator("DEPTH_TO_SPACE", [0], [1, 6, 8, 3], blockSize=2)
    b = case([1, 20])
    yield "fully_connected", b, b.operator("FULLY_CONNECTED", [0, b.constant(7, 20), b.constant(7)], [1, 7])
    b = case([1, 3, 4, 5])
    yield "logistic", b, b.operator("LOGISTIC", [0], [1, 3, 4, 5])
    b = case([1, 7, 8, 5])
    yield "max_pool_same", b, b.operator("MAX_POOL_2D", [0], [1, 4, 4, 5], padding=0, strideH=2, strideW=2,
                                         filterHeight=2, filterWidth=2)
    b = case([1, 3, 4, 5])
    yield "reshape", b, b.operator("RESHAPE", [0, b.integers([1, 12, 5])], [1, 12, 5])
    b = case([1, 3, 4, 5])
    yield "resize", b, b.operator("RESIZE_BILINEAR", [0, b.integers([6, 8])], [1, 6, 8, 5], alignCorners=False,
                                  halfPixelCenters=True)
    b = case([1, 3, 4, 5])
    yield "pad", b, b.operator("PAD", [0, b.integers([[0, 0], [1, 2], [0, 1], [0, 3]])], [1, 6, 5, 8])
    b = case([1, 3, 4, 5])
    yield "mean", b, b.operator("MEAN", [0, b.integers([1, 2])], [1, 5], keepDims=False)
    b = case([1, 5, 4, 6])
    yield "strided_slice", b, b.operator("STRIDED_SLICE", [0, b.integers([0, 1, 0, 2]), b.integers([1, 5, 4, 6]),
                                                           b.integers([1, 2, 1, 1])], [1, 2, 4, 4])
    b = case([1, 3, 4, 5])
    yield "prelu", b, b.operator("PRELU", [0, b.constant(1, 1, 5)], [1, 3, 4, 5])


def run(path, scale):
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()[0]
    interpreter.set_tensor(details["index"], pattern(details["shape"]) * np.float32(scale))
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]


def main():
    GOLDEN.mkdir(exist_ok=True)
    for name, builder, output in cases():
        path = GOLDEN / f"{name}.tflite"
        path.write_bytes(builder.bytes(output))
        np.save(GOLDEN / f"{name}.npy", run(path, 2)[0])
    for name in NETWORKS:
        kept = []
        for values in run(Path(sys.argv[1]) / f"{name}.tflite", 1):
            flat = values.reshape(-1)
            kept.append(flat[:: max(1, len(flat) // KEPT)])
        np.save(GOLDEN / f"net_{name}.npy", np.concatenate(kept).astype(np.float32))


if __name__ == "__main__":
    main()
