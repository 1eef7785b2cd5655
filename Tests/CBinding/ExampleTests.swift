import Foundation
import Septum
import Testing

/// The examples, compiled by the system's compilers against the library.
@Suite struct ExampleTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let include = root.appending(path: "Sources/CBinding/C/include").path

    /// Where the tests were built, and with them the library.
    static var library: String {
        URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().path
    }

    static func run(_ tool: String, _ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text, complaints)
    }

    static func compile(_ source: String, _ compiler: String, _ options: [String], into folder: URL) throws -> String {
        let program = folder.appending(path: "score").path
        let result = try run(
            compiler,
            options + [
                "-Wall", "-Wextra", "-Werror", "-pedantic", root.appending(path: source).path, "-I", include,
                "-L", library, "-lSeptumC", "-Wl,-rpath,\(library)", "-pthread", "-o", program,
            ])
        try #require(result.status == 0, "\(result.errors)")
        return program
    }

    /// The first output of the sample as the examples print it.
    static func expected(_ files: SampleFiles) throws -> [[Float]] {
        let input = try Tensor([7, 5], files.features)
        let scores = try Program(files.graph).makeContext().run([input])[0].array(of: Float.self)
        return (0..<7).map { Array(scores[($0 * 3)..<($0 * 3 + 3)]) }
    }

    static func numbers(_ text: String) -> [[Float]] {
        text.split(separator: "\n").map { $0.split(separator: " ").compactMap { Float($0) } }
    }

    @Test func scoresFromC() throws {
        let files = try SampleFiles()
        let program = try ExampleTests.compile("Examples/c/score.c", "cc", ["-std=c99"], into: files.folder)
        let result = try ExampleTests.run(program, [files.model, files.featureFile, "5"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors == "input features: batch 5\n")
        #expect(Array(ExampleTests.numbers(result.output).prefix(7)) == (try ExampleTests.expected(files)))

        let failure = try ExampleTests.run(program, [files.featureFile, files.featureFile, "5"])
        #expect(failure.status == 1)
        #expect(failure.errors.contains("the content is of no known model format"))
        let misfit = try ExampleTests.run(program, [files.model, files.featureFile, "7"])
        #expect(misfit.errors.contains("input 'features' is float32[5, 7], expected float32[batch, 5]"))
    }

    /// One row at a time in several threads gives the bits of all rows at once.
    @Test(arguments: ["-std=c++17", "-std=c++20"]) func scoresFromCPlusPlus(_ standard: String) throws {
        let files = try SampleFiles()
        let program = try ExampleTests.compile("Examples/cpp/score.cpp", "c++", [standard, "-Wconversion"], into: files.folder)
        for threads in ["1", "2"] {
            let result = try ExampleTests.run(program, [files.model, files.featureFile, "5", threads])
            #expect(result.status == 0, "\(result.errors)")
            #expect(ExampleTests.numbers(result.output) == (try ExampleTests.expected(files)))
        }
        let failure = try ExampleTests.run(program, [files.folder.path, files.featureFile, "5", "1"])
        #expect(failure.status == 1)
        #expect(failure.errors.contains("is not a regular file"))
    }
}
