"""The benchmark as a picture: for each case how many times longer than Septum the other libraries take."""

import html
import math

COLOURS = {
    "ONNX Runtime, run": "#d1495b",
    "ONNX Runtime, bound": "#e08e1b",
    "XGBoost": "#2a9d64",
    "scikit-learn": "#8d5fd3",
}


def chart(results, heading):
    left, width, bar, gap, top = 250, 900, 14, 12, 84
    ratios = [ratio for result in results for ratio in result["ratios"].values()]
    low = min(-1, math.floor(math.log10(min(ratios))))
    high = max(1, math.ceil(math.log10(max(ratios))))

    def x(ratio):
        return left + (math.log10(ratio) - low) / (high - low) * (width - left - 70)

    bars, y = [], top
    for result in results:
        sizes = " ".join(f"{name}={size}" for name, size in result["sizes"].items())
        first = y
        for name, ratio in result["ratios"].items():
            start, end = sorted((x(1), x(ratio)))
            bars.append(f'<rect x="{start:.1f}" y="{y}" width="{end - start:.1f}" height="{bar - 2}" fill="{COLOURS[name]}"/>')
            bars.append(f'<text x="{end + 5:.1f}" y="{y + bar - 4}">{ratio:.1f}</text>')
            y += bar
        middle = (first + y) / 2
        bars.append(f'<text x="{left - 12}" y="{middle}" text-anchor="end">{html.escape(result["model"])}')
        bars.append(f'<tspan x="{left - 12}" dy="12" fill="#5b6770" font-size="10">{html.escape(sizes)}</tspan></text>')
        y += gap + (bar if len(result["ratios"]) == 1 else 0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 36}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{y + 36}" fill="white"/>',
        '<text x="20" y="26" font-size="17">Time of a call, in multiples of Septum\'s</text>',
        f'<text x="20" y="45" fill="#5b6770">{html.escape(heading)}</text>',
    ]
    place = 20
    for name in dict.fromkeys(name for result in results for name in result["ratios"]):
        lines.append(f'<rect x="{place}" y="57" width="12" height="12" fill="{COLOURS[name]}"/>')
        lines.append(f'<text x="{place + 17}" y="67">{html.escape(name)}</text>')
        place += 40 + 7 * len(name)
    for exponent in range(low, high + 1):
        position = x(10**exponent)
        stroke = "#5b6770" if exponent == 0 else "#e3e6ea"
        lines.append(f'<line x1="{position:.1f}" x2="{position:.1f}" y1="{top - 6}" y2="{y}" stroke="{stroke}"/>')
        lines.append(f'<text x="{position:.1f}" y="{y + 18}" text-anchor="middle">{10**exponent:g}</text>')
    return "\n".join([*lines, *bars, "</svg>\n"])
