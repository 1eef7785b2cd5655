"""One job of a batch system: reads one ROOT file, scores its jets, writes one ROOT file. jobs.sub submits one job for each file.

    python score.py model.septum events.root scores.root
"""

import os
import sys

import awkward
import uproot

import septum


def main(model_file, source, target):
    model = septum.load(model_file)
    names = [feature["name"] for feature in model.contract["inputs"][0]["features"]]
    with uproot.open(source) as file:
        events = file["Events"].arrays(names)
    found = model.run({name: awkward.flatten(events[name]) for name in names})
    counts = awkward.num(events[names[0]])
    # A job that is evicted leaves no half of a file under the final name.
    with uproot.recreate(target + ".part") as file:
        file["Events"] = {f"Jet_{name}": awkward.unflatten(found[name], counts) for name in ("prediction", "margin")}
    os.replace(target + ".part", target)
    print(f"{target}: {len(found['margin'])} jets with Septum {septum.version()}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
