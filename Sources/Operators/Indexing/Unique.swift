public import SeptumIR
public import SeptumTensor

extension Op {
    /// The distinct elements, or slices along an axis: themselves, where each comes first, which one each item is, how often.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Unique
    public struct Unique: Operator {
        public static let name = "Unique"
        public static let inputCount = 1...1
        public static let outputCount = 1...4

        /// Nil compares elements in row-major order.
        public var axis: Int?
        /// Otherwise in the order of first appearance.
        public var isSorted: Bool

        public init(axis: Int? = nil, isSorted: Bool = true) {
            self.axis = axis
            self.isSorted = isSorted
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            axis = try attributes.int("axis")
            isSorted = try attributes.bool("sorted") ?? true
        }

        public var attributes: Attributes {
            (axis.map { [("axis", .int($0))] } ?? []) + [("sorted", .int(isSorted ? 1 : 0))]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            var shape: [Dimension]? = [.unknown]
            var items = data.shape.map { Dimension.product($0) } ?? .unknown
            if let axis {
                shape = data.shape
                if let rank = shape?.count {
                    let axis = try normalizedAxis(axis, rank: rank)
                    items = shape?[axis] ?? .unknown
                    shape?[axis] = .unknown
                } else {
                    items = .unknown
                }
            }
            let list = Fact(.int64, [.unknown])
            return [Fact(data.elementType, shape), list, Fact(.int64, [items]), list]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let given = try inputs.tensor(0)
            let data = axis == nil ? try given.reshaped([given.count]) : given
            let axis = try normalizedAxis(axis ?? 0, rank: data.shape.count)
            let size = data.shape[axis]
            guard data.count > 0 else {
                guard size == 0 else { throw ModelError(.invalidInput, "slices of shape \(data.shape) have no elements") }
                let none = Value.tensor(try Tensor(zeros: .int64, [0]))
                return [.tensor(data), none, none, none]
            }
            let groups = groups(try data.orderKeys(), size, inner: rowMajorStrides(data.shape)[axis])
            var inverse = [Int64](repeating: 0, count: size)
            for (number, group) in groups.enumerated() {
                for item in group { inverse[item] = Int64(number) }
            }
            let firsts = groups.compactMap(\.first)
            return [
                .tensor(try data.taking(firsts, shape: [firsts.count], axis: axis)),
                .tensor(try Tensor([firsts.count], firsts.map(Int64.init))),
                .tensor(try Tensor([size], inverse)),
                .tensor(try Tensor([groups.count], groups.map { Int64($0.count) })),
            ]
        }

        /// Equal items together, each group in ascending order.
        private func groups(_ keys: [UInt64], _ size: Int, inner: Int) -> [ArraySlice<Int>] {
            func order(_ a: Int, _ b: Int) -> (isLess: Bool, isEqual: Bool) {
                for start in stride(from: 0, to: keys.count, by: size * inner) {
                    for lane in start..<start + inner {
                        let (first, second) = (keys[lane + a * inner], keys[lane + b * inner])
                        if first != second { return (first < second, false) }
                    }
                }
                return (false, true)
            }
            let sorted = (0..<size).sorted { a, b in
                let order = order(a, b)
                return order.isLess || (order.isEqual && a < b)
            }
            var groups: [ArraySlice<Int>] = []
            var start = 0
            for end in 1...size where end == size || !order(sorted[end - 1], sorted[end]).isEqual {
                groups.append(sorted[start..<end])
                start = end
            }
            return isSorted ? groups : groups.sorted { ($0.first ?? 0) < ($1.first ?? 0) }
        }
    }
}
