"""Says of a Python of the host what it is and whether the packages installed in it meet a list of requirements.

usage: python -I -c SOURCE '["numpy>=1.19"]'; prints one JSON object. Valid from Python 3.8 on, needs nothing else.
"""

import json
import os
import re
import sys

try:
    import importlib.metadata as metadata
except ImportError:
    metadata = None

NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?$")
OPERATOR = re.compile(r"\s*(===|==|~=|!=|<=|>=|<|>)\s*([A-Za-z0-9.*+!_-]+)\s*$")


def version_key(text):
    """Releases, pre-releases and post-releases of PEP 440 in their order."""
    match = re.match(r"v?(\d+(?:\.\d+)*)[._-]?(?:(a|b|rc|alpha|beta|c|pre)[._-]?(\d*))?(.*)$", text.lower().split("+")[0])
    if not match:
        return None
    release = [int(part) for part in match.group(1).split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    order = {"a": 1, "alpha": 1, "b": 2, "beta": 2, "rc": 3, "c": 3, "pre": 3}.get(match.group(2), 4)
    if match.group(2) is None and match.group(4).lstrip("._-").startswith("dev"):
        order = 0
    after = re.match(r"[._-]?post(\d+)", match.group(4))
    return release, order, int(match.group(3) or 0), int(after.group(1)) if after else -1


def begins_with(version, prefix):
    parts = [int(part) for part in re.match(r"\d+(?:\.\d+)*", prefix).group().split(".")]
    have = [int(part) for part in re.match(r"\d+(?:\.\d+)*", version).group().split(".")]
    return (have + [0] * len(parts))[:len(parts)] == parts


def meets(version, specifiers):
    for one in filter(None, (part.strip() for part in specifiers.split(","))):
        match = OPERATOR.match(one)
        if not match:
            return False
        operator, wanted = match.groups()
        if operator in ("==", "!=") and wanted.endswith(".*"):
            if begins_with(version, wanted) != (operator == "=="):
                return False
            continue
        have, want = version_key(version), version_key(wanted)
        if have is None or want is None:
            return False
        if operator == "~=" and not (have >= want and begins_with(version, wanted.rpartition(".")[0])):
            return False
        fits = {"==": have == want, "===": version == wanted, "!=": have != want, "<=": have <= want,
                ">=": have >= want, "<": have < want, ">": have > want, "~=": True}
        if not fits[operator]:
            return False
    return True


def marker_holds(marker):
    """Only comparisons of the Python's version are understood; None for any other marker."""
    match = re.match(r"\s*python_version\s*(<=|>=|==|!=|<|>)\s*['\"]([\d.]+)['\"]\s*$", marker)
    return meets("%d.%d" % sys.version_info[:2], match.group(1) + match.group(2)) if match else None


def installed(name):
    try:
        return metadata.version(name)
    except Exception:
        return None


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def look_at(requirement):
    """(name, version or None, why it is not met or None)"""
    match = NAME.match(requirement.split(" --hash")[0])
    if not match or metadata is None:
        return requirement, None, "cannot be read here"
    name, _, specifiers, marker = match.groups()
    if marker:
        holds = marker_holds(marker)
        if holds is None:
            return name, None, "has a marker that is not understood here"
        if not holds:
            return name, None, None
    version = installed(name)
    if version is None:
        return name, None, "is not installed"
    if not meets(version, specifiers):
        return name, version, "has version %s here" % version
    return name, version, None


def locked(names):
    """The packages and those that they need in turn, as far as they are installed, with their versions."""
    seen, waiting = {}, list(names)
    while waiting:
        name = normal(waiting.pop())
        version = installed(name)
        if name in seen or version is None:
            continue
        seen[name] = version
        try:
            needs = metadata.requires(name) or []
        except Exception:
            needs = []
        waiting.extend(NAME.match(need).group(1) for need in needs if "extra ==" not in need and NAME.match(need))
    return ["%s==%s" % item for item in sorted(seen.items())]


def main():
    requirements = json.loads(sys.argv[1])
    found = [look_at(requirement) for requirement in requirements]
    print(json.dumps({
        "version": "%d.%d.%d" % sys.version_info[:3],
        "prefix": sys.base_prefix,
        "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
        "unmet": ["%s %s" % (name, why) for name, _, why in found if why],
        "lock": locked([name for name, version, _ in found if version]),
    }))


main()
