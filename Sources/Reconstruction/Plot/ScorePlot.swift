#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
public import SeptumTensor

/// A picture of how scores are distributed: one histogram a column.
public struct ScorePlot: Sendable {
    public var title: String
    public var histograms: [(name: String, histogram: Histogram)]

    public init(title: String, _ histograms: [(name: String, histogram: Histogram)]) {
        self.title = title
        self.histograms = histograms
    }

    /// Suffixes that a plot can have.
    public static let suffixes = ["svg", "html", "png"]

    /// Checks that a plot can have the path's suffix and that its folder can be written to.
    ///
    /// - Throws: `unsupported` for another suffix, `file` when the folder cannot be written to.
    public static func check(_ path: String) throws(ModelError) {
        guard suffixes.contains(path.split(separator: ".").last?.lowercased() ?? "") else { throw unknown(path) }
        try EventFiles.checkFolder(of: path)
    }

    private static func unknown(_ path: String) -> ModelError {
        ModelError(.unsupported, "a plot cannot have this suffix", remedy: "use .svg, .html or .png", file: path)
    }

    /// Writes the plot; the suffix decides between SVG, HTML and PNG (which matplotlib draws).
    ///
    /// - Parameters:
    ///   - path: A `.svg`, `.html` or `.png` file.
    ///   - python: The interpreter for PNG.
    /// - Throws: `unsupported` for another suffix, `file` when the path cannot be written, `environment` without matplotlib.
    public func write(to path: String, python: String? = nil) throws(ModelError) {
        switch path.split(separator: ".").last?.lowercased() {
        case "svg": try ScorePlot.write(svg, path)
        case "html":
            let page =
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>\(ScorePlot.escaped(title))</title><body>\n"
            try ScorePlot.write(page + svg + "\n</body></html>\n", path)
        #if SEPTUM_PYTHON
            case "png": try writePNG(path, python)
        #endif
        default: throw ScorePlot.unknown(path)
        }
    }

    static let colours = ["#1f6fb4", "#d1495b", "#2a9d64", "#8d5fd3", "#e08e1b", "#5b6770"]

    /// The plot as an SVG document; bins are drawn on a logarithmic scale from half an entry up.
    public var svg: String {
        let (width, height, left, top, right, bottom) = (760.0, 440.0, 70.0, 50.0, 20.0, 60.0)
        let plotWidth = width - left - right
        let plotHeight = height - top - bottom
        let shown = histograms.map { ($0.name, $0.histogram.bins()) }
        let low = shown.map(\.1.range.lowerBound).min() ?? 0
        let high = shown.map(\.1.range.upperBound).max() ?? 1
        let decades = max(1, ScorePlot.decades(of: shown.flatMap(\.1.counts).max() ?? 1))
        // Halved, so that the span of the largest doubles is finite.
        let half = high / 2 - low / 2
        let span = half > 0 ? half : 1
        func x(_ value: Double) -> Double { left + (value / 2 - low / 2) / span * plotWidth }
        func y(_ count: Double) -> Double {
            let fraction = (log10(max(count, 0.5)) - log10(0.5)) / (Double(decades) - log10(0.5))
            return top + plotHeight * (1 - fraction)
        }
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" font-family=\"sans-serif\" font-size=\"13\">",
            "<rect width=\"\(Int(width))\" height=\"\(Int(height))\" fill=\"white\"/>",
            "<text x=\"\(left)\" y=\"28\" font-size=\"17\">\(ScorePlot.escaped(title))</text>",
        ]
        for exponent in 0...decades {
            let height = y(pow(10, Double(exponent)))
            lines.append("<line x1=\"\(left)\" x2=\"\(width - right)\" y1=\"\(height)\" y2=\"\(height)\" stroke=\"#e3e6ea\"/>")
            lines.append(
                "<text x=\"\(left - 8)\" y=\"\(height + 4)\" text-anchor=\"end\">\(Int(pow(10, Double(exponent))))</text>")
        }
        for tick in 0...5 {
            let value = low * (1 - Double(tick) / 5) + high * (Double(tick) / 5)
            lines.append(
                "<text x=\"\(x(value))\" y=\"\(top + plotHeight + 20)\" text-anchor=\"middle\">\(ScorePlot.short(value))</text>")
        }
        lines.append("<text x=\"\(left + plotWidth / 2)\" y=\"\(height - 16)\" text-anchor=\"middle\">score</text>")
        lines.append(
            "<text transform=\"translate(18 \(top + plotHeight / 2)) rotate(-90)\" text-anchor=\"middle\">rows per bin</text>")
        for (index, (name, (range, counts))) in shown.enumerated() {
            let colour = ScorePlot.colours[index % ScorePlot.colours.count]
            let (first, last) = (x(range.lowerBound), x(range.upperBound))
            let step = (last - first) / Double(counts.count)
            var path = "M\(first) \(y(0))"
            for (bin, count) in counts.enumerated() {
                path += " V\(y(Double(count))) H\(first + step * Double(bin + 1))"
            }
            lines.append(
                "<path d=\"\(path) V\(y(0))\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.8\"/>")
            lines.append(
                "<text x=\"\(width - right - 10)\" y=\"\(top + 16 + 18 * Double(index))\" text-anchor=\"end\" fill=\"\(colour)\">\(ScorePlot.escaped(name))</text>"
            )
        }
        lines.append(
            "<rect x=\"\(left)\" y=\"\(top)\" width=\"\(plotWidth)\" height=\"\(plotHeight)\" fill=\"none\" stroke=\"#5b6770\"/></svg>"
        )
        return lines.joined(separator: "\n")
    }

    private static func decades(of count: Int) -> Int { Int(log10(Double(max(1, count))).rounded(.up)) }

    /// A number with four digits or so.
    private static func short(_ value: Double) -> String {
        guard value != 0, !(0.01..<100_000).contains(abs(value)) else {
            let rounded = (value * 1000).rounded() / 1000
            return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
        }
        let exponent = log10(abs(value)).rounded(.down)
        let mantissa = value / pow(10, exponent / 2) / pow(10, exponent / 2)
        return "\((mantissa * 100).rounded() / 100)e\(Int(exponent))"
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func write(_ text: String, _ path: String) throws(ModelError) {
        guard let file = fopen(path, "wb") else {
            throw ModelError(.file, "cannot be written: \(String(cString: strerror(errno)))", file: path)
        }
        let bytes = Array(text.utf8)
        let isWritten = fwrite(bytes, 1, bytes.count, file) == bytes.count
        guard fclose(file) == 0, isWritten else { throw ModelError(.file, "cannot be written", file: path) }
    }
}
