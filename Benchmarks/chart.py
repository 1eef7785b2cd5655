"""The benchmark as a picture: for each model and batch how many times longer than Septum the best other engine takes."""

import html
import math

BATCHES = {1: "#d1495b", 8: "#e08e1b", 64: "#2a9d64", 1024: "#2b7bba", 16384: "#8d5fd3"}
ENGINES = ("ORT C", "OpenVINO C")


def chart(cells, heading):
    left, width, bar, gap, top = 150, 900, 13, 10, 96
    rows = []
    for cell in cells:
        peers = {name: cell["nanoseconds"][name] for name in ENGINES if name in cell["nanoseconds"]}
        best = min(peers, key=peers.get)
        rows.append((cell["model"], cell["batch"], peers[best] / cell["nanoseconds"]["Septum C"], best))
    ratios = [row[2] for row in rows] or [1]
    low = min(-0.5, math.floor(2 * math.log10(min(ratios))) / 2)
    high = max(1, math.ceil(2 * math.log10(max(ratios))) / 2)

    def x(ratio):
        return left + (math.log10(ratio) - low) / (high - low) * (width - left - 110)

    bars, y, previous = [], top, None
    for model, batch, ratio, best in rows:
        if model != previous:
            y += gap if previous else 0
            bars.append(f'<text x="{left - 12}" y="{y + bar - 3}" text-anchor="end">{html.escape(model)}</text>')
            previous = model
        start, end = sorted((x(1), x(ratio)))
        colour = BATCHES.get(batch, "#5b6770")
        bars.append(f'<rect x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" height="{bar - 2}" fill="{colour}"/>')
        bars.append(f'<text x="{max(end, x(1)) + 5:.1f}" y="{y + bar - 3}" font-size="10">{ratio:.2f} {best.split()[0]}</text>')
        y += bar
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 36}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{y + 36}" fill="white"/>',
        '<text x="20" y="26" font-size="17">Time of the best of ONNX Runtime and OpenVINO, in multiples of Septum\'s</text>',
        f'<text x="20" y="45" fill="#5b6770">{html.escape(heading)}</text>',
    ]
    place = 20
    for batch, colour in BATCHES.items():
        lines.append(f'<rect x="{place}" y="57" width="12" height="12" fill="{colour}"/>')
        lines.append(f'<text x="{place + 17}" y="67">batch {batch}</text>')
        place += 100
    for ratio in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100):
        if low <= math.log10(ratio) <= high:
            stroke = "#5b6770" if ratio == 1 else "#e3e6ea"
            lines.append(f'<line x1="{x(ratio):.1f}" x2="{x(ratio):.1f}" y1="{top - 6}" y2="{y}" stroke="{stroke}"/>')
            lines.append(f'<text x="{x(ratio):.1f}" y="{y + 18}" text-anchor="middle">{ratio:g}</text>')
    return "\n".join([*lines, *bars, "</svg>\n"])
