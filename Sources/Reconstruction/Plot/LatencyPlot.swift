#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
public import SeptumTensor

/// A picture of how long calls took: counts over time, both on logarithmic scales, with quantiles and the budget.
public struct LatencyPlot: Sendable {
    public var title: String
    public var latencies: LatencyHistogram
    /// Nanoseconds that a call may take.
    public var budget: UInt64?

    public init(title: String, _ latencies: LatencyHistogram, budget: UInt64? = nil) {
        self.title = title
        self.latencies = latencies
        self.budget = budget
    }

    /// Bars of a power of ten.
    private static let share = 20

    /// The plot as an SVG document.
    public var svg: String {
        var bars: [Int: Int] = [:]
        for (range, count) in latencies.buckets {
            bars[LatencyPlot.bar(range.lowerBound), default: 0] += Int(truncatingIfNeeded: count)
        }
        let ends = ([latencies.count == 0 ? 1 : latencies.minimum, latencies.maximum] + [budget].compactMap { $0 }).map(
            LatencyPlot.bar)
        let first = (ends.min() ?? 0) / LatencyPlot.share
        let last = (ends.max() ?? 0) / LatencyPlot.share + 1
        let frame = PlotFrame(title: title, largest: bars.values.max() ?? 1)
        func x(_ bar: Double) -> Double { frame.x((bar / Double(LatencyPlot.share) - Double(first)) / Double(last - first)) }
        var lines = frame.opening
        for exponent in first...last {
            lines.append(frame.tick(x(Double(exponent * LatencyPlot.share)), LatencyPlot.time(exponent)))
        }
        lines += frame.names("time of a call", "calls per bin")
        for (bar, count) in bars.sorted(by: { $0.key < $1.key }) {
            let (start, end, y) = (x(Double(bar)), x(Double(bar) + 1), frame.y(Double(count)))
            lines.append(
                "<rect x=\"\(start)\" y=\"\(y)\" width=\"\(end - start)\" height=\"\(frame.bottom - y)\" fill=\"#1f6fb4\"/>")
        }
        var marks = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)].map { ($0.0, latencies.quantile($0.1), "#2a9d64") }
        if let budget { marks.append(("budget", budget, "#d1495b")) }
        for (index, (name, time, colour)) in marks.enumerated() {
            let place = x(Double(LatencyPlot.bar(time)) + 0.5)
            lines.append(
                "<line x1=\"\(place)\" x2=\"\(place)\" y1=\"\(frame.top)\" y2=\"\(frame.bottom)\" stroke=\"\(colour)\" stroke-dasharray=\"4 3\"/>"
            )
            lines.append(
                "<text x=\"\(place + 4)\" y=\"\(frame.top + 16 + 16 * Double(index))\" fill=\"\(colour)\">\(name) \(time) ns</text>"
            )
        }
        return (lines + [frame.closing]).joined(separator: "\n")
    }

    /// Writes the plot.
    ///
    /// - Parameter path: A `.svg` or `.html` file.
    /// - Throws: `unsupported` for another suffix, `file` when the path cannot be written.
    public func write(to path: String) throws(ModelError) { try ScorePlot.write(title: title, svg: svg, path) }

    /// The bar that a time is drawn in.
    private static func bar(_ time: UInt64) -> Int {
        let decades = log10(Double(max(1, time)))
        return Int(decades * Double(share))
    }

    private static func time(_ exponent: Int) -> String {
        let unit = min(3, exponent / 3)
        return "1" + String(repeating: "0", count: exponent - 3 * unit) + ["ns", "us", "ms", "s"][unit]
    }
}
