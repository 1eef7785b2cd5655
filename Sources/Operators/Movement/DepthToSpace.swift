public import SeptumIR
public import SeptumTensor

extension Op {
    /// Moves blocks of channels into height and width.
    ///
    /// Shape: [N, C*b*b, H, W] -> [N, C, H*b, W*b].
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#DepthToSpace
    public struct DepthToSpace: Operator {
        public static let name = "DepthToSpace"
        public static let inputCount = 1...1

        public enum Order: String, CaseIterable, Sendable {
            /// The block's position is the slow part of the channel, or the fast one.
            case depthColumnRow = "DCR"
            case columnRowDepth = "CRD"
        }

        public var blockSize: Int
        public var order: Order

        public init(blockSize: Int, order: Order = .depthColumnRow) {
            self.blockSize = blockSize
            self.order = order
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            blockSize = try AttributeReader.require(try attributes.int("blocksize"), "blocksize")
            order = try attributes.choice("mode") ?? .depthColumnRow
        }

        public var attributes: Attributes { [("blocksize", .int(blockSize)), ("mode", .string(order.rawValue))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0)
            let area = try blockArea(blockSize)
            guard let shape = type.shape else { return [Fact(type.elementType, Facts.unknownShape(4))] }
            guard shape.count == 4, (shape[1].number ?? 0) % area == 0 else {
                throw ModelError(.invalidModel, "found \(type), expected [N, C, H, W] with C a multiple of \(area)")
            }
            let block = Dimension.fixed(blockSize)
            let channels = shape[1].dividedRoundingDown(by: .fixed(area))
            return [Fact(type.elementType, [shape[0], channels, shape[2] * block, shape[3] * block])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let (b, area) = (blockSize, try blockArea(blockSize))
            let shape = data.shape
            guard shape.count == 4, shape[1] % area == 0 else {
                throw ModelError(.invalidInput, "found shape \(shape), expected [N, C, H, W] with C a multiple of \(area)")
            }
            let depth = shape[1] / area
            let isBlockFirst = order == .depthColumnRow
            let split = try data.reshaped([shape[0]] + (isBlockFirst ? [b, b, depth] : [depth, b, b]) + shape[2...])
            let permuted = try split.transposed(isBlockFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3])
            return [.tensor(try permuted.merged(into: [shape[0], depth], [shape[2], b], [shape[3], b]))]
        }
    }

    /// Moves blocks of height and width into channels.
    ///
    /// Shape: [N, C, H*b, W*b] -> [N, C*b*b, H, W].
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#SpaceToDepth
    public struct SpaceToDepth: Operator {
        public static let name = "SpaceToDepth"
        public static let inputCount = 1...1

        public var blockSize: Int
        public var order: DepthToSpace.Order

        public init(blockSize: Int, order: DepthToSpace.Order = .depthColumnRow) {
            self.blockSize = blockSize
            self.order = order
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            blockSize = try AttributeReader.require(try attributes.int("blocksize"), "blocksize")
            order = try attributes.choice("mode") ?? .depthColumnRow
        }

        public var attributes: Attributes { [("blocksize", .int(blockSize)), ("mode", .string(order.rawValue))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0)
            let area = try blockArea(blockSize)
            guard let shape = type.shape else { return [Fact(type.elementType, Facts.unknownShape(4))] }
            guard shape.count == 4, (shape[2].number ?? 0) % blockSize == 0, (shape[3].number ?? 0) % blockSize == 0 else {
                throw ModelError(.invalidModel, "found \(type), expected [N, C, H, W] with H and W multiples of \(blockSize)")
            }
            let block = Dimension.fixed(blockSize)
            let sides = shape[2...].map { $0.dividedRoundingDown(by: block) }
            return [Fact(type.elementType, [shape[0], shape[1] * .fixed(area)] + sides)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let (b, area) = (blockSize, try blockArea(blockSize))
            let shape = data.shape
            guard shape.count == 4, shape[2] % b == 0, shape[3] % b == 0 else {
                throw ModelError(.invalidInput, "found shape \(shape), expected [N, C, H, W] with H and W multiples of \(b)")
            }
            let split = try data.reshaped([shape[0], shape[1], shape[2] / b, b, shape[3] / b, b])
            let permuted = try split.transposed(order == .depthColumnRow ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4])
            return [.tensor(try permuted.merged(into: [shape[0]], [area, shape[1]], [shape[2] / b], [shape[3] / b]))]
        }
    }
}

private func blockArea(_ blockSize: Int) throws(ModelError) -> Int {
    let (area, overflow) = blockSize.multipliedReportingOverflow(by: blockSize)
    guard blockSize > 0, !overflow else {
        throw ModelError(.invalidModel, "found \(blockSize), expected a positive block size", attribute: "blocksize")
    }
    return area
}

extension Tensor {
    /// The tensor with its axes in another order, each once.
    package func transposed(_ order: [Int]) throws(ModelError) -> Tensor {
        let strides = rowMajorStrides(shape)
        return try strided(order.map { shape[$0] }, order.map { strides[$0] })
    }

    fileprivate func merged(into groups: [Int]...) throws(ModelError) -> Tensor {
        var shape: [Int] = []
        for (index, group) in groups.enumerated() {
            if index == 0 { shape += group } else { shape.append(try Tensor.elementCount(group)) }
        }
        return try reshaped(shape)
    }
}
