public import CSeptum
import Synchronization

/// Where reports go: the caller's function, if there is one.
enum Log {
    private struct Target: @unchecked Sendable {
        var function: septum_log_function?
        var userData: UnsafeMutableRawPointer?
    }

    private static let target = Mutex(Target())

    static func set(_ function: septum_log_function?, _ userData: UnsafeMutableRawPointer?) {
        nonisolated(unsafe) let data = userData
        target.withLock { $0 = Target(function: function, userData: data) }
    }

    static func report(_ level: some BinaryInteger, _ message: @autoclosure () -> String) {
        let target = target.withLock { $0 }
        guard let function = target.function else { return }
        message().withCString { function(Int32(truncatingIfNeeded: level), $0, target.userData) }
    }
}

@c @implementation
public func septum_set_log(_ function: septum_log_function!, _ user_data: UnsafeMutableRawPointer!) {
    Log.set(function, user_data)
}
