"""Scores the jets of a ROOT file by RDataFrame and septum_dataframe.hpp, on one thread and on several, and compares with what
XGBoost gave for them.

    dataframe.py PREFIX    where Septum is installed
"""

import pathlib
import sys
import warnings

import numpy

warnings.filterwarnings("ignore", message="(?s).*distribution of ROOT")
import ROOT

FIXTURES = pathlib.Path(__file__).parents[2] / "Fixtures"
MODEL = FIXTURES / "xgboost" / "jet_classifier"
EVENTS = str(FIXTURES / "events" / "jets" / "events.root")
# In the order of the model's features; numbers of constituents are bytes in the file.
BYTES = {"Jet_nConstituents", "Jet_chMultiplicity", "Jet_nDisplaced"}


def features():
    lines = (MODEL / "contract.yaml").read_text().splitlines()
    return [line.split("branch: ")[1].split(",")[0].rstrip("}") for line in lines if "branch: " in line]


def declare(prefix, columns):
    ROOT.gInterpreter.AddIncludePath(f"{prefix}/include")
    if ROOT.gSystem.Load(f"{prefix}/lib/libseptum.so.1") < 0:
        raise SystemExit("the library cannot be loaded")
    types = ", ".join("Bytes" if name in BYTES else "Floats" for name in columns)
    assert ROOT.gInterpreter.Declare(f"""
        #include <septum_dataframe.hpp>
        using Floats = ROOT::VecOps::RVec<float>;
        using Bytes = ROOT::VecOps::RVec<unsigned char>;
        using SlotScorer = septum::slot_scorer<Floats({types})>;
        using Scorer = septum::scorer<Floats({types})>;
        ROOT::RDF::RNode by_slot(ROOT::RDF::RNode node, const std::string &path, std::vector<std::string> columns) {{
            return node.DefineSlot("score", SlotScorer(septum::model(path), node.GetNSlots()), columns);
        }}
        ROOT::RDF::RNode by_thread(ROOT::RDF::RNode node, const std::string &path, std::vector<std::string> columns) {{
            return node.Define("score", Scorer(septum::model(path)), columns);
        }}
    """)


def scores(define, columns):
    frame = define(ROOT.RDF.AsRNode(ROOT.RDataFrame("Events", EVENTS)), str(MODEL / "model.json"), columns)
    # Threads take events in any order.
    found = frame.AsNumpy(["event", "score"])
    order = numpy.argsort(found["event"], kind="stable")
    return numpy.concatenate([numpy.asarray(found["score"][index], "f4") for index in order])


if __name__ == "__main__":
    columns = features()
    assert len(columns) == 17
    declare(pathlib.Path(sys.argv[1]).resolve(), columns)
    expected = numpy.load(MODEL / "event_scores.npz")["prediction"]
    assert len(expected) == 2082
    for threads in (1, 4):
        if threads > 1:
            ROOT.EnableImplicitMT(threads)
        for define in (ROOT.by_slot, ROOT.by_thread):
            numpy.testing.assert_array_equal(scores(define, columns), expected)
    broken = ROOT.RDF.AsRNode(ROOT.RDataFrame("Events", EVENTS))
    try:
        ROOT.by_slot(broken, "nowhere.json", columns)
    except Exception as failure:
        assert "nowhere.json" in str(failure), failure
    else:
        raise SystemExit("a model that is nowhere was read")
    print("RDataFrame gives XGBoost's scores of 2082 jets, by slot and by thread, on 1 and 4 threads")
