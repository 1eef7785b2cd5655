public import SeptumEngine
public import SeptumTensor
import Synchronization

/// How long a program takes for one event.
public struct Measurement: Sendable {
    /// Nanoseconds per event.
    public let median: Double
    public let minimum: Double
    public let p99: Double
    public let repetitions: Int
    /// Working memory of one context.
    public let arenaByteCount: Int

    /// Runs a program again and again on the same inputs.
    ///
    /// - Parameters:
    ///   - program: What is measured.
    ///   - inputs: Tensors in the order of its inputs.
    ///   - batch: Events in one run.
    ///   - threads: Threads that run at the same time, each with its own context.
    ///   - seconds: How long to measure.
    /// - Returns: Time per event of one thread, divided by the number of threads.
    /// - Throws: What the program throws.
    public static func measure(
        _ program: Program, _ inputs: [Tensor], batch: Int, threads: Int, seconds: Double
    ) throws(ModelError) -> Measurement {
        let collected = Mutex<(samples: [Double], arena: Int)>(([], 0))
        try concurrently(threads: threads, count: threads) { () -> (Int) throws(ModelError) -> Void in
            let context = program.makeContext()
            return { _ throws(ModelError) in
                let binding = try context.bind(inputs.map(\.shape))
                for (index, tensor) in inputs.enumerated() {
                    if let base = tensor.bytes.baseAddress { binding.setInput(index, base) }
                }
                let clock = ContinuousClock()
                try binding.run()
                let once = max(1, (try clock.time { () throws(ModelError) in try binding.run() }) / .nanoseconds(1))
                let inner = max(1, Int(100_000 / once))
                var samples: [Double] = []
                let end = clock.now + .seconds(seconds)
                repeat {
                    let time = try clock.time { () throws(ModelError) in for _ in 0..<inner { try binding.run() } }
                    samples.append(time / .nanoseconds(1) / (Double(inner) * Double(batch)))
                } while clock.now < end
                collected.withLock { $0 = ($0.samples + samples, max($0.arena, context.arenaByteCount)) }
            }
        }
        let (samples, arena) = collected.withLock { ($0.samples.sorted(), $0.arena) }
        func quantile(_ fraction: Double) -> Double {
            samples.isEmpty ? 0 : samples[min(samples.count - 1, Int(fraction * Double(samples.count)))] / Double(threads)
        }
        return Measurement(
            median: quantile(0.5), minimum: quantile(0), p99: quantile(0.99), repetitions: samples.count, arenaByteCount: arena)
    }
}

extension ContinuousClock {
    fileprivate func time(_ work: () throws(ModelError) -> Void) throws(ModelError) -> Duration {
        let start = now
        try work()
        return now - start
    }
}

extension Program {
    private static let randomElementLimit = 1 << 28

    /// Random inputs: normally distributed floats, integers 0 and 1.
    ///
    /// - Parameters:
    ///   - batch: The size of the first dimension, where that is a symbol.
    ///   - sizes: Sizes of other symbols; 1 for those not named.
    /// - Returns: One tensor an input.
    /// - Throws: `unsupported` for inputs that are no numeric tensors.
    public func randomInputs(batch: Int, sizes: [String: Int]) throws(ModelError) -> [Tensor] {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
        var tensors: [Tensor] = []
        for port in inputs {
            guard let type = port.type.tensor, let shape = type.shape else {
                throw ModelError(.unsupported, "input '\(port.name)' is \(port.type), no random values can be made for it")
            }
            let extents = shape.enumerated().map { axis, dimension in
                dimension.number ?? dimension.value(sizes) ?? (axis == 0 ? batch : 1)
            }
            let count = try Tensor.elementCount(extents)
            guard count <= Program.randomElementLimit else {
                throw ModelError(
                    .limit, "input '\(port.name)' would have shape \(extents), beyond \(Program.randomElementLimit) elements")
            }
            func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + uniform() } }
            switch type.elementType {
            case .float32: tensors.append(try Tensor(extents, (0..<count).map { _ in Float(normal()) }))
            case .float64: tensors.append(try Tensor(extents, (0..<count).map { _ in normal() }))
            case .int64: tensors.append(try Tensor(extents, (0..<count).map { _ in Int64(uniform() * 2) }))
            case .int32: tensors.append(try Tensor(extents, (0..<count).map { _ in Int32(uniform() * 2) }))
            case .bool: tensors.append(try Tensor(extents, (0..<count).map { _ in Bool8(uniform() < 0.5) }))
            default: throw ModelError(.unsupported, "input '\(port.name)' is \(port.type), no random values can be made for it")
            }
        }
        return tensors
    }
}
