import Foundation
import Septum
import Testing

/// The `septum` program that was built beside the tests.
struct Command {
    static let fixtures = #filePath.replacing("Tests/CLI/Command.swift", with: "Fixtures")

    let status: Int32
    let output: String
    let errors: String

    /// The lines on the error stream.
    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }

    /// What was printed, as JSON.
    func json() throws -> JSON { try JSON(parsing: output) }

    /// Runs the program to its end.
    init(_ arguments: String..., environment: [String: String] = [:]) throws { try self.init(arguments, environment) }

    init(_ arguments: [String], _ environment: [String: String] = [:]) throws {
        let place = try Command.program()
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = place
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files rather than pipes: nothing blocks however much is written.
        let streams = try ["out", "err"].map { name in
            try FileHandle(forWritingTo: URL(filePath: try folder.write(name, [])))
        }
        process.standardOutput = streams[0]
        process.standardError = streams[1]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit, "\(arguments) was ended by signal \(process.terminationStatus)")
        status = process.terminationStatus
        output = String(decoding: try folder.read("out"), as: UTF8.self)
        errors = String(decoding: try folder.read("err"), as: UTF8.self)
    }

    /// Runs the program, which must succeed and leave the error stream empty.
    @discardableResult
    static func succeed(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> Command {
        let command = try Command(arguments)
        #expect(command.status == 0, "\(arguments): \(command.errors)", sourceLocation: sourceLocation)
        #expect(command.errors == "", "\(arguments)", sourceLocation: sourceLocation)
        return command
    }

    /// Where the program lies.
    static func program() throws -> URL {
        try #require(executable, "there is no 'septum' beside the tests; build the whole package first")
    }

    private static let executable: URL? = {
        let bundles = [Bundle.main.bundleURL, Bundle.main.executableURL, URL(filePath: CommandLine.arguments.first ?? "")]
        for case let place? in bundles {
            var folder = place
            for _ in 0..<4 {
                let candidate = folder.appending(path: "septum")
                let values = try? candidate.resourceValues(forKeys: [.isRegularFileKey])
                if values?.isRegularFile == true { return candidate }
                folder = folder.deletingLastPathComponent()
            }
        }
        return nil
    }()
}
