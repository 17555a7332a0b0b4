"""Fits the load of a plant to the temperature and tells which hours are far from the line."""

import sys

import numpy as np

table = np.genfromtxt(sys.argv[1], delimiter=",", names=True)
known = table[~np.isnan(table["temperature"])]
print(f"{known.size} of {table.size} hours have a temperature")

x = np.column_stack([known["temperature"], np.ones(known.size)])
(slope, offset), residue, rank, _ = np.linalg.lstsq(x, known["load"], rcond=None)
print(f"load = {slope:.2f} * temperature + {offset:.1f}, rank {rank}")

far = np.abs(known["load"] - x @ [slope, offset])
for hour in known["hour"][far > far.mean() + far.std()]:
    print(f"hour {hour:.0f} is far from the line")

spectrum = np.abs(np.fft.rfft(table["load"] - table["load"].mean()))
print("strongest period:", table.size // int(np.argmax(spectrum[1:]) + 1), "hours")

random = np.random.default_rng(7)
means = random.choice(known["load"], (2000, known.size)).mean(axis=1)
low, high = np.percentile(means, [2.5, 97.5])
print(f"mean load {known['load'].mean():.0f}, 95 % within {round(low, -1):.0f}..{round(high, -1):.0f}")

np.save("/tmp/far.npy", far)
assert np.array_equal(np.load("/tmp/far.npy"), far)
