import SeptumTensor
import SeptumXML

/// A cumulative distribution as the Reader looks it up: 10000 bins of equal width, filled from straight lines through the
/// centres of the bins in the file.
///
/// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/PDF.cxx (ReadXML, BuildSplinePDF, FillSplineToHist,
/// GetVal), TSpline1.cxx (Eval)
struct CumulativeTable {
    static let binCount = 10000
    /// Distributions in one file: two numbers in it become those of all bins.
    static let countLimit = 1 << 12
    static let smallest = 1.0e-12
    private static let limit = 1 << 20

    let low: Double
    let high: Double
    /// What the float32 histogram holds.
    let contents: [Double]

    init(_ element: XMLElement) throws(ModelError) {
        guard try element.integer("InterpolMethod") == 1, try element.integer("MaxNSmooth") == 0 else {
            throw element.error("is not interpolated by straight lines without smoothing", .unsupported)
        }
        let histogram = try element.required("Histogram")
        let count = try histogram.integer("NBins")
        guard (2...CumulativeTable.limit).contains(count) else {
            throw histogram.error("has \(count) bins, expected 2 to \(CumulativeTable.limit)")
        }
        let values = try histogram.numbers(count, Double.self).map { Double(Float($0)) }
        var (edges, centres): ([Double], [Double]) = ([], [])
        if try histogram.integer("HasEquidistantBins") == 1 {
            let (first, last) = (try histogram.number("XMin", Double.self), try histogram.number("XMax", Double.self))
            let width = (last - first) / Double(count)
            edges = (0...count).map { first + Double($0) * width }
            edges[count] = last
            centres = (0..<count).map { first + (Double($0) + 0.5) * width }
        } else {
            edges = try element.required("HistogramBinning").numbers(count + 1, Double.self)
            centres = zip(edges, edges.dropFirst()).map { $0 + 0.5 * ($1 - $0) }
        }
        guard !zip(edges, edges.dropFirst()).contains(where: { $0 >= $1 }), !zip(centres, centres.dropFirst()).contains(where: >=)
        else { throw histogram.error("has bins that do not ascend") }
        (low, high) = (edges[0], edges[count])
        let width = (high - low) / Double(CumulativeTable.binCount)
        guard width.isFinite, width > 0 else { throw histogram.error("has bins that cannot be divided") }
        var contents: [Double] = []
        var (place, bin) = (-1, 0)
        for index in 0..<CumulativeTable.binCount {
            let x = low + (Double(index) + 0.5) * width
            while place + 1 < count, centres[place + 1] <= x { place += 1 }
            while bin + 1 < count, edges[bin + 1] <= x { bin += 1 }
            var y = CumulativeTable.line(centres, values, at: x, place: max(place, 0))
            if y <= CumulativeTable.smallest { y = values[bin] }
            contents.append(Double(Float(max(y, CumulativeTable.smallest))))
        }
        self.contents = contents
    }

    private static func line(_ xs: [Double], _ ys: [Double], at x: Double, place: Int) -> Double {
        let next = x > xs[place] && place != xs.count - 1 || place == 0 ? place + 1 : place - 1
        let (dx, dy) = (xs[place] - xs[next], ys[place] - ys[next])
        return ys[place] + (x - xs[place]) * dy / dx
    }
}
