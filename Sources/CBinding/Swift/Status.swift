public import CSeptum
import Septum

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The message of the last failure of each thread, freed with the thread.
private enum LastError {
    static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { free($0) }
        return key
    }()

    static func set(_ message: String) {
        free(pthread_getspecific(key))
        pthread_setspecific(key, strdup(message))
    }

    nonisolated(unsafe) static let none = UnsafePointer(strdup(""))
    static var message: UnsafePointer<CChar>? {
        pthread_getspecific(key).map { UnsafePointer($0.assumingMemoryBound(to: CChar.self)) } ?? none
    }
}

/// Turns a thrown error into a status and this thread's message.
func status(_ body: () throws(ModelError) -> Void) -> septum_status {
    do throws(ModelError) {
        try body()
        return septum_status(SEPTUM_OK)
    } catch {
        LastError.set(error.description)
        return error.code.rawValue
    }
}

/// An argument that must not be NULL.
func required<T>(_ argument: T?, _ name: String) throws(ModelError) -> T {
    guard let argument else { throw ModelError(.invalidInput, "the argument '\(name)' is NULL") }
    return argument
}

@c @implementation
public func septum_last_error() -> UnsafePointer<CChar>! { LastError.message }

private nonisolated(unsafe) let version = UnsafePointer(strdup(septumVersion))

@c @implementation
public func septum_version() -> UnsafePointer<CChar>! { version }

@c @implementation
public func septum_abi() -> Int32 { Int32(SEPTUM_ABI) }

@c @implementation
public func septum_convert(_ source: UnsafePointer<CChar>!, _ destination: UnsafePointer<CChar>!) -> septum_status {
    status { () throws(ModelError) in
        let path = String(cString: try required(source, "source"))
        let target = String(cString: try required(destination, "destination"))
        try Model.load(path).save(to: target)
    }
}
