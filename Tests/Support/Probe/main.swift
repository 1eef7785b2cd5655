import Foundation
import Septum
import SeptumKernels

// Answers questions about this process, which tests ask of one that does nothing else:
//
//   probe hashes FIXTURES   the instruction set, then name and hash of what each model gives; fails when a form of running differs
//   probe golden FIXTURES   names and hashes as one JSON object, a line each
//   probe exactness FIXTURES  Markdown: forests beside the libraries that trained them
//   probe threads N         threads of the process without, with, and after a pool; processor time while the pool is idle
//   probe memory MODEL N    kilobytes of own memory that loading the model and running it in N contexts add, those of the
//                           file that stay in memory, and what program and context say they take

let arguments = Array(CommandLine.arguments.dropFirst())

func run() throws {
    switch (arguments.first, arguments.count) {
    case ("hashes", 2):
        if let kernelRefusal { throw Failure(text: kernelRefusal) }
        print("isa \(kernels.name)")
        let (hashes, forms) = try hashes()
        for (name, hash) in hashes { print("\(name) \(hash)") }
        print("forms \(forms)")
    case ("golden", 2):
        print("{\n" + (try hashes().lines.map { "  \"\($0)\": \"\($1)\"" }.joined(separator: ",\n")) + "\n}")
    case ("exactness", 2): print(try Exactness.table(arguments[1]), terminator: "")
    case ("threads", 2): try Process.threads(Int(arguments[1]) ?? 0)
    case ("memory", 3): try Process.memory(arguments[1], contexts: Int(arguments[2]) ?? 0)
    default:
        throw Failure(text: "usage: probe hashes FIXTURES | golden FIXTURES | exactness FIXTURES | threads N | memory MODEL N")
    }
}

func hashes() throws -> (lines: [(String, String)], forms: Int) {
    var (lines, forms) = ([(String, String)](), 0)
    for model in Contract.models(arguments[1]) { lines.append((model.name, try model.hash(&forms))) }
    return (lines, forms)
}

struct Failure: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}

do {
    try run()
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
