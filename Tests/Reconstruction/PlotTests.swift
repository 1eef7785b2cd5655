import SeptumReconstruction
import SeptumTensor
import Testing

@Suite struct PlotTests {
    @Test func countsIntoBins() {
        let histogram = Histogram([0, 0.1, 0.5, 0.99, 1, .nan, .infinity, -.infinity])
        let (range, counts) = histogram.bins()
        #expect(range == 0...1)
        #expect(counts.count == 64)
        #expect(counts.indices.filter { counts[$0] > 0 } == [0, 6, 32, 63])
        #expect(counts[63] == 2)
        #expect(histogram.invalid == 3 && histogram.count == 5 && histogram.extremes == 0...1)
        let signed = Histogram([-2, 3]).bins()
        #expect(signed.range == -2...3.125)
        #expect(signed.counts.count == 41 && signed.counts.first == 1 && signed.counts.last == 1)
        #expect(Histogram([]).bins().counts.reduce(0, +) == 0)
        #expect(Histogram([]).extremes == nil)
    }

    /// Bins are a function of the values alone: not of their order, nor of how they were gathered.
    @Test func orderAndPartsDoNotMatter() {
        var state: UInt64 = 1
        let values: [Double] = (0..<20_000).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (Double(state >> 11) / Double(1 << 53) - 0.3) * (index % 1000 == 0 ? 1e6 : 3)
        }
        let expected = Histogram(values)
        #expect(Histogram(values.reversed()) == expected && Histogram(values.sorted()) == expected)
        var merged = Histogram()
        for start in stride(from: 0, to: values.count, by: 777) {
            merged.merge(Histogram(values[start..<min(start + 777, values.count)]))
        }
        #expect(merged == expected)
        let (range, counts) = expected.bins()
        #expect(counts.reduce(0, +) == values.count && (32...65).contains(counts.count))
        let width = (range.upperBound - range.lowerBound) / Double(counts.count)
        for (bin, count) in counts.enumerated() {
            let low = range.lowerBound + width * Double(bin)
            #expect(values.count { $0 >= low && $0 < low + width } == count)
        }
    }

    @Test func takesAnyNumbers() {
        let largest = Double.greatestFiniteMagnitude
        let tiny = Double.leastNonzeroMagnitude
        let values: [[Double]] = [
            [-largest, largest], [7, 7, 7], [-tiny, 0], [2, 2.0.nextUp], [.nan], [1e300], [-tiny, tiny], [tiny, largest, -1],
        ]
        for numbers in values {
            let histogram = Histogram(numbers)
            #expect(histogram.bins().counts.reduce(0, +) + histogram.invalid == numbers.count, "\(numbers)")
            let plot = ScorePlot(title: "t", [("a", histogram)])
            #expect(!plot.svg.contains("nan") && !plot.svg.contains("inf"), "\(numbers)")
            #expect(Histogram(numbers.reversed()) == histogram, "\(numbers)")
        }
    }

    @Test func writesPictures() throws {
        let folder = try TemporaryFolder()
        let plot = ScorePlot(title: "a < b & \"c\"", [("probb", Histogram([0.1, 0.9, 0.9])), ("x<y", Histogram([0.5]))])
        try plot.write(to: folder("p.svg"))
        let svg = String(decoding: try folder.read("p.svg"), as: UTF8.self)
        #expect(svg == plot.svg)
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
        #expect(svg.contains("a &lt; b &amp;") && svg.contains("x&lt;y"))
        #expect(svg.split(separator: "<path").count == 3)
        try plot.write(to: folder("p.html"))
        let page = String(decoding: try folder.read("p.html"), as: UTF8.self)
        #expect(page.hasPrefix("<!doctype html>") && page.contains(svg))
        let suffix = #expect(throws: ModelError.self) { try plot.write(to: folder("p.pdf")) }
        #expect(suffix?.description == "\(folder("p.pdf")): a plot cannot have this suffix; use .svg, .html or .png")
        let path = folder("missing/p.svg")
        let missing = #expect(throws: ModelError.self) { try plot.write(to: path) }
        #expect(missing?.description == "\(path): cannot be written: No such file or directory")
    }

    @Test func takesNoColumns() {
        #expect(ScorePlot(title: "", []).svg.hasSuffix("</svg>"))
    }
}
