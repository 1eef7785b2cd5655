public import SeptumIR
public import SeptumTensor

/// An operator without attributes.
public protocol PlainOperator: Operator {
    init()
}

extension PlainOperator {
    public init(_ attributes: inout AttributeReader) throws(ModelError) { self.init() }
}

/// An operator whose only attribute is the number `alpha`.
public protocol AlphaOperator: Operator {
    static var defaultAlpha: Float { get }
    var alpha: Float { get }
    init(alpha: Float)
}

extension AlphaOperator {
    public init(_ attributes: inout AttributeReader) throws(ModelError) {
        self.init(alpha: try attributes.float("alpha") ?? Self.defaultAlpha)
    }

    public var attributes: Attributes { [("alpha", .float(alpha))] }
}
