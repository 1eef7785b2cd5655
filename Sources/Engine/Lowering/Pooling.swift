import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// A pooling over the planes of an image of any number of axes, window by window; `reduce` says what a window becomes, from the
/// plane and from where its elements lie there, -1 beside it.
private func pool<T: Scalar>(
    _ site: LoweringSite, _ window: SeptumOperators.Window, of type: T.Type,
    _ reduce: @escaping (UnsafePointer<T>, UnsafeBufferPointer<Int32>, _ position: Int) -> (value: T, source: Int)
) throws(ModelError) -> Step? {
    guard let x = site.input(0), let y = site.output(0), x.count > 0, y.count > 0 else { return nil }
    let sliding = try Sliding(
        window, input: Array(x.shape.dropFirst(2)), kernel: window.kernel, output: Array(y.shape.dropFirst(2)))
    guard let taps = TapGroup.sliding(sliding) else { return nil }
    let (planes, inputCount, outputCount) = (x.shape[0] * x.shape[1], sliding.inputCount, sliding.outputCount)
    let count = taps.kernels.count
    let indices = site.output(1)
    return { addresses throws(ModelError) in
        let (source, target) = (addresses.read(x.slot, T.self), addresses.write(y.slot, T.self))
        let places = indices.map { addresses.write($0.slot, Int64.self) }
        taps.sources.withUnsafeBufferPointer { sources in
            for plane in 0..<planes {
                for position in 0..<outputCount {
                    let window = UnsafeBufferPointer(rebasing: sources[position * count..<(position + 1) * count])
                    let found = reduce(source + plane * inputCount, window, position)
                    target[plane * outputCount + position] = found.value
                    places?[plane * outputCount + position] = found.source < 0 ? -1 : Int64(plane * inputCount + found.source)
                }
            }
        }
    }
}

extension Op.MaxPool {
    /// Any element type and number of axes, with indices on request.
    func anyPool(_ site: LoweringSite) throws(ModelError) -> Step? {
        switch site.input(0)?.elementType {
        case .float32: try maxima(site, Float.self)
        case .float64: try maxima(site, Double.self)
        case .int8: try maxima(site, Int8.self)
        case .uint8: try maxima(site, UInt8.self)
        default: nil
        }
    }

    private func maxima<T: ChainScalar>(_ site: LoweringSite, _ type: T.Type) throws(ModelError) -> Step? {
        guard !indexesColumnMajor || site.output(1) == nil else { return nil }
        return try pool(site, window, of: type) { plane, sources, _ in
            var best = (value: T.lowest, source: -1)
            for place in sources where place >= 0 {
                let value = plane[Int(place)]
                // Only NaN differs from itself.
                if best.source < 0 || value > best.value || value != value && best.value == best.value {
                    best = (value, Int(place))
                }
            }
            return best
        }
    }
}

extension Op.AveragePool {
    /// Any element type and number of axes.
    func anyPool(_ site: LoweringSite) throws(ModelError) -> Step? {
        switch site.input(0)?.elementType {
        case .float32: try means(site, Float.self)
        case .float64: try means(site, Double.self)
        default: nil
        }
    }

    private func means<T: RealScalar>(_ site: LoweringSite, _ type: T.Type) throws(ModelError) -> Step? {
        guard let x = site.input(0), let y = site.output(0), y.count > 0 else { return nil }
        let sliding = try Sliding(
            window, input: Array(x.shape.dropFirst(2)), kernel: window.kernel, output: Array(y.shape.dropFirst(2)))
        let counts = countsPadding ? (0..<sliding.outputCount).map { T(sliding.paddedCount(at: sliding.position($0))) } : []
        return try pool(site, window, of: type) { plane, sources, position in
            var (sum, count): (T, Int) = (0, 0)
            for place in sources where place >= 0 {
                sum += plane[Int(place)]
                count += 1
            }
            return (sum / (counts.isEmpty ? T(count) : counts[position]), -1)
        }
    }
}
