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
        #if SEPTUM_PYTHON
            if path.lowercased().hasSuffix(".png") { return try writePNG(path, python) }
        #endif
        try ScorePlot.write(title: title, svg: svg, path)
    }

    /// Writes a picture as it is or in a page.
    ///
    /// - Throws: `unsupported` for another suffix than `.svg` and `.html`, `file` when the path cannot be written.
    static func write(title: String, svg: String, _ path: String) throws(ModelError) {
        switch path.split(separator: ".").last?.lowercased() {
        case "svg": try write(svg, path)
        case "html":
            let page =
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>\(PlotFrame.escaped(title))</title><body>\n"
            try write(page + svg + "\n</body></html>\n", path)
        default: throw unknown(path)
        }
    }

    static let colours = ["#1f6fb4", "#d1495b", "#2a9d64", "#8d5fd3", "#e08e1b", "#5b6770"]

    /// The plot as an SVG document; bins are drawn on a logarithmic scale from half an entry up.
    public var svg: String {
        let shown = histograms.map { ($0.name, $0.histogram.bins()) }
        let low = shown.map(\.1.range.lowerBound).min() ?? 0
        let high = shown.map(\.1.range.upperBound).max() ?? 1
        let frame = PlotFrame(title: title, largest: shown.flatMap(\.1.counts).max() ?? 1)
        // Halved, so that the span of the largest doubles is finite.
        let half = high / 2 - low / 2
        let span = half > 0 ? half : 1
        func x(_ value: Double) -> Double { frame.x((value / 2 - low / 2) / span) }
        var lines = frame.opening
        for tick in 0...5 {
            let value = low * (1 - Double(tick) / 5) + high * (Double(tick) / 5)
            lines.append(frame.tick(x(value), ScorePlot.short(value)))
        }
        lines += frame.names("score", "rows per bin")
        for (index, (name, (range, counts))) in shown.enumerated() {
            let colour = ScorePlot.colours[index % ScorePlot.colours.count]
            let (first, last) = (x(range.lowerBound), x(range.upperBound))
            let step = (last - first) / Double(counts.count)
            var path = "M\(first) \(frame.y(0))"
            for (bin, count) in counts.enumerated() {
                path += " V\(frame.y(Double(count))) H\(first + step * Double(bin + 1))"
            }
            lines.append("<path d=\"\(path) V\(frame.y(0))\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.8\"/>")
            lines.append(
                "<text x=\"\(frame.right - 10)\" y=\"\(frame.top + 16 + 18 * Double(index))\" text-anchor=\"end\" fill=\"\(colour)\">\(PlotFrame.escaped(name))</text>"
            )
        }
        return (lines + [frame.closing]).joined(separator: "\n")
    }

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

    private static func write(_ text: String, _ path: String) throws(ModelError) {
        guard let file = fopen(path, "wb") else {
            throw ModelError(.file, "cannot be written: \(String(cString: strerror(errno)))", file: path)
        }
        let bytes = Array(text.utf8)
        let isWritten = fwrite(bytes, 1, bytes.count, file) == bytes.count
        guard fclose(file) == 0, isWritten else { throw ModelError(.file, "cannot be written", file: path) }
    }
}
