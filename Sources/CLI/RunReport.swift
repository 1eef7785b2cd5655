#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Septum

/// What `septum run` says at its end.
struct RunReport {
    let summary: Scheduler.Summary
    /// The most memory that the program has had so far.
    let peakByteCount: Int

    init(_ summary: Scheduler.Summary) {
        self.summary = summary
        var usage = rusage()
        // RUSAGE_SELF, whose type differs between systems.
        getrusage(0, &usage)
        peakByteCount = RunReport.ownPeak ?? usage.ru_maxrss * 1024
    }

    /// What Linux counts for this program alone; `getrusage` begins with what the parent had when it started it.
    private static var ownPeak: Int? {
        guard let file = fopen("/proc/self/status", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            guard text.hasPrefix("VmHWM:"), let kilobytes = Int(text.filter(\.isNumber)) else { continue }
            return kilobytes &* 1024
        }
        return nil
    }

    private var modelTime: Duration { summary.algorithms.reduce(.zero) { $0 + $1.statistics.modelTime } }

    private var nanosecondsPerRow: Double { summary.rows == 0 ? 0 : modelTime / .nanoseconds(1) / Double(summary.rows) }

    func line(_ row: String?) -> String {
        let rows = row.map { "\($0) rows" } ?? "rows"
        let skipped = summary.badEventCount == 0 ? "" : "\(Terminal.grouped(summary.badEventCount)) bad events left out, "
        return "\(Terminal.grouped(summary.events)) events, \(skipped)\(Terminal.grouped(summary.rows)) \(rows), "
            + "\(Terminal.grouped(Int(nanosecondsPerRow))) ns a row in the model"
    }

    var table: String {
        var rows = [["step", "seconds", "in the model", "rows", "bytes"]]
        rows.append(["read", RunReport.seconds(summary.readTime), "", Terminal.grouped(summary.events), ""])
        for algorithm in summary.algorithms {
            let done = algorithm.statistics
            rows.append([
                Terminal.printable(algorithm.name), RunReport.seconds(algorithm.time), RunReport.seconds(done.modelTime),
                Terminal.grouped(done.rows), Terminal.grouped(done.byteCount),
            ])
        }
        rows.append(["write", RunReport.seconds(summary.writeTime), "", "", ""])
        rows.append(["all", RunReport.seconds(summary.total), "", "", Terminal.grouped(peakByteCount)])
        let bad = summary.badEvents.prefix(10).map { "left out: \($0.error)" }
        return ([Terminal.table(rows)] + bad).joined(separator: "\n")
    }

    var json: JSON {
        .object([
            "events": .int(summary.events), "rows": .int(summary.rows), "badEvents": .int(summary.badEventCount),
            "firstBadEvents": .array(
                summary.badEvents.map { .object(["event": .int($0.number), "error": .string("\($0.error)")]) }),
            "isInterrupted": .bool(summary.isInterrupted), "nanosecondsPerRow": .number("\(nanosecondsPerRow.rounded())"),
            "outputs": .array(summary.scores.map { .string($0.name) }),
            "seconds": .number(RunReport.seconds(summary.total)), "readSeconds": .number(RunReport.seconds(summary.readTime)),
            "writeSeconds": .number(RunReport.seconds(summary.writeTime)), "peakMemoryBytes": .int(peakByteCount),
            "algorithms": .array(
                summary.algorithms.map { algorithm in
                    let done = algorithm.statistics
                    return .object([
                        "name": .string(algorithm.name), "seconds": .number(RunReport.seconds(algorithm.time)),
                        "modelSeconds": .number(RunReport.seconds(done.modelTime)), "rows": .int(done.rows),
                        "bytes": .int(done.byteCount),
                    ])
                }),
        ])
    }

    private static func seconds(_ duration: Duration) -> String {
        "\((duration / .microseconds(1)).rounded() / 1e6)"
    }
}
