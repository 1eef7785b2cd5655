"""Makes the files of `refused`: checkpoints with one thing wrong, and a fragment of the error that each must get.

    python refused.py
"""

import struct
from pathlib import Path

HERE = Path(__file__).parent


def first_tree(data):
    """Where the first tree starts: after the head, whose arrays and strings have their lengths before them."""
    place = 32
    for size in (4, 4, 4, 4, 1):
        place += 8 + struct.unpack_from("<Q", data, place)[0] * size
    place += 8
    for size in (8, 1):
        place += 8 + struct.unpack_from("<Q", data, place)[0] * size
    return place + 4


def put(name, data, fragment):
    folder = HERE / "refused" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.treelite").write_bytes(data)
    (folder / "expected.txt").write_text(fragment + "\n")


def edited(data, place, form, value):
    copy = bytearray(data)
    struct.pack_into(form, copy, place, value)
    return bytes(copy)


def vectors():
    """A forest whose leaves are vectors, where those of its first tree start, how many there are, and the number of nodes."""
    data = (HERE / "rf_classifier" / "model.treelite").read_bytes()
    start = first_tree(data)
    count = struct.unpack_from("<i", data, start)[0]
    place = start + 5 + 8 + count + 3 * (8 + 4 * count) + 8 + count + 2 * (8 + 8 * count) + 2 * (8 + count)
    return data, place, struct.unpack_from("<Q", data, place)[0], count


def shared(file):
    """The last leaf has the vectors of all."""
    data, place, size, count = file
    return edited(data, place + 8 + 8 * size + 8 + 8 * (count - 1), "<Q", 0)


def without(file):
    """The leaves of the first tree hold no vectors."""
    data, place, size, count = file
    end = place + 8 + 8 * size + 2 * (8 + 8 * count)
    nothing = struct.pack("<Q", count) + bytes(8 * count)
    return data[:place] + bytes(8) + nothing + nothing + data[end:]


def main():
    data = (HERE / "xgb_logistic" / "model.treelite").read_bytes()
    start = first_tree(data)
    count = struct.unpack_from("<i", data, start)[0]
    left = start + 5 + 8 + count + 8
    feature = left + 2 * (4 * count + 8)
    threshold = feature + (4 * count + 8) + (count + 8) + (4 * count + 8)
    put("truncated", data[: len(data) // 2], "check that it was copied whole")
    put("cyclic_child", edited(data, left, "<i", 0), "node 0: the node is given twice")
    put("child_out_of_range", edited(data, left, "<i", 9999), "found node 9999")
    put("feature_out_of_range", edited(data, feature, "<i", 77), "it tests feature 77, the model has 5")
    put("nan_threshold", edited(data, threshold, "<f", float("nan")), "found the threshold nan")
    put("wrong_length", edited(data, left - 8, "<Q", count + 1), f"expected {count}")
    put("huge_length", edited(data, left - 8, "<Q", 1 << 60), "more than the file holds")
    put("shared_vectors", shared(vectors()), "parts of which other nodes have")
    put("no_vectors", without(vectors()), "tree 0: its leaves hold no 3 values")
    put("unknown_version", edited(data, 0, "<i", 7), "found a checkpoint of treelite 7.")


if __name__ == "__main__":
    main()
