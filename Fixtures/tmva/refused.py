"""Makes the files of `refused`: weight files with one thing wrong, and a fragment of the error that each must get.

    python refused.py
"""

from pathlib import Path

HERE = Path(__file__).parent


def put(name, text, fragment):
    folder = HERE / "refused" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.weights.xml").write_text(text)
    (folder / "expected.txt").write_text(fragment + "\n")


def main():
    text = (HERE / "bagging" / "model.weights.xml").read_text()
    entities = "".join(f'<!ENTITY {c} "{("&" + p + ";") * 10}">\n' for p, c in zip("abcdefgh", "bcdefghi"))
    bomb = f'<!DOCTYPE MethodSetup [\n<!ENTITY a "0000000000">\n{entities}]>\n<MethodSetup'
    external = '<!DOCTYPE MethodSetup SYSTEM "http://127.0.0.1/tmva.dtd">\n<MethodSetup'
    put("truncated", text[: len(text) // 2], "check that the file was copied whole")
    put("entities", text.replace("<MethodSetup", bomb, 1), "the file declares a document type")
    put("external_entity", text.replace("<MethodSetup", external, 1), "the file declares a document type")
    put("nan_cut", text.replace('IVar="1" Cut="', 'IVar="1" Cut="nan" was="', 1), "has the attribute 'Cut' = 'nan'")
    put("feature_out_of_range", text.replace('IVar="1"', 'IVar="11"', 1), "cuts on variable 11, the file has 4")
    put("unknown_boost", text.replace(">Bagging<", ">Boosting<"), "found the boost type 'Boosting'")
    chain = (HERE / "grad_chain" / "model.weights.xml").read_text()
    put("unknown_transformation", chain.replace('Name="Normalize"', 'Name="Whiten"'), "found the transformation 'Whiten'")


if __name__ == "__main__":
    main()
