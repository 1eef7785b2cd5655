"""Draws score histograms with matplotlib."""


def draw(path, title, names, edges, counts):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7.6, 4.4), dpi=150)
    for name, edge, count in zip(names, edges, counts):
        axes.stairs(count, edge, label=name, linewidth=1.6)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("score")
    axes.set_ylabel("rows per bin")
    axes.set_title(title)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, format="png")
    pyplot.close(figure)
