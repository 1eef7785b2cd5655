/// Numbers by name.
///
/// What `[String: Int]` is, without its generic type: making that asks the runtime whether a string can be hashed, and in a fresh
/// process the search for the answer takes longer than reading a small model.
package struct NameTable: Sendable {
    private var entries: [(name: String, hash: Int, number: Int)] = []
    /// Places among the entries and one more, 0 where there is none; the size is a power of two.
    private var buckets: [Int] = []
    private static let removed = Int.min

    package init(capacity: Int = 0) {
        if capacity > 0 { grow(to: capacity) }
    }

    /// The number of a name, nil when it has none.
    package subscript(name: String) -> Int? {
        guard let place = find(name, name.hashValue) else { return nil }
        return entries[place].number == NameTable.removed ? nil : entries[place].number
    }

    /// Gives a name a number, unless it has one; whether it had none.
    @discardableResult
    package mutating func insert(_ name: String, _ number: Int = 0) -> Bool {
        let hash = name.hashValue
        if let place = find(name, hash) {
            guard entries[place].number == NameTable.removed else { return false }
            entries[place].number = number
            return true
        }
        if buckets.count < 2 * (entries.count + 1) { grow(to: entries.count + 1) }
        entries.append((name, hash, number))
        place(entries.count, hash)
        return true
    }

    /// The same as a dictionary.
    package var dictionary: [String: Int] {
        var numbers: [String: Int] = [:]
        for entry in entries where entry.number != NameTable.removed { numbers[entry.name] = entry.number }
        return numbers
    }

    package mutating func remove(_ name: String) {
        if let place = find(name, name.hashValue) { entries[place].number = NameTable.removed }
    }

    private func find(_ name: String, _ hash: Int) -> Int? {
        if buckets.isEmpty { return nil }
        var bucket = hash & (buckets.count - 1)
        while buckets[bucket] != 0 {
            let place = buckets[bucket] - 1
            if entries[place].hash == hash, entries[place].name == name { return place }
            bucket = (bucket + 1) & (buckets.count - 1)
        }
        return nil
    }

    private mutating func place(_ entry: Int, _ hash: Int) {
        var bucket = hash & (buckets.count - 1)
        while buckets[bucket] != 0 { bucket = (bucket + 1) & (buckets.count - 1) }
        buckets[bucket] = entry
    }

    private mutating func grow(to count: Int) {
        var size = 16
        while size < 4 * count { size *= 2 }
        buckets = [Int](repeating: 0, count: size)
        entries.reserveCapacity(count)
        for index in entries.indices { place(index + 1, entries[index].hash) }
    }
}
