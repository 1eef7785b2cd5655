"""Scores the jets of many ROOT files with one model on a Dask cluster, and writes one file of scores for each.

    python score.py model.ubj scores/ run1.root run2.root ... --workers 4

The model's columns are found by the names that it was trained with. It travels once to each worker, by content: the workers need
neither its file nor the library that trained it. The scores do not depend on the number of workers, down to the last bit.
"""

import argparse
import pathlib

import awkward
import dask.distributed
import uproot

import septum


def score(model, source, target):
    """Reads one file, scores all its jets together, and writes their scores event by event."""
    names = [feature["name"] for feature in model.contract["inputs"][0]["features"]]
    with uproot.open(source) as file:
        events = file["Events"].arrays(names)
    found = model.run({name: awkward.flatten(events[name]) for name in names})
    counts = awkward.num(events[names[0]])
    with uproot.recreate(target) as file:
        file["Events"] = {f"Jet_{name}": awkward.unflatten(found[name], counts) for name in ("prediction", "margin")}
    return target, len(found["margin"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    # A cluster of a site, such as dask_jobqueue.HTCondorCluster, takes the place of this one.
    cluster = dask.distributed.LocalCluster(
        n_workers=options.workers, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, dask.distributed.Client(cluster) as client:
        model = client.scatter(septum.load(options.model), broadcast=True)
        tasks = [client.submit(score, model, str(path), str(options.folder / path.name)) for path in options.files]
        for task in dask.distributed.as_completed(tasks):
            target, count = task.result()
            print(f"{target}: {count} jets")


if __name__ == "__main__":
    main()
