"""Writes the benchmark's peers into test/bench, for timing only, a few kB each: resnet50.onnx, ResNet-50 (version 1), and yolox-nano.onnx, a detector of
YOLOX-nano's shape (Ge et al., 2021: depth 0.33, width 0.25, depthwise; 0.9 M weights).

Time needs no trained weights: each weight is a ConstantOfShape node, which ONNX Runtime folds into a real
initializer when it loads the graph, so that the convolutions run exactly as they would with trained ones. Batch norms
are left out, as ONNX Runtime folds them into the convolutions too.
"""

import argparse
from math import prod

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

from places import MODELS


class Graph:
    """Nodes as they are added; every method returns the name of what it makes."""

    def __init__(self):
        self.nodes, self.constants, self.weights = [], [], 0

    def node(self, kind, inputs, **attributes):
        out = f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def constant(self, values, type=np.int64):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, type), name))
        return name

    def weight(self, shape, value):
        self.weights += prod(shape)
        return self.node("ConstantOfShape", [self.constant(shape)], value=helper.make_tensor("v", TensorProto.FLOAT, [1], [value]))

    def conv(self, x, cin, cout, kernel, stride=1, act="Relu", group=1):
        # 1 / fan-in keeps values around one: no overflow, no denormal numbers, which would be slow.
        weights = self.weight([cout, cin // group, kernel, kernel], group / (cin * kernel * kernel)), self.weight([cout], 0.01)
        y = self.node("Conv", [x, *weights], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4, group=group)
        if act == "SiLU":
            return self.node("Mul", [y, self.node("Sigmoid", [y])])
        return self.node(act, [y]) if act else y

    def pool(self, x, kernel, stride=1):
        return self.node("MaxPool", [x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4)

    def cat(self, *parts):
        return self.node("Concat", list(parts), axis=1)

    def save(self, name, size, outputs):
        """outputs: {name of a tensor: its shape}"""
        shape = ["n", 3, *size]
        values = [helper.make_tensor_value_info(x, TensorProto.FLOAT, shape) for x, shape in outputs.items()]
        graph = helper.make_graph(self.nodes, f"{name}-timing", [helper.make_tensor_value_info("frame", TensorProto.FLOAT, shape)], values, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        checker.check_model(model, full_check=True)
        path = MODELS.parent / "test" / "bench" / f"{name}.onnx"
        save(model, path)
        print(path, path.stat().st_size, "bytes", f"{self.weights / 1e6:.2f} M weights")


def resnet50():
    g = Graph()

    def bottleneck(x, cin, mid, stride):
        y = g.conv(g.conv(g.conv(x, cin, mid, 1, stride), mid, mid, 3), mid, mid * 4, 1, act=None)
        shortcut = g.conv(x, cin, mid * 4, 1, stride, act=None) if stride > 1 or cin != mid * 4 else x
        return g.node("Relu", [g.node("Add", [y, shortcut])])

    x, cin = g.pool(g.conv("frame", 3, 64, 7, 2), 3, 2), 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            x = bottleneck(x, cin, 64 * 2**stage, 2 if stage and not block else 1)
            cin = 256 * 2**stage
    flat = g.node("Flatten", [g.node("GlobalAveragePool", [x])])
    logits = g.node("Gemm", [flat, g.weight([1000, 2048], 1 / 2048), g.weight([1000], 0.0)], transB=1)
    g.save("resnet50", ["h", "w"], {logits: ["n", 1000]})


def yolox_nano(side=416, classes=80):
    g = Graph()

    def conv(x, cin, cout, kernel=1, stride=1):
        return g.conv(x, cin, cout, kernel, stride, "SiLU")

    def depthwise(x, cin, cout, stride=1):
        return conv(g.conv(x, cin, cin, 3, stride, "SiLU", group=cin), cin, cout)

    def csp(x, cin, cout, n, shortcut=True):
        half = cout // 2
        a, b = conv(x, cin, half), conv(x, cin, half)
        for _ in range(n):
            y = depthwise(conv(a, half, half), half, half)
            a = g.node("Add", [a, y]) if shortcut else y
        return conv(g.cat(a, b), 2 * half, cout)

    def up(x):
        return g.node("Resize", [x, "", g.constant([1, 1, 2, 2], np.float32)], mode="nearest")

    x = conv(g.node("SpaceToDepth", ["frame"], blocksize=2), 12, 16, 3)
    x = csp(depthwise(x, 16, 32, 2), 32, 32, 1)
    p3 = csp(depthwise(x, 32, 64, 2), 64, 64, 3)
    p4 = csp(depthwise(p3, 64, 128, 2), 128, 128, 3)
    x = conv(depthwise(p4, 128, 256, 2), 256, 128)
    x = conv(g.cat(x, *(g.pool(x, kernel) for kernel in (5, 9, 13))), 512, 256)
    p5 = csp(x, 256, 256, 1, shortcut=False)

    f5 = conv(p5, 256, 128)
    f4 = conv(csp(g.cat(up(f5), p4), 256, 128, 1, shortcut=False), 128, 64)
    n3 = csp(g.cat(up(f4), p3), 128, 64, 1, shortcut=False)
    n4 = csp(g.cat(depthwise(n3, 64, 64, 2), f4), 128, 128, 1, shortcut=False)
    n5 = csp(g.cat(depthwise(n4, 128, 128, 2), f5), 256, 256, 1, shortcut=False)
    outputs = {}
    for x, channels, stride in ((n3, 64, 8), (n4, 128, 16), (n5, 256, 32)):
        stem, cells = conv(x, channels, 64), side // stride
        classified, boxed = (depthwise(depthwise(stem, 64, 64), 64, 64) for _ in range(2))
        for y, count in ((classified, classes), (boxed, 5)):
            outputs[g.conv(y, 64, count, 1, act=None)] = ["n", count, cells, cells]
    g.save("yolox-nano", [side, side], outputs)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    resnet50()
    yolox_nano()
