public import SeptumIR
public import SeptumTensor

extension Op {
    /// The same elements under another shape; -1 stands for what is left, 0 for the input's dimension.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Reshape
    public struct Reshape: PassThroughOperator {
        public static let name = "Reshape"
        public static let inputCount = 2...2

        /// Whether 0 in the shape means an empty dimension instead of the input's.
        public var allowsZero: Bool

        public init(allowsZero: Bool = false) { self.allowsZero = allowsZero }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            allowsZero = try attributes.bool("allowzero") ?? false
        }

        public var attributes: Attributes { [("allowzero", .int(allowsZero ? 1 : 0))] }

        public func isIdentity(_ inputs: Facts) -> Bool {
            areProvablyEqual(inputs[0]?.type.tensor?.shape, (try? infer(inputs))?.first?.type.tensor?.shape)
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            guard let target = inputs.elements(1) else {
                return [Fact(data.elementType, Facts.unknownShape(inputs.elementCount(1)))]
            }
            return moved(inputs, data.elementType, try shape(data.shape, target))
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            return [.tensor(try data.reshaped(try shape(data.shape, try inputs.integers(1))))]
        }

        /// Dimensions that both shapes share are cancelled before the rest is divided, so that `n*(n+1)` divides by `n+1`.
        private func shape(_ data: [Dimension]?, _ target: [Dimension]) throws(ModelError) -> [Dimension] {
            var result = target
            var rest = data
            var explicit: [Dimension] = []
            var open: Int?
            for (axis, dimension) in target.enumerated() {
                if dimension == 0, !allowsZero {
                    guard let data else { result[axis] = .unknown; rest = nil; continue }
                    guard data.indices.contains(axis) else { throw missing(axis, rank: data.count) }
                    result[axis] = data[axis]
                    if let index = rest?.firstIndex(of: data[axis]) { rest?.remove(at: index) }
                } else if dimension == -1 {
                    guard open == nil else { throw ModelError(.invalidModel, "the shape has -1 more than once") }
                    open = axis
                } else if let number = dimension.number, number < 0 {
                    throw ModelError(.invalidModel, "the shape has \(number), expected sizes or one -1")
                } else if dimension != .unknown, let index = rest?.firstIndex(of: dimension) {
                    rest?.remove(at: index)
                } else {
                    explicit.append(dimension)
                }
            }
            let total = rest.map { Dimension.product($0) } ?? .unknown
            let known = Dimension.product(explicit)
            let quotient = total.dividedRoundingDown(by: known)
            let isEmpty = result.contains(0) && data?.contains(0) ?? false
            if (open == nil && !isEmpty && total.isProvablyDifferent(from: known))
                || (open != nil && (quotient * known).isProvablyDifferent(from: total))
            {
                let from = data.map { $0.map(\.description).joined(separator: ", ") } ?? ""
                let to = target.map(\.description).joined(separator: ", ")
                throw ModelError(.invalidModel, "shape [\(from)] cannot be reshaped to [\(to)]")
            }
            if let open { result[open] = quotient }
            return result
        }

        /// Copied dimensions are left out of the division, so that an empty batch keeps the other dimensions.
        private func shape(_ data: [Int], _ target: [Int]) throws(ModelError) -> [Int] {
            var result = target
            var isCopied = [Bool](repeating: false, count: data.count)
            var known = 1
            var open: Int?
            for (axis, size) in target.enumerated() {
                if size == 0, !allowsZero {
                    guard data.indices.contains(axis) else { throw missing(axis, rank: data.count) }
                    result[axis] = data[axis]
                    isCopied[axis] = true
                } else if size == -1, open == nil {
                    open = axis
                } else {
                    let (product, overflow) = known.multipliedReportingOverflow(by: size)
                    guard size >= 0, !overflow else { throw unfit(data, target) }
                    known = product
                }
            }
            guard let open else { return result }
            let rest = try Tensor.elementCount(data.indices.filter { !isCopied[$0] }.map { data[$0] })
            guard known > 0, rest % known == 0 else { throw unfit(data, target) }
            result[open] = rest / known
            return result
        }

        private func missing(_ axis: Int, rank: Int) -> ModelError {
            ModelError(.invalidModel, "the shape copies dimension \(axis) of an input of rank \(rank)")
        }

        private func unfit(_ data: [Int], _ target: [Int]) -> ModelError {
            ModelError(.invalidInput, "shape \(data) cannot be reshaped to \(target)")
        }
    }
}
