import Septum
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The numbers by which C knows models and contexts: a place in a table and how often that place was given out.
///
/// A number that was freed no longer fits its place, so it is refused and never followed. A context that another thread frees
/// during a call is released when the call ends.
enum Handles {
    /// A place of the table, all zero before its first use.
    private struct Slot: ~Copyable {
        /// The turn in the upper half, odd while the place is taken; it grows with each giving out and each freeing. In the lower
        /// half the kind, and what is going on.
        let state: Atomic<UInt64>
        var object: UnsafeRawPointer?

        static let isAtWork: UInt64 = 1 << 8
        static let isFreed: UInt64 = 1 << 9
        static let turn: UInt64 = 1 << 32
    }

    enum Kind: UInt64 {
        case model = 1
        case context = 2

        var name: String { self == .model ? "model" : "context" }
    }

    /// Places, which are zero pages until they are used.
    static let capacity = 1 << 18
    nonisolated(unsafe) private static let slots: UnsafeMutablePointer<Slot> = {
        let memory = calloc(capacity, MemoryLayout<Slot>.stride)
        return memory.map { $0.bindMemory(to: Slot.self, capacity: capacity) } ?? .allocate(capacity: capacity)
    }()
    private static let free = Mutex<(unused: Int, returned: [Int])>((0, []))

    /// - Throws: `limit` when all places are taken.
    static func add<T: AnyObject>(_ object: T, _ kind: Kind) throws(ModelError) -> OpaquePointer {
        let place: Int? = free.withLock { free in
            if let returned = free.returned.popLast() { return returned }
            guard free.unused < capacity else { return nil }
            free.unused += 1
            return free.unused - 1
        }
        guard let place else {
            throw ModelError(.limit, "\(capacity) models and contexts exist", remedy: "free those that are not needed")
        }
        let turn = slots[place].state.load(ordering: .relaxed) &+ Slot.turn
        guard let handle = OpaquePointer(bitPattern: UInt(turn) | UInt(place + 1)) else {
            throw ModelError(.limit, "no handle is left")
        }
        slots[place].object = UnsafeRawPointer(Unmanaged.passRetained(object).toOpaque())
        slots[place].state.store(turn | kind.rawValue, ordering: .releasing)
        return handle
    }

    /// The object behind a handle.
    ///
    /// - Throws: `invalidInput` when the handle is NULL, was freed, or belongs to another kind.
    static func object(_ handle: OpaquePointer?, _ kind: Kind) throws(ModelError) -> AnyObject {
        let object: AnyObject? = free.withLock { _ in
            guard let (place, idle) = place(handle, kind), slots[place].state.load(ordering: .acquiring) == idle else {
                return nil
            }
            return slots[place].object.map { Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() }
        }
        guard let object else { throw refused(handle, kind) }
        return object
    }

    /// An object that this thread alone uses until it is given back; it is not retained on the way.
    struct Use {
        fileprivate let place: Int
        fileprivate let idle: UInt64
        let object: UnsafeRawPointer
    }

    /// - Throws: `invalidInput` as `object`, and when another call uses the object.
    static func take(_ handle: OpaquePointer?, _ kind: Kind) throws(ModelError) -> Use {
        guard let (place, idle) = place(handle, kind) else { throw refused(handle, kind) }
        let (taken, found) = slots[place].state.compareExchange(
            expected: idle, desired: idle | Slot.isAtWork, ordering: .acquiring)
        if taken, let object = slots[place].object { return Use(place: place, idle: idle, object: object) }
        guard found == idle | Slot.isAtWork else { throw refused(handle, kind) }
        throw ModelError(
            .invalidInput, "the \(kind.name) is at work in another call", remedy: "give each thread a \(kind.name) of its own")
    }

    static func giveBack(_ use: Use) {
        let (isIdle, _) = slots[use.place].state.compareExchange(
            expected: use.idle | Slot.isAtWork, desired: use.idle, ordering: .releasing)
        if !isIdle { vacate(use.place, use.idle) }
    }

    /// Gives the place back and releases the object, or leaves both to the call that uses it; nothing for a handle that is refused.
    static func remove(_ handle: OpaquePointer?, _ kind: Kind) {
        guard let (place, idle) = place(handle, kind) else { return }
        while true {
            let (isOurs, found) = slots[place].state.compareExchange(
                expected: idle, desired: idle | Slot.isFreed, ordering: .acquiring)
            if isOurs { return vacate(place, idle) }
            guard found == idle | Slot.isAtWork else { return }
            let (isLeft, _) = slots[place].state.compareExchange(
                expected: found, desired: found | Slot.isFreed, ordering: .relaxed)
            if isLeft { return }
        }
    }

    /// Only one thread comes here for each turn of a place.
    private static func vacate(_ place: Int, _ idle: UInt64) {
        let object: UnsafeRawPointer? = free.withLock { free in
            let object = slots[place].object
            slots[place].object = nil
            slots[place].state.store((idle & ~(Slot.turn - 1)) &+ Slot.turn, ordering: .releasing)
            free.returned.append(place)
            return object
        }
        if let object { Unmanaged<AnyObject>.fromOpaque(object).release() }
    }

    /// The place that a handle names, and its state while the handle holds and nobody uses the object.
    private static func place(_ handle: OpaquePointer?, _ kind: Kind) -> (place: Int, idle: UInt64)? {
        let bits = UInt64(UInt(bitPattern: handle))
        let place = Int(bits & (Slot.turn - 1)) - 1
        guard place >= 0, place < capacity else { return nil }
        return (place, bits & ~(Slot.turn - 1) | kind.rawValue)
    }

    private static func refused(_ handle: OpaquePointer?, _ kind: Kind) -> ModelError {
        let found = handle == nil ? "is NULL" : "is no \(kind.name), or one that was freed"
        return ModelError(.invalidInput, "the argument '\(kind.name)' \(found)")
    }
}
