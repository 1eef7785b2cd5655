/// Counts of values in equal bins.
public struct Histogram: Sendable {
    public let range: ClosedRange<Double>
    public private(set) var counts: [Int]
    /// Values that are NaN or infinite.
    public private(set) var invalid = 0

    /// - Parameters:
    ///   - values: What is counted; NaN and infinities apart.
    ///   - bins: The number of bins.
    ///   - range: By default from the smallest to the largest value; 0 to 1 when all lie there.
    public init(_ values: [Double], bins: Int = 50, range: ClosedRange<Double>? = nil) {
        let finite = values.filter(\.isFinite)
        let low = finite.min() ?? 0
        let high = finite.max() ?? 1
        let margin = high > low ? 0 : max(0.5, abs(low) / 1000)
        let largest = Double.greatestFiniteMagnitude
        let natural = low >= 0 && high <= 1 ? 0...1 : max(low - margin, -largest)...min(high + margin, largest)
        self.range = range ?? natural
        counts = [Int](repeating: 0, count: max(1, bins))
        invalid = values.count - finite.count
        // Halved, so that the span of the largest doubles is finite.
        let span = self.range.upperBound / 2 - self.range.lowerBound / 2
        for value in finite where self.range.contains(value) {
            let fraction = span > 0 && span.isFinite ? (value / 2 - self.range.lowerBound / 2) / span : 0
            counts[min(counts.count - 1, Int(fraction * Double(counts.count)))] += 1
        }
    }
}
