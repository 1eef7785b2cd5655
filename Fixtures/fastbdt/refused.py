"""Makes the files of `refused`: weights with one thing wrong, and a fragment of the error that each must get.

    python refused.py
"""

from pathlib import Path

HERE = Path(__file__).parent


def put(name, text, fragment, suffix="weights"):
    folder = HERE / "refused" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"model.{suffix}").write_text(text)
    (folder / "expected.txt").write_text(fragment + "\n")


def main():
    text = (HERE / "forest" / "model.weights").read_text()
    words = text.split()

    def with_word(place, value):
        return " ".join([*words[:place], value, *words[place + 1 :]]) + "\n"

    put("truncated", text[: len(text) // 2], "check that it was copied whole")
    put("nan_cut", with_word(6, "nan"), "cut 0: found NaN")
    put("feature_out_of_range", with_word(5, "70000"), "of which feature 70000 is cut on")
    put("too_few_weights", with_word(4, "6"), "tree 0")
    put("too_many_trees", with_word(3, "123456"), "there are 123456 trees, more than the file holds")
    xml = (HERE / "basf2_forest" / "model.xml").read_text()
    put("other_method", xml.replace(">FastBDT<", ">Python<"), "found the method 'Python', expected FastBDT", "xml")
    put("no_base64", xml.replace("<FastBDT_Weightfile>", "<FastBDT_Weightfile>?"), "which is not of base64", "xml")


if __name__ == "__main__":
    main()
