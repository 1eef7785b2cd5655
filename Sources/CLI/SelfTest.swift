import ArgumentParser
import Septum

struct SelfTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Shows that a certified model still has its weights and gives its bits on this machine.",
        discussion: """
            The probes were stored by 'septum certify'. Exit status 1 when the weights or a single bit of a result differ.
            """)

    @OptionGroup var source: ModelArguments
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
        try reportingErrors { () throws(ModelError) in
            let model = try source.load()
            let test: SelfTest
            do throws(ModelError) {
                test = try model.selfTest()
            } catch {
                if json, error.code == .mismatch {
                    print(JSON.object(["passed": .bool(false), "error": .string("\(error)")]).indented)
                }
                throw error.inFile(source.model)
            }
            if json {
                print(
                    JSON.object([
                        "passed": .bool(true), "septum": .string(test.version), "probes": .int(test.probeCount),
                        "values": .int(test.valueCount),
                    ]).indented)
            } else {
                print(
                    "\(source.model): \(test.probeCount) probes, \(Terminal.grouped(test.valueCount)) values as certified by Septum \(test.version)"
                )
            }
        }
    }
}
