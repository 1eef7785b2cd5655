"""Finds tracks: hits, pairs of hits, a graph network's score of each pair, connected hits, efficiency and fake rate."""

import pathlib
import sys

import numpy
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import common
import simulation

EVENTS, LEAST_HITS, WORKING_POINT = 12, 5, 0.5
THRESHOLDS = numpy.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])


class Tally:
    """Particles and tracks with five hits and more; they match when each holds more than half of the other's hits."""

    def __init__(self):
        self.particles, self.found, self.tracks, self.fakes = [], [], 0, 0

    def add(self, hits, pairs):
        particle, count = hits["particle"], len(hits["particle"])
        links = coo_array((numpy.ones(pairs.shape[1]), tuple(pairs)), shape=(count, count))
        _, track = connected_components(links, directed=False)
        size = numpy.bincount(track)
        length = numpy.bincount(particle[particle >= 0], minlength=len(hits["pt"]))
        (of, owner), shared = numpy.unique(numpy.stack([track, particle])[:, particle >= 0], axis=1, return_counts=True)
        match = (2 * shared > size[of]) & (2 * shared > length[owner]) & (size[of] >= LEAST_HITS)
        wanted = length >= LEAST_HITS
        found = numpy.zeros(len(length), bool)
        found[owner[match]] = True
        self.particles.append(hits["pt"][wanted])
        self.found.append(found[wanted])
        self.tracks += (size >= LEAST_HITS).sum()
        self.fakes += (size >= LEAST_HITS).sum() - len(numpy.unique(of[match]))

    def efficiency(self):
        return numpy.concatenate(self.found).mean()

    def fake_rate(self):
        return self.fakes / max(1, self.tracks)


def main():
    example = common.Example(__file__)
    model = example.load(example.convert("model.onnx"))

    tallies = {threshold: Tally() for threshold in [-1.0, *THRESHOLDS]}
    scores, truths, hit_count = [], [], 0
    for seed in range(1000, 1000 + EVENTS):
        hits = simulation.event(seed)
        inputs = simulation.tensors(hits)
        score = model.run(**inputs)["score"][:, 0]
        scores.append(score)
        truths.append(simulation.truth(hits, inputs["pairs"]))
        hit_count += len(hits["r"])
        for threshold, tally in tallies.items():
            tally.add(hits, inputs["pairs"][:, score > threshold])
    score, truth = numpy.concatenate(scores), numpy.concatenate(truths)
    print(f"{EVENTS} events, {hit_count} hits, {len(score)} pairs, {truth.sum()} of them true")
    chosen = score > WORKING_POINT
    print(f"pairs above {WORKING_POINT}: efficiency {100 * chosen[truth].mean():.2f} %, purity {100 * truth[chosen].mean():.2f} %, "
          f"area under curve {common.area_under_curve(score, truth):.4f}")
    for name, threshold in (("all pairs", -1.0), (f"pairs above {WORKING_POINT}", WORKING_POINT)):
        tally = tallies[threshold]
        print(f"tracks from {name}: efficiency {100 * tally.efficiency():.1f} %, fake rate {100 * tally.fake_rate():.1f} %")

    figure, (left, right) = common.canvas(2)
    points = [(tallies[t].fake_rate(), tallies[t].efficiency()) for t in THRESHOLDS]
    left.plot(*zip(*points), "o-")
    for threshold, point in list(zip(THRESHOLDS, points))[1::2]:
        left.annotate(f"{threshold:g}", point, textcoords="offset points", xytext=(5, -9), fontsize=7)
    left.set(xlabel="fake rate", ylabel="efficiency", title="tracks, by threshold on pairs")
    pt, found = (numpy.concatenate(values) for values in (tallies[WORKING_POINT].particles, tallies[WORKING_POINT].found))
    edges = numpy.array([0.5, 0.6, 0.75, 0.95, 1.25, 1.7, 2.5, 5])
    total, passed = numpy.histogram(pt, edges)[0], numpy.histogram(pt[found], edges)[0]
    share = passed / total
    right.errorbar(numpy.sqrt(edges[1:] * edges[:-1]), share, numpy.sqrt(share * (1 - share) / total), fmt="o", markersize=4)
    right.set(xlabel="transverse momentum [GeV]", ylabel="efficiency", ylim=(0, 1.05), title=f"pairs above {WORKING_POINT}")
    common.logarithmic(right, [0.5, 1, 2, 4])
    example.save(figure)


if __name__ == "__main__":
    main()
