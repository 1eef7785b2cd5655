public import SeptumIR
public import SeptumTensor

// Source of all: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md

extension Op {
    /// The largest element; NaN if there is one.
    public struct ReduceMax: ExtremeOperator {
        public static let name = "ReduceMax"
        public static let elementTypes: ElementTypeSet = .numbers.union([.bool])
        public var keepdims: Bool
        public var noopWithEmptyAxes: Bool

        public init(keepdims: Bool = true, noopWithEmptyAxes: Bool = false) {
            self.keepdims = keepdims
            self.noopWithEmptyAxes = noopWithEmptyAxes
        }

        var ifEmpty: SliceReduction.Extreme { .least }
        public func value(_ slice: UnsafeBufferPointer<Double>) -> Double { slice.reduce(-.infinity, Max().value) }
        public func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T { slice.max() ?? 0 }
        public func value(_ elements: [Dimension]) -> Dimension {
            elements.isEmpty ? .unknown : fold(elements, Dimension.maximum)
        }
    }

    /// The smallest element; NaN if there is one.
    public struct ReduceMin: ExtremeOperator {
        public static let name = "ReduceMin"
        public static let elementTypes: ElementTypeSet = .numbers.union([.bool])
        public var keepdims: Bool
        public var noopWithEmptyAxes: Bool

        public init(keepdims: Bool = true, noopWithEmptyAxes: Bool = false) {
            self.keepdims = keepdims
            self.noopWithEmptyAxes = noopWithEmptyAxes
        }

        var ifEmpty: SliceReduction.Extreme { .greatest }
        public func value(_ slice: UnsafeBufferPointer<Double>) -> Double { slice.reduce(.infinity, Min().value) }
        public func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T { slice.min() ?? 0 }
        public func value(_ elements: [Dimension]) -> Dimension {
            elements.isEmpty ? .unknown : fold(elements, Dimension.minimum)
        }
    }

    /// The sum; of integers it wraps.
    public struct ReduceSum: ReductionOperator {
        public static let name = "ReduceSum"
        public var keepdims: Bool
        public var noopWithEmptyAxes: Bool

        public init(keepdims: Bool = true, noopWithEmptyAxes: Bool = false) {
            self.keepdims = keepdims
            self.noopWithEmptyAxes = noopWithEmptyAxes
        }

        public func value(_ slice: UnsafeBufferPointer<Double>) -> Double { slice.reduce(0, +) }
        public func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T { slice.reduce(0, &+) }
        public func value(_ elements: [Dimension]) -> Dimension { elements.reduce(0, +) }
    }

    /// The sum over the number of elements; that of integers is rounded towards zero.
    public struct ReduceMean: ReductionOperator {
        public static let name = "ReduceMean"
        public var keepdims: Bool
        public var noopWithEmptyAxes: Bool

        public init(keepdims: Bool = true, noopWithEmptyAxes: Bool = false) {
            self.keepdims = keepdims
            self.noopWithEmptyAxes = noopWithEmptyAxes
        }

        public func value(_ slice: UnsafeBufferPointer<Double>) -> Double { slice.reduce(0, +) / Double(slice.count) }
        public func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T {
            slice.isEmpty ? 0 : slice.reduce(0, &+) / T(clamping: slice.count)
        }
    }

    /// The product; of integers it wraps.
    public struct ReduceProd: ReductionOperator {
        public static let name = "ReduceProd"
        public var keepdims: Bool
        public var noopWithEmptyAxes: Bool

        public init(keepdims: Bool = true, noopWithEmptyAxes: Bool = false) {
            self.keepdims = keepdims
            self.noopWithEmptyAxes = noopWithEmptyAxes
        }

        public func value(_ slice: UnsafeBufferPointer<Double>) -> Double { slice.reduce(1, *) }
        public func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T { slice.reduce(1, &*) }
        public func value(_ elements: [Dimension]) -> Dimension { elements.reduce(1, *) }
    }

    /// The sum of the absolute values.
    public struct ReduceL1: ReductionOperator {
        public static let name = "ReduceL1"
        public var keepdims: Bool
        public var noopWithEmptyAxes: Bool

        public init(keepdims: Bool = true, noopWithEmptyAxes: Bool = false) {
            self.keepdims = keepdims
            self.noopWithEmptyAxes = noopWithEmptyAxes
        }

        public func value(_ slice: UnsafeBufferPointer<Double>) -> Double { slice.reduce(0) { $0 + $1.magnitude } }
        public func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T {
            slice.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }
        }
    }

    /// The square root of the sum of the squares.
    public struct ReduceL2: ReductionOperator {
        public static let name = "ReduceL2"
        public var keepdims: Bool
        public var noopWithEmptyAxes: Bool

        public init(keepdims: Bool = true, noopWithEmptyAxes: Bool = false) {
            self.keepdims = keepdims
            self.noopWithEmptyAxes = noopWithEmptyAxes
        }

        public func value(_ slice: UnsafeBufferPointer<Double>) -> Double { slice.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        public func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T { inFloat64(slice, value) }
    }

    /// The sum of the squares; of integers it wraps.
    public struct ReduceSumSquare: ReductionOperator {
        public static let name = "ReduceSumSquare"
        public var keepdims: Bool
        public var noopWithEmptyAxes: Bool

        public init(keepdims: Bool = true, noopWithEmptyAxes: Bool = false) {
            self.keepdims = keepdims
            self.noopWithEmptyAxes = noopWithEmptyAxes
        }

        public func value(_ slice: UnsafeBufferPointer<Double>) -> Double { slice.reduce(0) { $0 + $1 * $1 } }
        public func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T { slice.reduce(0) { $0 &+ $1 &* $1 } }
    }

    /// The logarithm of the sum.
    public struct ReduceLogSum: ReductionOperator {
        public static let name = "ReduceLogSum"
        public var keepdims: Bool
        public var noopWithEmptyAxes: Bool

        public init(keepdims: Bool = true, noopWithEmptyAxes: Bool = false) {
            self.keepdims = keepdims
            self.noopWithEmptyAxes = noopWithEmptyAxes
        }

        public func value(_ slice: UnsafeBufferPointer<Double>) -> Double { Elementary.log(slice.reduce(0, +)) }
        public func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T { inFloat64(slice, value) }
    }

    /// The logarithm of the sum of e to the power of each element, without overflow.
    public struct ReduceLogSumExp: ReductionOperator {
        public static let name = "ReduceLogSumExp"
        public var keepdims: Bool
        public var noopWithEmptyAxes: Bool

        public init(keepdims: Bool = true, noopWithEmptyAxes: Bool = false) {
            self.keepdims = keepdims
            self.noopWithEmptyAxes = noopWithEmptyAxes
        }

        public func value(_ slice: UnsafeBufferPointer<Double>) -> Double {
            let largest = slice.reduce(-.infinity, Max().value)
            guard largest.isFinite else { return largest }
            return largest + Elementary.log(slice.reduce(0) { $0 + Elementary.exp($1 - largest) })
        }

        public func value<T: FixedWidthInteger>(_ slice: UnsafeBufferPointer<T>) -> T { inFloat64(slice, value) }
    }
}

private func fold(_ elements: [Dimension], _ combine: (Dimension, Dimension) -> Dimension) -> Dimension {
    elements.dropFirst().reduce(elements[0], combine)
}

private func inFloat64<T: FixedWidthInteger>(
    _ slice: UnsafeBufferPointer<T>, _ value: (UnsafeBufferPointer<Double>) -> Double
) -> T {
    T(saturating: slice.map { Double($0) }.withUnsafeBufferPointer(value))
}
