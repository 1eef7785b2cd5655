"""Builds the package: `python backend.py` compiles the extension module in place, `pip wheel .` makes a wheel.

The wheel holds the library that SEPTUM_LIBRARY names and the recipes of the adapters. Only a C compiler is needed: the extension
module uses the stable interface of Python 3.9, so that one wheel serves every version from there on.
"""

import base64
import hashlib
import os
import pathlib
import subprocess
import sysconfig
import tomllib
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
CORE = "_core.abi3.so"
RECIPES = {"export.py": ROOT / "Adapters" / "PyTorch" / "Python" / "export.py"}
FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-shared", "-fPIC", "-pthread"]


def compile_core(target):
    """Compiles the extension module for the headers of this Python."""
    headers = [sysconfig.get_path("include"), ROOT / "Sources" / "CBinding" / "C" / "include"]
    sources = sorted((HERE / "native").glob("*.c"))
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, *FLAGS, *(f"-I{folder}" for folder in headers), "-o", target, *sources, "-ldl"], check=True)


def metadata(project):
    lines = [
        "Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}", f"Summary: {project['description']}",
        f"License: {project['license']['text']}", f"Requires-Python: {project['requires-python']}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in project["dependencies"]]
    for extra, requirements in project.get("optional-dependencies", {}).items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {requirement}; extra == '{extra}'" for requirement in requirements]
    return "\n".join([*lines, "", ""])


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Makes a wheel tagged for Linux in general; `auditwheel repair` finds the tag that its libraries allow."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    library = os.environ.get("SEPTUM_LIBRARY")
    if not library or not os.path.exists(library):
        raise SystemExit("set SEPTUM_LIBRARY to the library that the wheel is to hold, as 'make wheel' does")
    tag = f"cp39-abi3-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
    name = f"{project['name']}-{project['version']}"
    info = f"{name}.dist-info"
    core = HERE / "septum" / CORE
    compile_core(core)
    files = {f"septum/{path.name}": path.read_bytes() for path in sorted((HERE / "septum").glob("*.py*")) if path.is_file()}
    files |= {"septum/py.typed": b"", f"septum/{CORE}": core.read_bytes(), "septum/libseptum.so": pathlib.Path(library).read_bytes()}
    files |= {f"septum/_recipes/{file}": path.read_bytes() for file, path in RECIPES.items()}
    files[f"{info}/METADATA"] = metadata(project).encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: septum\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    files[f"{info}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / f"{name}-{tag}.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o755 if path.endswith(".so") else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content)
    return f"{name}-{tag}.whl"


if __name__ == "__main__":
    compile_core(HERE / "septum" / CORE)
