import SeptumIR
public import SeptumTensor

/// How long one step of a program took.
public struct StepTime: Sendable {
    /// The node that the step does the work of.
    public let node: String
    public let operatorName: String
    /// The type of its first output that is used, with symbols where the program has them.
    public let output: String
    /// The median of the runs.
    public let nanoseconds: Double
}

extension Binding {
    /// Runs the program several times and takes the time of each step.
    ///
    /// Reading the clock takes time too; its own median is taken off, so that steps far below it are uncertain.
    ///
    /// - Throws: what operators throw.
    public func profile(runs: Int) throws(ModelError) -> [StepTime] {
        let clock = ContinuousClock()
        try run()
        var profile = Profile(clock: clock)
        for _ in 0..<max(1, runs) { try plan.profile(context, &profile) }
        var readings: [Duration] = []
        for _ in 0..<1001 {
            let start = clock.now
            readings.append(clock.now - start)
        }
        let reading = median(&readings)
        let graph = context.program.graph
        return profile.nodes.indices.map { index in
            let node = profile.nodes[index]
            let type = node.outputs.compactMap { $0 }.first.map { "\(graph.type($0))" } ?? ""
            return StepTime(
                node: node.name, operatorName: node.op.name, output: type,
                nanoseconds: max(0, (median(&profile.times[index]) - reading) / .nanoseconds(1)))
        }
    }

    private func median(_ values: inout [Duration]) -> Duration {
        values.sort()
        return values.isEmpty ? .zero : values[values.count / 2]
    }
}

/// Times of steps in the order in which they run.
struct Profile {
    let clock: ContinuousClock
    private(set) var nodes: [Graph.Node] = []
    fileprivate(set) var times: [[Duration]] = []
    private var next = 0

    init(clock: ContinuousClock) { self.clock = clock }

    mutating func begin() { next = 0 }

    mutating func record(_ node: Graph.Node, _ time: Duration) {
        if next == nodes.count {
            nodes.append(node)
            times.append([])
        }
        times[next].append(time)
        next += 1
    }
}

extension Plan {
    /// Runs the chain of plans once.
    func profile(_ context: Context, _ profile: inout Profile) throws(ModelError) {
        profile.begin()
        var current = self
        while true {
            try current.prepare(context)
            for step in current.steps {
                let start = profile.clock.now
                try step.run(current.table)
                profile.record(step.node, profile.clock.now - start)
            }
            guard let breakpoint = current.breakpoint else { return }
            let start = profile.clock.now
            current = try current.resume(breakpoint)
            profile.record(breakpoint.node, profile.clock.now - start)
        }
    }
}
