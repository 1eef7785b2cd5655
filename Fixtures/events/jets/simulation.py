"""Proton collisions at 13 TeV from Pythia 8, seen by a simple tracker and calorimeter."""

import awkward as ak
import numpy as np
import pythia8mc

# processId: (name, share of the sample, Pythia settings)
PROCESSES = {
    1: ("ttbar", 0.45, ["Top:gg2ttbar = on", "Top:qqbar2ttbar = on"]),
    2: ("QCD", 0.30, ["HardQCD:all = on", "PhaseSpace:pTHatMin = 40."]),
    3: (
        "Z(qq)+jet",
        0.25,
        [
            "WeakBosonAndParton:qqbar2gmZg = on",
            "WeakBosonAndParton:qg2gmZq = on",
            "WeakZ0:gmZmode = 2",
            "PhaseSpace:pTHatMin = 20.",
            "23:onMode = off",
            "23:onIfAny = 1 2 3 4 5",
        ],
    ),
}

COMMON = [
    "Print:quiet = on",
    "Beams:eCM = 13000.",
    "Random:setSeed = on",
    "ParticleDecays:limitTau0 = on",
    "ParticleDecays:tau0Max = 10.",  # K0S and Lambda reach the calorimeter
]

NEUTRINOS = (12, 14, 16)


class Source:
    """One process: an endless stream of events, in batches."""

    def __init__(self, process_id, seed):
        self.pythia = pythia8mc.Pythia("", False)
        for setting in COMMON + PROCESSES[process_id][2] + [f"Random:seed = {seed}"]:
            if not self.pythia.readString(setting):
                raise ValueError(f"Pythia refused '{setting}'")
        if not self.pythia.init():
            raise RuntimeError("Pythia did not start")
        self.charges = {}

    def batch(self, count):
        """The full event record of `count` events; vertices in mm."""
        record = self.pythia.nextBatch(count).prt
        vertex = ak.fill_none(record.vProd, {"px": 0.0, "py": 0.0, "pz": 0.0, "e": 0.0}, axis=-1)
        flat = ak.to_numpy(ak.flatten(record.id))
        for code in np.unique(flat).tolist():
            self.charges.setdefault(code, self.pythia.particleData.charge(code))
        charge = np.array([self.charges[code] for code in np.unique(flat).tolist()])[np.unique(flat, return_inverse=True)[1]]
        return ak.zip(
            {
                "id": record.id,
                "status": record.status,
                "daughter1": record.daughter1,
                "daughter2": record.daughter2,
                "px": record.p.px,
                "py": record.p.py,
                "pz": record.p.pz,
                "e": record.p.e,
                "m": record.m,
                "vx": vertex.px,
                "vy": vertex.py,
                "vz": vertex.pz,
                "charge": ak.unflatten(charge, ak.num(record.id)),
            }
        )


def detect(record, random):
    """The visible stable particles as the detector sees them, flat, with their event number.

    Tracks (charged, |eta| < 2.5, pt > 0.5 GeV): relative pt resolution 0.7 % + 0.01 %/GeV pt, impact parameters against
    the beam line smeared by 15 um + 70 um/(pt sqrt(sin theta)) transversely, twice that along the beam.
    Calorimeter (|eta| < 3): photons and electrons 5 %/sqrt(E) + 1 % above 0.5 GeV, hadrons 80 %/sqrt(E) + 5 % above 1 GeV.
    All sums are in quadrature. Charged particles outside the tracker count as neutral hadrons.
    """
    stable = record.status > 0
    for code in NEUTRINOS:
        stable = stable & (abs(record.id) != code)
    event = np.repeat(np.arange(len(record)), ak.to_numpy(ak.sum(stable, axis=1)))
    seen = record[stable]
    get = {name: ak.to_numpy(ak.flatten(seen[name])) for name in seen.fields}
    pt = np.hypot(get["px"], get["py"])
    eta = np.arcsinh(get["pz"] / np.maximum(pt, 1e-9))
    phi = np.arctan2(get["py"], get["px"])
    code = np.abs(get["id"])
    track = (get["charge"] != 0) & (np.abs(eta) < 2.5) & (pt > 0.5)
    electromagnetic = (code == 22) | (code == 11)

    energy = np.maximum(get["e"], 1e-3)
    calorimeter = np.where(electromagnetic, np.hypot(0.05 / np.sqrt(energy), 0.01), np.hypot(0.8 / np.sqrt(energy), 0.05))
    response = 1 + np.where(track, np.hypot(0.007, 0.0001 * pt), calorimeter) * random.normal(size=len(pt))
    response = np.clip(response, 0.05, 3)

    sine = 1 / np.cosh(eta)
    d0_error = 1e-4 * np.hypot(15, 70 / (pt * np.sqrt(sine)))  # cm
    dz_error = 2 * d0_error
    x, y, z = (0.1 * get[axis] for axis in ("vx", "vy", "vz"))
    d0 = y * np.cos(phi) - x * np.sin(phi) + d0_error * random.normal(size=len(pt))
    dz = z - (x * np.cos(phi) + y * np.sin(phi)) * np.sinh(eta) + dz_error * random.normal(size=len(pt))

    pt = pt * response
    keep = (np.abs(eta) < 3) & (track | (pt > np.where(electromagnetic, 0.5, 1.0))) & ((get["charge"] == 0) | track | (pt > 1))
    kind = np.select(
        [track & (code == 11), track & (code == 13), track, code == 22, code == 11], [11, 13, 211, 22, 22], 130
    ) * np.where(track, np.sign(get["charge"]) * np.where(code < 20, -1, 1), 1)
    columns = {
        "event": event,
        "pt": pt,
        "eta": eta,
        "phi": phi,
        "mass": np.where(track, np.where(code == 11, 0.000511, np.where(code == 13, 0.10566, 0.13957)), 0.0),
        "charge": np.where(track, get["charge"], 0).astype(np.int8),
        "pdgId": kind.astype(np.int16),
        "d0": np.where(track, d0, np.nan),
        "dz": np.where(track, dz, np.nan),
        "d0Error": np.where(track, d0_error, np.nan),
        "dzError": np.where(track, dz_error, np.nan),
    }
    return {name: values[keep] for name, values in columns.items()}


def ghosts(record):
    """B and C hadrons before their weak decay, and the partons entering hadronisation: flat, with event number and label.

    The label is 5 or 4 for hadrons, and 100 + PDG id for partons.
    """
    code = record.id
    hadron = {}
    for flavour in (5, 4):
        heavy = (
            (abs(code) > 100)
            & (abs(code) < 10000000)
            & ((abs(code) // 1000 % 10 == flavour) | ((abs(code) // 1000 % 10 == 0) & (abs(code) // 100 % 10 == flavour)))
        )
        first, last = record.daughter1, record.daughter2
        again = (first > 0) & heavy[ak.where(first > 0, first, 0)]
        again = again | ((last > first) & heavy[ak.where(last > 0, last, 0)])
        hadron[flavour] = heavy & ~again
    status = abs(record.status)
    parton = (status >= 71) & (status <= 79) & ((abs(code) <= 5) | (code == 21)) & (code != 0)
    label = ak.where(hadron[5], 5, ak.where(hadron[4], 4, ak.where(parton, 100 + code, 0)))
    chosen = label != 0
    event = np.repeat(np.arange(len(record)), ak.to_numpy(ak.sum(chosen, axis=1)))
    flat = {name: ak.to_numpy(ak.flatten(record[name][chosen])) for name in ("px", "py", "pz", "e")}
    return {"event": event, "label": ak.to_numpy(ak.flatten(label[chosen])), **flat}
