import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

// Convolutions of 8-bit integers, and products with weights that no signed bytes hold, by the float32 kernels: exact, as long as
// no sum can reach 2^24.

/// What an 8-bit product with constant weights becomes in float32.
private struct ExactProduct {
    /// The image or the left matrix less its zero point, and the step that computes it.
    let x: LoweringSite.Operand
    let widen: Step
    /// The weights less their zero points.
    let w: LoweringSite.Operand
    let bias: LoweringSite.Operand?

    /// Nil when a sum might not be exact, and for zero points of rows or computed ones of the weights. Each element along
    /// `channelAxis` of the weights has a zero point and a sum of its own.
    init?(
        _ site: inout LoweringSite, _ x: LoweringSite.Operand, _ zeroX: LoweringSite.Operand?, _ w: LoweringSite.Operand,
        _ zeroW: LoweringSite.Operand?, bias: LoweringSite.Operand? = nil, channelAxis: Int
    ) throws(ModelError) {
        guard let type = QuantizedType(x.elementType), x.elementType.byteWidth == 1, w.elementType.byteWidth == 1,
            QuantizedType(w.elementType) != nil, x.count > 0, w.count > 0, zeroX == nil || zeroX?.count == 1,
            zeroX == nil || zeroX?.elementType == x.elementType, let constant = w.constant,
            zeroW == nil || zeroW?.constant != nil, bias == nil || bias?.constant != nil
        else { return nil }
        let channels = w.shape[channelAxis]
        let inner = w.shape[(channelAxis + 1)...].reduce(1, *)
        let zeros = try zeroW?.constant?.converted(to: .float32).array(of: Float.self) ?? [0]
        guard zeros.count == 1 || zeros.count == channels && (zeroW?.shape.count ?? 0) == 1 else { return nil }
        var values = try constant.converted(to: .float32).array(of: Float.self)
        let starts = try bias?.constant?.array(of: Int32.self)
        guard starts == nil || starts?.count == channels else { return nil }
        var sums = starts.map { $0.map { Double($0).magnitude } } ?? [Double](repeating: 0, count: channels)
        for index in values.indices {
            let channel = index / inner % channels
            values[index] -= zeros[zeros.count == 1 ? 0 : channel]
            sums[channel] += Double(values[index].magnitude) * 255
        }
        guard sums.allSatisfy({ $0 < 0x1p24 }) else { return nil }
        let weights = try Tensor(w.shape, values)
        self.w = .init(
            elementType: .float32, shape: w.shape, slot: site.resident(weights), constant: weights, weight: nil)
        self.bias = try starts.map { starts throws(ModelError) in
            let tensor = try Tensor([channels], starts.map { Float($0) })
            return .init(elementType: .float32, shape: [channels], slot: site.resident(tensor), constant: tensor, weight: nil)
        }
        let (slot, count) = (site.scratch(byteCount: x.count * 4), x.count)
        self.x = .init(elementType: .float32, shape: x.shape, slot: slot, constant: nil, weight: nil)
        let unit = site.resident(try Tensor([2], [Float(1), 0]))
        let centre = site.scratch(byteCount: 4)
        widen = { addresses throws(ModelError) in
            let unit = addresses.read(unit, Float.self)
            let zero = addresses.write(centre, Float.self)
            zero[0] = 0
            if let zeroX { kernels.dequantize(type, 1, addresses[zeroX.slot], scale: unit, zero: unit + 1, step: 0, zero) }
            kernels.dequantize(type, count, addresses[x.slot], scale: unit, zero: zero, step: 0, addresses.write(slot))
        }
    }

    /// The steps up to the sums, and where these lie.
    func sums(
        _ site: inout LoweringSite, _ shape: [Int],
        _ lower: (inout LoweringSite) throws(ModelError) -> Step?
    ) throws(ModelError) -> (step: Step, slot: Int)? {
        let slot = site.scratch(byteCount: max(1, shape.reduce(1, *)) * 4)
        let output = LoweringSite.Operand(elementType: .float32, shape: shape, slot: slot, constant: nil, weight: nil)
        var inner = site.replacing(inputs: [x, w, bias], outputs: [output])
        guard let product = try lower(&inner) else { return nil }
        site.adopt(inner)
        return (inOrder([widen, product]), slot)
    }
}

extension LoweringSite {
    /// The prepared sums of an 8-bit product as int32; nil when they may not be exact.
    mutating func integerProduct(
        channelAxis: Int, _ lower: (inout LoweringSite) throws(ModelError) -> Step?
    ) throws(ModelError) -> Step? {
        guard let x = input(0), let w = input(1), let y = output(0), y.elementType == .int32, channelAxis < w.shape.count,
            let product = try ExactProduct(&self, x, input(2), w, input(3), channelAxis: channelAxis),
            let sums = try product.sums(&self, y.shape, lower)
        else { return nil }
        let count = y.count
        return { addresses throws(ModelError) in
            try sums.step(addresses)
            kernels.convert(.floatToInt32, count, addresses[sums.slot], addresses[y.slot])
        }
    }

    /// The prepared sums of an 8-bit product quantized again; nil when they may not be exact or a scale is computed. `inner`
    /// elements of the output, one after another, share a channel.
    fileprivate mutating func quantizedProduct(
        channelAxis: Int, inner: Int, _ lower: (inout LoweringSite) throws(ModelError) -> Step?
    ) throws(ModelError) -> Step? {
        guard let x = input(0), let w = input(3), let y = output(0), let type = QuantizedType(y.elementType), y.count > 0,
            channelAxis < w.shape.count
        else { return nil }
        var scales: [[Float]] = []
        for index in [1, 4, 6] {
            guard let constant = input(index)?.constant, constant.elementType == .float32 else { return nil }
            scales.append(try constant.array(of: Float.self))
        }
        let channels = w.shape[channelAxis]
        guard scales[0].count == 1, scales[2].count == 1, scales[1].count == 1 || scales[1].count == channels,
            (input(4)?.shape.count ?? 0) <= 1, let zero = input(7)?.constant, zero.count == 1,
            let product = try ExactProduct(&self, x, input(2), w, input(5), bias: input(8), channelAxis: channelAxis),
            let sums = try product.sums(&self, y.shape, lower)
        else { return nil }
        let factors = (0..<channels).map { scales[0][0] * scales[1][scales[1].count == 1 ? 0 : $0] / scales[2][0] }
        let offset = try zero.converted(to: .float32).array(of: Float.self)[0]
        let multipliers = resident(try Tensor([channels], factors))
        let offsets = resident(try Tensor([channels], [Float](repeating: offset, count: channels)))
        let blocks = y.count / inner
        return { addresses throws(ModelError) in
            try sums.step(addresses)
            let (source, target) = (addresses.read(sums.slot, Float.self), addresses[y.slot])
            let (scale, centre) = (addresses.read(multipliers, Float.self), addresses.read(offsets, Float.self))
            if inner == 1 {
                for row in 0..<blocks / channels {
                    kernels.quantize(
                        type, channels, source + row * channels, scale: scale, zero: centre, step: 1, multiplies: true,
                        target + row * channels)
                }
            } else {
                for block in 0..<blocks {
                    kernels.quantize(
                        type, inner, source + block * inner, scale: scale + block % channels, zero: centre, step: 0,
                        multiplies: true, target + block * inner)
                }
            }
        }
    }
}

extension Op.ConvInteger: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        let convolution = Op.Conv(window, group: group)
        return try site.integerProduct(channelAxis: 0) { inner throws(ModelError) in try convolution.lower(&inner) }
    }
}

extension Op.QLinearConv: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let y = site.output(0), y.shape.count > 2 else { return nil }
        let convolution = Op.Conv(window, group: group)
        return try site.quantizedProduct(channelAxis: 0, inner: y.shape[2...].reduce(1, *)) { inner throws(ModelError) in
            try convolution.lower(&inner)
        }
    }
}

extension Op.QLinearMatMul: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let w = site.input(3), w.shape.count == 2, !x.shape.isEmpty else { return nil }
        if let step = try integerStep(&site, x, w) { return step }
        return try site.quantizedProduct(channelAxis: 1, inner: 1) { inner throws(ModelError) in
            try Op.MatMul().lower(&inner, of: Float.self)
        }
    }

    /// By the product of bytes, where all but x is constant.
    private func integerStep(
        _ site: inout LoweringSite, _ x: LoweringSite.Operand, _ w: LoweringSite.Operand
    ) throws(ModelError) -> Step? {
        guard let y = site.output(0), y.elementType == .int8 || y.elementType == .uint8, let zero = site.input(7)?.constant,
            zero.count == 1, zero.elementType == y.elementType, let centre = zero.integers?.first
        else { return nil }
        var scales: [[Float]] = []
        for index in [1, 4, 6] {
            guard let constant = site.input(index)?.constant, constant.elementType == .float32 else { return nil }
            scales.append(try constant.array(of: Float.self))
        }
        let n = w.shape[1]
        guard scales[0].count == 1, scales[2].count == 1,
            scales[1].count == 1 || scales[1].count == n && site.input(4)?.shape.last == n
        else { return nil }
        let factors = (0..<n).map { scales[0][0] * scales[1][scales[1].count == 1 ? 0 : $0] / scales[2][0] }
        guard factors.allSatisfy(\.isFinite), let product = try IntegerProduct(&site, x, site.input(2), w, site.input(5))
        else { return nil }
        let multipliers = site.resident(
            try Tensor([(n + 15) / 16 * 16], factors + [Float](repeating: 0, count: (16 - n % 16) % 16)))
        return { addresses throws(ModelError) in
            var ending = IntegerEnding(start: product.starts(addresses), scale: addresses.read(multipliers))
            ending.quantize(to: y.elementType, zero: centre, relu: false)
            product.run(addresses, ending, y.slot)
        }
    }
}
