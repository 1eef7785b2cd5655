import SeptumTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes a text beside its place first, so that a failure leaves nothing half written.
func writeFile(_ text: String, to path: String) throws(ModelError) {
    let part = path + ".part"
    guard let file = fopen(part, "wb") else {
        throw ModelError(.file, "cannot be created: \(String(cString: strerror(errno)))")
    }
    var copy = text
    let isWritten = copy.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
    guard fclose(file) == 0, isWritten, rename(part, path) == 0 else {
        let reason = String(cString: strerror(errno))
        unlink(part)
        throw ModelError(.file, "cannot be written: \(reason)")
    }
}
