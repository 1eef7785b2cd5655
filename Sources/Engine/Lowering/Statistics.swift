import SeptumIR
import SeptumOperators
package import SeptumTensor

/// A normalisation by the statistics of slices, or by given ones, on any floating-point type: in float64, rounded once.
private struct Standardization {
    /// What is done to the elements of a slice before scale and bias.
    enum Kind { case standardize, divideByRoot, given(mean: LoweringSite.Operand, variance: LoweringSite.Operand) }

    let axes: [Int]
    let epsilon: Float
    var kind = Kind.standardize
    /// The shape in which slices are cut, when not that of the input.
    var shape: [Int]?
    /// Whether parameters hold one number a channel, instead of broadcasting.
    var isByChannel = true

    func lower(_ site: inout LoweringSite, scale: Int = 1, bias: Int? = 2) throws(ModelError) -> Step? {
        if let step = floats(site, scale: scale, bias: bias) { return step }
        guard let x = site.input(0), let z = site.output(0), let plan = SlicePlan(shape ?? x.shape, axes: axes),
            let read = numberReader(x.elementType), x.elementType.isFloatingPoint, z.elementType.isFloatingPoint
        else { return nil }
        let write = try z.elementType.dispatch(ElementWriter())
        func parameter(_ operand: LoweringSite.Operand?) -> Parameter? {
            guard let operand, let read = numberReader(operand.elementType) else { return nil }
            let own = isByChannel ? [operand.count] + Array(repeating: 1, count: max(0, x.shape.count - 2)) : operand.shape
            guard (try? broadcastShape(own, x.shape)) == x.shape else { return nil }
            return Parameter(
                slot: operand.slot, read: read, places: Strided(x.shape, broadcastStrides(own, to: x.shape)).map { Int32($0) })
        }
        let factor = parameter(site.input(scale))
        let shift = bias.flatMap { site.input($0) }.flatMap { parameter($0) }
        guard factor != nil, bias.flatMap({ site.input($0) }) == nil || shift != nil else { return nil }
        var given: (mean: Parameter, variance: Parameter)?
        if case .given(let mean, let variance) = kind {
            guard let mean = parameter(mean), let variance = parameter(variance) else { return nil }
            given = (mean, variance)
        }
        func statistic(_ operand: LoweringSite.Operand?) throws(ModelError) -> Statistic? {
            guard let operand else { return nil }
            return Statistic(slot: operand.slot, write: try operand.elementType.dispatch(ElementWriter()))
        }
        let (means, inverses) = (try statistic(site.output(1)), try statistic(site.output(2)))
        let count = plan.offsets.count
        let slice = site.scratch(byteCount: count * 8)
        let epsilon = Double(epsilon)
        let isRoot = if case .divideByRoot = kind { true } else { false }
        let fixed = given
        return { addresses throws(ModelError) in
            let values = addresses.write(slice, Double.self)
            let (source, target) = (UnsafeRawPointer(addresses[x.slot]), addresses[z.slot])
            for index in plan.starts.indices {
                var (mean, squares) = (0.0, 0.0)
                for item in 0..<count {
                    values[item] = read(source, plan.place(index, item))
                    mean += values[item]
                }
                mean /= Double(count)
                if !isRoot { for item in 0..<count { values[item] -= mean } }
                for item in 0..<count { squares += values[item] * values[item] }
                let root = (squares / Double(count) + epsilon).squareRoot()
                let inverse = 1 / root
                for item in 0..<count {
                    let place = plan.place(index, item)
                    var value = isRoot ? values[item] / root : values[item] * inverse
                    if let fixed {
                        let deviation = (fixed.variance.value(addresses, place) + epsilon).squareRoot()
                        let scale = (factor?.value(addresses, place) ?? 1) / deviation
                        value = (read(source, place) - fixed.mean.value(addresses, place)) * scale
                    } else if let factor {
                        value *= factor.value(addresses, place)
                    }
                    if let shift { value += shift.value(addresses, place) }
                    write(target, place, value)
                }
                if let means { means.write(addresses[means.slot], index, mean) }
                if let inverses { inverses.write(addresses[inverses.slot], index, inverse) }
            }
        }
    }

    /// All float32, slices one after another, one parameter a channel or for each element of a slice.
    private func floats(_ site: LoweringSite, scale: Int, bias: Int?) -> Step? {
        guard let (x, z) = site.float32(), site.outputs.dropFirst().allSatisfy({ $0 == nil }), x.count > 0,
            let factor = site.input(scale), factor.elementType == .float32
        else { return nil }
        let shift = bias.flatMap { site.input($0) }
        let isRoot: Bool
        switch kind {
        case .standardize: isRoot = false
        case .divideByRoot: isRoot = true
        case .given: return nil
        }
        let shape = shape ?? x.shape
        guard shift == nil || shift?.elementType == .float32, axes == Array((axes.first ?? 0)..<shape.count), !axes.isEmpty else {
            return nil
        }
        let count = axes.reduce(1) { $0 * shape[$1] }
        let (slices, channels) = (x.count / count, factor.count)
        // Elements of a slice that share a parameter, one after another.
        let run = isByChannel ? x.shape.dropFirst(2).reduce(1, *) : 1
        guard channels == (isByChannel ? x.shape[1] : count), shift == nil || shift?.count == channels, count % run == 0 else {
            return nil
        }
        let epsilon = Double(epsilon)
        return { addresses throws(ModelError) in
            let (factors, shifts) = (addresses.read(factor.slot, Float.self), shift.map { addresses.read($0.slot, Float.self) })
            var (means, squares) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
            for index in 0..<slices {
                let source = addresses.read(x.slot, Float.self) + index * count
                let target = addresses.write(z.slot, Float.self) + index * count
                if index % 4 == 0 {
                    (means, squares) = moments(source, count, slices: min(4, slices - index), areCentred: !isRoot)
                }
                let mean = means[index % 4]
                let root = (squares[index % 4] / Double(count) + epsilon).squareRoot()
                let inverse = 1 / root
                for start in stride(from: 0, to: count, by: run) {
                    let channel = isByChannel ? (index * count + start) / run % channels : start
                    let (scale, offset) = (Double(factors[channel]), Double(shifts?[channel] ?? -0.0))
                    for item in start..<start + run {
                        let value = Double(source[item]) - mean
                        target[item] = Float((isRoot ? value / root : value * inverse) * scale + offset)
                    }
                }
            }
        }
    }
}

/// The means (zero unless `areCentred`) and the sums of squared deviations of one to four slices, each sum in order.
private func moments(
    _ source: UnsafePointer<Float>, _ count: Int, slices: Int, areCentred: Bool
) -> (means: SIMD4<Double>, squares: SIMD4<Double>) {
    let (a, b) = (source, source + min(1, slices - 1) * count)
    let (c, d) = (source + min(2, slices - 1) * count, source + min(3, slices - 1) * count)
    var (means, squares) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    if areCentred {
        for item in 0..<count { means += SIMD4(Double(a[item]), Double(b[item]), Double(c[item]), Double(d[item])) }
        means /= Double(count)
    }
    for item in 0..<count {
        let values = SIMD4(Double(a[item]), Double(b[item]), Double(c[item]), Double(d[item])) - means
        squares += values * values
    }
    return (means, squares)
}

/// A parameter of a normalisation and where it lies for each element.
private struct Parameter {
    let slot: Int
    let read: NumberReader
    let places: [Int32]

    @inline(__always)
    func value(_ addresses: Addresses, _ place: Int) -> Double { read(addresses[slot], Int(places[place])) }
}

/// Where the means or the inverse deviations of all slices go.
private struct Statistic {
    let slot: Int
    let write: ElementWriter.Write
}

/// Rounds one number to an element type and stores it.
private struct ElementWriter: ElementVisitor {
    typealias Write = (UnsafeMutableRawPointer, Int, Double) -> Void

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Write where T.Wide == Double {
        { $0.assumingMemoryBound(to: T.self)[$1] = T(narrowing: $2) }
    }
    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Write where T.Wide == Int64 { throw noFloat(type) }
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Write where T.Wide == UInt64 { throw noFloat(type) }

    private func noFloat<T: Element>(_ type: T.Type) -> ModelError {
        ModelError(.unsupported, "\(T.elementType) is no floating-point type")
    }
}

extension Op.LayerNormalization {
    /// Any type, any shape of the parameters, with the statistics on request.
    func anyLayer(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let rank = site.input(0)?.shape.count else { return nil }
        let axes = Array(try normalizedAxis(axis, rank: rank)..<rank)
        return try Standardization(axes: axes, epsilon: epsilon, isByChannel: false).lower(&site)
    }
}

extension Op.RMSNormalization: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let rank = site.input(0)?.shape.count else { return nil }
        let axes = Array(try normalizedAxis(axis, rank: rank)..<rank)
        return try Standardization(axes: axes, epsilon: epsilon, kind: .divideByRoot, isByChannel: false).lower(&site, bias: nil)
    }
}

extension Op.BatchNormalization {
    /// Any type, with parameters that may be computed.
    func anyBatch(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let mean = site.input(3), let variance = site.input(4) else { return nil }
        return try Standardization(axes: [], epsilon: epsilon, kind: .given(mean: mean, variance: variance)).lower(&site)
    }
}

extension Op.InstanceNormalization: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let rank = site.input(0)?.shape.count, rank >= 2 else { return nil }
        return try Standardization(axes: Array(2..<rank), epsilon: epsilon).lower(&site)
    }
}

extension Op.GroupNormalization: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), x.count > 0 else { return nil }
        let groups = x.shape[0] * groupCount
        return try Standardization(axes: [1], epsilon: epsilon, shape: [groups, x.count / groups]).lower(&site)
    }
}
