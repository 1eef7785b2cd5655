public import SeptumIR
public import SeptumTensor

// Source of all: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md

extension Op {
    public struct BitwiseAnd: BinaryOperator, PlainOperator {
        public static let name = "BitwiseAnd"
        public static let elementTypes: ElementTypeSet = .integers
        public init() {}
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a & b }
    }

    public struct BitwiseOr: BinaryOperator, PlainOperator {
        public static let name = "BitwiseOr"
        public static let elementTypes: ElementTypeSet = .integers
        public init() {}
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a | b }
    }

    public struct BitwiseXor: BinaryOperator, PlainOperator {
        public static let name = "BitwiseXor"
        public static let elementTypes: ElementTypeSet = .integers
        public init() {}
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a ^ b }
    }

    public struct BitwiseNot: UnaryOperator, PlainOperator {
        public static let name = "BitwiseNot"
        public static let elementTypes: ElementTypeSet = .integers
        public init() {}
        public func value(_ x: Double) -> Double { .nan }
        public func value<T: FixedWidthInteger>(_ x: T) -> T { ~x }
    }

    public struct And: BinaryOperator, PlainOperator {
        public static let name = "And"
        public static let elementTypes: ElementTypeSet = .bool
        public init() {}
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a & b }
    }

    public struct Or: BinaryOperator, PlainOperator {
        public static let name = "Or"
        public static let elementTypes: ElementTypeSet = .bool
        public init() {}
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a | b }
    }

    public struct Xor: BinaryOperator, PlainOperator {
        public static let name = "Xor"
        public static let elementTypes: ElementTypeSet = .bool
        public init() {}
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a ^ b }
    }

    public struct Not: UnaryOperator, PlainOperator {
        public static let name = "Not"
        public static let elementTypes: ElementTypeSet = .bool
        public init() {}
        public func value(_ x: Double) -> Double { .nan }
        public func value<T: FixedWidthInteger>(_ x: T) -> T { x ^ 1 }
    }

    /// Shifts the bits of the first input by as many places as the second says; places outside of the type leave only the sign.
    public struct BitShift: BinaryOperator {
        public static let name = "BitShift"
        public static let elementTypes: ElementTypeSet = .integers

        public enum Direction: String, CaseIterable, Sendable { case left = "LEFT", right = "RIGHT" }

        public var direction: Direction

        public init(direction: Direction) { self.direction = direction }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            direction = try AttributeReader.require(try attributes.choice("direction"), "direction")
        }

        public var attributes: Attributes { [("direction", .string(direction.rawValue))] }

        /// The shift operators of Swift fill beyond the width as this operator does, but turn round for negative shifts.
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
            switch direction {
            case .left: b < 0 ? 0 : a << b
            case .right: b < 0 ? (a < 0 ? ~0 : 0) : a >> b
            }
        }
    }
}
