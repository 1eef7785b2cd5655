public import SeptumIR
package import SeptumTensor

extension Op.CategoryTable {
    /// A part of a combination.
    public struct Part: Sendable, Hashable {
        public var kind: PartKind
        public var index: Int32
        public var border: Float
        public var hash: Int32

        public init(_ kind: PartKind, _ index: Int32, border: Float = 0, hash: Int32 = 0) {
            (self.kind, self.index, self.border, self.hash) = (kind, index, border, hash)
        }
    }

    /// What combinations are made of, and the hashes of those that are listed, ascending.
    public struct Table: Sendable {
        public var parts: [Part]
        public var keys: [Int64]

        public init(parts: [Part], keys: [Int64]) {
            self.parts = parts
            self.keys = keys
        }
    }

    /// A column of the result.
    public struct Column: Sendable {
        public var table: Int
        /// One for each key of the table.
        public var values: [Float]
        public var fallback: Float

        public init(table: Int, values: [Float], fallback: Float) {
            self.table = table
            self.values = values
            self.fallback = fallback
        }
    }

    /// The hash of a category's text.
    public static func hash(_ text: String) -> Int32 {
        Int32(truncatingIfNeeded: CityHash.hash(text))
    }

    /// A combination's hash after one more part.
    public static func extended(_ hash: UInt64, by part: Int64) -> UInt64 {
        let factor: UInt64 = 0x4906_ba49_4954_cb65
        return factor &* (hash &+ factor &* UInt64(bitPattern: part))
    }

    func validate() throws(ModelError) {
        for (name, count) in [("numbers", numberCount), ("categories", categoryCount)] where !(0...1 << 24).contains(count) {
            throw ModelError(.invalidModel, "found \(count), expected 0 to \(1 << 24)", attribute: name)
        }
        let (parts, columns) = (partKind.count, table.count)
        for (name, tensor, type, count) in [
            ("part_start", partStart, ElementType.int32, max(1, partStart.count)), ("part_kind", partKind, .int32, parts),
            ("part_index", partIndex, .int32, parts), ("part_border", partBorder, .float32, parts),
            ("part_hash", partHash, .int32, parts), ("key_start", keyStart, .int32, partStart.count),
            ("key", key, .int64, key.count), ("table", table, .int32, columns), ("value", value, .float32, value.count),
            ("fallback", fallback, .float32, columns),
        ] where tensor.elementType != type || tensor.shape != [count] {
            throw ModelError(
                .invalidModel, "found \(tensor.elementType)\(tensor.shape), expected \(type)[\(count)]", attribute: name)
        }
        for (name, starts, end) in [("part_start", partStart, parts), ("key_start", keyStart, key.count)] {
            let places = try starts.array(of: Int32.self)
            guard places.first == 0, places.last.map(Int.init) == end, !zip(places, places.dropFirst()).contains(where: >) else {
                throw ModelError(.invalidModel, "expected ascending places from 0 to \(end)", attribute: name)
            }
        }
        try validateParts()
        let keyCounts = try Content.lengths(keyStart)
        var needed = 0
        for index in try table.array(of: Int32.self) {
            guard keyCounts.indices.contains(Int(index)) else {
                throw ModelError(.invalidModel, "found table \(index), there are \(keyCounts.count)", attribute: "table")
            }
            needed += keyCounts[Int(index)]
        }
        guard needed == value.count else {
            throw ModelError(.invalidModel, "found \(value.count) values, expected \(needed)", attribute: "value")
        }
    }

    private func validateParts() throws(ModelError) {
        let indices = try partIndex.array(of: Int32.self)
        for (kind, index) in zip(try partKind.array(of: Int32.self), indices) {
            guard let kind = PartKind(rawValue: kind) else {
                throw ModelError(.invalidModel, "found \(kind), expected 0 to 3", attribute: "part_kind")
            }
            let count = kind == .category || kind == .equals ? categoryCount : numberCount
            guard index >= 0, index < count else {
                throw ModelError(.invalidModel, "found column \(index), there are \(count)", attribute: "part_index")
            }
        }
        let keys = try key.array(of: Int64.self)
        let starts = Set(try keyStart.array(of: Int32.self).map(Int.init))
        for index in keys.indices.dropFirst() where keys[index - 1] >= keys[index] && !starts.contains(index) {
            throw ModelError(.invalidModel, "the keys of a table do not ascend at \(index)", attribute: "key")
        }
    }
}

extension Op.CategoryTable {
    /// The attributes as arrays, for the definition and for writers of other formats.
    package struct Content {
        package let tables: [Table]
        package let columns: [(table: Int, values: ArraySlice<Float>, fallback: Float)]

        static func lengths(_ starts: Tensor) throws(ModelError) -> [Int] {
            let places = try starts.array(of: Int32.self)
            return zip(places, places.dropFirst()).map { Int($1 - $0) }
        }

        package init(_ op: Op.CategoryTable) throws(ModelError) {
            let kinds = try op.partKind.array(of: Int32.self).map { PartKind(rawValue: $0) ?? .category }
            let (indices, hashes) = (try op.partIndex.array(of: Int32.self), try op.partHash.array(of: Int32.self))
            let (borders, keys) = (try op.partBorder.array(of: Float.self), try op.key.array(of: Int64.self))
            let values = try op.value.array(of: Float.self)
            let parts = kinds.indices.map { Part(kinds[$0], indices[$0], border: borders[$0], hash: hashes[$0]) }
            let (partCounts, keyCounts) = (try Content.lengths(op.partStart), try Content.lengths(op.keyStart))
            var (firstPart, firstKey, firstValue) = (0, 0, 0)
            var tables: [Table] = []
            for (partCount, keyCount) in zip(partCounts, keyCounts) {
                tables.append(
                    Table(
                        parts: Array(parts[firstPart..<firstPart + partCount]),
                        keys: Array(keys[firstKey..<firstKey + keyCount])))
                (firstPart, firstKey) = (firstPart + partCount, firstKey + keyCount)
            }
            self.tables = tables
            var columns: [(table: Int, values: ArraySlice<Float>, fallback: Float)] = []
            for (table, fallback) in zip(try op.table.array(of: Int32.self), try op.fallback.array(of: Float.self)) {
                let end = firstValue + keyCounts[Int(table)]
                columns.append((Int(table), values[firstValue..<end], fallback))
                firstValue = end
            }
            self.columns = columns
        }

        /// Where each table lists a row's combination.
        func places(_ numbers: ArraySlice<Float>, _ hashes: ArraySlice<Int32>) -> [Int?] {
            tables.map { table in
                var hash: UInt64 = 0
                for part in table.parts {
                    let index = Int(part.index)
                    let found: Int64 =
                        switch part.kind {
                        case .category: Int64(hashes[hashes.startIndex + index])
                        case .exceeds: numbers[numbers.startIndex + index] > part.border ? 1 : 0
                        case .exceedsOrMissing: numbers[numbers.startIndex + index] <= part.border ? 0 : 1
                        case .equals: hashes[hashes.startIndex + index] == part.hash ? 1 : 0
                        }
                    hash = Op.CategoryTable.extended(hash, by: found)
                }
                return place(of: Int64(bitPattern: hash), in: table.keys)
            }
        }

        private func place(of key: Int64, in keys: [Int64]) -> Int? {
            var (low, high) = (0, keys.count)
            while low < high {
                let middle = (low + high) / 2
                if keys[middle] < key { low = middle + 1 } else { high = middle }
            }
            return low < keys.count && keys[low] == key ? low : nil
        }
    }
}
