public import SeptumIR
public import SeptumTensor

extension Op {
    /// Numbers looked up by combinations of categories and of outcomes of tests, a column each.
    ///
    /// A combination is hashed part after part, `hash = m (hash + m part)` from zero, m being a fixed odd number and the parts
    /// 64-bit integers: a category's own hash, or 1 or 0 for whether a number exceeds a border or a category has a given hash.
    /// A category's hash is the lower half of the CityHash64 of its text, with sign; an integer stands for its decimal text. A
    /// combination that is not listed gets the column's fallback.
    ///
    /// - Shape: categories `[batch, categories]`, numbers `[batch, numbers]`, if there are any -> `[batch, columns]`.
    /// - Element types: string or int64, float32 -> float32.
    ///
    /// Source: https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/ctr_provider.h (CalcHashes),
    /// https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/hash.h (CalcHash),
    /// https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/cat_feature/cat_feature.cpp (CalcCatFeatureHash)
    public struct CategoryTable: Operator {
        public static let name = "CategoryTable"
        public static let inputCount = 1...2

        public let numberCount: Int
        public let categoryCount: Int
        /// int32 `[tables + 1]`: where the parts of each table's combinations start.
        public let partStart: Tensor
        /// int32 `[parts]`, see `PartKind`.
        public let partKind: Tensor
        /// int32 `[parts]`: the column of the number or category.
        public let partIndex: Tensor
        /// float32 `[parts]`: the border of a test of a number.
        public let partBorder: Tensor
        /// int32 `[parts]`: the hash that a test of a category asks for.
        public let partHash: Tensor
        /// int32 `[tables + 1]`: where the keys of each table start.
        public let keyStart: Tensor
        /// int64 `[keys]`: the bits of the hashes, ascending in each table.
        public let key: Tensor
        /// int32 `[columns]`: the table that a column looks into.
        public let table: Tensor
        /// float32: a value for each key of its table, column after column.
        public let value: Tensor
        /// float32 `[columns]`
        public let fallback: Tensor

        /// What a part of a combination is.
        public enum PartKind: Int32, Sendable, CaseIterable {
            case category
            /// Whether a number exceeds a border, NaN does not.
            case exceeds
            /// Whether a number exceeds a border, NaN does.
            case exceedsOrMissing
            /// Whether a category has a hash.
            case equals
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            func tensor(_ name: String) throws(ModelError) -> Tensor {
                try AttributeReader.require(try attributes.tensor(name), name)
            }
            numberCount = try AttributeReader.require(try attributes.int("numbers"), "numbers")
            categoryCount = try AttributeReader.require(try attributes.int("categories"), "categories")
            (partStart, partKind, partIndex) = (try tensor("part_start"), try tensor("part_kind"), try tensor("part_index"))
            (partBorder, partHash) = (try tensor("part_border"), try tensor("part_hash"))
            (keyStart, key, table) = (try tensor("key_start"), try tensor("key"), try tensor("table"))
            (value, fallback) = (try tensor("value"), try tensor("fallback"))
            try validate()
        }

        /// Lays out tables and columns.
        ///
        /// - Throws: `invalidModel` naming what does not fit.
        public init(
            numberCount: Int, categoryCount: Int, tables: [Table], columns: [Column]
        ) throws(ModelError) {
            (self.numberCount, self.categoryCount) = (numberCount, categoryCount)
            var (partStart, keyStart): ([Int32], [Int32]) = ([0], [0])
            for table in tables {
                partStart.append((partStart.last ?? 0) &+ Int32(clamping: table.parts.count))
                keyStart.append((keyStart.last ?? 0) &+ Int32(clamping: table.keys.count))
            }
            let (parts, keys) = (tables.flatMap(\.parts), tables.flatMap(\.keys))
            let values = columns.flatMap(\.values)
            self.partStart = try Tensor([partStart.count], partStart)
            partKind = try Tensor([parts.count], parts.map(\.kind.rawValue))
            partIndex = try Tensor([parts.count], parts.map(\.index))
            partBorder = try Tensor([parts.count], parts.map(\.border))
            partHash = try Tensor([parts.count], parts.map(\.hash))
            self.keyStart = try Tensor([keyStart.count], keyStart)
            key = try Tensor([keys.count], keys)
            table = try Tensor([columns.count], columns.map { Int32(clamping: $0.table) })
            value = try Tensor([values.count], values)
            fallback = try Tensor([columns.count], columns.map(\.fallback))
            try validate()
        }

        public var attributes: Attributes {
            [
                ("numbers", .int(numberCount)), ("categories", .int(categoryCount)), ("part_start", .tensor(partStart)),
                ("part_kind", .tensor(partKind)), ("part_index", .tensor(partIndex)), ("part_border", .tensor(partBorder)),
                ("part_hash", .tensor(partHash)), ("key_start", .tensor(keyStart)), ("key", .tensor(key)),
                ("table", .tensor(table)), ("value", .tensor(value)), ("fallback", .tensor(fallback)),
            ]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            _ = try inputs.tensor(0, of: [.string, .int64])
            let categories = try inputs.shape(0, rank: 2) ?? [.unknown, .unknown]
            _ = try sharedDimension(categories[1], .fixed(categoryCount), "the number of categories")
            var batch = categories[0]
            if numberCount > 0 {
                _ = try inputs.tensor(1, of: [.float32])
                let numbers = try inputs.shape(1, rank: 2) ?? [.unknown, .unknown]
                _ = try sharedDimension(numbers[1], .fixed(numberCount), "the number of numbers")
                batch = try sharedDimension(batch, numbers[0], "the batch")
            }
            return [Fact(.float32, [batch, .fixed(fallback.count)])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let categories = try inputs.tensor(0)
            guard categories.shape.count == 2, categories.shape[1] == categoryCount else {
                throw ModelError(.invalidInput, "found categories \(categories.shape)")
            }
            var rows: [Float] = []
            if numberCount > 0 {
                let numbers = try inputs.tensor(1)
                guard numbers.shape == [categories.shape[0], numberCount] else {
                    throw ModelError(.invalidInput, "found numbers \(numbers.shape) and categories \(categories.shape)")
                }
                rows = try numbers.array(of: Float.self)
            }
            let texts =
                categories.elementType == .string
                ? categories.strings : try categories.array(of: Int64.self).map { String($0) }
            let hashes = texts.map { CategoryTable.hash($0) }
            let content = try Content(self)
            let (batch, columns) = (categories.shape[0], fallback.count)
            var result: [Float] = []
            result.reserveCapacity(try Tensor.elementCount([batch, columns]))
            for row in 0..<batch {
                let places = content.places(
                    rows[row * numberCount..<(row + 1) * numberCount], hashes[row * categoryCount..<(row + 1) * categoryCount])
                result += content.columns.map { column in
                    places[column.table].map { column.values[column.values.startIndex + $0] } ?? column.fallback
                }
            }
            return [.tensor(try Tensor([batch, columns], result))]
        }
    }
}
