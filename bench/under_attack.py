#!/usr/bin/env python3
"""What an honest client notices while another one attacks the same server, with the attacks that a test by attack found.

Starts a dock of its own on this machine, attacks it from 127.0.0.2 and 127.0.0.3 in one way after the other, and meanwhile
asks for its status and searches it from 127.0.0.9 and, where the attacker's address is meant, from 127.0.0.2. Every answer
is compared with the one of the quiet server. Writes one JSON; with --bars the exit code tells whether they were kept.
All traffic stays on the loopback interface; every loop ends with --seconds.
"""

import argparse
import contextlib
import datetime
import http.client
import json
import multiprocessing
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

ATTACKER, SECOND_ATTACKER, HONEST = "127.0.0.2", "127.0.0.3", "127.0.0.9"
STATUS_EVERY, SEARCH_EVERY = 0.2, 1.0
STATUS_BAR_MS, SEARCH_BAR_MS = 100, 2000
COLUMNS = 32


def specification(seed, points, digits=4):
    draw = random.Random(seed)
    rows = [[round(draw.gauss(0, 1), digits) for _ in range(COLUMNS)] for _ in range(min(points, 200))]
    return {"type": "RKMETableSpecification", "z": [rows[i % len(rows)] for i in range(points)], "beta": [1 / points] * points,
            "gamma": 0.1, "num_points": points}


def search_body(points):
    return json.dumps({"spec": specification(500, points)}).encode()


def request(port, source, method, path, body=None, media="application/json", seconds=60):
    """(status, body, seconds); status 0: the connection failed."""
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds, source_address=(source, 0))
    try:
        connection.request(method, path, body=body, headers={"Content-Type": media, "Host": "localhost"} if body else {"Host": "localhost"})
        answer = connection.getresponse()
        return answer.status, answer.read(), time.monotonic() - started
    except (OSError, http.client.HTTPException):
        return 0, b"", time.monotonic() - started
    finally:
        connection.close()


# Attacks: each runs in a process of its own until the time is over.

def attack_slow_bodies(port, end):
    """S3: eight bodies of 64 MiB that are almost there, and then a byte now and then."""
    head = (b"POST /v1/specifications HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n" % (64 << 20))

    def hold():
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10, (ATTACKER, 0)) as connection:
                connection.sendall(head + b"1" * ((64 << 20) - 2000))
                while time.monotonic() < end:
                    connection.sendall(b"1")
                    time.sleep(2)
            time.sleep(0.2)

    in_threads(8, hold)


def attack_large_learnware(port, end):
    """S5: one upload of 16,384 points, which a mixture of its dimension then has to do with."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("learnware.yaml", "{}")
            archive.writestr("__init__.py", "class Model: pass\n")
            archive.writestr("requirements.txt", "numpy\n")
            archive.writestr("stat_spec.json", json.dumps(specification(900, 16_384, 1)))
        file.seek(0)
        request(port, ATTACKER, "POST", "/v1/learnwares", file.read(), "application/zip")
    body = search_body(100)

    def ask():
        while time.monotonic() < end:
            request(port, ATTACKER, "POST", "/v1/search", body, seconds=max(1, end - time.monotonic()))

    in_threads(2, ask)


def attack_large_queries(port, end):
    """S6: six connections that repeat a query of 16,384 points with no budget."""
    body = json.dumps({**json.loads(search_body(16_384)), "budget_ms": 0}).encode()

    def ask():
        while time.monotonic() < end:
            request(port, ATTACKER, "POST", "/v1/search", body, seconds=max(1, end - time.monotonic()))

    in_threads(6, ask)


def attack_many_clients(port, end):
    """S6: two hundred clients with plain searches."""
    body = search_body(20)

    def ask():
        while time.monotonic() < end:
            if request(port, ATTACKER, "POST", "/v1/search", body, seconds=max(1, end - time.monotonic()))[0] in (0, 503):
                time.sleep(0.1)

    in_threads(200, ask)


def attack_connections(port, end):
    """M6: 512 connections from each of two addresses, renewed every eight seconds, on which nothing is asked."""
    while time.monotonic() < end:
        held = []
        for source in (ATTACKER, SECOND_ATTACKER):
            for _ in range(512):
                with contextlib.suppress(OSError):
                    held.append(socket.create_connection(("127.0.0.1", port), 5, (source, 0)))
        time.sleep(max(0.0, min(8.0, end - time.monotonic())))
        for connection in held:
            connection.close()


ATTACKS = {"none": None, "S3 slow bodies": attack_slow_bodies, "S6 large queries": attack_large_queries,
           "S6 200 clients": attack_many_clients, "M6 connections": attack_connections,
           "S5 large learnware": attack_large_learnware}  # last: what it uploads may stay


def in_threads(count, work):
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# The honest client

def ids_of(body, own):
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return [one["id"] for one in json.loads(body)["singles"] if one["id"] in own]
    return None


def measure(port, source, end, results, key, own, want):
    """One thread for each kind: a client that waits for its answer before it asks again, but not at once."""
    def repeat(kind, every, ask):
        while time.monotonic() < end:
            begun = time.monotonic()
            results.append((key, source, kind, *ask()))
            time.sleep(max(0.0, every - (time.monotonic() - begun)))

    def status():
        code, _, seconds = request(port, source, "GET", "/v1/status", seconds=30)
        return code, seconds, True

    def search():
        code, body, seconds = request(port, source, "POST", "/v1/search", search_body(20), seconds=90)
        have = ids_of(body, own)
        return code, seconds, code != 200 or (have is not None and have == want[:len(have)])

    threads = [threading.Thread(target=repeat, args=arguments)
               for arguments in (("status", STATUS_EVERY, status), ("search", SEARCH_EVERY, search))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def summary(rows):
    answered = sorted(seconds * 1000 for code, seconds, _ in rows if code == 200)
    at = lambda share: round(answered[min(len(answered) - 1, int(share * len(answered)))], 1) if answered else None
    return {"asked": len(rows), "answered": len(answered), "p50_ms": at(0.5), "p95_ms": at(0.95), "max_ms": at(1),
            "503": sum(code == 503 for code, _, _ in rows), "failed": sum(code not in (200, 503) for code, _, _ in rows),
            "wrong": sum(not right for _, _, right in rows)}


def kept(summary_):
    """Whether the client from another address was served within the bars."""
    status, search = summary_["status"], summary_["search"]
    served = all(one["answered"] and not one["failed"] and not one["wrong"] for one in (status, search))
    return bool(served and status["p95_ms"] < STATUS_BAR_MS and search["p95_ms"] < SEARCH_BAR_MS)


def run_attack(name, attack, port, options, own, want):
    results, end = [], time.monotonic() + options.seconds
    processes = []
    if attack:
        processes.append(multiprocessing.Process(target=attack, args=(port, end), daemon=True))
        processes[0].start()
        time.sleep(options.lead)  # the attack is under way
    clients = [threading.Thread(target=measure, args=(port, source, end, results, name, own, want)) for source in (HONEST, ATTACKER)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    for process in processes:
        process.join(20)
        process.kill()
    outcome = {}
    for title, source in (("another address", HONEST), ("the attacker's address", ATTACKER)):
        outcome[title] = {kind: summary([row[3:] for row in results if row[1] == source and row[2] == kind])
                          for kind in ("status", "search")}
    outcome["kept"] = kept(outcome["another address"])
    return outcome


# The server

def make_dock(learndock, folder, learnwares):
    dock = folder / "dock"
    subprocess.run([learndock, "init", dock], check=True, stdout=subprocess.DEVNULL)
    with (folder / "specs.jsonl").open("w", encoding="utf-8") as out:
        for i in range(learnwares):
            out.write(json.dumps({"id": f"m{i:05}", "semantic": {}, "stat": specification(i, 20, 1)}) + "\n")
    subprocess.run([learndock, "import", "--dock", dock, "--specs", folder / "specs.jsonl"], check=True, stdout=subprocess.DEVNULL)
    return dock


@contextlib.contextmanager
def served(learndock, dock, port, log):
    process = subprocess.Popen([learndock, "serve", "--dock", dock, "--listen", f"127.0.0.1:{port}"], stdout=log, stderr=log)
    try:
        for _ in range(300):
            if request(port, HONEST, "GET", "/readyz", seconds=5)[0] == 200:
                break
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog="example: bench/under_attack.py --out bench/results/under_attack.json --bars")
    parser.add_argument("--learndock", default="build/release/bin/learndock")
    parser.add_argument("--out", required=True, help="JSON file to write")
    parser.add_argument("--port", type=int, default=18600)
    parser.add_argument("--learnwares", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=30, help="of each attack")
    parser.add_argument("--lead", type=float, default=5, help="seconds of an attack before anything is measured")
    parser.add_argument("--only", help="attacks whose names contain this")
    parser.add_argument("--bars", action="store_true", help="exit code 1 where the client of another address is not served within "
                        f"{STATUS_BAR_MS} ms (status) and {SEARCH_BAR_MS} ms (search) at p95")
    options = parser.parse_args()
    report = {"machine": {"cores": os.cpu_count(), "load_before": os.getloadavg()[0]}, "date": datetime.date.today().isoformat(),
              "learnwares": options.learnwares, "seconds": options.seconds, "attacks": {}}
    with tempfile.TemporaryDirectory(prefix="learndock_attack_") as name:
        folder = pathlib.Path(name)
        for attack, work in ATTACKS.items():
            if options.only and options.only not in attack:
                continue
            dock = folder / "dock" if (folder / "dock").exists() else make_dock(options.learndock, folder, options.learnwares)
            with (folder / "log").open("wb") as log, served(options.learndock, dock, options.port, log) as server:
                own = {f"m{i:05}" for i in range(options.learnwares)}
                want = ids_of(request(options.port, HONEST, "POST", "/v1/search", search_body(20))[1], own)
                report["attacks"][attack] = run_attack(attack, work, options.port, options, own, want or [])
                report["attacks"][attack]["server lives"] = server.poll() is None
                print(attack, json.dumps(report["attacks"][attack]), file=sys.stderr)
            pathlib.Path(options.out).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if options.bars and not all(one["kept"] and one["server lives"] for one in report["attacks"].values()):
        sys.exit("error: the bars were not kept, see " + options.out)


if __name__ == "__main__":
    main()
