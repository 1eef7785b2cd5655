import SeptumIR

extension Operator {
    /// Whether the operator is of a type, as `is` tells: two addresses are compared, where `is` asks the runtime for some 350 instructions.
    @inline(__always)
    func isA<T: Operator>(_ kind: T.Type) -> Bool { (Self.self as Any.Type) == (kind as Any.Type) }

    /// The operator as one of a type, as `as?` gives it; quick where it is of another one.
    @inline(__always)
    func cast<T: Operator>(_ kind: T.Type) -> T? { isA(kind) ? unsafeBitCast(self, to: kind) : nil }
}

/// Lets `switch` tell operators apart by their types: `case Op.Conv.self`.
@inline(__always)
func ~= <T: Operator>(kind: T.Type, op: any Operator) -> Bool { op.isA(kind) }
