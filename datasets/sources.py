"""The real data behind the demo dock: sources, fixed units, the held-out split, views and regions.

Everything ships inside the scikit-learn package, so nothing is downloaded. A *group* is what one learnware is about:
a source, a view (which columns its owner measures) and a part (which classes or which region its owner works in).
"""

from dataclasses import dataclass
from typing import Callable, Dict, List, Tuple

import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split

SPLIT_SEED = 20240607
HELD_OUT_SHARE = 0.3


@dataclass(frozen=True)
class Column:
    name: str  # CSV header
    meaning: str  # of the value in the fixed unit, for the semantic specification


@dataclass(frozen=True)
class Part:
    key: str
    title: str  # short, for learnware names
    sentence: str  # completes "Trained on ..."
    rows: np.ndarray  # boolean mask over the source
    classes: Tuple[int, ...]  # classes present; () for regression


@dataclass(frozen=True)
class View:
    key: str
    title: str
    sentence: str
    columns: Tuple[Column, ...]
    values: np.ndarray  # rows of the source x columns, in fixed units


@dataclass(frozen=True)
class Source:
    key: str
    title: str
    about: str
    scenario: Tuple[str, ...]
    label_meaning: Dict[int, str]  # class -> meaning; for regression {0: meaning of the number}
    regression: bool
    target: np.ndarray
    held_out: np.ndarray  # boolean mask: rows that no learnware is trained on
    views: Tuple[View, ...]
    parts: Tuple[Part, ...]


def as_read_back(values: np.ndarray) -> np.ndarray:
    """What a reader of the CSV gets: six decimals, then float32. Training sees the same numbers as the user."""
    return np.round(values.astype(np.float64), 6).astype(np.float32).astype(np.float64)


def held_out_mask(strata: np.ndarray) -> np.ndarray:
    """One fixed split per source, so that no user row was trained on by anybody."""
    rows = np.arange(len(strata))
    _, held = train_test_split(rows, test_size=HELD_OUT_SHARE, random_state=SPLIT_SEED, stratify=strata)
    mask = np.zeros(len(strata), dtype=bool)
    mask[held] = True
    return mask


def min_max(values: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features in fixed units, -1 to 1: (2 x - low - high) / (high - low), low and high of the whole published data."""
    low, high = values.min(axis=0), values.max(axis=0)
    return as_read_back((2 * values - low - high) / (high - low)), low, high


def scaled_columns(names: List[str], low: np.ndarray, high: np.ndarray) -> Tuple[Column, ...]:
    return tuple(
        Column(name.replace(" ", "_").replace("/", "_per_"), f"{name}, scaled so that {lo:g} is -1 and {hi:g} is 1")
        for name, lo, hi in zip(names, low, high)
    )


def pick(view_key: str, title: str, sentence: str, columns: Tuple[Column, ...], values: np.ndarray,
         indices: List[int]) -> View:
    return View(view_key, title, sentence, tuple(columns[i] for i in indices), values[:, indices])


def class_part(target: np.ndarray, key: str, title: str, sentence: str, classes: Tuple[int, ...]) -> Part:
    return Part(key, title, sentence, np.isin(target, classes), classes)


def digits_source() -> Source:
    data = datasets.load_digits()
    images = data.images / 16.0
    pixels = as_read_back(images.reshape(len(images), 64))
    pooled = as_read_back(images.reshape(len(images), 4, 2, 4, 2).mean(axis=(2, 4)).reshape(len(images), 16))
    pixel_columns = tuple(
        Column(f"pixel_{row}_{col}", f"grey value of pixel ({row}, {col}) divided by 16, 0 white to 1 black")
        for row in range(8) for col in range(8))
    pooled_columns = tuple(
        Column(f"cell_{row}_{col}", f"mean grey value of the 2x2 pixels of cell ({row}, {col}) divided by 16")
        for row in range(4) for col in range(4))
    grid = np.arange(64).reshape(8, 8)
    views = (
        pick("full", "whole image", "all 64 pixels of the 8x8 image", pixel_columns, pixels, list(grid.ravel())),
        pick("left", "left half", "the 32 pixels of the left half", pixel_columns, pixels, list(grid[:, :4].ravel())),
        pick("right", "right half", "the 32 pixels of the right half", pixel_columns, pixels,
             list(grid[:, 4:].ravel())),
        pick("top", "top half", "the 32 pixels of the top half", pixel_columns, pixels, list(grid[:4].ravel())),
        pick("bottom", "bottom half", "the 32 pixels of the bottom half", pixel_columns, pixels,
             list(grid[4:].ravel())),
        View("pooled", "4x4 thumbnail", "a 4x4 thumbnail (means of 2x2 pixels)", pooled_columns, pooled),
    )
    subsets = (
        ("all", "All digits", tuple(range(10))),
        ("low", "Digits 0 to 4", (0, 1, 2, 3, 4)),
        ("high", "Digits 5 to 9", (5, 6, 7, 8, 9)),
        ("even", "Even digits", (0, 2, 4, 6, 8)),
        ("odd", "Odd digits", (1, 3, 5, 7, 9)),
        ("straight", "Digits 1, 4 and 7", (1, 4, 7)),
        ("round", "Digits 0, 6, 8 and 9", (0, 6, 8, 9)),
        ("hooked", "Digits 2, 3 and 5", (2, 3, 5)),
    )
    parts = tuple(
        class_part(data.target, key, title, "images of the digits " + ", ".join(map(str, classes)), classes)
        for key, title, classes in subsets)
    return Source("digits", "handwritten digits",
                  "Optical recognition of handwritten digits (Alpaydin and Kaynak, UCI): 1,797 images of 8x8 pixels.",
                  ("Computer", "Education"), {d: f"digit {d}" for d in range(10)}, False, data.target,
                  held_out_mask(data.target), views, parts)


def wine_source() -> Source:
    data = datasets.load_wine()
    values, low, high = min_max(data.data)
    columns = scaled_columns(list(data.feature_names), low, high)
    views = (
        pick("full", "all measures", "all 13 chemical measures", columns, values, list(range(13))),
        pick("basic", "basic analysis", "alcohol, malic acid, ash, alcalinity of ash, magnesium and proline", columns,
             values, [0, 1, 2, 3, 4, 12]),
        pick("phenols", "phenols", "phenols, flavanoids, proanthocyanins, hue and OD280/OD315", columns, values,
             [5, 6, 7, 8, 10, 11]),
        pick("colour", "colour, proline", "colour intensity, hue, OD280/OD315 and proline", columns, values,
             [9, 10, 11, 12]),
    )
    subsets = (("all", "All wine cultivars", (0, 1, 2)), ("ab", "Wine cultivars 0, 1", (0, 1)),
               ("bc", "Wine cultivars 1, 2", (1, 2)), ("ac", "Wine cultivars 0, 2", (0, 2)))
    parts = tuple(
        class_part(data.target, key, title, "wines of the cultivars " + ", ".join(map(str, classes)), classes)
        for key, title, classes in subsets)
    return Source("wine", "wine",
                  "Wine recognition data (Forina et al., UCI): 178 wines of three cultivars from one region of Italy.",
                  ("Agriculture", "Nature"), {c: f"cultivar {c}" for c in range(3)}, False, data.target,
                  held_out_mask(data.target), views, parts)


def iris_source() -> Source:
    data = datasets.load_iris()
    values, low, high = min_max(data.data)
    columns = scaled_columns([name.replace(" (cm)", " in cm") for name in data.feature_names], low, high)
    views = (
        pick("full", "all measures", "sepal and petal length and width", columns, values, [0, 1, 2, 3]),
        pick("petal", "petals", "petal length and width", columns, values, [2, 3]),
    )
    names = list(data.target_names)
    subsets = (("all", "All iris species", (0, 1, 2)), ("setosa-versicolor", "Iris setosa/versicolor", (0, 1)),
               ("versicolor-virginica", "Iris versicolor/virginica", (1, 2)),
               ("setosa-virginica", "Iris setosa/virginica", (0, 2)))
    parts = tuple(
        class_part(data.target, key, title, "flowers of the species " + ", ".join(names[c] for c in classes), classes)
        for key, title, classes in subsets)
    return Source("iris", "iris flowers",
                  "Iris flowers (Fisher 1936): 150 flowers of three species.", ("Nature", "Education"),
                  {c: f"Iris {names[c]}" for c in range(3)}, False, data.target, held_out_mask(data.target), views,
                  parts)


def breast_cancer_source() -> Source:
    data = datasets.load_breast_cancer()
    values, low, high = min_max(data.data)
    columns = scaled_columns(list(data.feature_names), low, high)
    radius = data.data[:, 0]
    first, second = np.quantile(radius, [0.45, 0.72])
    views = (
        pick("full", "all measures", "all 30 measures of the cell nuclei", columns, values, list(range(30))),
        pick("mean", "mean values", "the means of the ten measures of the cell nuclei", columns, values,
             list(range(10))),
        pick("error", "standard errors", "the standard errors of the ten measures of the cell nuclei", columns, values,
             list(range(10, 20))),
        pick("worst", "largest values", "the largest values of the ten measures of the cell nuclei", columns, values,
             list(range(20, 30))),
    )
    parts = (
        Part("small", "Small tumour nuclei", f"tumours with a mean nucleus radius below {first:.2f}", radius < first,
             (0, 1)),
        Part("middle", "Medium tumour nuclei", f"tumours with a mean nucleus radius from {first:.2f} to {second:.2f}",
             (radius >= first) & (radius < second), (0, 1)),
        Part("large", "Large tumour nuclei", f"tumours with a mean nucleus radius of {second:.2f} and more",
             radius >= second, (0, 1)),
        Part("any", "All tumour nuclei", "tumours of any size", np.ones(len(radius), dtype=bool), (0, 1)),
    )
    strata = data.target * 3 + (radius >= first) + (radius >= second)
    return Source("breast-cancer", "breast tumours",
                  "Breast cancer Wisconsin, diagnostic (Wolberg, Street and Mangasarian, UCI): 569 tumours.",
                  ("Health",), {0: "malignant", 1: "benign"}, False, data.target, held_out_mask(strata), views, parts)


def diabetes_source() -> Source:
    data = datasets.load_diabetes(scaled=False)
    values, low, high = min_max(data.data)
    names = ["age in years", "sex (1 or 2 as coded in the data)", "body mass index", "mean blood pressure",
             "total serum cholesterol", "low-density lipoproteins", "high-density lipoproteins",
             "total cholesterol to HDL ratio", "log of serum triglycerides", "blood sugar"]
    headers = ["age", "sex", "bmi", "bp", "s1_tc", "s2_ldl", "s3_hdl", "s4_tch", "s5_ltg", "s6_glu"]
    columns = tuple(Column(header, column.meaning)
                    for header, column in zip(headers, scaled_columns(names, low, high)))
    age, sex, pressure = data.data[:, 0], data.data[:, 1], data.data[:, 3]
    middle = np.median(pressure)
    views = (
        pick("full", "all measures", "all ten baseline measures", columns, values, list(range(10))),
        pick("body", "body measures", "age, sex, body mass index and blood pressure", columns, values, [0, 1, 2, 3]),
    )
    parts = (
        Part("sex1", "Diabetes, sex 1", "patients of sex 1", sex == 1, ()),
        Part("sex2", "Diabetes, sex 2", "patients of sex 2", sex == 2, ()),
        Part("younger", "Diabetes, under 50", "patients under 50 years", age < 50, ()),
        Part("older", "Diabetes, 50 and over", "patients of 50 years and more", age >= 50, ()),
        Part("low-pressure", "Diabetes, lower pressure", f"patients with a mean blood pressure below {middle:g}",
             pressure < middle, ()),
        Part("high-pressure", "Diabetes, higher pressure",
             f"patients with a mean blood pressure of {middle:g} and more", pressure >= middle, ()),
    )
    strata = (sex == 2) * 2 + (age >= np.median(age))
    return Source("diabetes", "diabetes progression",
                  "Diabetes progression (Efron, Hastie, Johnstone and Tibshirani 2004): 442 patients.", ("Health",),
                  {0: "disease progression one year after the baseline measures"}, True, data.target,
                  held_out_mask(strata), views, parts)


SOURCES: Tuple[Callable[[], Source], ...] = (digits_source, wine_source, iris_source, breast_cancer_source,
                                             diabetes_source)


def load_sources() -> List[Source]:
    return [make() for make in SOURCES]
