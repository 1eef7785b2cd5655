#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Septum

/// Ctrl-C: the first asks the run to end, the second ends the program.
enum Interrupt {
    private static let request = Interruption()

    static func installed() -> Interruption {
        // Made before a signal can come, whose handler must not make it.
        let request = request
        signal(SIGINT) { _ in
            Interrupt.request.request()
            signal(SIGINT, SIG_DFL)
        }
        return request
    }
}
