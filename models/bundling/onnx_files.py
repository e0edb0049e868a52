"""A network as an ONNX file: fp16 or int8 weights, no trace of the machine that made it."""

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

LEVELS = 127  # of a weight in int8, to either side of nothing


def write_graph(module, example, path, inputs, outputs, dynamic, int8=False):
    """int8: weights of convolutions lie on the grid of bundling/int8.py, and are stored as that."""
    program = torch.onnx.export(
        module.eval(), (example,), input_names=inputs, output_names=outputs, dynamic_shapes=(dynamic,),
        dynamo=True, opset_version=18, verbose=False,
    )
    model = program.model_proto
    look_up(model.graph)
    if int8:
        narrow_weights(model.graph)
    halve_weights(model.graph)
    strip_debug_text(model)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def look_up(graph):
    """Centres are looked up by GatherElements with int32 indices, and not by GatherND with int64 ones, as the exporter writes it: 0.03 ms and not 0.2 for a latent
    of 448x256, and the same values."""
    makers = {output: node for node in graph.node for output in node.output}
    for node in [node for node in graph.node if node.op_type == "GatherND"]:  # one, at the graph's entry
        table, index = node.input
        unsqueeze = makers[index]
        (symbols, *_), (out,) = makers[unsqueeze.input[0]].input, node.output
        flat = numpy_helper.from_array(np.array([-1]), f"{out}_flat")
        graph.initializer.append(flat)
        nodes = [
            helper.make_node("Cast", [symbols], [f"{out}_index"], to=onnx.TensorProto.INT32),
            helper.make_node("Reshape", [f"{out}_index", flat.name], [f"{out}_indices"]),
            helper.make_node("GatherElements", [table, f"{out}_indices"], [f"{out}_values"], axis=0),
            helper.make_node("Shape", [symbols], [f"{out}_shape"]),
            helper.make_node("Reshape", [f"{out}_values", f"{out}_shape"], [out]),
        ]
        at = list(graph.node).index(node)
        for old in (node, unsqueeze, makers[unsqueeze.input[0]]):
            graph.node.remove(old)
        at -= 2
        for new in reversed(nodes):
            graph.node.insert(at, new)


def narrow_weights(graph):
    """Stores weights of convolutions as int8 and a step for each output channel, with a Cast and a Mul in front of their use, which ONNX Runtime folds when it
    loads the graph. Those that are not on such a grid stay as they are."""
    nodes, steps = [], []
    for i, tensor in enumerate(graph.initializer):
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.ndim != 4:
            continue
        step = np.abs(array).max(axis=(1, 2, 3), keepdims=True).clip(1e-8) / LEVELS
        whole = np.round(array / step)
        if np.abs(whole * step - array).max() > 1e-6 * np.abs(array).max():
            continue
        name = tensor.name
        graph.initializer[i].CopyFrom(numpy_helper.from_array(whole.astype(np.int8), name + "_int8"))
        steps.append(numpy_helper.from_array(step.astype(np.float32), name + "_step"))
        nodes += [
            helper.make_node("Cast", [name + "_int8"], [name + "_whole"], to=onnx.TensorProto.FLOAT),
            helper.make_node("Mul", [name + "_whole", name + "_step"], [name]),
        ]
    graph.initializer.extend(steps)
    for node in reversed(nodes):
        graph.node.insert(0, node)


def halve_weights(graph):
    """Stores float32 weights as fp16 with a Cast in front of their use. Folded weights are fp16 values already, so no
    figure changes; ONNX Runtime folds the casts when it loads the graph."""
    casts = []
    for i, tensor in enumerate(graph.initializer):
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size < 64 or not np.array_equal(array.astype(np.float16).astype(np.float32), array):
            continue
        name = tensor.name
        graph.initializer[i].CopyFrom(numpy_helper.from_array(array.astype(np.float16), name + "_fp16"))
        casts.append(helper.make_node("Cast", [name + "_fp16"], [name], to=onnx.TensorProto.FLOAT))
    for node in reversed(casts):
        graph.node.insert(0, node)


def strip_debug_text(model):
    """The exporter writes stack traces with this machine's paths into every node."""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.graph.value_info[:]
    for value in [*model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
