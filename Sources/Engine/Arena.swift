/// Places buffers with known lifetimes into one block of memory, sharing room between those that never live together.
struct ArenaLayout {
    struct Request {
        let byteCount: Int
        /// The first and the last step at which the buffer holds something.
        let lifetime: ClosedRange<Int>
    }

    /// The size of the block.
    private(set) var byteCount: Int
    private(set) var offsets: [Int] = []

    /// Largest first; when that takes clearly more than what lives at the same time, the best of some other orders.
    init(_ requests: [Request]) {
        let least = ArenaLayout.leastByteCount(requests)
        self.init(requests, order: requests.indices.sorted { (requests[$0].byteCount, $1) > (requests[$1].byteCount, $0) })
        if byteCount <= least + least / 16 { return }
        let orders: [(Request, Request) -> Bool] = [
            { $0.lifetime.lowerBound < $1.lifetime.lowerBound }, { $0.lifetime.upperBound > $1.lifetime.upperBound },
            { $0.lifetime.count > $1.lifetime.count }, { $0.byteCount * $0.lifetime.count > $1.byteCount * $1.lifetime.count },
        ]
        for comesBefore in orders {
            let order = requests.indices.sorted { a, b in
                if comesBefore(requests[a], requests[b]) { return true }
                return !comesBefore(requests[b], requests[a]) && a < b
            }
            let other = ArenaLayout(requests, order: order)
            if other.byteCount < byteCount { self = other }
            if byteCount <= least + least / 16 { return }
        }
        improve(requests, least)
    }

    /// Places what ends highest first, again and again, as long as that helps.
    private mutating func improve(_ requests: [Request], _ least: Int) {
        var current = self
        for _ in 0..<ArenaLayout.attempts where byteCount > least + least / 16 {
            let ends = requests.indices.map { current.offsets[$0] + requests[$0].byteCount }
            let order = requests.indices.sorted { (ends[$0], $1) > (ends[$1], $0) }
            current = ArenaLayout(requests, order: order)
            if current.byteCount < byteCount { self = current }
        }
    }

    private static let attempts = 8

    /// One after another, each at the lowest offset that is free during its whole life, on 64-byte boundaries.
    private init(_ requests: [Request], order: [Int]) {
        byteCount = 0
        offsets = [Int](repeating: 0, count: requests.count)
        var placed: [(offset: Int, end: Int, lifetime: ClosedRange<Int>)] = []
        for index in order {
            let request = requests[index]
            let size = (request.byteCount + 63) & ~63
            var offset = 0
            for other in placed where other.lifetime.overlaps(request.lifetime) {
                if offset + size <= other.offset { break }
                offset = max(offset, other.end)
            }
            offsets[index] = offset
            let position = placed.firstIndex { $0.offset > offset } ?? placed.count
            placed.insert((offset, offset + size, request.lifetime), at: position)
            byteCount = max(byteCount, offset + size)
        }
    }

    /// The bytes that live at the same time at the worst step: no layout takes less.
    static func leastByteCount(_ requests: [Request]) -> Int {
        var changes = [Int](repeating: 0, count: (requests.map(\.lifetime.upperBound).max() ?? 0) + 2)
        for request in requests {
            let size = (request.byteCount + 63) & ~63
            changes[request.lifetime.lowerBound] += size
            changes[request.lifetime.upperBound + 1] -= size
        }
        var (live, most) = (0, 0)
        for change in changes {
            live += change
            most = max(most, live)
        }
        return most
    }
}
