import ArgumentParser
import Septum

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a model on stored inputs and compares with stored outputs.",
        discussion: """
            Both files are .npz, keyed by the names of the model's inputs and outputs. A value passes when
            |found - expected| <= atol + rtol * |expected|; NaN equals NaN. Exit status 1 when one does not pass.
            """)

    @OptionGroup var source: ModelArguments
    @Option(help: "A .npz file keyed by input names.") var inputs: String
    @Option(help: "A .npz file keyed by output names.") var expected: String
    @Option(help: "The relative tolerance.") var rtol = 1e-5
    @Option(help: "The absolute tolerance.") var atol = 1e-6
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
        var isEqual = true
        try reportingErrors { () throws(ModelError) in
            let program = try Program(try source.load())
            let found = try program.run(npz: inputs)
            let comparisons = try Comparison.compare(found, expectedPath: expected, rtol: rtol, atol: atol)
            isEqual = comparisons.allSatisfy(\.isWithinTolerance)
            if json {
                print(JSON.object(["passed": .bool(isEqual), "outputs": .array(comparisons.map(\.json))]).indented)
            } else {
                print(Terminal.table([Comparison.heading] + comparisons.map(\.row)))
            }
            if !isEqual {
                let worst = comparisons.filter { !$0.isWithinTolerance }.map { "'\($0.name)'" }.joined(separator: ", ")
                throw ModelError(
                    .mismatch, "\(worst) beyond rtol \(rtol), atol \(atol)",
                    remedy: "check that inputs and expected values belong to this model", file: source.model)
            }
        }
    }
}

extension Comparison {
    static let heading = ["output", "values", "identical", "max abs", "max rel", "result"]

    var row: [String] {
        [
            name, Terminal.grouped(count), Terminal.grouped(identicalCount), Terminal.short(maxAbsoluteDifference),
            Terminal.short(maxRelativeDifference), isWithinTolerance ? "ok" : "\(Terminal.grouped(failureCount)) differ",
        ]
    }

    var json: JSON {
        .object([
            "name": .string(name), "values": .int(count), "identical": .int(identicalCount), "failures": .int(failureCount),
            "maxAbsoluteDifference": .number("\(maxAbsoluteDifference)"),
            "maxRelativeDifference": .number("\(maxRelativeDifference)"),
        ])
    }
}
