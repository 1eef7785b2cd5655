import Septum
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The numbers by which C knows models and contexts: a place in a table and how often that place was given out.
///
/// A number that was freed no longer fits its place, so it is refused and never followed.
enum Handles {
    struct Slot {
        var object: UnsafeRawPointer?
        /// Odd while the place is taken; grows with each giving out and each freeing.
        var turn: UInt32
        var kind: UInt32
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
        let turn = slots[place].turn &+ 1
        slots[place] = Slot(
            object: UnsafeRawPointer(Unmanaged.passRetained(object).toOpaque()), turn: turn, kind: kind.rawValue)
        guard let handle = OpaquePointer(bitPattern: UInt(turn) << 32 | UInt(place + 1)) else {
            throw ModelError(.limit, "no handle is left")
        }
        return handle
    }

    enum Kind: UInt32 {
        case model = 1
        case context = 2

        var name: String { self == .model ? "model" : "context" }
    }

    /// The object behind a handle, which stays retained by the table.
    ///
    /// - Throws: `invalidInput` when the handle is NULL, was freed, or belongs to another kind.
    static func object(_ handle: OpaquePointer?, _ kind: Kind) throws(ModelError) -> UnsafeRawPointer {
        if let place = place(handle, kind), let object = slots[place].object { return object }
        let found = handle == nil ? "is NULL" : "is no \(kind.name), or one that was freed"
        throw ModelError(.invalidInput, "the argument '\(kind.name)' \(found)")
    }

    /// Gives the place back and releases the object; false when there is none.
    static func remove(_ handle: OpaquePointer?, _ kind: Kind) -> Bool {
        let object: UnsafeRawPointer? = free.withLock { free in
            guard let place = place(handle, kind), let object = slots[place].object else { return nil }
            slots[place].object = nil
            slots[place].turn &+= 1
            free.returned.append(place)
            return object
        }
        guard let object else { return false }
        Unmanaged<AnyObject>.fromOpaque(object).release()
        return true
    }

    private static func place(_ handle: OpaquePointer?, _ kind: Kind) -> Int? {
        let bits = UInt(bitPattern: handle)
        let place = Int(truncatingIfNeeded: bits & 0xFFFF_FFFF) - 1
        guard place >= 0, place < capacity else { return nil }
        let slot = slots[place]
        guard slot.turn == UInt32(truncatingIfNeeded: bits >> 32), slot.kind == kind.rawValue else { return nil }
        return place
    }
}
