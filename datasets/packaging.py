"""Writes a learnware package: one zip with learnware.yaml, code, model, specifications and requirements."""

import importlib.util
import json
import shutil
import sys
import types
import zipfile
from pathlib import Path

import numpy as np

from sources import Part, Source, View
from training import Kind

KINDS_DIRECTORY = Path(__file__).resolve().parent / "kinds"
FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # so that the same content gives the same bytes

LEARNWARE_YAML = """\
model:
  class_name: {class_name}
  module_path: __init__.py
  kwargs:
    weights_file: model.npz
stat_specifications:
  - module_path: learnware.specification
    class_name: RKMETableSpecification
    file_name: stat_spec.json
    kwargs: {{}}
semantic_specification:
  file_name: semantic_specification.json
"""


def learnware_name(view: View, part: Part, kind: Kind) -> str:
    name = f"{part.title}, {view.title} ({kind.key})"
    if not 5 <= len(name) <= 50:
        raise ValueError(f"learnware name of {len(name)} characters, 5 to 50 are allowed: {name}")
    return name


def semantic_specification(source: Source, view: View, part: Part, kind: Kind, description: str) -> dict:
    def tags(values, kind_of_key):
        return {"Values": values, "Type": kind_of_key}

    shown = part.classes if part.classes else (0,)
    return {
        "Data": tags(["Table"], "Class"),
        "Task": tags(["Regression" if source.regression else "Classification"], "Class"),
        "Library": tags(["Scikit-learn"], "Class"),
        "Scenario": tags(list(source.scenario), "Tag"),
        "License": tags(["Apache-2.0"], "Class"),
        "Name": tags(learnware_name(view, part, kind), "String"),
        "Description": tags(description, "String"),
        "Input": {"Dimension": len(view.columns),
                  "Description": {str(i): column.meaning for i, column in enumerate(view.columns)}},
        "Output": {"Dimension": len(source.label_meaning),
                   "Description": {str(label): source.label_meaning[label] for label in shown}},
    }


def describe(source: Source, view: View, part: Part, kind: Kind, trained_rows: int, held_rows: int,
             held_out_quality: str) -> str:
    answer = source.label_meaning[0] if source.regression else "the class"
    return (f"A {kind.title} that predicts {answer} from {view.sentence}. Trained on {trained_rows} rows, "
            f"{part.sentence}. Held-out {held_out_quality} on {held_rows} rows that no learnware of this dock was "
            f"trained on. {source.about} Inputs are in the fixed units that the input description gives for each "
            f"column. The model is stored as numbers only and needs numpy alone.")


def write_package_folder(folder: Path, kind: Kind, arrays: dict, semantic: dict) -> None:
    """All files but stat_spec.json."""
    folder.mkdir(parents=True)
    (folder / "learnware.yaml").write_text(LEARNWARE_YAML.format(class_name=kind.class_name), encoding="utf-8")
    shutil.copyfile(KINDS_DIRECTORY / kind.program, folder / "__init__.py")
    (folder / "requirements.txt").write_text("numpy>=1.19\n", encoding="utf-8")
    (folder / "semantic_specification.json").write_text(json.dumps(semantic, indent=4) + "\n", encoding="utf-8")
    np.savez(folder / "model.npz", **arrays)


def zip_folder(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            if file.is_dir():  # __pycache__ of the check below
                continue
            entry = zipfile.ZipInfo(file.name, FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())


def _provide_base_model() -> None:
    """The one class the packages import, for the check below; the `learnware` package is not needed."""
    if "learnware.model" in sys.modules:
        return

    class BaseModel:
        def __init__(self, input_shape, output_shape):
            self.input_shape, self.output_shape = input_shape, output_shape

    package, module = types.ModuleType("learnware"), types.ModuleType("learnware.model")
    package.model, module.BaseModel = module, BaseModel
    sys.modules["learnware"], sys.modules["learnware.model"] = package, module


def load_packaged_model(folder: Path, class_name: str):
    _provide_base_model()
    spec = importlib.util.spec_from_file_location("packaged_" + folder.name.replace("-", "_"), folder / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, class_name)(weights_file="model.npz")


def check_packaged_model(folder: Path, kind: Kind, model, features: np.ndarray, regression: bool) -> None:
    """The package must predict exactly what scikit-learn predicts, on rows it was not trained on."""
    packaged = load_packaged_model(folder, kind.class_name).predict(features.astype(np.float32))
    expected = model.predict(features)
    same = np.allclose(packaged, expected, rtol=1e-9) if regression else np.array_equal(packaged, expected)
    if not same:
        raise AssertionError(f"{folder.name}: the packaged model does not predict what scikit-learn predicts")
