import SeptumIR
import SeptumTensor

/// Prepared features of all rows of a chunk of events.
struct RowBatch {
    /// One input tensor's features, for rows or for the particles of rows.
    struct Features {
        /// Shape: `[items, features]`, float32.
        let values: Storage
        let width: Int
        /// The particles of each row; nil for flat inputs.
        let items: RowItems?
        let minimum: Int

        /// The number of particles of a row, 1 for flat inputs.
        func length(_ row: Int) -> Int { items.map { max($0.count(row), minimum) } ?? 1 }
    }

    /// In the order of the contract's inputs.
    let inputs: [Features]
    let rowCount: Int
    /// Where the rows of each event start; nil when each event is one row.
    let offsets: [Int]?

    /// - Throws: `invalidInput` naming the branch that does not fit.
    init(_ contract: InputContract, _ chunk: EventChunk) throws(ModelError) {
        offsets = contract.row == nil ? nil : try RowBatch.rowOffsets(contract, chunk)
        rowCount = offsets?.last ?? chunk.count
        var inputs: [Features] = []
        for input in contract.inputs {
            let (values, count) = try RowBatch.features(input, chunk)
            var items: RowItems?
            if input.collection != nil {
                items = try RowItems(input, chunk, rows: offsets, rowCount: rowCount)
            } else if count != rowCount {
                throw ModelError(.invalidInput, "input '\(input.tensor)' has not one value for each row")
            }
            inputs.append(
                Features(values: values, width: input.features.count, items: items, minimum: input.length?.minimum ?? 0))
        }
        self.inputs = inputs
    }

    /// Where the rows of each event start, from the flat inputs.
    private static func rowOffsets(_ contract: InputContract, _ chunk: EventChunk) throws(ModelError) -> [Int] {
        var found: (branch: String, offsets: [Int])?
        for input in contract.inputs where input.collection == nil {
            for branch in input.features.map(\.source) {
                guard let offsets = chunk[branch]?.offsets else { continue }
                if let found, found.offsets != offsets {
                    throw ModelError(
                        .invalidInput, "branches '\(found.branch)' and '\(branch)' differ in length",
                        remedy: "all features of a row must come from one collection")
                }
                found = (branch, offsets)
            }
        }
        return found?.offsets ?? [Int](repeating: 0, count: chunk.count + 1)
    }

    /// Items whose features are prepared one after another, so that their rows stay in cache.
    private static let blockSize = 1024

    private static func features(
        _ input: InputContract.Input, _ chunk: EventChunk
    ) throws(ModelError) -> (values: Storage, count: Int) {
        let width = input.features.count
        var columns: [Tensor] = []
        for feature in input.features {
            guard let values = chunk[feature.source]?.values, try values.rows(0..<0).floats != nil else {
                throw ModelError(.invalidInput, "branch '\(feature.source)' holds no numbers")
            }
            if let first = columns.first, first.count != values.count {
                throw ModelError(
                    .invalidInput, "branch '\(feature.source)' has \(values.count) items, those before have \(first.count)")
            }
            columns.append(values)
        }
        let count = columns.first?.count ?? 0
        let table = try Storage(byteCount: count * width * MemoryLayout<Float>.size)
        for start in stride(from: 0, to: count, by: blockSize) {
            let block = start..<min(start + blockSize, count)
            for (index, feature) in input.features.enumerated() {
                guard var values = try columns[index].rows(block).floats else {
                    throw ModelError(.invalidInput, "branch '\(feature.source)' holds a number beyond those of 64 bits")
                }
                if let item = feature.prepare(&values) {
                    let place = chunk[feature.source]?.offsets == nil ? "" : " at item \(start + item)"
                    throw ModelError(
                        .invalidInput, "branch '\(feature.source)' is NaN\(place)",
                        remedy: "give the feature '\(feature.name)' a rule in the contract: 'missing: keep' or 'missing: VALUE'")
                }
                let floats = table.bytes.assumingMemoryBound(to: Float.self)
                values.withUnsafeBufferPointer { source in
                    for item in source.indices { floats[(start + item) * width + index] = source[item] }
                }
            }
        }
        return (table, count)
    }
}

/// The particles of each row, sorted and cut to the greatest length.
struct RowItems {
    private var order: [Int32]
    private var starts: [Int]
    private let maximum: Int

    /// - Throws: `invalidInput` naming the branch that does not fit.
    init(_ input: InputContract.Input, _ chunk: EventChunk, rows: [Int]?, rowCount: Int) throws(ModelError) {
        maximum = input.length?.maximum ?? .max
        let first = input.features.first?.source ?? ""
        let events = chunk[first]?.offsets ?? [0]
        for branch in input.branches where chunk[branch]?.offsets != events {
            throw ModelError(
                .invalidInput, "branches '\(first)' and '\(branch)' differ in length",
                remedy: "all branches of an input must come from one collection")
        }
        guard let link = input.link else {
            // Each event is a row.
            order = (0..<Int32(truncatingIfNeeded: events.last ?? 0)).map { $0 }
            starts = events
            try sort(input, chunk)
            return
        }
        guard let links = chunk[link]?.values.integers else {
            throw ModelError(.invalidInput, "branch '\(link)' holds no numbers of rows")
        }
        var owners = [Int](repeating: 0, count: links.count)
        starts = [Int](repeating: 0, count: rowCount + 1)
        for event in 0..<events.count - 1 {
            let (low, high) = rows.map { ($0[event], $0[event + 1]) } ?? (event, event + 1)
            for item in events[event]..<events[event + 1] {
                guard links[item] >= 0, links[item] < high - low else {
                    throw ModelError(.invalidInput, "branch '\(link)' points to row \(links[item]), there are \(high - low)")
                }
                owners[item] = low + links[item]
                starts[low + links[item] + 1] += 1
            }
        }
        for row in 0..<rowCount { starts[row + 1] += starts[row] }
        order = [Int32](repeating: 0, count: links.count)
        var next = starts
        for (item, row) in owners.enumerated() {
            order[next[row]] = Int32(truncatingIfNeeded: item)
            next[row] += 1
        }
        try sort(input, chunk)
    }

    private mutating func sort(_ input: InputContract.Input, _ chunk: EventChunk) throws(ModelError) {
        guard let sort = input.sort else { return }
        guard let keys = chunk[sort.by]?.values.floats else {
            throw ModelError(.invalidInput, "branch '\(sort.by)' holds no numbers")
        }
        for row in 0..<starts.count - 1 where starts[row + 1] - starts[row] > 1 {
            // Swift's sort is not promised to be stable: equal keys keep the order of the file by their index.
            order[starts[row]..<starts[row + 1]].sort { a, b in
                let (left, right) = (keys[Int(a)], keys[Int(b)])
                if left == right || left.isNaN && right.isNaN { return a < b }
                if left.isNaN || right.isNaN { return right.isNaN }
                return sort.isDescending ? left > right : left < right
            }
        }
    }

    func count(_ row: Int) -> Int { min(maximum, starts[row + 1] - starts[row]) }

    /// The particles of a row, in order.
    func items(_ row: Int) -> ArraySlice<Int32> { order[starts[row]..<starts[row] + count(row)] }
}
