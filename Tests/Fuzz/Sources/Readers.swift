import Septum

private let formats: [any ModelAdapter] = AdapterRegistry.standard.adapters.filter {
    $0.descriptor.canImport && !["sklearn", "pytorch"].contains($0.descriptor.name)
}

/// Gives any bytes to every reader that runs no Python; what is read is compiled, which folds its constants.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let source = try? ModelSource(bytes: Array(UnsafeBufferPointer(start: start, count: count)), name: "input") else {
        return 0
    }
    for format in formats {
        _ = format.recognizes(source)
        guard let model = try? format.importModel(source, ImportOptions()) else { continue }
        _ = try? Program(model)
    }
    return 0
}
