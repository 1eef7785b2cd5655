public import SeptumIR
public import SeptumTensor

extension Op {
    /// Blocks, one a column, put back into the images that they were cut from; elements that meet are added.
    ///
    /// Integers wrap around, bools are joined by "or", real numbers are added in float64 and rounded once.
    ///
    /// - Shape: `(n, c * block, blocks), (r), (r) -> (n, c, image...)`; the second input is the image's shape, the third the block's.
    /// - Element types: numbers, bool, complex numbers.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#Col2Im
    public struct Col2Im: Operator {
        public static let name = "Col2Im"
        public static let inputCount = 3...3

        /// Strides, dilations and pads; the kernel is empty.
        public var window: Window

        public init(_ window: Window = Window()) { self.window = window }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            window = Window(
                strides: try attributes.ints("strides") ?? [], dilations: try attributes.ints("dilations") ?? [],
                pads: try attributes.ints("pads") ?? [])
        }

        public var attributes: Attributes { window.attributes }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0)
            try ElementTypeSet.numbers.union([.bool, .complex64, .complex128]).admit(type.elementType, input: 0)
            let columns = try inputs.shape(0, rank: 3)
            let (givenImage, givenBlock) = (try inputs.sizes(1), try inputs.sizes(2, atLeast: 1))
            let listed = max(window.strides.count, window.dilations.count, window.pads.count / 2)
            let rank = givenImage?.count ?? givenBlock?.count ?? listed
            guard rank > 0 || givenImage != nil || givenBlock != nil else { return [Fact(type.elementType, nil)] }
            let unknown = [Dimension](repeating: .unknown, count: rank)
            let (image, block) = (givenImage ?? unknown, givenBlock ?? unknown)
            guard image.count == block.count, !image.isEmpty else {
                throw ModelError(
                    .invalidModel, "the image has \(image.count) axes and the block \(block.count), expected as many")
            }
            let counts = try window.outputShape(image, kernel: block)
            _ = try sharedDimension(columns?[2] ?? .unknown, .product(counts), "the blocks given and those of the image")
            let (rows, size) = (columns?[1] ?? .unknown, Dimension.product(block))
            let channels = rows.dividedRoundingDown(by: size)
            if rows.number != nil, size.number != nil, (channels * size).isProvablyDifferent(from: rows) {
                throw ModelError(.invalidModel, "\(rows) rows are no multiple of a block of \(size) elements")
            }
            return [Fact(type.elementType, [columns?[0] ?? .unknown, channels] + image)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let (x, block) = (try inputs.tensor(0), try inputs.integers(2))
            let sum = Columns(op: self, x: x, shape: shape, block: block, parts: 1)
            switch x.elementType {
            case .complex64: return [.tensor(try sum.complex(of: .float32))]
            case .complex128: return [.tensor(try sum.complex(of: .float64))]
            default: return [.tensor(try x.elementType.dispatch(sum))]
            }
        }
    }
}

private struct Columns: ElementVisitor {
    let op: Op.Col2Im
    var x: Tensor
    let shape: [Int]
    let block: [Int]
    /// Numbers that make up an element.
    var parts: Int

    /// Complex numbers as pairs of real ones.
    func complex(of type: ElementType) throws(ModelError) -> Tensor {
        var copy = self
        copy.x = try Tensor(type, x.shape + [2], storage: x.storage, byteOffset: x.byteOffset)
        copy.parts = 2
        let pairs = try type.dispatch(copy)
        return try Tensor(x.elementType, shape, storage: pairs.storage, byteOffset: pairs.byteOffset)
    }

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == Double { try add(type, +) }
    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == Int64 { try add(type, &+) }
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == UInt64 { try add(type, &+) }

    private func add<T: Element>(
        _ type: T.Type, _ sum: (T.Wide, T.Wide) -> T.Wide
    ) throws(ModelError) -> Tensor {
        let image = Array(shape.dropFirst(2))
        var counts: [Int] = []
        for count in try op.window.outputShape(image.map(Dimension.fixed), kernel: block.map(Dimension.fixed)) {
            counts.append(count.number ?? 0)
        }
        let sliding = try Sliding(op.window, input: image, kernel: block, output: counts)
        let (blockSize, imageSize, planes) = (try Tensor.elementCount(block), sliding.inputCount, shape[0] &* shape[1])
        let wide = try x.withElements(of: type) { (columns) throws(ModelError) in
            try Tensor(shape + [parts]) { (target: UnsafeMutableBufferPointer<T.Wide>) in
                guard !target.isEmpty, !columns.isEmpty else { return }
                for position in 0..<sliding.outputCount {
                    for tap in sliding.taps(at: sliding.position(position)) {
                        for plane in 0..<planes {
                            let from = (plane * blockSize + tap.kernel) * sliding.outputCount + position
                            let to = plane * imageSize + tap.input
                            for part in 0..<parts {
                                target[to * parts + part] = sum(target[to * parts + part], columns[from * parts + part].wide)
                            }
                        }
                    }
                }
            }
        }
        return try mapElements(wide) { (value: T.Wide) in T(narrowing: value) }.reshaped(parts == 1 ? shape : shape + [parts])
    }
}
