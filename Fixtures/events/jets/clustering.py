"""Anti-kt jets, their flavour by ghost association, and the features of jets and constituents."""

import awkward as ak
import fastjet
import numpy as np

RADIUS, MINIMUM_PT, MAXIMUM_ETA, STORED = 0.4, 20.0, 2.5, 40
GHOST = 1e-18


def four_momenta(pt, eta, phi, mass):
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return {"px": px, "py": py, "pz": pz, "E": np.sqrt(px**2 + py**2 + pz**2 + mass**2)}


def wrap(phi):
    return (phi + np.pi) % (2 * np.pi) - np.pi


def clustered(events, particles, ghosts):
    """Per event and jet, the flat index of each member: particles first, then ghosts from len(particles) on."""
    momenta = four_momenta(particles["pt"], particles["eta"], particles["phi"], particles["mass"])
    size = np.maximum(np.sqrt(ghosts["px"] ** 2 + ghosts["py"] ** 2 + ghosts["pz"] ** 2), 1e-9)
    for name in ("px", "py", "pz"):
        momenta[name] = np.concatenate([momenta[name], GHOST * ghosts[name] / size])
    momenta["E"] = np.concatenate([momenta["E"], np.full(len(size), GHOST)])
    event = np.concatenate([particles["event"], ghosts["event"]])
    order = np.argsort(event, kind="stable")
    counts = np.bincount(event, minlength=events)
    inputs = ak.zip({name: ak.unflatten(values[order], counts) for name, values in momenta.items()})
    index = ak.unflatten(order, counts)
    used = ak.to_numpy(counts > 0)
    if not used.all():
        raise ValueError("an event without any particle")
    sequence = fastjet.ClusterSequence(inputs, fastjet.JetDefinition(fastjet.antikt_algorithm, RADIUS))
    members = sequence.constituent_index(min_pt=MINIMUM_PT)
    flat = ak.flatten(members, axis=2)
    return ak.unflatten(index[flat], ak.flatten(ak.num(members, axis=2)), axis=1)


def flavours(labels, energies):
    """(hadronFlavour, partonFlavour) of a jet: b before c before the hardest light parton, as NanoAOD has it."""
    partons = labels[labels > 50] - 100
    hadron = 5 if (labels == 5).any() else 4 if (labels == 4).any() else 0
    for code in (5, 4):
        matching = partons[np.abs(partons) == code]
        if len(matching):
            return hadron, int(matching[0])
    return hadron, int(partons[np.argmax(energies[labels > 50])]) if len(partons) else 0


def leading(values, count):
    best = np.full(count, np.nan)
    top = np.sort(values)[::-1][:count]
    best[: len(top)] = top
    return best


def jet(particles, chosen):
    """The features of one jet and of its leading constituents; None outside the acceptance."""
    part = {name: values[chosen] for name, values in particles.items()}
    momentum = {name: values.sum() for name, values in four_momenta(part["pt"], part["eta"], part["phi"], part["mass"]).items()}
    pt = np.hypot(momentum["px"], momentum["py"])
    eta, phi = np.arcsinh(momentum["pz"] / pt), np.arctan2(momentum["py"], momentum["px"])
    if pt < MINIMUM_PT or abs(eta) > MAXIMUM_ETA:
        return None
    square = momentum["E"] ** 2 - momentum["px"] ** 2 - momentum["py"] ** 2 - momentum["pz"] ** 2
    delta_eta, delta_phi = part["eta"] - eta, wrap(part["phi"] - phi)
    distance, total = np.hypot(delta_eta, delta_phi), part["pt"].sum()
    track = part["charge"] != 0
    significance = part["d0"] / part["d0Error"]
    # The lifetime sign: positive where the track crosses the jet axis ahead of the beam line.
    ahead = np.sign(part["d0"] * np.sin(wrap(phi - part["phi"])))
    signed = ahead * np.abs(significance)
    sip = signed[track]
    away = track & (np.nan_to_num(signed) > 2)
    vertex = {
        name: values[away].sum() for name, values in four_momenta(part["pt"], part["eta"], part["phi"], part["mass"]).items()
    }
    lepton = (np.abs(part["pdgId"]) == 11) | (np.abs(part["pdgId"]) == 13)
    kinds = np.abs(part["pdgId"])

    def fraction(mask):
        return part["pt"][mask].sum() / total

    first, second, third = leading(sip, 3)
    features = {
        "pt": pt,
        "eta": eta,
        "phi": phi,
        "mass": np.sqrt(max(square, 0.0)),
        "nConstituents": len(chosen),
        "chMultiplicity": int(track.sum()),
        "neMultiplicity": int((~track).sum()),
        "chHEF": fraction(kinds == 211),
        "neHEF": fraction(kinds == 130),
        "photonEF": fraction(kinds == 22),
        "lepEF": fraction(lepton),
        "width": (part["pt"] * distance).sum() / total,
        "ptD": np.sqrt((part["pt"] ** 2).sum()) / total,
        "leadFraction": part["pt"].max() / total,
        "maxSip": first,
        "secondSip": second,
        "thirdSip": third,
        "nDisplaced": int((sip > 3).sum()),
        "displacedFraction": fraction(away),
        "displacedMass": (
            np.sqrt(max(vertex["E"] ** 2 - vertex["px"] ** 2 - vertex["py"] ** 2 - vertex["pz"] ** 2, 0.0))
            if away.any()
            else np.nan
        ),
        "leptonPtRel": (part["pt"] * distance)[lepton].max() if lepton.any() else np.nan,
    }
    columns = {
        "pt": part["pt"],
        "eta": part["eta"],
        "phi": part["phi"],
        "deltaEta": delta_eta,
        "deltaPhi": delta_phi,
        "ptFraction": part["pt"] / pt,
        "charge": part["charge"],
        "pdgId": part["pdgId"],
        "d0": part["d0"],
        "dz": part["dz"],
        "d0Significance": significance,
        "dzSignificance": part["dz"] / part["dzError"],
        "sip": signed,
    }
    kept = np.sort(np.argsort(-part["pt"], kind="stable")[:STORED])
    return features, {name: values[kept] for name, values in columns.items()}, chosen[kept]


def reconstruct(events, particles, ghosts):
    """One dictionary an event: `jets` by falling pt, and `candidates` in the order of the particles, linked by `jetIdx`."""
    number = len(particles["pt"])
    output = []
    for members in clustered(events, particles, ghosts).to_list():
        found = []
        for constituents in members:
            constituents = np.sort(np.array(constituents))
            chosen = constituents[constituents < number]
            result = jet(particles, chosen) if len(chosen) else None
            if result:
                inside = constituents[constituents >= number] - number
                pair = flavours(ghosts["label"][inside], ghosts["e"][inside])
                result[0].update(hadronFlavour=pair[0], partonFlavour=pair[1])
                found.append(result)
        found.sort(key=lambda item: -item[0]["pt"])
        position = np.concatenate([item[2] for item in found]) if found else np.zeros(0, int)
        order = np.argsort(position)
        candidates = {"jetIdx": np.repeat(np.arange(len(found)), [len(item[2]) for item in found])[order]} if found else {}
        if found:
            candidates |= {name: np.concatenate([item[1][name] for item in found])[order] for name in found[0][1]}
        output.append({"jets": [item[0] for item in found], "candidates": candidates})
    return output
