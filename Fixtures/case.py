"""Writes the files that every case folder has."""

import importlib.metadata
import json
import platform
import re

import onnx


def write(folder, form, producer, packages, description, rtol, atol, reason, **extra):
    """case.json: what made the case, and how near a faithful import must come."""
    versions = {name: importlib.metadata.version(name) for name in packages} | {"python": platform.python_version()}
    content = {
        "format": form,
        "producer": producer,
        "versions": versions,
        "tolerance": {"rtol": rtol, "atol": atol, "reason": reason},
        "description": description,
    } | extra
    (folder / "case.json").write_text(json.dumps(content, indent=2) + "\n")


def scrub(path):
    """Takes out of an ONNX file the exporter's remarks on each node, whose stack traces name the machine it was made on."""
    model = onnx.load(path)

    def clean(graph):
        for holder in [graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer]:
            del holder.metadata_props[:]
            holder.doc_string = ""
        for node in graph.node:
            for attribute in node.attribute:
                for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                    clean(inner)

    clean(model.graph)
    for function in model.functions:
        for holder in [function, *function.node]:
            del holder.metadata_props[:]
            holder.doc_string = ""
    onnx.save(model, path)
    found = re.search(rb"[\w/.-]*/(work|root|tmp|site-packages)/[\w/.-]*", path.read_bytes())
    if found:
        raise ValueError(f"{path} names {found.group().decode()}")
