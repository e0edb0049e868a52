"""Writes test/bench/resnet50.onnx: ResNet-50 (version 1) for timing only, a few kB.

Time needs no trained weights: each weight is a ConstantOfShape node, which ONNX Runtime folds into a real
initializer when it loads the graph, so that the convolutions run exactly as they would with trained ones. Batch norms
are left out, as ONNX Runtime folds them into the convolutions too.
"""

import argparse

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

from places import MODELS

nodes, constants = [], []
count = 0


def fresh(prefix):
    global count
    count += 1
    return f"{prefix}{count}"


def weight(shape, value):
    name = fresh("w")
    constants.append(numpy_helper.from_array(np.array(shape, np.int64), name + "_shape"))
    nodes.append(helper.make_node("ConstantOfShape", [name + "_shape"], [name], value=helper.make_tensor("v", TensorProto.FLOAT, [1], [value])))
    return name


def conv(x, cin, cout, kernel, stride=1, relu=True):
    out = fresh("x")
    # 1 / fan-in keeps values around one: no overflow, no denormal numbers, which would be slow.
    inputs = [x, weight([cout, cin, kernel, kernel], 1 / (cin * kernel * kernel)), weight([cout], 0.01)]
    nodes.append(helper.make_node("Conv", inputs, [out], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4))
    return activate(out) if relu else out


def activate(x):
    out = fresh("x")
    nodes.append(helper.make_node("Relu", [x], [out]))
    return out


def bottleneck(x, cin, mid, stride):
    y = conv(conv(conv(x, cin, mid, 1, stride), mid, mid, 3), mid, mid * 4, 1, relu=False)
    shortcut = conv(x, cin, mid * 4, 1, stride, relu=False) if stride > 1 or cin != mid * 4 else x
    out = fresh("x")
    nodes.append(helper.make_node("Add", [y, shortcut], [out]))
    return activate(out)


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    x = conv("frame", 3, 64, 7, 2)
    nodes.append(helper.make_node("MaxPool", [x], ["pool"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))
    x, cin = "pool", 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            x = bottleneck(x, cin, 64 * 2**stage, 2 if stage and not block else 1)
            cin = 256 * 2**stage
    nodes.append(helper.make_node("GlobalAveragePool", [x], ["gap"]))
    nodes.append(helper.make_node("Flatten", ["gap"], ["flat"]))
    nodes.append(helper.make_node("Gemm", ["flat", weight([1000, 2048], 1 / 2048), weight([1000], 0.0)], ["logits"], transB=1))
    graph = helper.make_graph(
        nodes, "resnet50-timing",
        [helper.make_tensor_value_info("frame", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1000])], constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    checker.check_model(model)
    path = MODELS.parent / "test" / "bench" / "resnet50.onnx"
    save(model, path)
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
