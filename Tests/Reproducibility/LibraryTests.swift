import Foundation
import Testing

/// Whose value depends on the version of the C library and the processor is not used where results are computed.
@Suite struct LibraryTests {
    /// Functions of the C library that are not exact. Roots, rounding, remainders and the fused multiply-add are.
    private static let inexact = [
        "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "erf", "erfc", "exp", "exp10", "exp2",
        "expm1", "hypot", "j0", "j1", "lgamma", "log", "log10", "log1p", "log2", "pow", "sin", "sincos", "sinh", "tan", "tanh",
        "tgamma",
    ]

    /// The files that call them, and why no result depends on it.
    static let allowed = [
        "Adapters/XGBoost/Sources/Importer/Objective.swift":
            "logf: the base score as XGBoost makes it, once, when a file is read",
        "Adapters/XGBoost/Sources/Exporter/ExportedObjective.swift":
            "expf: a first guess of the base score to write, which is then searched for",
        "Adapters/Cpp/Sources/Header.swift": "exp, log1p: text of the C++ that is written",
        "Sources/CLI/Terminal.swift": "log10, pow: how many digits are printed",
        "Sources/Reconstruction/Plot/LatencyPlot.swift": "log10: where times are in a picture",
        "Sources/Reconstruction/Plot/PlotFrame.swift": "log10, pow: where counts are in a picture",
        "Sources/Reconstruction/Plot/ScorePlot.swift": "log10, pow: what ticks of a picture say",
    ]

    /// Files of the rooms that compute which import the C library, and why.
    static let importing = [
        "Sources/Engine/WorkPool.swift": "threads", "Sources/Kernels/Dispatch/Kernels.swift": "getenv",
        "Sources/Tensor/NpySpool.swift": "files", "Sources/Tensor/PartFile.swift": "files",
        "Sources/Tensor/Storage.swift": "memory",
    ]

    private func sources() throws -> [(path: String, text: String)] {
        var found: [(String, String)] = []
        for folder in ["Sources", "Adapters"] {
            let walk = try #require(FileManager.default.enumerator(atPath: Probe.root + "/" + folder))
            for case let name as String in walk where [".swift", ".c", ".cc", ".cpp", ".h"].contains(where: name.hasSuffix) {
                let path = folder + "/" + name
                if name.contains("/V3/") || name.contains("/V4/") { continue }
                found.append((path, try String(contentsOfFile: Probe.root + "/" + path, encoding: .utf8)))
            }
        }
        return found
    }

    @Test func callsAreListed() throws {
        let pattern = try Regex("(^|[^.\\w])(\(Self.inexact.joined(separator: "|")))[fl]?\\(")
        let sources = try sources()
        #expect(sources.count > 300)
        var calling: Set<String> = []
        for (path, text) in sources {
            for line in text.split(separator: "\n") where line.contains(pattern) {
                let code = line.drop { $0 == " " }
                // Comments, words in messages, and functions of that name of our own.
                if code.hasPrefix("//") || code.hasPrefix("*") || code.contains("func ")
                    || code.contains("\"") && !code.contains("<text")
                {
                    continue
                }
                calling.insert(path)
            }
        }
        #expect(calling == Set(Self.allowed.keys))
    }

    @Test func importsAreListed() throws {
        let rooms = ["Sources/Tensor/", "Sources/Kernels/", "Sources/IR/Passes/", "Sources/Operators/", "Sources/Engine/"]
        let importing = try sources().filter { path, text in
            rooms.contains { path.hasPrefix($0) } && path.hasSuffix(".swift")
                && ["Glibc", "Darwin", "Foundation", "Musl"].contains { text.contains("import \($0)\n") }
        }
        #expect(Set(importing.map(\.path)) == Set(Self.importing.keys))
    }

    /// What the compiled rooms ask of the C library.
    @Test func objectsCallNothingElse() throws {
        let place = try #require(Probe.executable).deletingLastPathComponent()
        let rooms = [
            "SeptumTensor", "SeptumIR", "SeptumOperators", "SeptumEngine", "SeptumKernels", "SeptumKernelsBaseline",
            "SeptumReconstruction",
            "Septum", "SeptumXGBoost", "SeptumLightGBM", "SeptumCatBoost", "SeptumXML", "SeptumTMVA", "SeptumTreelite",
            "SeptumFastBDT", "SeptumCpp", "SeptumONNX", "SeptumScikitLearn",
        ]
        let names = Set(Self.inexact.flatMap { [$0, $0 + "f", $0 + "l"] })
        var found: [String: Set<String>] = [:]
        for room in rooms {
            let folder = place.appending(path: room + ".build").path
            let objects = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".o") }
            #expect(!objects.isEmpty, "\(room)")
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["nm", "-u"] + objects.map { folder + "/" + $0 }
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            for line in text.split(separator: "\n") {
                let name = String(line.split(separator: " ").last ?? "")
                if names.contains(name) { found[room, default: []].insert(name) }
            }
        }
        #expect(found == ["SeptumXGBoost": ["expf", "logf"], "SeptumReconstruction": ["log10", "pow"]])
    }
}
