/// A set of element types, one bit each.
public struct ElementTypeSet: Sendable, Hashable, ExpressibleByArrayLiteral {
    private var bits: UInt32 = 0

    public init(arrayLiteral types: ElementType...) {
        for type in types { bits |= ElementTypeSet.bit(type) }
    }

    private init(bits: UInt32) { self.bits = bits }

    /// Codes of element types are below 32.
    private static func bit(_ type: ElementType) -> UInt32 { 1 << UInt32(type.rawValue) }

    public func contains(_ type: ElementType) -> Bool { bits & ElementTypeSet.bit(type) != 0 }
    public func union(_ other: ElementTypeSet) -> ElementTypeSet { ElementTypeSet(bits: bits | other.bits) }
    public func subtracting(_ other: ElementTypeSet) -> ElementTypeSet { ElementTypeSet(bits: bits & ~other.bits) }

    /// The types in the order of their codes.
    public var types: [ElementType] { ElementType.allCases.filter(contains) }
}
