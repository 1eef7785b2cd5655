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
        // A parent's mask is inherited; a thread of Dispatch that starts a program has all signals blocked.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        return request
    }
}
