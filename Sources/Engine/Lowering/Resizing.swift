import SeptumIR
import SeptumOperators
package import SeptumTensor

/// Nearest neighbours are moved; linear and cubic interpolation goes axis by axis through float64 tables made when planning.
extension Op.Resize: MovementOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        if mode == .nearest { return coordinates == .cropAndResize ? nil : try lowerMovement(&site) }
        guard let x = site.input(0), let y = site.output(0), x.count > 0, y.count > 0, x.elementType.isFloatingPoint,
            let read = numberReader(x.elementType), coordinates != .cropAndResize
        else { return nil }
        var arguments: [Value?] = [.tensor(try Tensor(zeros: x.elementType, [0]))]
        for operand in site.inputs.dropFirst() {
            guard let operand else { arguments.append(nil); continue }
            guard let constant = operand.constant else { return nil }
            arguments.append(.tensor(constant))
        }
        var passes: [InterpolationPass] = []
        var shape = x.shape
        for axis in try resizedAxes(Arguments(arguments, outputCount: 1), x.shape) where !axis.isIdentity {
            let inner = shape[(axis.axis + 1)...].reduce(1, *)
            let outer = shape[..<axis.axis].reduce(1, *)
            shape[axis.axis] = axis.target
            passes.append(
                InterpolationPass(
                    outer, axis.size, inner, (0..<axis.target).map { taps(axis.source(of: $0, coordinates), axis) }))
        }
        guard shape == y.shape else { return nil }
        let largest = passes.reduce(x.count) { max($0, $1.outer * $1.target * $1.inner) }
        let slots = (site.scratch(byteCount: largest * 8), site.scratch(byteCount: largest * 8))
        guard let write = try? y.elementType.dispatch(NumberWriter()) else { return nil }
        let (count, written, last) = (x.count, y.count, passes.count % 2 == 0 ? slots.0 : slots.1)
        let load: Step = { addresses throws(ModelError) in
            let target = addresses.write(slots.0, Double.self)
            for index in 0..<count { target[index] = read(addresses[x.slot], index) }
        }
        var steps = [load]
        for (index, pass) in passes.enumerated() {
            let (from, to) = index % 2 == 0 ? (slots.0, slots.1) : (slots.1, slots.0)
            let step: Step = { addresses throws(ModelError) in pass.run(addresses.read(from), addresses.write(to)) }
            steps.append(step)
        }
        let store: Step = { addresses throws(ModelError) in write(addresses.write(last), addresses[y.slot], written) }
        steps.append(store)
        return inOrder(steps)
    }
}

/// The interpolation of the middle axis of `[outer, size, inner]`.
private final class InterpolationPass: Sendable {
    let outer: Int
    let size: Int
    let target: Int
    let inner: Int
    /// For each position where its elements and their weights begin below, and where the last ones end.
    private let starts: [Int]
    private let indices: [Int]
    private let weights: [Double]

    init(_ outer: Int, _ size: Int, _ inner: Int, _ taps: [[(index: Int, weight: Double)]]) {
        self.outer = outer
        self.size = size
        self.inner = inner
        target = taps.count
        indices = taps.flatMap { $0.map(\.index) }
        weights = taps.flatMap { $0.map(\.weight) }
        starts = taps.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    func run(_ source: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>) {
        for block in 0..<outer {
            for position in 0..<target {
                let row = result + (block * target + position) * inner
                for lane in 0..<inner {
                    var sum = 0.0
                    for tap in starts[position]..<starts[position + 1] {
                        sum += weights[tap] * source[(block * size + indices[tap]) * inner + lane]
                    }
                    row[lane] = sum
                }
            }
        }
    }
}

/// Rounds float64 numbers to a floating-point type.
struct NumberWriter: ElementVisitor {
    func real<T: Element>(
        _ type: T.Type
    ) throws(ModelError) -> (UnsafeMutablePointer<Double>, UnsafeMutableRawPointer, Int) -> Void where T.Wide == Double {
        { source, target, count in
            let target = target.assumingMemoryBound(to: T.self)
            for index in 0..<count { target[index] = T(narrowing: source[index]) }
        }
    }
    func signed<T: Element>(
        _ type: T.Type
    ) throws(ModelError) -> (UnsafeMutablePointer<Double>, UnsafeMutableRawPointer, Int) -> Void where T.Wide == Int64 {
        throw ModelError(.unsupported, "\(T.elementType) is no floating-point type")
    }
    func unsigned<T: Element>(
        _ type: T.Type
    ) throws(ModelError) -> (UnsafeMutablePointer<Double>, UnsafeMutableRawPointer, Int) -> Void where T.Wide == UInt64 {
        throw ModelError(.unsupported, "\(T.elementType) is no floating-point type")
    }
}
