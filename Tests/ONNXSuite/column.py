#!/usr/bin/env python3
"""Counts for each operator how many of the suite's cases of one node pass in every variant: by-operator.json, a column of
Documentation/Operators.md.

    column.py FOLDER [--check]

What passes is what expected-failures.txt does not list; the tests keep that list exact. With --check nothing is written, and
a file that is out of date is an error.
"""

import collections
import json
import os
import sys

import onnx

HERE = os.path.dirname(os.path.abspath(__file__))


def main(folder, check):
    with open(os.path.join(HERE, "expected-failures.txt")) as file:
        listed = {line.split(" ")[1] for line in file if line.strip() and not line.startswith("#")}
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)
    totals, passed = collections.Counter(), collections.Counter()
    with open(os.path.join(folder, "cases.bin"), "rb") as data:
        for case in cases:
            data.seek(case["model"][0])
            graph = onnx.ModelProto.FromString(data.read(case["model"][1])).graph
            if len(graph.node) == 1:
                name = f"{graph.node[0].domain or 'ai.onnx'}.{graph.node[0].op_type}"
                totals[name] += 1
                passed[name] += case["name"] not in listed
    text = json.dumps({name: f"{passed[name]} of {totals[name]}" for name in sorted(totals)}, indent=2) + "\n"
    path = os.path.join(HERE, "by-operator.json")
    if not check:
        with open(path, "w") as file:
            file.write(text)
    elif not os.path.exists(path) or open(path).read() != text:
        sys.exit("Tests/ONNXSuite/by-operator.json is out of date: run 'make docs'")


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    main(arguments[0], "--check" in sys.argv)
