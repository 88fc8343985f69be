"""Distances, searches and reductions against recorded outputs of the reference implementation (tests/reference)."""

import json
import statistics
import unittest

from harness import REPOSITORY, TestCase, semantic, statistical

CASES = json.loads((REPOSITORY / "tests/reference/cases.json").read_text(encoding="utf-8"))
BACKENDS = {"cpu_reference": 1e-9, "cpu": 1e-5}
#: Where a mixture's value is among the distances: the reference's solver stops at 1e-8.
SOLVER_TOLERANCE = 1e-7
#: Where all starts of k-means end in the same clusters; centroids are single precision.
SAME_CLUSTERS_TOLERANCE = 1e-6
#: Where they do not, the mean over as many seeds may not exceed the reference's by more than this share.
OBJECTIVE_EXCESS = 0.05
SEEDS = range(20)


def self_terms(answer):
    """What a squared MMD is the small difference of."""
    return abs(answer["self_a"]) + abs(answer["self_b"]) + 2 * abs(answer["inner"])


def complete(spec):
    return spec | {"num_points": 100, "type": "RKMETableSpecification"}


class ReferenceCase(TestCase):
    def write_spec(self, name, spec):
        return self.write(name, json.dumps(complete(spec)))

    def dock_of(self, lines):
        dock, file = self.new_dock(), self.write("lines.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        outcome = self.run_ok("import", "--dock", dock, "--specs", file, "--json").json()
        self.assertEqual((outcome["imported"], outcome["rejected"]), (len(lines), []))
        return dock

    def assert_close(self, got, want, tolerance, what):
        self.assertLessEqual(abs(got - want), tolerance, f"{what}: {got!r}, the reference has {want!r}")


class Distances(ReferenceCase):
    def test_inner_products_and_distances(self):
        self.assertGreaterEqual(len(CASES["distances"]), 30)
        for case in CASES["distances"]:
            a, b = self.write_spec("a.json", case["a"]), self.write_spec("b.json", case["b"])
            for backend, relative in BACKENDS.items():
                with self.subTest(case["name"], backend=backend):
                    self.check(case, a, b, backend, max(relative, case["expansion_error"]))

    def check(self, case, a, b, backend, relative):
        got = self.run_ok("spec", "distance", a, b, "--backend", backend, "--json").json()
        for key in ("inner", "self_a", "self_b"):
            self.assert_close(got[key], case[key], relative * abs(case[key]), key)
        self.assert_close(got["mmd_squared"], case["mmd_squared"], relative * self_terms(case), "mmd_squared")


class Searches(ReferenceCase):
    """A test for each market, so that a failure names it; they are added below."""

    def check_market(self, market):
        dock = self.dock_of([{"id": name, "semantic": {}, "stat": complete(spec)} for name, spec in market["specs"].items()])
        for number, query in enumerate(market["queries"]):
            spec = self.write_spec("query.json", query["spec"])
            for want in query["answers"]:
                for backend, tolerance in BACKENDS.items():
                    with self.subTest(query=number, size=want["size"], method=want["method"], backend=backend):
                        got = self.run_ok("search", "--dock", dock, "--spec", spec, "--scores", "compat",
                                          "--mixture-method", want["method"], "--mixture", want["size"], "--backend",
                                          backend, "--json").json()
                        self.check_answer(got, want, query["distances"], tolerance)

    def check_answer(self, got, want, distances, tolerance):
        self.assertEqual([hit["id"] for hit in got["singles"]], [name for name, _ in want["singles"]])
        for hit in got["singles"]:
            self.assert_close(hit["mmd_squared"], distances[hit["id"]], tolerance, "mmd_squared of " + hit["id"])
        # With no second member to try, or a perfect single, no solver is asked.
        if want["size"] > 1 and len(distances) > 1 and min(distances.values()) > 0:
            tolerance = max(tolerance, SOLVER_TOLERANCE)
        for hit, (name, score) in zip(got["singles"], want["singles"]):
            self.assert_close(hit["score"], score, tolerance, "score of " + name)
        mixture = got["mixture"] or {"members": [], "score": 0}
        wanted = want["mixture"] or {"members": [], "score": 0}
        self.assertEqual([member["id"] for member in mixture["members"]], wanted["members"])
        self.assert_close(mixture["score"], wanted["score"], tolerance, "score of the mixture")

    def test_the_cases_hold_mixtures_and_answers_without(self):
        answers = [answer for market in CASES["markets"] for query in market["queries"] for answer in query["answers"]]
        mixtures = sum(answer["mixture"] is not None for answer in answers)
        self.assertGreaterEqual(mixtures, 40)
        self.assertGreaterEqual(len(answers) - mixtures, 40)


def add_market_tests():
    for market in CASES["markets"]:
        def test(self, market=market):
            self.check_market(market)
        setattr(Searches, "test_" + "".join(c if c.isalnum() else "_" for c in market["name"]), test)


add_market_tests()


class Reductions(ReferenceCase):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "data.csv"

    def write_table(self, rows):
        names = ",".join(f"column{i}" for i in range(len(rows[0])))
        self.data.write_text("\n".join([names] + [",".join(map(str, row)) for row in rows]) + "\n", encoding="utf-8")

    def make(self, table, seed):
        """(specification, squared MMD to all rows)"""
        rows = table["rows"]
        whole = self.write_spec("whole.json", {"z": rows, "beta": [1 / len(rows)] * len(rows),
                                               "gamma": table["gamma"]})
        out = self.folder / "made.json"
        few = ("--points", table["points"]) if "z" in table else ()
        self.run_ok("spec", "make", "--data", self.data, "--gamma", table["gamma"], "--method", "compat", "--seed",
                    seed, *few, "--out", out, "--json")
        objective = self.run_ok("spec", "distance", out, whole, "--json").json()["mmd_squared"]
        return json.loads(out.read_text(encoding="utf-8")), objective

    def test_same_clusters_give_the_same_points_and_weights(self):
        for table in (table for table in CASES["tables"] if "z" in table):
            self.write_table(table["rows"])
            with self.subTest(table["name"]):
                spec, objective = self.make(table, 0)
                want = statistics.mean(table["objectives"])
                self.assert_close(objective, want, SAME_CLUSTERS_TOLERANCE * want, "objective")
                got, wanted = (sorted(zip(each["z"], each["beta"])) for each in (spec, table))
                self.assertEqual(len(got), len(wanted))
                for (point, weight), (wanted_point, wanted_weight) in zip(got, wanted):
                    self.assert_close(weight, wanted_weight, SAME_CLUSTERS_TOLERANCE, "weight")
                    for value, wanted_value in zip(point, wanted_point):
                        self.assert_close(value, wanted_value, SAME_CLUSTERS_TOLERANCE, "coordinate")

    def test_default_points_reach_the_objective(self):
        for table in (table for table in CASES["tables"] if "z" not in table):
            self.write_table(table["rows"])
            with self.subTest(table["name"]):
                made = [self.make(table, seed) for seed in SEEDS]
                self.assertEqual({len(spec["beta"]) for spec, _ in made}, {table["points"]})
                mean, want = statistics.mean(each for _, each in made), statistics.mean(table["objectives"])
                self.assertLessEqual(mean, (1 + OBJECTIVE_EXCESS) * want)


class Texts(ReferenceCase):
    def test_words_find_the_same_learnwares_in_the_same_order(self):
        lines = []
        for identity, (name, description) in CASES["texts"]["market"].items():
            described = {"Values": description, "Type": "String"}
            lines.append({"id": identity, "semantic": semantic(name, Description=described), "stat": statistical()})
        dock = self.dock_of(lines)
        for query in CASES["texts"]["queries"]:
            with self.subTest(query["text"]):
                got = self.run_ok("search", "--dock", dock, "--text", query["text"], "--scores", "compat",
                                  "--json").json()
                self.assertEqual([hit["id"] for hit in got["singles"]], query["found"])


if __name__ == "__main__":
    unittest.main()
