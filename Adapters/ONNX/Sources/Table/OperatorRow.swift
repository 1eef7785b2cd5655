import SeptumIR
import SeptumTensor

/// How one ONNX operator becomes Septum's operator of the same name, and back.
struct OperatorRow {
    let name: String
    /// The version of the operator set that introduced it.
    let since: Int
    /// The last version that has it.
    let until: Int
    /// What brings forms of older versions to the newest, in order.
    let edits: [Edit]
    /// Attributes that came after `ONNX.oldestExport`.
    let laterAttributes: [String: Later]
    /// Inputs that came after `ONNX.oldestExport`, by their index, and when.
    let laterInputs: [Int: Int]

    init(
        _ name: String, _ since: Int, until: Int = .max, _ edits: Edit..., laterAttributes: [String: Later] = [:],
        laterInputs: [Int: Int] = [:]
    ) {
        self.name = name
        self.since = since
        self.until = until
        self.edits = edits
        self.laterAttributes = laterAttributes
        self.laterInputs = laterInputs
    }

    /// The first version whose form is the newest; edits of any version do not change the form.
    var current: Int { max(since, edits.map(\.before).filter { $0 < .max }.max() ?? 0) }
}

/// An attribute that older versions lack, and the value that means what they do.
struct Later {
    enum Neutral {
        case int(Int)
        case ones
        case string(String)
    }

    let since: Int
    let neutral: Neutral

    init(_ since: Int, _ neutral: Neutral) {
        self.since = since
        self.neutral = neutral
    }

    func isNeutral(_ value: Attribute) -> Bool {
        switch (neutral, value) {
        case (.int(let neutral), .int(let value)): neutral == value
        case (.ones, .ints(let values)): values.allSatisfy { $0 == 1 }
        case (.string(let neutral), .string(let value)): neutral == value
        default: false
        }
    }
}

/// A change that a node needs when its operator set is older than a version.
struct Edit {
    /// Changes the node, or adds nodes that do its work and returns false.
    typealias Change = @Sendable (inout NodeForm, inout GraphBuilder) throws(ModelError) -> Bool

    let before: Int
    let change: Change

    /// A change that keeps the node.
    static func before(
        _ version: Int, _ change: @escaping @Sendable (inout NodeForm, inout GraphBuilder) throws(ModelError) -> Void
    ) -> Edit {
        Edit(before: version) { form, builder throws(ModelError) in
            try change(&form, &builder)
            return true
        }
    }

    /// A change that puts other nodes in its place, when it returns false.
    static func replaceBefore(_ version: Int, _ change: @escaping Change) -> Edit { Edit(before: version, change: change) }

    /// A change that always puts other nodes in its place.
    static func buildBefore(
        _ version: Int, _ change: @escaping @Sendable (inout NodeForm, inout GraphBuilder) throws(ModelError) -> Void
    ) -> Edit {
        Edit(before: version) { form, builder throws(ModelError) in
            try change(&form, &builder)
            return false
        }
    }

    /// Whatever the version, other nodes do the work.
    static func build(
        _ change: @escaping @Sendable (inout NodeForm, inout GraphBuilder) throws(ModelError) -> Void
    ) -> Edit { buildBefore(.max, change) }
}
