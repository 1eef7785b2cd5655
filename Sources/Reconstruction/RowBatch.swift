import SeptumIR
import SeptumTensor

/// Prepared features of all rows of a range of events.
struct RowBatch {
    /// One input tensor's features, for rows or for the particles of rows.
    struct Features {
        /// Shape: `[items, features]`.
        var values: [Float]
        let width: Int
        /// For jagged inputs, the items of each row in order; rows shorter than the minimum are padded with zeros.
        var items: [[Int32]]?
        let minimum: Int

        /// The number of particles of a row, 1 for flat inputs.
        func length(_ row: Int) -> Int { items.map { max($0[row].count, minimum) } ?? 1 }
    }

    /// In the order of the contract's inputs.
    let inputs: [Features]
    let rowCount: Int
    /// Where the rows of each event start; nil when each event is one row.
    let offsets: [Int]?

    /// - Throws: `invalidInput` naming the branch that does not fit.
    init(_ contract: InputContract, _ source: any EventSource, _ events: Range<Int>) throws(ModelError) {
        let names = contract.inputs.flatMap(\.branches)
        let columns = try source.read(Array(Set(names)).sorted(), events)
        var offsets: [Int]?
        if contract.row != nil {
            offsets = try RowBatch.rowOffsets(contract, columns, source)
        }
        let rowCount = offsets?.last ?? events.count
        var inputs: [Features] = []
        for input in contract.inputs {
            var features = try RowBatch.features(input, columns, source, firstEvent: events.lowerBound)
            if input.collection != nil {
                features.items = try RowBatch.items(
                    input, columns, source, rows: offsets, rowCount: rowCount, firstEvent: events.lowerBound)
            } else if features.values.count != rowCount * features.width {
                throw ModelError(.invalidInput, "input '\(input.tensor)' has not one value for each row", file: source.path)
            }
            inputs.append(features)
        }
        self.inputs = inputs
        self.rowCount = rowCount
        self.offsets = offsets
    }

    /// Where the rows of each event start, from the flat inputs, or from the links when all inputs are jagged.
    private static func rowOffsets(
        _ contract: InputContract, _ columns: [String: Column], _ source: any EventSource
    ) throws(ModelError) -> [Int] {
        var found: (branch: String, offsets: [Int])?
        for input in contract.inputs where input.collection == nil {
            for branch in input.features.map(\.source) {
                guard let offsets = columns[branch]?.offsets else { continue }
                if let found, found.offsets != offsets {
                    throw ModelError(
                        .invalidInput, "branches '\(found.branch)' and '\(branch)' differ in length in some event",
                        remedy: "all features of a row must come from one collection", file: source.path)
                }
                found = (branch, offsets)
            }
        }
        guard let found else {
            throw ModelError(
                .invalidInput, "the number of rows of '\(contract.row ?? "")' in an event is not known",
                remedy: "give the contract an input with features of the rows themselves")
        }
        return found.offsets
    }

    private static func features(
        _ input: InputContract.Input, _ columns: [String: Column], _ source: any EventSource, firstEvent: Int
    ) throws(ModelError) -> Features {
        let width = input.features.count
        var values: [Float] = []
        var count: Int?
        for (index, feature) in input.features.enumerated() {
            guard let raw = columns[feature.source]?.values.floats else {
                throw ModelError(.invalidInput, "branch '\(feature.source)' holds no numbers", file: source.path)
            }
            let offsets = columns[feature.source]?.offsets
            let prepared = try feature.prepared(raw, path: source.path) { index in
                guard let offsets else { return "event \(firstEvent + index)" }
                let event = (offsets.firstIndex { $0 > index } ?? offsets.count) - 1
                return "event \(firstEvent + event), item \(index - offsets[event])"
            }
            guard count ?? prepared.count == prepared.count else {
                throw ModelError(
                    .invalidInput, "branch '\(feature.source)' has \(prepared.count) items, those before have \(count ?? 0)",
                    file: source.path)
            }
            if count == nil {
                count = prepared.count
                values = [Float](repeating: 0, count: prepared.count * width)
            }
            for item in prepared.indices { values[item * width + index] = prepared[item] }
        }
        return Features(values: values, width: width, items: nil, minimum: input.length?.minimum ?? 0)
    }

    /// The particles of each row, sorted and cut to the greatest length.
    private static func items(
        _ input: InputContract.Input, _ columns: [String: Column], _ source: any EventSource, rows: [Int]?, rowCount: Int,
        firstEvent: Int
    ) throws(ModelError) -> [[Int32]] {
        guard let first = input.features.first, let starts = columns[first.source]?.offsets else { return [] }
        for branch in input.branches where columns[branch]?.offsets != starts {
            throw ModelError(
                .invalidInput, "branches '\(first.source)' and '\(branch)' differ in length in some event",
                remedy: "all branches of an input must come from one collection", file: source.path)
        }
        var items = [[Int32]](repeating: [], count: rowCount)
        var links: [Int]?
        if let link = input.link {
            links = columns[link]?.values.integers
            guard links != nil else {
                throw ModelError(.invalidInput, "branch '\(link)' holds no numbers of rows", file: source.path)
            }
        }
        for event in 0..<max(0, starts.count - 1) {
            let firstRow = rows.map { $0[event] } ?? event
            let rowsHere = rows.map { $0[event + 1] - $0[event] } ?? 1
            for item in starts[event]..<starts[event + 1] {
                let row = links?[item] ?? 0
                guard row >= 0, row < rowsHere else {
                    throw ModelError(
                        .invalidInput,
                        "branch '\(input.link ?? "")' points to row \(row) in event \(firstEvent + event), which has \(rowsHere)",
                        file: source.path)
                }
                items[firstRow + row].append(Int32(truncatingIfNeeded: item))
            }
        }
        let keys = input.sort.flatMap { columns[$0.by]?.values.floats }
        for row in items.indices {
            if let keys, let sort = input.sort {
                // Swift's sort is not promised to be stable: equal keys keep the order of the file by their index.
                items[row].sort { a, b in
                    let (left, right) = (keys[Int(a)], keys[Int(b)])
                    if left == right || left.isNaN && right.isNaN { return a < b }
                    if left.isNaN || right.isNaN { return right.isNaN }
                    return sort.isDescending ? left > right : left < right
                }
            }
            if let maximum = input.length?.maximum, items[row].count > maximum {
                items[row].removeLast(items[row].count - maximum)
            }
        }
        return items
    }
}
