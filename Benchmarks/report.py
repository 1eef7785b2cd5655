"""What a run of the benchmark prints and writes: tables as text and Markdown, verdicts, a chart."""

import statistics
import sys

import chart

#: Nanoseconds of one event of a Keras network with 22 inputs, measured elsewhere side by side on one machine.
SOFIE, SOFIE_RUNTIME = (300, 410), 5300

TARGETS = "Targets (in brackets: the share of the peak that a missed ratio takes)"


def progress(done, total, what):
    """A bar on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        return
    filled = 32 * done // max(total, 1)
    sys.stderr.write(f"\r\x1b[K{'█' * filled}{'░' * (32 - filled)} {done} of {total} {what}" + ("\n" if done == total else ""))
    sys.stderr.flush()


# MARK: Numbers as text


def duration(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.0f} ns"


def amount(bytes):
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if bytes >= size:
            return f"{bytes / size:.3g} {unit}"
    return f"{bytes:.0f} B"


def ratio(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def percent(value):
    return f"{100 * value:.0f} %"


def small(value):
    return "0" if value == 0 else f"{value:.0e}"


# MARK: Tables


def tables(results):
    """(title, rows) of each table; the first row is the heading."""
    bandwidth, cells = results["bandwidth"], results["cells"]

    def time(cell, name):
        return duration(cell["nanoseconds"][name]) if name in cell["nanoseconds"] else "-"

    speed = [["model", "batch", "Septum", "Septum C", "ORT C", "OpenVINO C", "Septum C 2 thr.", "ORT C 2 thr.", "ORT Py", "ORT Py bound", "other",
              "x ORT", "x best", "diff"]]  # fmt: skip
    for cell in cells:
        others = [f"{name.removesuffix(' C')} {duration(t)}" for name, t in cell["nanoseconds"].items() if name.startswith(("OpenBLAS", "oneDNN", "torch"))]
        speed.append([
            cell["model"], str(cell["batch"]), time(cell, "Septum"), time(cell, "Septum C"), time(cell, "ORT C"),
            time(cell, "OpenVINO C"), time(cell, "Septum C, 2 threads"), time(cell, "ORT C, 2 threads"), time(cell, "ORT Python"),
            time(cell, "ORT Python, bound"),
            ", ".join(others) or "-", ratio(cell["toRuntime"]), ratio(cell["toBest"]), small(cell["differences"]["Septum C"]),
        ])  # fmt: skip
    machine = [["model", "batch", "allocations", "(ORT)", "arena", "packed", "own memory", "(ORT)", "peak memory", "(ORT)", "(OpenVINO)",
                "GFLOP/s", "of peak", "GB/s", "of memory"]]  # fmt: skip
    for cell in cells:
        memory = cell["memory"]
        machine.append([
            cell["model"], str(cell["batch"]), f"{cell['allocations']['Septum C']:g}", f"{cell['allocations']['ORT C']:g}",
            amount(cell["arenaBytes"]), amount(cell["packedBytes"]),
            *(amount(memory[name]["own"]) for name in ("Septum C", "ORT C")),
            *(amount(memory[name]["peak"]) if name in memory else "-" for name in ("Septum C", "ORT C", "OpenVINO C")), f"{cell['gflops']:.3g}", percent(cell["peakFraction"]),
            f"{cell['bandwidth']:.3g}", percent(cell["bandwidth"] / bandwidth),
        ])  # fmt: skip
    latency = [["model", "engine", "p50", "p99", "p99.9", "max", "p99.9 / p50", "runs"]]
    for cell in cells:
        for name, times in cell["latency"].items():
            latency.append([
                cell["model"], name, *[duration(times[key]) for key in ("p50", "p99", "p99.9", "max")],
                ratio(times["p99.9"] / max(times["p50"], 1e-9)), str(times["runs"]),
            ])  # fmt: skip
    cold = [["model", "Septum .septum", "Septum .onnx", "ORT", "OpenVINO", "ORT session", "x .septum", "x .onnx",
             "again: .septum", ".onnx", "ORT", "ORT session", "x .septum", "x .onnx"]]  # fmt: skip
    for entry in results["cold"]:
        row = [entry["model"]]
        for first, open, names in (
            (entry["first"], entry["open"], ("Septum, .septum", "Septum, .onnx", "ORT", "OpenVINO")),
            (entry["firstAgain"], entry["openAgain"], ("Septum, .septum", "Septum, .onnx", "ORT")),
        ):
            row += [duration(first[name] * 1e6) if name in first else "-" for name in names]
            row += [duration(open["ORT"] * 1e6), *(ratio(open["ORT"] / first[name]) for name in names[:2])]
        cold.append(row)
    found = [
        ("Time of a run (median; x: how many times Septum C's)", speed),
        ("What a run costs (Septum C; memory beyond the bare library's)", machine),
        ("Single events, best of three turns (the machine: multiply-adds in registers for as long as Septum C)", latency),
        ("Cold start, from the file to the first result, in a fresh process and again (x: how many times Septum's ORT's session takes)", cold),
    ]
    if results["libraries"]:
        rows = [["model", "batch", "Septum", "library", "time", "x library", "diff"]]
        for cell in results["libraries"]:
            rows.append([
                cell["model"], str(cell["batch"]), duration(cell["nanoseconds"]["Septum"]), cell["library"],
                duration(cell["nanoseconds"][cell["library"]]), ratio(cell["ratio"]), small(cell["difference"]),
            ])  # fmt: skip
        found.append(("Beside the libraries that trained the models, from Python", rows))
    found.append((
        "From elsewhere: ROOT SOFIE, which pip and apt do not have",
        [["model", "SOFIE's C++", "ORT C", "source"],
         ["Keras MLP, 22 inputs", "0.30-0.41 us", "5.3 us", "measured side by side on another machine, layers not told; compare the ratio, 13 to 18"]],
    ))  # fmt: skip
    return found


def heading(results):
    names = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    load = f"load {results['loadBefore'][0]:.1f} before, {results['loadAfter'][0]:.1f} after"
    peak = statistics.median(cell["peakGflops"] for cell in results["cells"]) if results["cells"] else 0
    return [
        f"{results['machine']}, {results['cores']} cores, {results['date']}; {load}; {results['seconds']:.0f} s",
        f"probes: {peak:.0f} GFLOP/s of multiply-adds, {results['bandwidth']:.1f} GB/s read from memory",
        f"one thread, medians of {results['turns']} turns of {results['secondsOfTurn']} s; {names}",
    ]


def refusals(results):
    """What engines could not do, once for each model and engine."""
    lines = {}
    for cell in results["cells"]:
        for name, why in cell["refused"].items():
            lines.setdefault((cell["model"], name), f"{cell['model']}: {name} refuses: {' '.join(why.split())[:160]}")
    out = [f"{cell['model']} x {cell['batch']}: left out, {cell['why']}" for cell in results["leftOut"]]
    far = [
        f"{cell['model']} x {cell['batch']}: {name} differs from ONNX Runtime by {value:.1e}"
        for cell in results["cells"]
        for name, value in cell["differences"].items()
        if value > cell["tolerance"]
    ]
    return [*lines.values(), *far, *out]


def write(results, folder):
    text, markdown = heading(results), [f"{line}  " for line in heading(results)]
    for title, rows in tables(results):
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        aligned = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        text += ["", title, "", *aligned]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        markdown += ["", f"### {title}", "", lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]
    notes, outcome = refusals(results), results["verdicts"]
    marks = [f"{'met    ' if verdict['met'] else 'NOT MET'}  {verdict['target']}: {verdict['found']}" for verdict in outcome]
    text += ["", *notes, "", TARGETS, "", *marks]
    markdown += ["", *[f"- {note}" for note in notes], "", f"### {TARGETS}", "", *[f"- {mark}" for mark in marks]]
    (folder / "bench.txt").write_text("\n".join(text) + "\n")
    (folder / "bench.md").write_text("\n".join(markdown) + "\n")
    (folder / "bench.svg").write_text(chart.chart(results["cells"], heading(results)[0]))
    print("\n".join(text))
    print("\n" + ", ".join(str(folder / f"bench.{suffix}") for suffix in ("txt", "md", "json", "svg")))


# MARK: Verdicts


def share(cell, goal, peers):
    """The part of the machine's peak that a run `goal` times as fast as the fastest of these peers takes; None without products of float32."""
    if cell["peakFraction"] == 0 or "int8" in cell["model"]:
        return None
    fastest = min(cell["nanoseconds"][name] for name in peers if name in cell["nanoseconds"])
    return cell["peakFraction"] * cell["nanoseconds"]["Septum C"] / (fastest / goal)


def verdicts(results):
    """What holds and what does not; behind a ratio that is missed, in brackets, the share of the peak that reaching it takes."""
    cells = results["cells"]
    singles = [cell for cell in cells if cell["batch"] == 1]
    batches = [cell for cell in cells if cell["batch"] >= 64]
    found = []

    def judge(target, cells, value, holds, text, needs=lambda cell: None):
        """Met when all cells hold; says how many do, and names the rest."""
        if not cells:
            return
        failing = [cell for cell in cells if not holds(value(cell))]
        names = []
        for cell in failing:
            batch = f" x {cell['batch']}" if cell.get("batch", 1) != 1 else ""
            names.append(f"{cell['model']}{batch} {text(value(cell))}" + (f" [{percent(needs(cell))}]" if needs(cell) else ""))
        good = f"{len(cells) - len(failing)} of {len(cells)}"
        found.append({"target": target, "met": not failing, "found": good + (f"; not {', '.join(names)}" if names else "")})

    def of(kinds):
        return [cell for cell in singles if cell["kind"] in kinds]

    for label, key in (("Swift", "swiftToRuntime"), ("C", "toRuntime")):
        for what, kinds, goal in (
            ("MLPs", ("mlp", "sofie"), 8), ("DeepSets, GRU, small CNN", ("small",), 3), ("ParticleNet, ParT", ("large",), 1.5),
        ):  # fmt: skip
            judge(
                f"one event, {what}, {label}: {goal} x ORT", of(kinds), lambda cell: cell[key], lambda r: r >= goal, ratio,
                lambda cell: share(cell, goal, ("ORT C",)),
            )  # fmt: skip
    for cell in of(("sofie",)):
        septum, runtime = cell["nanoseconds"]["Septum"], cell["nanoseconds"]["ORT C"]
        within = SOFIE[1] / SOFIE_RUNTIME * runtime
        found.append({
            "target": "MLP of 22 inputs: ROOT SOFIE's share of ORT's time (from elsewhere)", "met": septum <= within,
            "found": f"{duration(septum)}, ORT {duration(runtime)}: 1/{runtime / septum:.1f}, SOFIE's 1/13 to 1/18",
        })  # fmt: skip
    judge(
        "batches from 64: 1.15 x ORT", batches, lambda cell: cell["toRuntime"], lambda r: r >= 1.15, ratio,
        lambda cell: share(cell, 1.15, ("ORT C",)),
    )  # fmt: skip
    judge(
        "batches from 64: 1.0 x the best of ORT and OpenVINO", batches, lambda cell: cell["toBest"], lambda r: r >= 1, ratio,
        lambda cell: share(cell, 1, ("ORT C", "OpenVINO C")),
    )  # fmt: skip
    bound = [cell for cell in batches if cell["kind"] == "product" or cell["model"] in ("mlp_128", "pfn", "part_50")]
    judge("bound by matrix products, batches from 64: 85 % of peak", bound, lambda cell: cell["peakFraction"], lambda f: f >= 0.85, percent)
    for name, file in (("Septum, .septum", ".septum"), ("Septum, .onnx", ".onnx")):
        for place, open, first in (("fresh process", "open", "first"), ("again", "openAgain", "firstAgain")):
            judge(
                f"cold start, {file}, {place}: first result in 1/10 of ORT's session", results["cold"],
                lambda entry: entry[open]["ORT"] / entry[first][name], lambda r: r >= 10, lambda r: f"1/{ratio(r)}",
            )  # fmt: skip
    def spread(name):
        return lambda cell: cell["latency"][name]["p99.9"] / cell["latency"][name]["p50"]

    timed = [cell for cell in singles if {"Septum C", "the machine"} <= set(cell["latency"])]
    judge("single events: p99.9 at most 1.5 x median", timed, spread("Septum C"), lambda r: r <= 1.5, ratio)
    steady = [cell for cell in timed if spread("the machine")(cell) <= 1.5]
    judge("the same where the machine itself holds it", steady, spread("Septum C"), lambda r: r <= 1.5, ratio)
    judge("no allocation in a run", cells, lambda cell: cell["allocations"]["Septum C"], lambda n: n == 0, lambda n: f"{n:g}")
    for cell in singles:
        if cell["model"] == "one_node":
            for name, limit in (("Septum", 100), ("Septum C", 150)):
                spent = cell["nanoseconds"][name]
                found.append({"target": f"one node, {name}: {limit} ns", "met": spent <= limit, "found": f"{spent:.0f} ns"})
    return found
