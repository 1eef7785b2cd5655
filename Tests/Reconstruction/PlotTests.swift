import SeptumReconstruction
import SeptumTensor
import Testing

@Suite struct PlotTests {
    @Test func countsIntoBins() {
        let histogram = Histogram([0, 0.1, 0.5, 0.99, 1, .nan, .infinity, -.infinity], bins: 10)
        #expect(histogram.range == 0...1)
        #expect(histogram.counts == [1, 1, 0, 0, 0, 1, 0, 0, 0, 2])
        #expect(histogram.invalid == 3)
        #expect(Histogram([-2, 3], bins: 5).range == -2...3)
        #expect(Histogram([-2, 3], bins: 5).counts == [1, 0, 0, 0, 1])
        #expect(Histogram([], bins: 0).counts == [0])
        #expect(Histogram([5, 6], bins: 2, range: 0...1).counts == [0, 0])
    }

    @Test func takesAnyNumbers() {
        let largest = Double.greatestFiniteMagnitude
        let tiny = Double.leastNonzeroMagnitude
        let values: [[Double]] = [
            [-largest, largest], [7, 7, 7], [-tiny, 0], [2, 2.0.nextUp], [.nan], [1e300], [-tiny, tiny],
        ]
        for numbers in values {
            let histogram = Histogram(numbers)
            #expect(histogram.counts.reduce(0, +) + histogram.invalid == numbers.count, "\(numbers)")
            let plot = ScorePlot(title: "t", scores: [("a", numbers)])
            #expect(!plot.svg.contains("nan") && !plot.svg.contains("inf"), "\(numbers)")
        }
        #expect(Histogram([1], range: -.infinity...(.infinity)).counts.reduce(0, +) == 1)
    }

    @Test func writesPictures() throws {
        let folder = try TemporaryFolder()
        let plot = ScorePlot(title: "a < b & \"c\"", scores: [("probb", [0.1, 0.9, 0.9]), ("x<y", [0.5])])
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
        #expect(ScorePlot(title: "", scores: []).svg.hasSuffix("</svg>"))
    }
}
