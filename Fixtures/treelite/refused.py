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
    put("unknown_version", edited(data, 0, "<i", 7), "found a checkpoint of treelite 7.")


if __name__ == "__main__":
    main()
