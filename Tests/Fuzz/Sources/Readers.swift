import Foundation
import Septum

private let formats: [any ModelAdapter] = AdapterRegistry.standard.adapters.filter {
    $0.descriptor.canImport && !["sklearn", "pytorch"].contains($0.descriptor.name)
}

/// Gives any bytes to every reader that runs no Python; what is read is compiled, which folds its constants.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    _ = try? Npz.decode(bytes)
    _ = try? NpyFile.decode(bytes)
    guard let source = try? ModelSource(bytes: Array(bytes), name: "input") else { return 0 }
    var options = ImportOptions()
    options.keepsStatistics = true
    for format in formats {
        _ = format.recognizes(source)
        guard let model = try? format.importModel(source, options) else { continue }
        _ = try? Program(model)
    }
    return 0
}

/// Writes the models of the folder `SEPTUM_FUZZ_SEEDS` as `.septum` beside them, which no fixture is.
@_cdecl("LLVMFuzzerInitialize")
public func prepare(_ count: UnsafeMutablePointer<Int32>?, _ arguments: UnsafeMutableRawPointer?) -> Int32 {
    guard let folder = ProcessInfo.processInfo.environment["SEPTUM_FUZZ_SEEDS"] else { return 0 }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix("seed-") {
        guard let model = try? Model.load("\(folder)/\(name)"), !name.hasSuffix(".septum") else { continue }
        try? model.save(to: "\(folder)/\(name).septum")
    }
    return 0
}
