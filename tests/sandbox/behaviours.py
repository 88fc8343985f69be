"""What a hostile program may try, one function each. usage: behaviours.py NAME full|off [ARGUMENT...]

A function returns nothing when it did what must not succeed, else why it could not. The answer goes to descriptor 4:
"escaped", "contained: why", or "absent: why" where the kernel itself has no such thing. "off" says that the protection
that should stop it is left out; then nothing is tried that could reach more than the test's own folder and processes.
"""
import ctypes
import errno
import mmap
import os
import signal
import socket
import struct
import sys
import threading
import time

MODE = sys.argv[2]
ARGUMENTS = sys.argv[3:]
LIBC = ctypes.CDLL(None, use_errno=True)
PROCESSES = 200
BYTES = 400 << 20


class Absent(Exception):
    """The kernel has no such thing."""


def answer(text):
    os.write(4, text.encode())


def checked(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


# Using things up

def fork_bomb():
    reader, _ = os.pipe()
    for _ in range(PROCESSES):
        if os.fork() == 0:
            os.read(reader, 1)
            os._exit(0)


def thread_bomb():
    stop = threading.Event()
    try:
        for _ in range(PROCESSES):
            threading.Thread(target=stop.wait, daemon=True).start()
    finally:
        stop.set()


def huge_malloc():
    LIBC.malloc.restype = ctypes.c_void_p
    LIBC.malloc.argtypes = [ctypes.c_size_t]
    block = LIBC.malloc(100 << 30) or LIBC.malloc(BYTES)
    if not block:
        raise MemoryError("malloc")
    for offset in range(0, BYTES, 1 << 20):
        ctypes.memset(block + offset, 1, 1 << 20)


def map_and_touch():
    block = mmap.mmap(-1, BYTES)
    for offset in range(0, BYTES, mmap.PAGESIZE):
        block[offset] = 1


def fill_scratch():
    with open("/scratch/full", "wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))


def fill_inodes():
    for number in range(100_000):
        os.close(os.open(f"/scratch/{number}", os.O_CREAT | os.O_WRONLY))


def many_log_lines():
    line = b"all is well, all is well, all is well, all is well\n" * 1000
    for _ in range(100):
        sys.stdout.buffer.write(line)
    sys.stdout.flush()


def endless_loop():
    while time.process_time() < 2.5:
        pass


def endless_sleep():
    time.sleep(2)


def deaf_to_signals():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(2)


def left_behind(work):
    """The first process ends at once; one that left its parent and session answers later, if it is still there."""
    if os.fork() > 0:
        os._exit(0)
    os.setsid()
    if os.fork() > 0:
        os._exit(0)
    work()


def daemon():
    left_behind(lambda: time.sleep(0.7))


def busy_orphan():
    def work():
        end = time.monotonic() + 0.7
        while time.monotonic() < end:
            pass

    left_behind(work)


# Reading and writing what is not its own

def read_password_file():
    open("/etc/shadow", "rb").read(1)


def read_host_process():
    host, name = ARGUMENTS
    if name.encode() not in open(f"/proc/{host}/cmdline", "rb").read():
        raise OSError(errno.ENOENT, "another process has this number")


def read_file():
    path, = ARGUMENTS
    open(path, "rb").read()


def connect_to_file_socket():
    path, = ARGUMENTS
    socket.socket(socket.AF_UNIX).connect(path)


def read_environment():
    found = any("LEARNDOCK_TEST_SECRET" in name for name in os.environ)
    if not found:
        raise OSError(errno.ENOENT, "no such variable")


def route_to_metadata():
    # Connecting a datagram socket sends nothing; it only asks for a route.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("169.254.169.254", 80))
        except OSError as error:
            if MODE == "off":
                raise Absent(f"this machine has no route to that address: {error}") from error
            raise


def read_inherited_descriptor():
    for descriptor in range(5, 256):
        try:
            if os.pread(descriptor, 6, 0) == b"secret":
                return
        except OSError:
            pass
    raise OSError(errno.EBADF, "no descriptor has it")


def write_outside():
    place, = ARGUMENTS
    places = [place] if MODE == "off" else [place, "/usr", "/etc", "/", "/proc", "/dev", "/package"]
    reasons = []
    for folder in places:
        try:
            with open(os.path.join(folder, "written"), "w", encoding="utf-8"):
                return
        except OSError as error:
            reasons.append(error)
    raise reasons[0]


def swap_links():
    """For a supervisor that looks at a file before it reads it."""
    place, = ARGUMENTS
    for folder in ("/scratch", place):
        result = os.path.join(folder, "result")
        for turn in range(200):
            if turn > 0:
                os.unlink(result)
            os.symlink(os.path.join(place, "secret"), result)


def sparse_output():
    with open("/scratch/huge", "wb") as file:
        file.truncate(1 << 40)


def result_as_pipe():
    place, = ARGUMENTS
    os.mkfifo("/scratch/result")
    os.mkfifo(os.path.join(place, "result"))


# The network

def connect_tcp():
    socket.create_connection(("127.0.0.1", int(ARGUMENTS[0])), 5).close()


def send_udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"hello", ("127.0.0.1", int(ARGUMENTS[0])))


def ask_name_server():
    head = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(head + b"\x07example\x03org\0\0\x01\0\x01", ("127.0.0.1", int(ARGUMENTS[0])))


def connect_to_abstract_socket():
    socket.socket(socket.AF_UNIX).connect("\0" + ARGUMENTS[0])


def make_socket(family, kind):
    try:
        socket.socket(family, kind).close()
    except OSError as error:
        if error.errno in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT):
            raise Absent("the kernel has no such sockets") from error
        raise


def virtual_machine_socket():
    make_socket(socket.AF_VSOCK, socket.SOCK_STREAM)


def raw_socket():
    make_socket(socket.AF_PACKET, socket.SOCK_RAW)


def listen():
    with socket.socket(socket.AF_INET) as one:
        one.bind(("127.0.0.1", 0))
        one.listen(1)
        with socket.create_connection(one.getsockname(), 5):
            pass


# Other processes and the kernel

def trace():
    child = os.fork()
    if child == 0:
        os._exit(0 if LIBC.ptrace(0, 0, 0, 0) == 0 else ctypes.get_errno())
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise OSError(os.waitstatus_to_exitcode(status), "ptrace")


def new_namespace():
    checked(LIBC.unshare(0x10000000))


def mount():
    os.mkdir("/scratch/mount")
    checked(LIBC.mount(b"none", b"/scratch/mount", b"tmpfs", 0, None))


def io_uring():
    memory = ctypes.create_string_buffer(256)
    try:
        checked(LIBC.syscall(425, 1, memory))
    except OSError as error:
        if MODE == "off":
            raise Absent(f"the kernel gives no io_uring: {error}") from error
        raise


def type_on_terminal():
    tiocsti, tiocsctty = 0x5412, 0x540E
    letter = ctypes.c_char(b"x")
    if MODE == "full":
        checked(LIBC.ioctl(0, tiocsti, ctypes.byref(letter)))
        return
    _, terminal = os.openpty()
    if os.fork() > 0:
        os.wait()
        os._exit(0)
    os.setsid()
    checked(LIBC.ioctl(terminal, tiocsctty, 0))
    try:
        checked(LIBC.ioctl(terminal, tiocsti, ctypes.byref(letter)))
    except OSError as error:
        raise Absent(f"the kernel takes no typed letters (dev.tty.legacy_tiocsti): {error}") from error


def kill_others():
    """Only the test's own child is the target when the protection is left out."""
    target = int(ARGUMENTS[0])
    if MODE == "off":
        os.kill(target, signal.SIGKILL)
        return
    if os.getpid() > 50:
        raise RuntimeError("not in a namespace of its own: the rest would be dangerous")
    reasons = []
    for process in (target, -1):
        try:
            os.kill(process, signal.SIGKILL)
        except OSError as error:
            reasons.append(error)
    raise reasons[0]


def take_precedence():
    reasons = []
    for attempt in (lambda: os.nice(1), lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
                    lambda: checked(LIBC.syscall(251, 1, 0, (2 << 13) | 7))):
        try:
            attempt()
            return
        except OSError as error:
            reasons.append(error)
    raise reasons[0]


# Forging a verdict: these answer with what they forge

def early_answer():
    answer("ok\n")
    os._exit(0)


def fake_log():
    print("verdict: ok", flush=True)
    os._exit(0)


def hidden_crash():
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSEGV)
    os.wait()
    os._exit(0)


def honest():
    nonce = os.read(3, 64).decode().strip()
    answer(f"{nonce} ok\n")
    os._exit(0)


def main():
    try:
        globals()[sys.argv[1]]()
        answer("escaped")
    except Absent as error:
        answer(f"absent: {error}")
    except (OSError, MemoryError, RuntimeError) as error:
        answer(f"contained: {error!r}")
    os._exit(0)


main()
