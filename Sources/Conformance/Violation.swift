/// A rule that an adapter or an operator breaks.
public struct Violation: Sendable, Hashable, CustomStringConvertible {
    /// What must hold.
    public var rule: String
    /// What was found, and where.
    public var detail: String

    public init(_ rule: String, _ detail: String) {
        self.rule = rule
        self.detail = detail
    }

    public var description: String { "\(rule): \(detail)" }
}
