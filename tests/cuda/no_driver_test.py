"""A search with --backend cuda on a machine without a driver: exit code 7 and the missing part by name."""
import ctypes
import os
import subprocess
import sys
import tempfile


def main() -> int:
    program = sys.argv[1]
    try:
        ctypes.CDLL("libcuda.so.1")
        print("skipped: this machine has an NVIDIA driver")
        return 77
    except OSError:
        pass
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEARNDOCK_CUDA_")}
    with tempfile.TemporaryDirectory() as folder:
        dock = os.path.join(folder, "dock")
        subprocess.run([program, "init", dock], check=True, capture_output=True)
        search = subprocess.run([program, "search", "--dock", dock, "--backend", "cuda", "--text", "anything"],
                                capture_output=True, text=True, env=environment)
    print(search.stdout, search.stderr)
    assert search.returncode == 7, f"exit code {search.returncode}"
    assert search.stdout == "", "standard output is data only"
    assert "no NVIDIA driver is installed" in search.stderr
    assert "--backend cpu" in search.stderr
    return 0


sys.exit(main())
