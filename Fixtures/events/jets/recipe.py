"""Makes the simulated jets of this folder, or (with --training FILE) a larger sample of the same kind.

python recipe.py                                     events.root, events.parquet, jets.csv, jets.npz
python recipe.py --training training.root --events 20000
"""

import argparse
import pathlib

import awkward as ak
import numpy as np
import pyarrow.parquet
import uproot

import clustering
import simulation

HERE = pathlib.Path(__file__).parent
BATCH = 100
MANTISSA = {"Jet": 10, "JetPFCand": 7}  # stored bits, as in NanoAOD, to keep the file small

JET = {
    "hadronFlavour": np.uint8,
    "partonFlavour": np.int16,
    "nConstituents": np.uint8,
    "chMultiplicity": np.uint8,
    "neMultiplicity": np.uint8,
    "nDisplaced": np.uint8,
}
CANDIDATE = {"jetIdx": np.int16, "charge": np.int8, "pdgId": np.int16}


def stored(values, kind, bits):
    """Integers as they are, floats as float32 rounded to `bits` bits of mantissa."""
    values = np.asarray(values)
    if kind is not np.float32:
        return values.astype(kind)
    fraction, exponent = np.frexp(values)
    return np.ldexp(np.round(fraction * 2 ** (bits + 1)), exponent - bits - 1).astype(np.float32)


def events(count, seed):
    """`count` events as (processId, reconstructed), the processes mixed in their shares."""
    random = np.random.default_rng(seed)
    shares = [share for _, share, _ in simulation.PROCESSES.values()]
    sequence = random.choice(list(simulation.PROCESSES), size=count, p=shares)
    streams = {}
    for process in simulation.PROCESSES:
        wanted = int((sequence == process).sum())
        source = simulation.Source(process, seed * 10 + process)
        streams[process] = []
        while wanted > 0:
            record = source.batch(min(BATCH, wanted))
            wanted -= len(record)
            particles, ghosts = simulation.detect(record, random), simulation.ghosts(record)
            streams[process] += clustering.reconstruct(len(record), particles, ghosts)
    position = dict.fromkeys(streams, 0)
    for process in sequence.tolist():
        yield process, streams[process][position[process]]
        position[process] += 1


def table(count, seed, run):
    """All branches as one awkward record array."""
    made = list(events(count, seed))
    number = np.arange(1, len(made) + 1, dtype=np.uint64)
    jets = [event["jets"] for _, event in made]
    candidates = [event["candidates"] for _, event in made]
    flat = [jet for event in jets for jet in event]

    def jagged(collection, columns, counts, kinds):
        return ak.zip(
            {
                name: ak.unflatten(stored(values, kinds.get(name, np.float32), MANTISSA[collection]), counts)
                for name, values in columns.items()
            }
        )

    names = next(event["candidates"] for _, event in made if event["jets"])
    return {
        "run": np.full(len(made), run, np.uint32),
        "luminosityBlock": np.full(len(made), 1, np.uint32),
        "event": number,
        "processId": np.array([process for process, _ in made], np.int32),
        "Jet": jagged("Jet", {name: [jet[name] for jet in flat] for name in flat[0]}, [len(event) for event in jets], JET),
        "JetPFCand": jagged(
            "JetPFCand",
            {name: np.concatenate([event[name] for event in candidates if event]) for name in names},
            [len(event["jetIdx"]) if event else 0 for event in candidates],
            CANDIDATE,
        ),
    }


def write_root(path, content):
    compression = uproot.ZLIB(9)
    with uproot.recreate(path, compression=compression) as file:
        types = {
            name: ak.type(values).content if isinstance(values, ak.Array) else values.dtype for name, values in content.items()
        }
        tree = file.mktree(
            "Events",
            types,
            counter_name=lambda name: "n" + name,
            field_name=lambda outer, inner: inner if outer == "" else outer + "_" + inner,
        )
        tree.extend(content)


def write_tables(content):
    jets = content["Jet"]
    columns = {"event": np.repeat(content["event"], ak.num(jets).to_numpy())}
    columns |= {"Jet_" + name: ak.flatten(jets[name]).to_numpy() for name in jets.fields}
    np.savez_compressed(HERE / "jets.npz", **columns)
    rows = zip(
        *(values.tolist() if values.dtype.kind in "iu" else [str(value) for value in values] for values in columns.values())
    )
    lines = [",".join(columns)] + [",".join(map(str, row)) for row in rows]
    (HERE / "jets.csv").write_text("\n".join(lines) + "\n")


def write_parquet(content, count):
    flat = {}
    for name, values in content.items():
        fields = (
            {name + "_" + field: values[field] for field in values.fields} if isinstance(values, ak.Array) else {name: values}
        )
        flat |= {
            field: ak.to_arrow(ak.Array(part[:count]), list_to32=True, extensionarray=False) for field, part in fields.items()
        }
    pyarrow.parquet.write_table(pyarrow.table(flat), HERE / "events.parquet", compression="zstd", compression_level=19)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--training", type=pathlib.Path)
    parser.add_argument("--events", type=int, default=600)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    content = table(options.events, options.seed or (2 if options.training else 1), 2 if options.training else 1)
    write_root(options.training or HERE / "events.root", content)
    if not options.training:
        write_tables(content)
        write_parquet(content, 200)
    counts = ak.num(content["Jet"]).to_numpy()
    flavour = ak.flatten(content["Jet"]["hadronFlavour"]).to_numpy()
    print(
        f"{len(counts)} events, {(counts == 0).sum()} without jets, {counts.sum()} jets:",
        {int(code): int((flavour == code).sum()) for code in np.unique(flavour)},
        f"{len(ak.flatten(content['JetPFCand']['pt']))} candidates",
    )


if __name__ == "__main__":
    main()
