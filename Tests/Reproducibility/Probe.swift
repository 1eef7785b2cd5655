import Foundation
import Testing

/// A run of `septum-probe`, which was built beside the tests, in a process of its own.
struct Probe {
    let lines: [String]
    let errors: String
    let status: Int32

    static let root = #filePath.replacing("/Tests/Reproducibility/Probe.swift", with: "")

    // A wrapper is a command that starts the probe, such as `taskset`.
    init(_ arguments: [String], isa: String? = nil, wrapper: [String] = []) throws {
        let place = try #require(Probe.executable, "there is no 'septum-probe' beside the tests; build the whole package first")
        let process = Process()
        let command = wrapper + [place.path] + arguments
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        var environment = ProcessInfo.processInfo.environment
        environment["SEPTUM_ISA"] = isa
        process.environment = environment
        let folder = FileManager.default.temporaryDirectory.appending(path: "septum-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["out", "err"].map { folder.appending(path: $0) }
        for file in files { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        status = process.terminationStatus
        lines = String(decoding: try Data(contentsOf: files[0]), as: UTF8.self).split(separator: "\n").map(String.init)
        errors = String(decoding: try Data(contentsOf: files[1]), as: UTF8.self)
    }

    /// The numbers on the line that starts with a word.
    func numbers(_ word: String) throws -> [Double] {
        let line = try #require(lines.first { $0.hasPrefix(word + " ") }, "\(lines) \(errors)")
        return line.split(separator: " ").compactMap { Double($0) }
    }

    static let executable: URL? = {
        let bundles = [Bundle.main.bundleURL, Bundle.main.executableURL, URL(filePath: CommandLine.arguments.first ?? "")]
        for case let place? in bundles {
            var folder = place
            for _ in 0..<4 {
                let candidate = folder.appending(path: "septum-probe")
                if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
                folder = folder.deletingLastPathComponent()
            }
        }
        return nil
    }()
}
