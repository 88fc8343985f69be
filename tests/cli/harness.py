"""What the end-to-end tests share: the real program, a real server on a free port, and packages made on the spot."""

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("LEARNDOCK_BIN", REPOSITORY / "build/release/bin/learndock"))
DEMO = Path(os.environ.get("LEARNDOCK_DEMO", REPOSITORY / "build/demo"))
START_SECONDS = 60
COMMAND_SECONDS = 300


class Outcome:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        """stdout must be exactly one JSON object."""
        value = json.loads(self.out)
        assert isinstance(value, dict), self.out
        return value


def learndock(*arguments, env=None, before=()):
    """`before` is a program that starts this one, with its arguments."""
    done = subprocess.run([*before, str(BINARY), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, encoding="utf-8", timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, **(env or {})))
    return Outcome(done.returncode, done.stdout, done.stderr)


class TestCase(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="learndock_test_")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def run_ok(self, *arguments, env=None):
        outcome = learndock(*arguments, env=env)
        self.assertEqual(outcome.code, 0, f"{arguments}\n{outcome.out}\n{outcome.err}")
        return outcome

    def write(self, name, content):
        """A file in the test's folder, of text or bytes."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def assert_keys(self, outcome, *keys):
        """What the command printed as JSON, which has these keys."""
        value = outcome.json()
        self.assertEqual([key for key in keys if key not in value], [], f"missing in {sorted(value)}")
        return value

    def new_dock(self):
        dock = self.folder / "dock"
        self.run_ok("init", dock)
        return dock

    def serve(self, dock):
        server = Server(dock)
        self.addCleanup(server.close)
        return server


class Server:
    """`learndock serve` on a free port of this machine."""

    def __init__(self, dock, *arguments, port=None, env=None):
        """Without a dock the arguments name dock and address themselves."""
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = tempfile.TemporaryFile()
        place = [] if dock is None else ["--dock", str(dock), "--listen", f"127.0.0.1:{self.port}"]
        # Verifying takes time and a package index; the tests that want it ask for it.
        env = {"LEARNDOCK_WORKERS": "0", **(env or {})}
        self.process = subprocess.Popen([str(BINARY), "serve", *place, *map(str, arguments)], stdout=self.log,
                                        stderr=self.log, stdin=subprocess.DEVNULL,
                                        env=dict(os.environ, **(env or {})))
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = self.log_text()
                self.close()
                raise AssertionError("the server did not start:\n" + text)
            time.sleep(0.05)

    def _ready(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.request("GET", "/readyz")[0] == 200
        return False

    def request(self, method, path, body=None, headers=None, seconds=60):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def upload(self, package):
        return self.request("POST", "/v1/learnwares", package, {"Content-Type": "application/zip"})

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def stop(self):
        """As an operator would; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=60)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.log.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def files_below(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


SMALL_TABLE = "first,second,label\n" + "".join(f"{i / 20:g},{1 - i / 10:g},{i % 2}\n" for i in range(20))

MODEL_CODE = """\
import numpy as np
from learnware.model import BaseModel


class Sum(BaseModel):
    def __init__(self, offset=0):
        super().__init__(input_shape=(2,), output_shape=(1,))
        self.offset = offset

    def predict(self, X):
        return np.asarray(X).sum(axis=1) + self.offset

    def fit(self, X, y):
        pass

    def finetune(self, X, y):
        pass
"""

LEARNWARE_YAML = """\
model:
  class_name: Sum
  kwargs: {offset: 3}
stat_specifications:
  - module_path: learnware.specification
    class_name: RKMETableSpecification
    file_name: stat_spec.json
    kwargs: {}
"""


def statistical(**changes):
    spec = {"z": [[0.0, 0.5], [1.0, -0.5]], "beta": [0.25, 0.75], "gamma": 0.1, "num_points": 40,
            "type": "RKMETableSpecification"}
    spec.update(changes)
    return spec


def semantic(name="Sum of two numbers", **changes):
    def tags(values, kind):
        return {"Values": values, "Type": kind}

    spec = {"Data": tags(["Table"], "Class"), "Task": tags(["Regression"], "Class"),
            "Library": tags(["Others"], "Class"), "Scenario": tags(["Business"], "Tag"),
            "License": tags(["MIT"], "Class"), "Name": tags(name, "String"),
            "Description": tags("Adds two numbers and a constant.", "String"),
            "Input": {"Dimension": 2, "Description": {"0": "first number", "1": "second number"}},
            "Output": {"Dimension": 1, "Description": {"0": "the sum"}}}
    spec.update(changes)
    return spec


def package_files(name="Sum of two numbers"):
    """A complete package as {entry: bytes}."""
    return {"learnware.yaml": LEARNWARE_YAML.encode(), "__init__.py": MODEL_CODE.encode(),
            "requirements.txt": b"numpy>=1.19\n", "stat_spec.json": json.dumps(statistical()).encode(),
            "semantic_specification.json": json.dumps(semantic(name)).encode()}


def zip_bytes(files):
    """`files` is a dict, or a list of (name or ZipInfo, bytes)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return buffer.getvalue()


def write_package(path, name="Sum of two numbers"):
    path.write_bytes(zip_bytes(package_files(name)))
    return path
