import SeptumIR
import SeptumOperators
import SeptumTensor

// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/docs/ContribOperators.md
extension ONNX {
    /// A matrix product with a factor, matrices transposed on request.
    @Sendable static func fusedMatMul(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let alpha = try form.takeFloat("alpha") ?? 1
        var operands: [Graph.ValueID] = []
        for (index, letter) in ["A", "B"].enumerated() {
            guard try form.takeInt("transBatch" + letter) ?? 0 == 0 else {
                throw ModelError(.unsupported, "found another value than 0", attribute: "transBatch" + letter)
            }
            let isTransposed = try form.takeInt("trans" + letter) ?? 0 != 0
            let operand = try form.requiredInput(index)
            operands.append(isTransposed ? try builder.transposed(operand, "trans" + letter, form) : operand)
        }
        try form.checkEmpty()
        guard alpha != 1 else { return try builder.finish(form, "MatMul", operands) }
        let product = try builder.apply("MatMul", name: form.name, operands)
        try builder.finish(form, "Mul", [product, try builder.constant(alpha, like: product)])
    }

    /// The product of a float matrix, quantized by its own range, with a quantized one.
    @Sendable static func dynamicQuantizeMatMul(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        try form.checkEmpty()
        let names = (0..<3).map { _ in builder.freshName("quantized") }
        let parts = try builder.append(
            "DynamicQuantizeLinear", [:], name: form.name, [form.input(0)], outputs: names)
        let sums = try builder.apply("MatMulInteger", name: form.name, [parts[0], form.input(1), parts[2], form.input(3)])
        try builder.finishScaled(form, sums, parts[1], form.input(2), bias: form.input(4))
    }

    /// The product of quantized matrices as floats.
    @Sendable static func matMulIntegerToFloat(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        try form.checkEmpty()
        let operands = [form.input(0), form.input(1), form.input(4), form.input(5)]
        let sums = try builder.apply("MatMulInteger", name: form.name, operands)
        try builder.finishScaled(form, sums, form.input(2), form.input(3), bias: form.input(6))
    }

    /// A dense layer on quantized tensors, whose bias is in units of the sums; without a scale of the result it is float.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/contrib_ops/cpu/quantization/quant_gemm.cc
    @Sendable static func quantizedGemm(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let alpha = try form.takeFloat("alpha") ?? 1
        var operands: [Graph.ValueID] = []
        for (index, letter) in [(0, "A"), (3, "B")] {
            let isTransposed = try form.takeInt("trans" + letter) ?? 0 != 0
            let operand = try form.requiredInput(index)
            operands.append(isTransposed ? try builder.transposed(operand, "trans" + letter, form) : operand)
        }
        try form.checkEmpty()
        let product = try builder.apply("MatMulInteger", name: form.name, operands + [form.input(2), form.input(5)])
        let sums = try builder.add(product, form.input(6), form)
        var scale = try form.requiredInput(1)
        if alpha != 1 { scale = try builder.apply("Mul", name: form.name, [builder.constant(alpha, like: scale), scale]) }
        scale = try builder.apply("Mul", name: form.name, [scale, form.input(4)])
        if let step = form.input(7) { scale = try builder.apply("Div", name: form.name, [scale, step]) }
        let scaled = [try builder.apply("CastLike", name: form.name, [sums, scale]), scale]
        guard form.input(7) != nil else { return try builder.finish(form, "Mul", scaled) }
        let result = try builder.apply("Mul", name: form.name, scaled)
        let type = builder.elementType(try form.requiredInput(0)).map { ["output_dtype": Attribute.int(Int($0.rawValue))] }
        try builder.finish(form, "QuantizeLinear", [result, try builder.constant(1, like: scale), form.input(8)], type ?? [:])
    }

    /// The product with a matrix of small integers that share scales in blocks along their rows, two or more to a byte.
    ///
    /// What `accuracy_level` allows other runtimes to round is not rounded.
    @Sendable static func matMulNBits(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let rows = try AttributeReader.require(try form.takeInt("N"), "N")
        let columns = try AttributeReader.require(try form.takeInt("K"), "K")
        let block = try AttributeReader.require(try form.takeInt("block_size"), "block_size")
        let bits = try form.takeInt("bits") ?? 4
        _ = try form.takeInt("accuracy_level")
        guard try form.takeInt("weight_prepacked") ?? 0 == 0, form.input(4) == nil else {
            throw ModelError(.unsupported, "weights are packed for one runtime, or sorted by an index")
        }
        try form.checkEmpty()
        let types: [Int: ElementType] = [2: .uint2, 4: .uint4, 8: .uint8]
        guard let type = types[bits], (1...1 << 30).contains(rows), (1...1 << 30).contains(columns),
            (1...1 << 30).contains(block),
            block * bits % 8 == 0
        else {
            throw ModelError(
                .unsupported, "found \(bits) bits, \(rows) by \(columns) weights in blocks of \(block)", attribute: "bits")
        }
        let blocks = (columns + block - 1) / block
        let weights = try builder.unpacked(form, 1, type, bits, rows: rows, columns: columns, stride: blocks * block * bits / 8)
        let middle = try Tensor([1], [UInt8(1 << (bits - 1))]).converted(to: type).taking(
            [Int](repeating: 0, count: rows * blocks), shape: [rows, blocks], axis: 0)
        let zeros =
            form.input(3) == nil
            ? try builder.addConstant(middle)
            : try builder.unpacked(form, 3, type, bits, rows: rows, columns: blocks, stride: (blocks * bits + 7) / 8)
        let scales = try builder.apply("Reshape", name: form.name, [form.input(2), try builder.constant([rows, blocks])])
        let attributes: [String: Attribute] = ["axis": .int(1), "block_size": .int(block)]
        let matrix = try builder.apply("DequantizeLinear", attributes, name: form.name, [weights, scales, zeros])
        let product = try builder.apply(
            "MatMul", name: form.name, [form.input(0), try builder.transposed(matrix, "B", form)])
        try builder.finish(form, "Identity", [try builder.add(product, form.input(5), form)])
    }
}

extension GraphBuilder {
    /// A stack of matrices with rows and columns exchanged.
    fileprivate mutating func transposed(
        _ value: Graph.ValueID, _ attribute: String, _ form: NodeForm
    ) throws(ModelError) -> Graph.ValueID {
        guard let rank = rank(value), rank >= 2 else {
            throw ModelError(.unsupported, "the rank of a matrix that is transposed must be known", attribute: attribute)
        }
        let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
        return try apply("Transpose", ["perm": .ints(order)], name: form.name, [value])
    }

    /// Sums in int32 times two scales, plus a bias.
    fileprivate mutating func finishScaled(
        _ form: NodeForm, _ sums: Graph.ValueID, _ a: Graph.ValueID?, _ b: Graph.ValueID?, bias: Graph.ValueID?
    ) throws(ModelError) {
        let scale = try apply("Mul", name: form.name, [a, b])
        let product = try apply("Mul", name: form.name, [try apply("CastLike", name: form.name, [sums, scale]), scale])
        try finish(form, "Identity", [try add(product, bias, form)])
    }

    /// The elements of a constant that lie several to a byte, the lowest bits first; each row starts a byte.
    fileprivate mutating func unpacked(
        _ form: NodeForm, _ input: Int, _ type: ElementType, _ bits: Int, rows: Int, columns: Int, stride: Int
    ) throws(ModelError) -> Graph.ValueID {
        guard let packed = constantValue(form.input(input)), packed.elementType == .uint8 else {
            throw ModelError(.unsupported, "input \(input) must be a constant of uint8")
        }
        guard packed.count == rows.multipliedReportingOverflow(by: stride).partialValue, packed.count / rows == stride else {
            throw ModelError(
                .invalidModel, "input \(input) has \(packed.count) bytes, expected \(rows) rows of \(stride)")
        }
        let (bytes, perByte) = (packed.bytes, 8 / bits)
        let codes = try Tensor([rows, columns]) { (target: UnsafeMutableBufferPointer<UInt8>) in
            for index in target.indices {
                let (row, column) = index.quotientAndRemainder(dividingBy: columns)
                target[index] = bytes[row * stride + column / perByte] >> (column % perByte * bits)
            }
        }
        return try addConstant(try codes.converted(to: type))
    }
}
