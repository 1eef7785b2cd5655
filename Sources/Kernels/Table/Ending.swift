/// What becomes of each element of a product before it is stored: y = f(product + addend), or f(product) + addend.
package struct Ending: Sendable {
    /// The raw value of the `UnaryOperation` f and its parameters.
    package let operation: Int32
    package let a: Float
    package let b: Float
    /// Laid out as the result; may be the result.
    nonisolated(unsafe) package let addend: UnsafePointer<Float>?
    package let addsLast: Bool

    /// Of the raw value of an operation.
    package init(operation: Int32, a: Float, b: Float) {
        self.operation = operation
        self.a = a
        self.b = b
        addend = nil
        addsLast = false
    }

    package init(
        _ operation: UnaryOperation = .identity, a: Float = 0, b: Float = 0, addend: UnsafePointer<Float>? = nil,
        addsLast: Bool = false
    ) {
        self.operation = operation.rawValue
        self.a = a
        self.b = b
        self.addend = addend
        self.addsLast = addsLast
    }
}
