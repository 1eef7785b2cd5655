import Foundation
import Septum

/// What this process takes of the system.
enum Process {
    private static var taskCount: Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? -1 }

    /// Milliseconds of processor time so far.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }

    static func threads(_ count: Int) throws {
        let before = taskCount
        var peak = 0
        do {
            let pool = try WorkPool(threads: count)
            for _ in 0..<50 {
                try pool.run(200) { _, _ throws(ModelError) in _ = (0..<100).reduce(0, &+) }
                peak = max(peak, taskCount)
            }
            let rows = try Tensor(zeros: .float32, [256, 512])
            let binding = try product().makeContext(sharing: pool).bind([rows.shape])
            if let base = UnsafeRawPointer(rows.bytes.baseAddress) { binding.setInput(0, base) }
            for _ in 0..<50 {
                try binding.run()
                peak = max(peak, taskCount)
            }
            Thread.sleep(forTimeInterval: 0.1)
            let start = processorTime
            Thread.sleep(forTimeInterval: 1)
            print("idle \(processorTime - start)")
        }
        print("tasks \(before) \(peak) \(taskCount)")
    }

    /// A matrix product large enough to be shared.
    private static func product() throws -> Program {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, [.symbol("n"), .fixed(512)]))
        let weight = try graph.addConstant(try Tensor(zeros: .float32, [512, 512]))
        try graph.addOutput(try graph.append(Op.MatMul(), inputs: [x, weight])[0])
        return try Program(graph)
    }

    /// The kilobytes under a name in a table of mappings, summed over those of a file if one is given.
    private static func kilobytes(_ name: String, _ table: String, file: String? = nil) throws -> Int {
        // Read to its end, whatever size the system says it has.
        let data = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/" + table)).readToEnd() ?? Data()
        var (sum, isMeant) = (0, file == nil)
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if let file, words[0].contains("-") { isMeant = line.hasSuffix(file) }
            if isMeant, words.count > 1, words[0] == name, let size = Int(words[1]) { sum += size }
        }
        return sum
    }

    static func memory(_ path: String, contexts count: Int) throws {
        let before = try kilobytes("Anonymous:", "smaps_rollup")
        let program = try Program(try Model.load(path))
        let inputs = try program.randomInputs(batch: 1, sizes: [:])
        var contexts: [Context] = []
        var results: [[Tensor]] = []
        for _ in 0..<count {
            let context = program.makeContext()
            results.append(try context.run(inputs))
            contexts.append(context)
            if contexts.count == 1 { print("first \(try kilobytes("Anonymous:", "smaps_rollup") - before)") }
        }
        print("all \(try kilobytes("Anonymous:", "smaps_rollup") - before)")
        print("file \(try kilobytes("Rss:", "smaps", file: path))")
        print("weights \(program.weightByteCount) packed \(program.packedByteCount) context \(contexts[0].byteCount)")
        guard results.allSatisfy({ $0.map(canonical) == results[0].map(canonical) }) else {
            throw Failure(text: "results differ")
        }
    }
}
