/// Sums over the splits of each feature that training kept, as they travel in a model's metadata.
///
/// `forest.gain` and `forest.cover` hold `feature:number` pairs, separated by blanks.
public struct ForestStatistics: Sendable, Hashable {
    public var gain: [Int: Double] = [:]
    public var cover: [Int: Double] = [:]

    private static let limit = 4096

    public init() {}

    /// Adds what one split gained and how much of the sample reached it.
    public mutating func add(feature: Int, gain: Double, cover: Double) {
        self.gain[feature, default: 0] += gain
        self.cover[feature, default: 0] += cover
    }

    /// What the metadata of a model hold; nil when they hold nothing of the kind.
    public init?(_ metadata: [String: String]) {
        guard let gain = metadata["forest.gain"], let cover = metadata["forest.cover"] else { return nil }
        self.gain = ForestStatistics.read(gain)
        self.cover = ForestStatistics.read(cover)
    }

    private static func read(_ text: String) -> [Int: Double] {
        var result: [Int: Double] = [:]
        for pair in text.split(separator: " ").prefix(limit) {
            let parts = pair.split(separator: ":")
            if parts.count == 2, let feature = Int(parts[0]), let value = Double(parts[1]) { result[feature] = value }
        }
        return result
    }

    /// Puts the sums into metadata, unless there are more features than 4096.
    public func write(to metadata: inout [String: String]) {
        guard gain.count <= ForestStatistics.limit, !gain.isEmpty else { return }
        for (key, values) in [("forest.gain", gain), ("forest.cover", cover)] {
            metadata[key] = values.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ")
        }
    }
}
