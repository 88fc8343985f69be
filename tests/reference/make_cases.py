"""Writes cases.json: inputs made here, outputs of the reference implementation, taken through its public interface.

Needs the Python package of the reference implementation, version 0.3.2 (see README.md beside this file). The tests do
not run this; they read what it wrote.
"""

import argparse
import importlib.metadata
import json
import sys
from pathlib import Path

import numpy as np
import torch
from rapidfuzz import fuzz

from learnware.learnware import Learnware
from learnware.market.base import BaseUserInfo
from learnware.market.easy.searcher import EasyFuzzSemanticSearcher, EasyStatSearcher
from learnware.specification import RKMETableSpecification, Specification, generate_rkme_table_spec

sys.path.insert(0, str(Path(__file__).resolve().parent))
import inputs  # noqa: E402

TYPE = "RKMETableSpecification"
STARTS = 20
EPSILON = 2.0 ** -52


def rkme(spec):
    made = RKMETableSpecification(gamma=spec["gamma"], cuda_idx=-1)
    made.z = torch.from_numpy(np.array(spec["z"], dtype=np.float64))
    made.beta = torch.from_numpy(np.array(spec["beta"], dtype=np.float64))
    made.num_points = 100
    return made


def expansion_error(a, b):
    """How far rounding can move an exponent -gamma |x - y|^2 that is expanded into |x|^2 - 2 x.y + |y|^2."""
    points = [np.array(spec["z"]).reshape(len(spec["beta"]), -1) for spec in (a, b)]
    norms = [float((each ** 2).sum(axis=1).max()) for each in points]
    return max(a["gamma"], b["gamma"]) * (points[0].shape[1] + 3) * EPSILON * 4 * max(norms)


def distance_case(name, a, b):
    left, right = rkme(a), rkme(b)
    return {"name": name, "a": a, "b": b, "inner": left.inner_prod(right), "self_a": left.inner_prod(left),
            "self_b": right.inner_prod(right), "mmd_squared": left.dist(right),
            "expansion_error": expansion_error(a, b)}


def to_learnware(identity, semantic, spec=None):
    statistical = {} if spec is None else {TYPE: rkme(spec)}
    return Learnware(identity, None, Specification(semantic_spec=semantic, stat_spec=statistical), None)


def search_answer(learnwares, query, size, method):
    user = BaseUserInfo(stat_info={TYPE: rkme(query)})
    found = EasyStatSearcher(None)(learnwares, user, max_search_num=size, search_method=method)
    several = found.get_multiple_results()
    return {"size": size, "method": method,
            "singles": [[item.learnware.id, float(item.score)] for item in found.get_single_results()],
            "mixture": None if not several else {"members": [each.id for each in several[0].learnwares],
                                                 "score": float(several[0].score)}}


def market_case(market):
    learnwares = [to_learnware(identity, {}, spec) for identity, spec in market["specs"].items()]
    queries = []
    for query in market["queries"]:
        user = rkme(query)
        distances = {each.id: each.specification.get_stat_spec_by_name(TYPE).dist(user) for each in learnwares
                     if np.shape(market["specs"][each.id]["z"])[1:] == np.shape(query["z"])[1:]}
        answers = [search_answer(learnwares, query, size, method) for size, method in market["ways"]]
        queries.append({"spec": query, "distances": distances, "answers": answers})
    return {"name": market["name"], "specs": market["specs"], "queries": queries}


def generation_case(name, rows, points, gamma):
    rows = np.round(rows, 2)
    data = rows.astype(np.float32)
    more = {"gamma": gamma, "cuda_idx": -1}
    whole = generate_rkme_table_spec(data.copy(), reduce=False, **more)
    sized = {} if points is None else {"reduced_set_size": points}
    objectives = []
    for start in range(STARTS):
        torch.manual_seed(start)
        np.random.seed(start)
        made = generate_rkme_table_spec(data.copy(), **sized, **more)
        objectives.append(made.dist(whole))
    case = {"name": name, "rows": rows.tolist(), "gamma": gamma, "points": len(made.get_beta()),
            "objectives": objectives}
    # With so few points every start ends in the same clusters, so points and weights can be compared as well.
    return case if points is None else case | {"z": made.get_z().tolist(), "beta": made.get_beta().tolist()}


def text_case(market, queries):
    learnwares = [to_learnware(identity, {"Name": {"Values": name, "Type": "String"},
                                          "Description": {"Values": description, "Type": "String"}})
                  for identity, (name, description) in market.items()]
    cases = []
    for text in queries:
        user = BaseUserInfo(semantic_spec={"Name": {"Values": text, "Type": "String"}})
        found = EasyFuzzSemanticSearcher(None)(learnwares, user)
        ratios = {identity: [fuzz.partial_ratio(text.lower(), each.lower()) for each in texts]
                  for identity, texts in market.items()}
        cases.append({"text": text, "found": [item.learnware.id for item in found.get_single_results()],
                      "ratios": ratios})
    return {"market": market, "queries": cases}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().with_name("cases.json"))
    out = parser.parse_args().out
    versions = {name: importlib.metadata.version(name) for name in ("learnware", "rapidfuzz", "clarabel", "numpy")}
    cases = {"versions": versions | {"torch": torch.__version__},
             "distances": [distance_case(*case) for case in inputs.distance_inputs()],
             "markets": [market_case(market) for market in inputs.markets()],
             "tables": [generation_case(*case) for case in inputs.tables()],
             "texts": text_case(*inputs.texts())}
    out.write_text(json.dumps(cases, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
