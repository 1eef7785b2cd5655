/// How often a time was measured, in buckets whose width is at most 1/128 of the time.
///
/// Takes the same memory however many times there are, allocates nothing when one is added, and can be merged with others.
public struct LatencyHistogram: Sendable, Equatable {
    /// The number of times.
    public private(set) var count = 0
    /// Nanoseconds, exactly.
    public private(set) var minimum = UInt64.max
    public private(set) var maximum: UInt64 = 0
    private var total: Double = 0
    private var counts: [UInt64]

    /// Buckets of each power of two.
    private static let share: UInt64 = 128
    /// Times up to 2^40 ns, 18 minutes, have buckets of their own; longer ones share the last.
    private static let largest: UInt64 = 1 << 40 - 1

    public init() { counts = [UInt64](repeating: 0, count: LatencyHistogram.bucket(LatencyHistogram.largest) + 1) }

    /// The bytes of the buckets.
    public var byteCount: Int { counts.count * MemoryLayout<UInt64>.size }

    public mutating func add(nanoseconds: UInt64) {
        counts[LatencyHistogram.bucket(min(nanoseconds, LatencyHistogram.largest))] += 1
        count += 1
        total += Double(nanoseconds)
        minimum = min(minimum, nanoseconds)
        maximum = max(maximum, nanoseconds)
    }

    /// Adds the times that another histogram has counted.
    public mutating func merge(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        total += other.total
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
    }

    /// The mean in nanoseconds; 0 when nothing was added.
    public var mean: Double { count == 0 ? 0 : total / Double(count) }

    /// The time in nanoseconds that the given fraction of all does not exceed, at most 1/128 too large; 0 when nothing was added.
    public func quantile(_ fraction: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let wanted = UInt64(max(1, min(Double(count), (min(max(fraction, 0), 1) * Double(count)).rounded(.up))))
        var seen: UInt64 = 0
        for (index, number) in counts.enumerated() {
            seen += number
            // The last bucket holds all that is longer.
            if seen >= wanted, index < counts.count - 1 { return min(maximum, max(minimum, LatencyHistogram.last(index))) }
        }
        return maximum
    }

    /// The fraction of times above a limit in nanoseconds, to the width of a bucket.
    public func fraction(above limit: UInt64) -> Double {
        guard count > 0 else { return 0 }
        let first = LatencyHistogram.bucket(min(limit, LatencyHistogram.largest)) + 1
        return Double(counts[first...].reduce(0, +)) / Double(count)
    }

    /// The buckets that hold something: the first and last time of each, and how often.
    public var buckets: [(range: ClosedRange<UInt64>, count: UInt64)] {
        counts.indices.filter { counts[$0] > 0 }.map { index in
            let start = index == 0 ? 0 : LatencyHistogram.last(index - 1) + 1
            return (start...LatencyHistogram.last(index), counts[index])
        }
    }

    private static func bucket(_ time: UInt64) -> Int {
        guard time >= 2 * share else { return Int(time) }
        let shift = 63 - time.leadingZeroBitCount - share.trailingZeroBitCount
        return shift * Int(share) + Int(time >> UInt64(shift))
    }

    /// The longest time of a bucket.
    private static func last(_ bucket: Int) -> UInt64 {
        guard bucket >= 2 * Int(share) else { return UInt64(bucket) }
        let shift = UInt64(bucket) / share - 1
        return ((UInt64(bucket) - shift * share + 1) << shift) - 1
    }
}
