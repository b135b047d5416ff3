#!/usr/bin/env python3
"""Draws a quality bench's rows: loss and k-NN accuracy by epoch, ours beside PyTorch's, a line for each seed.

  plot_quality.py ROWS.csv OUT.png      needs matplotlib
"""
import csv, sys
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

rows = list(csv.DictReader(open(sys.argv[1])))
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
styles = {"latentd": dict(color="tab:blue"), "PyTorch": dict(color="tab:orange", linestyle="--")}
panels = [("loss", "loss, mean of the epoch (0 to 8)", 1), ("knn", "k-NN top-1 on test, % (k 200, T 0.1, cosine)", 100)]
for axis, (column, title, scale) in zip(axes, panels):
    for run in dict.fromkeys(row["run"] for row in rows):
        seeds = list(dict.fromkeys(row["seed"] for row in rows if row["run"] == run))
        for seed in seeds:
            points = [(int(row["epoch"]), scale * float(row[column])) for row in rows
                      if row["run"] == run and row["seed"] == seed and row[column] != ""]
            label = f"{run}, {len(seeds)} seeds" if seed == seeds[0] else None
            axis.plot(*zip(*points), marker="o", markersize=3, label=label, **styles.get(run, {}))
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("epoch")
    axis.grid(alpha=0.3)
axes[0].legend()
figure.savefig(sys.argv[2], dpi=110)
