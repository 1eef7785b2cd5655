import Septum

extension Value {
    /// Whether kind, types, shapes and every bit agree.
    func isIdentical(to other: Value) -> Bool {
        switch (self, other) {
        case (.tensor(let a), .tensor(let b)): a.isIdentical(to: b)
        case (.sequence(let a, _), .sequence(let b, _)):
            a.count == b.count && zip(a, b).allSatisfy { $0.isIdentical(to: $1) }
        case (.optional(let a, _), .optional(let b, _)):
            a == nil ? b == nil : a.flatMap { a in b.map { a.isIdentical(to: $0) } } ?? false
        case (.map(let keysA, let a, _), .map(let keysB, let b, _)):
            keysA.isIdentical(to: keysB) && a.count == b.count && zip(a, b).allSatisfy { $0.isIdentical(to: $1) }
        default: false
        }
    }
}

extension Attribute {
    /// Whether kind, value and every bit agree.
    func isIdentical(to other: Attribute) -> Bool {
        switch (self, other) {
        case (.int(let a), .int(let b)): a == b
        case (.float(let a), .float(let b)): a.bitPattern == b.bitPattern
        case (.string(let a), .string(let b)): a == b
        case (.ints(let a), .ints(let b)): a == b
        case (.floats(let a), .floats(let b)): a.map(\.bitPattern) == b.map(\.bitPattern)
        case (.strings(let a), .strings(let b)): a == b
        case (.tensor(let a), .tensor(let b)): a.isIdentical(to: b)
        case (.graph(let a), .graph(let b)): a.description == b.description
        case (.type(let a), .type(let b)): a == b
        default: false
        }
    }
}
