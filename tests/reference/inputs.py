"""The seeded inputs of make_cases.py, rounded so that the file stays small."""

import numpy as np

SEED = 20240501


def spec(points, weights, gamma=0.1, digits=3):
    return {"z": np.round(points, digits).tolist(), "beta": np.round(weights, 6).tolist(), "gamma": gamma}


def weights_of(random, count):
    weights = np.round(random.dirichlet(np.ones(count)), 6)
    weights[0] += 1 - weights.sum()
    return weights


def cloud(random, count, dimension, centre=0.0, spread=1.0, gamma=0.1, digits=3):
    """A reduced set around a centre."""
    points = np.asarray(centre) + spread * random.standard_normal((count, dimension))
    return spec(points, weights_of(random, count), gamma, digits)


def shaped(made, *shape):
    return made | {"z": np.reshape(made["z"], (len(made["beta"]), *shape)).tolist()}


def weighted(made, weights):
    return made | {"beta": np.round(weights, 6).tolist()}


def distance_inputs():
    random = np.random.default_rng(SEED)

    def pair(k1, k2, d, left=None, right=None):
        return cloud(random, k1, d, **(left or {})), cloud(random, k2, d, **(right or left or {}))

    for k1, k2, d in ((1, 1, 1), (1, 7, 1), (5, 5, 2), (9, 4, 3), (1, 20, 5), (16, 16, 8), (17, 31, 16), (33, 32, 7),
                      (12, 13, 17), (20, 5, 33), (25, 24, 64), (1, 1, 64), (2, 3, 63), (100, 60, 2)):
        yield (f"ragged {k1} {k2} d {d}", *pair(k1, k2, d))
    for gamma in (1e-4, 0.01, 0.5, 1.0, 5.0):
        yield (f"gamma {gamma}", *pair(8, 11, 4, {"gamma": gamma, "spread": 0.5}))
    for left, right in ((0.1, 0.3), (0.3, 0.1), (0.02, 2.0), (1.0, 0.05)):
        yield (f"gammas {left} and {right}", *pair(7, 9, 3, {"gamma": left}, {"gamma": right}))
    a, b = pair(6, 8, 3)
    yield "weights that sum to 1.7 and 0.4", weighted(a, 1.7 * np.array(a["beta"])), weighted(b, [0.05] * 8)
    yield "negative weights", weighted(a, [0.9, -0.3, 0.5, -0.25, 0.2, 0.1]), weighted(b, [0.5, -0.125] * 4)
    yield "one against itself", a, a
    yield "far apart", cloud(random, 6, 3, centre=-40), cloud(random, 6, 3, centre=40)
    yield "points of shape 2 x 3", *(shaped(each, 2, 3) for each in pair(5, 6, 6))
    yield "points of shape 2 x 2 x 2", *(shaped(each, 2, 2, 2) for each in pair(3, 4, 8))
    yield from large_inputs(random)


def large_inputs(random):
    def pair(centre, spread, d, digits, gamma=0.1):
        return tuple(cloud(random, k, d, centre, spread, gamma, digits) for k in (8, 10))

    yield ("values over 1e4", *pair(0, 1e4, 3, 1))
    yield ("values over 1e6", *pair(0, 1e6, 3, 0))
    yield ("around 1e4", *pair(1e4, 1, 2, 3))
    yield ("around 1e6", *pair(1e6, 2, 1, 3))
    yield ("over 1e6 with a gamma that fits", *pair(0, 1e6, 4, 0, 1e-13))


def named(specs):
    return {f"{number:08d}": each for number, each in enumerate(specs, 1)}


def blend(random, parts, shares):
    """A mixture as a reduced set, shaken a little: an exact one leaves rounding alone to decide when to stop."""
    points = np.concatenate([part["z"] for part in parts])
    weights = np.concatenate([share * np.array(part["beta"]) for part, share in zip(parts, shares)])
    return spec(points + 0.1 * random.standard_normal(points.shape), weights, parts[0]["gamma"])


BOTH = [(5, "greedy"), (5, "auto")]
SIZES = [(size, method) for size in (1, 2, 3, 5, 7) for method in ("greedy", "auto")]
GREEDY = [(size, "greedy") for size in (1, 2, 3, 5, 7)]
#: No mixture, so nothing in the answer hangs on how a quadratic programme is solved.
SINGLES = [(1, "greedy"), (1, "auto")]


def markets():
    random = np.random.default_rng(SEED + 1)
    yield few(random)
    yield single(random)
    yield duplicates(random)
    yield stored_query(random)
    yield equal_distances()
    yield copies()
    yield blends(random)
    yield ragged(random)
    yield two_gammas(random)
    yield crowded(random)
    yield spread_out(random)


def few(random):
    specs = [cloud(random, 5, 2, centre=centre) for centre in (-3, -1, 0, 1.5, 4)]
    queries = [cloud(random, 6, 2, centre=centre) for centre in (0.1, -2, 9)]
    return {"name": "five learnwares", "specs": named(specs), "queries": queries, "ways": SIZES}


def single(random):
    specs = [cloud(random, 4, 3)]
    return {"name": "one learnware", "specs": named(specs), "queries": [cloud(random, 5, 3), specs[0]], "ways": BOTH}


def duplicates(random):
    """Greedy only: among copies the weights of the auto mixture are not determined, each solver shares them its way."""
    base = [cloud(random, 4, 2, centre=centre) for centre in (-2, 0, 2, 5)]
    specs = [base[0], base[1], base[0], base[2], base[1], base[1], base[3], base[0], base[2], base[3]]
    queries = [cloud(random, 5, 2, centre=0.3), blend(random, base[:3], (0.4, 0.35, 0.25))]
    return {"name": "exact duplicates", "specs": named(specs), "queries": queries, "ways": GREEDY}


def stored_query(random):
    specs = [cloud(random, 5, 3, centre=random.uniform(-2, 2, 3)) for _ in range(12)]
    return {"name": "the query is stored", "specs": named(specs), "queries": [specs[7], specs[0]], "ways": BOTH}


def equal_distances():
    """Whole coordinates: the distances tie to the last bit."""
    corners = [spec([[x, y]], [1.0]) for x in (-1, 1) for y in (-1, 1)]
    queries = [spec([[0, 0]], [1.0]), spec([[9, 0]], [1.0])]
    return {"name": "all equal distances", "specs": named(corners), "queries": queries, "ways": SINGLES}


def copies():
    same = spec([[0.5, 0.25], [1.0, -0.5]], [0.5, 0.5])
    return {"name": "five copies", "specs": named([same] * 5), "queries": [spec([[0, 0]], [1.0]), same],
            "ways": GREEDY}


def blends(random):
    specs = [cloud(random, 5, 3, centre=random.uniform(-6, 6, 3), spread=0.7) for _ in range(40)]
    queries = [blend(random, [specs[i] for i in members], shares) for members, shares in
               (((3, 17), (0.5, 0.5)), ((3, 17, 25), (0.5, 0.3, 0.2)), ((1, 2, 4, 8, 16), (0.3, 0.25, 0.2, 0.15, 0.1)),
                ((5, 6, 7, 9, 10, 11, 12), (0.2, 0.18, 0.16, 0.14, 0.12, 0.1, 0.1)))]
    return {"name": "blends of forty", "specs": named(specs), "queries": queries, "ways": SIZES}


def ragged(random):
    specs = [cloud(random, int(random.integers(1, 9)), 4 if i % 5 else 3, centre=random.uniform(-1, 1))
             for i in range(30)]
    queries = [cloud(random, 7, 4), cloud(random, 3, 3)]
    return {"name": "ragged sets, two dimensions", "specs": named(specs), "queries": queries, "ways": SIZES}


def two_gammas(random):
    specs = [cloud(random, int(random.integers(1, 9)), 2, gamma=(0.1, 0.2)[i % 2]) for i in range(14)]
    queries = [cloud(random, 5, 2), cloud(random, 6, 2, gamma=0.2)]
    return {"name": "two gammas", "specs": named(specs), "queries": queries, "ways": SINGLES}


def crowded(random):
    """More learnwares alike than the pool of the mixture holds."""
    specs = [cloud(random, 6, 2) for _ in range(35)]
    queries = [cloud(random, 8, 2), blend(random, [specs[4], specs[30]], (0.6, 0.4)), cloud(random, 4, 2, centre=3)]
    return {"name": "thirty-five alike", "specs": named(specs), "queries": queries, "ways": SIZES}


def spread_out(random):
    """Columns never scaled: nearly every kernel value underflows."""
    specs = [cloud(random, int(random.integers(2, 7)), 3, spread=200, digits=1) for _ in range(15)]
    queries = [cloud(random, 5, 3, spread=200, digits=1)]
    return {"name": "never scaled", "specs": named(specs), "queries": queries, "ways": BOTH}


def tables():
    """(name, rows, points, gamma); points None is the default."""
    random = np.random.default_rng(SEED + 2)

    def cloud_of(rows, columns):
        return np.round(random.standard_normal((rows, columns)), 2)

    groups = np.repeat(random.uniform(-4, 4, (6, 2)), 60, axis=0)
    turn = random.uniform(0, 6.3, 320)
    ring = np.stack([3 * np.cos(turn), 3 * np.sin(turn)], axis=1) + 0.1 * random.standard_normal((320, 2))
    yield "one cloud", cloud_of(300, 4), None, 0.1
    yield "six groups", groups + 0.4 * random.standard_normal((360, 2)), None, 0.1
    yield "skewed", random.exponential(2, (250, 3)), None, 0.1
    yield "ring", ring, None, 0.1
    yield "fewer rows than points", 2 * cloud_of(60, 5), None, 0.1
    halves = np.repeat([[-1.5, 0.0], [1.5, 0.5]], (70, 30), axis=0) + 0.5 * cloud_of(100, 2)
    yield "one point", cloud_of(80, 3), 1, 0.1
    yield "one point, wide gamma", random.exponential(1, (50, 2)), 1, 2.0
    yield "two points", halves, 2, 0.1
    yield "two points, wide gamma", halves, 2, 1.0


def texts():
    market = {f"{number:08d}": list(each) for number, each in enumerate((
        ("Bicycle rental demand per hour", "Predicts how many bicycles are rented in an hour from weather and date."),
        ("Wine quality from chemistry", "Grades red wine by acidity, sugar and alcohol."),
        ("Handwritten digits, left half", "Recognises digits of which only the left half was scanned."),
        ("Handwritten digits, right half", "Recognises digits of which only the right half was scanned."),
        ("House prices by district", "Median price of houses from income, age and position."),
        ("Iris flowers", "Three kinds of iris by the size of petals and sepals."),
        ("Electricity load forecast", "Load of a city grid for the next day, hour by hour."),
        ("Handwriting of digits", "Digits written by hand, a small forest of trees."),
        ("Credit scoring", "Whether a loan is paid back, from the history of the account."),
        ("WINE origin", "Which of three growers made the wine."),
        ("Größe von Blumen", "Länge und Breite der Blätter in Zentimetern."),
        ("手写数字识别", "识别手写数字的模型"),
        ("aaaaabaaaaa", "A name of one letter, nearly, to try alignments."),
        ("Digit", "One short word as name for a digit model.")), 1)}
    queries = ["wine", "WINE", "handwritten digits", "handwriten digits", "hand written digit", "bycicle rental",
               "electricty load", "hose prices", "iris flwers", "grösse von blumen", "手写数字", "手写字数识别", "zzzz",
               "credit scorng history", "aabaabaa", "of", "prices of houses by district and year", "d1g1t",
               "reconises digits of which only the left half was scaned", "digits left half", "xi"]
    return market, queries
