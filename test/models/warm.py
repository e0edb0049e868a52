"""Runs Python scripts in forks of a process that has loaded PyTorch, which takes seconds: a JSON list of arguments a line in,
the script first, {"status", "stdout", "stderr"} a line out."""

import json
import os
import runpy
import sys
import tempfile
import traceback

import numpy  # noqa: F401
import onnx  # noqa: F401
import onnxruntime  # noqa: F401
import onnxscript  # noqa: F401
import PIL.Image  # noqa: F401
import torch._dynamo  # noqa: F401 # the first optimiser loads it, two seconds


def script(argv):
    sys.argv = argv
    sys.path[0] = os.path.dirname(os.path.abspath(argv[0]))
    try:
        runpy.run_path(argv[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


# CPython keeps the frames of calls in blocks of 16 KB, and maps and unmaps one at every call that crosses a block's end: at the depth where
# PyTorch exports, half of the time. A first frame as large as this makes a block in which all that follow find room.
script.__code__ = script.__code__.replace(co_stacksize=1 << 17)

for line in sys.stdin:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            status = script(json.loads(line))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    print(json.dumps({"status": status, "stdout": texts[0], "stderr": texts[1]}), flush=True)
