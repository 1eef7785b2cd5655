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

    /// Largest first, each at the lowest offset that is free during its whole life, on 64-byte boundaries.
    init(_ requests: [Request]) {
        byteCount = 0
        offsets = [Int](repeating: 0, count: requests.count)
        var placed: [(offset: Int, end: Int, lifetime: ClosedRange<Int>)] = []
        let bySize = requests.indices.sorted { (requests[$0].byteCount, $1) > (requests[$1].byteCount, $0) }
        for index in bySize {
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
}
