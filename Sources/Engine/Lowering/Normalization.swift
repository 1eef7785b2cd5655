import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension Op.Softmax: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (x, y) = site.float32() else { return try AnySlice.lower(self, &site) }
        let axis = try normalizedAxis(axis, rank: x.shape.count)
        guard let (outer, n, inner) = collapsed(x.shape, [axis]) else { return nil }
        if let divided = site.dividedRows(outer, n * inner, n * inner, cost: 12, x, y, { kernels.softmax($0, n, inner, $1, $2) })
        {
            return divided
        }
        return { addresses throws(ModelError) in
            kernels.softmax(outer, n, inner, addresses.read(x.slot), addresses.write(y.slot))
        }
    }
}

extension Op.LogSoftmax: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (x, y) = site.float32() else { return try AnySlice.lower(self, &site) }
        let axis = try normalizedAxis(axis, rank: x.shape.count)
        guard let (outer, n, inner) = collapsed(x.shape, [axis]) else { return nil }
        return { addresses throws(ModelError) in
            kernels.logSoftmax(outer, n, inner, addresses.read(x.slot), addresses.write(y.slot))
        }
    }
}

extension Op.LayerNormalization: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard site.outputs.dropFirst().allSatisfy({ $0 == nil }), let (x, y) = site.float32(), let scale = site.input(1) else {
            return try anyLayer(&site)
        }
        let axis = try normalizedAxis(axis, rank: x.shape.count)
        let n = x.shape[axis...].reduce(1, *)
        let rows = x.shape[..<axis].reduce(1, *)
        let bias = site.input(2)
        guard n > 0, scale.elementType == .float32, scale.count == n, bias == nil || bias?.count == n else {
            return try anyLayer(&site)
        }
        let epsilon = epsilon
        if let division = site.division(rows, cost: 6 * Double(n)) {
            return division.step { addresses, range in
                kernels.layerNorm(
                    range.count, n, addresses.read(x.slot, Float.self) + range.lowerBound * n, addresses.read(scale.slot),
                    bias.map { addresses.read($0.slot) }, epsilon, addresses.write(y.slot, Float.self) + range.lowerBound * n)
            }
        }
        return { addresses throws(ModelError) in
            kernels.layerNorm(
                rows, n, addresses.read(x.slot), addresses.read(scale.slot), bias.map { addresses.read($0.slot) }, epsilon,
                addresses.write(y.slot))
        }
    }
}

extension Op.BatchNormalization: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard !isTraining else { return nil }
        guard site.outputs.dropFirst().allSatisfy({ $0 == nil }), let (x, y) = site.float32(), x.shape.count >= 2 else {
            return try anyBatch(&site)
        }
        var parameters: [[Float]] = []
        for index in 1...4 {
            guard let constant = site.input(index)?.constant, constant.elementType == .float32 else {
                return try anyBatch(&site)
            }
            parameters.append(try constant.array(of: Float.self))
        }
        let channels = x.shape[1]
        guard parameters.allSatisfy({ $0.count == channels }) else { return nil }
        let (scale, bias, mean, variance) = (parameters[0], parameters[1], parameters[2], parameters[3])
        // In float64 and rounded once, so that the folded form is the nearest to the definition.
        var folded = [Float](repeating: 0, count: channels * 2)
        for channel in 0..<channels {
            let factor = Double(scale[channel]) / (Double(variance[channel]) + Double(epsilon)).squareRoot()
            folded[channel] = Float(factor)
            folded[channels + channel] = Float(Double(bias[channel]) - Double(mean[channel]) * factor)
        }
        let table = try Tensor([folded.count], folded)
        let inner = x.shape[2...].reduce(1, *)
        let outer = x.shape[0]
        return { addresses throws(ModelError) in
            try table.withElements(of: Float.self) { (values) throws(ModelError) in
                guard let base = values.baseAddress else { return }
                kernels.affine(
                    outer, channels, inner, addresses.read(x.slot), base, base + channels, addresses.write(y.slot))
            }
        }
    }
}
