/// Counts of values in bins whose width is a power of two and doubles as the range of the values grows.
///
/// Takes the same memory however many values there are; the bins depend on the values alone, not on their order.
public struct Histogram: Sendable, Equatable {
    /// The number of values that are neither NaN nor infinite.
    public private(set) var count = 0
    /// Values that are NaN or infinite.
    public private(set) var invalid = 0
    /// The smallest and the largest value; nil while there are none.
    public private(set) var extremes: ClosedRange<Double>?
    /// The width of a bin is two to this power.
    private var exponent = Histogram.leastExponent
    /// The number of the first bin: bin `n` holds the values from `n` widths up to the next.
    private var first: Double = 0
    private var counts: [Int] = []

    private static let binLimit = 4096
    private static let leastExponent = -1022
    private static let shownLimit = 64

    public init() {}

    public init(_ values: some Sequence<Double>) {
        for value in values { add(value) }
    }

    public mutating func add(_ value: Double) {
        guard value.isFinite else {
            invalid += 1
            return
        }
        if !(extremes?.contains(value) ?? false) { include(value...value) }
        counts[place(value)] += 1
        count += 1
    }

    /// Adds the values that another histogram has counted.
    public mutating func merge(_ other: Histogram) {
        invalid += other.invalid
        guard let range = other.extremes else { return }
        coarsen(to: other.exponent)
        include(range)
        var wide = other
        wide.coarsen(to: exponent)
        for (index, number) in wide.counts.enumerated() where number > 0 { counts[Int(wide.first - first) + index] += number }
        count += other.count
    }

    /// Bins to show: at most `shownLimit`, or one more, from the smallest to the largest value, or from 0 to 1 when all lie there.
    ///
    /// - Returns: The range and the counts of its equal bins.
    public func bins() -> (range: ClosedRange<Double>, counts: [Int]) {
        guard let extremes else { return (0...1, [Int](repeating: 0, count: Histogram.shownLimit)) }
        var wide = self
        if extremes.lowerBound >= 0, extremes.upperBound <= 1 {
            wide.coarsen(to: -6)
            var shown = [Int](repeating: 0, count: 64)
            // The value 1 alone stands in the bin that starts there.
            for (index, number) in wide.counts.enumerated() { shown[min(63, Int(wide.first) + index)] += number }
            return (0...1, shown)
        }
        // One value alone, or such as can hardly be told apart, still get a range that can be drawn.
        wide.coarsen(to: max(extremes.lowerBound.magnitude.exponentOrLeast, extremes.upperBound.magnitude.exponentOrLeast) - 12)
        while wide.bin(extremes.upperBound) - wide.bin(extremes.lowerBound) >= Double(Histogram.shownLimit) {
            wide.coarsen(to: wide.exponent + 1)
        }
        let width = wide.width
        let last = wide.bin(extremes.upperBound) + 1
        let limit = Double.greatestFiniteMagnitude
        return (max(-limit, wide.bin(extremes.lowerBound) * width)...min(limit, last * width), wide.shown(extremes))
    }

    private func shown(_ extremes: ClosedRange<Double>) -> [Int] {
        Array(counts[place(extremes.lowerBound)...place(extremes.upperBound)])
    }

    private var width: Double { Double(sign: .plus, exponent: exponent, significand: 1) }

    /// The number of the bin that holds a value.
    private func bin(_ value: Double) -> Double {
        (value * Double(sign: .plus, exponent: -exponent, significand: 1)).rounded(.down)
    }

    private func place(_ value: Double) -> Int { Int(bin(value) - first) }

    /// Widens bins and range until both ends have a bin.
    private mutating func include(_ range: ClosedRange<Double>) {
        let wanted =
            min(
                extremes?.lowerBound ?? range.lowerBound, range.lowerBound)...max(
                extremes?.upperBound ?? range.upperBound, range.upperBound)
        extremes = wanted
        // Numbers of bins stay below 2^53, so that they are exact.
        var least = max(
            exponent, max(wanted.lowerBound.magnitude.exponentOrLeast, wanted.upperBound.magnitude.exponentOrLeast) - 51)
        func span(_ exponent: Int) -> Double {
            let scale = Double(sign: .plus, exponent: -exponent, significand: 1)
            return (wanted.upperBound * scale).rounded(.down) - (wanted.lowerBound * scale).rounded(.down)
        }
        while span(least) >= Double(Histogram.binLimit) { least += 1 }
        coarsen(to: least)
        let (low, high) = (bin(wanted.lowerBound), bin(wanted.upperBound))
        if counts.isEmpty { first = low }
        if low < first {
            counts.insert(contentsOf: [Int](repeating: 0, count: Int(first - low)), at: 0)
            first = low
        }
        let missing = Int(high - first) + 1 - counts.count
        if missing > 0 { counts += [Int](repeating: 0, count: missing) }
    }

    /// Joins neighbouring bins until they have the given width.
    private mutating func coarsen(to target: Int) {
        guard target > exponent else { return }
        guard !counts.isEmpty else {
            exponent = target
            return
        }
        let shift = Double(sign: .plus, exponent: max(-1022, exponent - target), significand: 1)
        let start = (first * shift).rounded(.down)
        var joined: [Int] = []
        for (index, number) in counts.enumerated() {
            let place = Int(((first + Double(index)) * shift).rounded(.down) - start)
            while joined.count <= place { joined.append(0) }
            joined[place] += number
        }
        (counts, first, exponent) = (joined, start, target)
    }
}

extension Double {
    /// The power of two at or below the magnitude; that of the least normal number for those below it.
    fileprivate var exponentOrLeast: Int { isNormal ? Int(exponent) : -1022 }
}
