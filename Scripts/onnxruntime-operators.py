"""Prints the table of Sources/Septum/Doctor/Engines/ONNXRuntimeTable.swift: what the CPU provider of the installed onnxruntime runs.

    pip install onnxruntime==1.32.0 onnx==1.23.2
    python Scripts/onnxruntime-operators.py           # one line an operator and range of versions
    python Scripts/onnxruntime-operators.py --check   # loads every node test of onnx and compares with the table

A kernel serves a node when it was registered for the version of the schema that is in force, or for a closed range around
it; an operator without one runs when its schema is a function of others.
Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/framework/kernel_registry.cc (VerifyKernelDef)
"""

import collections
import sys

import onnx
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

# The newest version of each operator set that a model may name.
NEWEST = {"ai.onnx": 28, "ai.onnx.ml": 5, "com.microsoft": 1}
OPEN = 2**31 - 1
# Functions whose body needs an operator without a kernel, from which version on; found by --check.
HOLLOW = {"Bernoulli": 22, "SwiGLU": 28}
# Functions whose body has kernels for these types only.
NARROW = {"Attention": frozenset({"float32", "float64", "float16"})}
TYPES = {"tensor(float)": "float32", "tensor(double)": "float64"}
ELEMENTS = (
    "float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string "
    "float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz float8e8m0 int4 uint4 int2 uint2 float4e2m1 complex64 complex128"
).split()


def element(name):
    """The element type of a tensor type; nothing for sequences, maps and optionals."""
    if name in TYPES:
        return TYPES[name]
    return name[7:-1] if name.startswith("tensor(") else None


def typed_input(schema):
    """The index and type parameter of the first input that may be of more than one type."""
    allowed = {constraint.type_param_str: constraint.allowed_type_strs for constraint in schema.type_constraints}
    for index, parameter in enumerate(schema.inputs):
        types = allowed.get(parameter.typeStr, [])
        if len(types) > 1:
            return index, parameter.typeStr, set(types)
    return None, None, None


def function_of(domain, name, version):
    if version >= HOLLOW.get(name, OPEN):
        return False
    try:
        schema = onnx.defs.get_schema(name, version, "" if domain == "ai.onnx" else domain)
    except onnx.defs.SchemaError:
        return False
    return schema.has_function or schema.has_context_dependent_function


def support(domain, name, schema, kernels, version):
    """The index of the typed input and its element types (None: all), or nothing when no kernel serves the operator."""
    since = schema.since_version
    serving = [k for k in kernels if k[0] == since or (k[0] <= since <= k[1] and k[1] != OPEN)]
    if not serving:
        return (0, NARROW.get(name)) if function_of(domain, name, version) else None
    index, parameter, allowed = typed_input(schema)
    if index is None or any(parameter not in k[2] for k in serving):
        return (0, None)
    found = {kind for k in serving for kind in k[2][parameter]} & allowed
    wanted = {kind for kind in map(element, allowed) if kind}
    taken = {kind for kind in map(element, found) if kind}
    if "float32" in taken:
        taken |= wanted & {"float16"}  # without a kernel of its own, such a node gets casts to float32 around it
    if wanted <= taken or function_of(domain, name, version):
        return index, NARROW.get(name)
    return index, frozenset(taken)


def table():
    """Ranges of versions with equal support, by domain and operator."""
    kernels = collections.defaultdict(list)
    for kernel in state.get_all_opkernel_def():
        if kernel.provider == "CPUExecutionProvider":
            kernels[kernel.domain or "ai.onnx", kernel.op_name].append((*kernel.version_range, kernel.type_constraints))
    schemas = collections.defaultdict(list)
    for schema in state.get_all_operator_schema():
        schemas[schema.domain or "ai.onnx", schema.name].append(schema)
    rows = collections.defaultdict(list)
    for (domain, name), versions in schemas.items():
        for version in range(1, NEWEST.get(domain, 0) + 1):
            known = [schema for schema in versions if schema.since_version <= version]
            current = max(known, key=lambda schema: schema.since_version, default=None)
            found = None
            if current is not None and not current.deprecated:
                found = support(domain, name, current, kernels[domain, name], version)
            if (domain, name) == ("ai.onnx", "Constant"):
                found = (0, None)  # it becomes an initializer when the model is loaded
            if found is None:
                continue
            last = rows[domain, name][-1] if rows[domain, name] else None
            if last and last[1] == version - 1 and last[2] == found:
                last[1] = version
            else:
                rows[domain, name].append([version, version, found])
    return rows


def order(types):
    return [name for name in ELEMENTS if name in types]


def show(rows):
    previous = None
    for (domain, name), ranges in sorted(rows.items()):
        if domain != previous:
            print(f"[{domain}]")
        previous = domain
        for first, last, (index, types) in ranges:
            span = f"{first}-" if last == NEWEST[domain] else f"{first}-{last}"
            place = f"{index}: " if index and types is not None else ""
            print(f"{name}; {span}" + ("" if types is None else f"; {place}{' '.join(order(types))}"))


def check(rows):
    """Loads each single-node test of onnx and prints where runtime and table differ.

    What is left are types of outputs and of further inputs, which the table does not hold.
    """
    from onnx.backend.test.case.node import collect_testcases

    counts = collections.Counter()
    onnxruntime.set_default_logger_severity(4)
    for case in collect_testcases():
        model = case.model
        if len(model.graph.node) != 1:
            continue
        node = model.graph.node[0]
        domain = node.domain or "ai.onnx"
        version = next((o.version for o in model.opset_import if (o.domain or "ai.onnx") == domain), 0)
        kinds = {v.name: v.type.tensor_type.elem_type for v in model.graph.input}
        allowed = False
        for first, last, (index, types) in rows.get((domain, node.op_type), []):
            if first <= version <= last:
                name = node.input[index] if index < len(node.input) else ""
                kind = element(f"tensor({onnx.TensorProto.DataType.Name(kinds.get(name, 0)).lower()})")
                allowed = types is None or kind in types or kind == "undefined"
        try:
            onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
            loads = True
        except Exception as error:
            loads = "NOT_IMPLEMENTED" not in str(error)
            if loads:
                counts["refused for another reason"] += 1
                continue
        counts["agree" if loads == allowed else "differ"] += 1
        if loads != allowed:
            print(f"{case.name}: {node.op_type} {version}: runtime {loads}, table {allowed}")
    print(dict(counts))


if __name__ == "__main__":
    found = table()
    if "--check" in sys.argv:
        check(found)
    else:
        print(f"# onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}", file=sys.stderr)
        show(found)
