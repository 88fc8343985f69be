"""Runs the model of one package: reads requests at descriptor 3 and writes answers to descriptor 4.

src/runtime/frame.hpp describes the frames. Standard output and standard error are free for what the model prints.
Valid from Python 3.8 on; needs nothing but numpy.
"""

import importlib.util
import json
import numbers
import os
import struct
import sys
import traceback
import types

MAGIC = b"LDF1"
MAX_HEADER = 64 * 1024
# With escapes, both together stay below the limit of a header.
MAX_MESSAGE = 1500
MAX_TRACEBACK = 6000
NAMES = {"f4": "float32", "f8": "float64", "i4": "int32", "i8": "int64", "u1": "uint8", "b1": "bool"}
TYPES = {name: "<" + code if code not in ("u1", "b1") else code for code, name in NAMES.items()}
# The types of NumPy that frames do not have, and the smallest that holds their values.
WIDER = {"i1": "i4", "i2": "i4", "u2": "i4", "u4": "i8", "f2": "f4"}


class LoadError(Exception):
    """The package lacks what learnware.yaml names."""


class ContractError(Exception):
    """The model's answer is not what a learnware answers."""


class Frames:
    """Both descriptors. Processes that the model starts do not inherit them."""

    def __init__(self):
        for descriptor in (3, 4):
            os.set_inheritable(descriptor, False)
        self._in = os.fdopen(3, "rb", buffering=0)
        self._out = os.fdopen(4, "wb", buffering=0)

    def _fill(self, view):
        while view:
            count = self._in.readinto(view)
            if not count:
                raise EOFError
            view = view[count:]

    def _bytes(self, count):
        buffer = bytearray(count)
        self._fill(memoryview(buffer))
        return buffer

    def receive(self):
        """(header, array or None). EOFError when there are no more requests."""
        prefix = self._bytes(8)
        length = struct.unpack_from("<I", prefix, 4)[0]
        if bytes(prefix[:4]) != MAGIC or not 0 < length <= MAX_HEADER:
            raise EOFError
        header = json.loads(self._bytes(length).decode("utf-8"))
        described = header.get("array")
        if described is None:
            return header, None
        import numpy
        array = numpy.empty(described["shape"], dtype=TYPES[described["type"]])
        if array.size:
            self._fill(memoryview(array.reshape(-1).view(numpy.uint8)))
        return header, array

    def send(self, header, array=None):
        if array is not None:
            header = dict(header, array={"type": NAMES[array.dtype.str[1:]], "shape": list(array.shape)})
        text = json.dumps(header, allow_nan=False).encode("ascii")
        self._write(MAGIC + struct.pack("<I", len(text)) + text)
        if array is not None and array.size:
            import numpy
            self._write(array.reshape(-1).view(numpy.uint8))

    def _write(self, content):
        view = memoryview(content)
        while view:
            view = view[self._out.write(view):]


def provide_base_model():
    """Packages import learnware.model.BaseModel. When their requirements do not bring it, this one stands in."""
    try:
        if importlib.util.find_spec("learnware") is not None:
            return
    except (ImportError, ValueError):
        pass

    class BaseModel:
        def __init__(self, input_shape=None, output_shape=None):
            self._input_shape = input_shape
            self._output_shape = output_shape

        @property
        def input_shape(self):
            return getattr(self, "_input_shape", None)

        @input_shape.setter
        def input_shape(self, shape):
            self._input_shape = shape

        @property
        def output_shape(self):
            return getattr(self, "_output_shape", None)

        @output_shape.setter
        def output_shape(self, shape):
            self._output_shape = shape

        def predict(self, X):
            raise NotImplementedError("this model has no method predict")

        def fit(self, X, y):
            pass

        def finetune(self, X, y):
            pass

    BaseModel.__module__ = "learnware.model.base"
    package = types.ModuleType("learnware")
    model = types.ModuleType("learnware.model")
    base = types.ModuleType("learnware.model.base")
    package.__path__, model.__path__ = [], []
    package.model, model.base, model.BaseModel, base.BaseModel = model, base, BaseModel, BaseModel
    sys.modules.update({"learnware": package, "learnware.model": model, "learnware.model.base": base})


def load_module(folder, module_path):
    """The module as a part of a package, so that its relative imports and its `__file__` work."""
    parts = [part for part in module_path.split("/") if part not in ("", ".")]
    file = os.path.join(folder, *parts)
    if not parts or ".." in parts or not file.endswith(".py") or not os.path.isfile(file):
        raise LoadError("the package has no module %r" % module_path)
    name = "learnware_package"
    inner = parts[:-1] if parts[-1] == "__init__.py" else parts
    for depth in range(len(inner)):
        parent = types.ModuleType(name)
        parent.__path__ = [os.path.join(folder, *parts[:depth])]
        sys.modules[name] = parent
        name += "." + (inner[depth][:-3] if inner[depth].endswith(".py") else inner[depth])
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_model(request):
    provide_base_model()
    module = load_module(request["folder"], request["module"])
    made = getattr(module, request["class"], None)
    if made is None:
        raise LoadError("%s has no class %r" % (request["module"], request["class"]))
    kwargs = dict(request.get("kwargs") or {})
    for key in ("input_shape", "output_shape"):  # YAML has no tuples
        if isinstance(kwargs.get(key), list):
            kwargs[key] = tuple(kwargs[key])
    model = made(**kwargs)
    if not callable(getattr(model, "predict", None)):
        raise LoadError("the class %r has no method predict" % request["class"])
    return model


def shape_of(value):
    """The shape of one sample as a list of whole numbers, or None where the model does not say it."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        value = (value,)
    try:
        extents = list(value)
    except TypeError:
        return None
    known = all(isinstance(extent, numbers.Integral) and 0 < extent < 2**31 for extent in extents)
    return [int(extent) for extent in extents] if known and len(extents) < 16 else None


def facts_of(model):
    import numpy
    return {"kind": "facts", "input_shape": shape_of(getattr(model, "input_shape", None)),
            "output_shape": shape_of(getattr(model, "output_shape", None)),
            "runtime": "python %d.%d.%d, numpy %s" % (sys.version_info[:3] + (numpy.__version__,))}


def plain(answer):
    """Tensors and frames of other libraries as what NumPy reads."""
    if callable(getattr(answer, "detach", None)):
        answer = answer.detach().cpu()
        if "bfloat16" in str(getattr(answer, "dtype", "")):
            answer = answer.float()
        return answer.numpy()
    for name in ("to_numpy", "toarray", "numpy"):
        if callable(getattr(answer, name, None)):
            return getattr(answer, name)()
    if isinstance(answer, (list, tuple)) and answer and callable(getattr(answer[0], "detach", None)):
        return [plain(item) for item in answer]
    return answer


def as_array(answer):
    """The answer as an array of one of the types that frames have."""
    import numpy
    if answer is None:
        raise ContractError("predict returned None")
    try:
        array = numpy.asarray(plain(answer))
        if array.dtype.kind == "O" and not any(isinstance(item, (str, bytes)) for item in array.flat):
            array = numpy.asarray(array.tolist(), dtype=numpy.float64)
    except (TypeError, ValueError) as error:
        raise ContractError("predict returned no array of numbers: %s" % error)
    if array.dtype.kind not in "biuf":
        shown = repr(array.reshape(-1)[:3].tolist())[:100]
        raise ContractError("predict returned no numbers but, for example, %s; a label is its number" % shown)
    if array.ndim == 0:
        raise ContractError("predict returned a single number, not one answer for each sample")
    code = array.dtype.str[1:]
    if code == "u8":
        code = "i8" if not array.size or array.max() < 2**63 else "f8"
    elif code not in NAMES:
        code = WIDER.get(code, "f8")
    return numpy.ascontiguousarray(array, dtype=TYPES[NAMES[code]])


def clean(text, limit, tail=False):
    text = text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "")
    if len(text) <= limit:
        return text
    return "..." + text[-limit:] if tail else text[:limit] + "..."


def place_of(error, folder):
    """The innermost line of the package's own code."""
    place = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if folder and frame.filename.startswith(folder + os.sep):
            place = "%s line %d, in %s" % (os.path.relpath(frame.filename, folder), frame.lineno, frame.name)
    return place


def error_frame(of, error, folder):
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    sys.stderr.write(text)
    sys.stderr.flush()
    own = isinstance(error, (LoadError, ContractError))
    try:
        said = str(error)
    except Exception:
        said = "(its own text cannot be made)"
    message = said if own else "%s: %s" % (type(error).__name__, said) if said else type(error).__name__
    return {"kind": "error", "of": "contract" if isinstance(error, ContractError) else of,
            "message": clean(message, MAX_MESSAGE), "place": clean(place_of(error, folder), 300),
            "traceback": clean(text, MAX_TRACEBACK, tail=True)}


def serve(frames):
    model, folder = None, ""
    while True:
        header, array = frames.receive()
        kind = header.get("kind")
        if kind == "stop":
            return
        try:
            if kind == "load":
                folder = header["folder"]
                model = load_model(header)
                answer = facts_of(model), None
            else:
                answer = {"kind": "array"}, as_array(model.predict(array))
        except (Exception, SystemExit) as error:
            answer = error_frame("load" if kind == "load" else "predict", error, folder), None
        frames.send(*answer)


if __name__ == "__main__":
    try:
        serve(Frames())
    except (EOFError, BrokenPipeError):
        pass
