import SeptumIR
import SeptumTensor

/// How one ONNX operator becomes Septum's operator of the same name, and back.
struct OperatorRow {
    let name: String
    /// The version of the operator set that introduced it.
    let since: Int
    /// The last version that has it.
    let until: Int
    /// What brings forms of older versions to the newest, in order, and the newest back to them.
    let edits: [Edit]
    /// Attributes that came after `ONNX.oldestExport`.
    let laterAttributes: [String: Later]
    /// Inputs that came after `ONNX.oldestExport`, by their index, and when.
    let laterInputs: [Int: Int]
    /// Values of attributes that came after `ONNX.oldestExport`, and when.
    let laterValues: [String: [String: Int]]
    /// Attributes that name values of the graph; the values become inputs after the node's own.
    let namingAttributes: [String]

    init(
        _ name: String, _ since: Int, until: Int = .max, _ edits: Edit..., laterAttributes: [String: Later] = [:],
        laterInputs: [Int: Int] = [:], laterValues: [String: [String: Int]] = [:], namingAttributes: [String] = []
    ) {
        self.name = name
        self.since = since
        self.until = until
        self.edits = edits
        self.laterAttributes = laterAttributes
        self.laterInputs = laterInputs
        self.laterValues = laterValues
        self.namingAttributes = namingAttributes
    }

    /// The first version whose form is the newest; edits of any version do not change the form.
    var current: Int { max(since, edits.map(\.before).filter { $0 < .max }.max() ?? 0) }

    /// The first version whose form can be written.
    var oldestWritten: Int { max(since, edits.filter { $0.back == nil && $0.before < .max }.map(\.before).max() ?? 0) }
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

/// A change between two forms of a node: that of operator sets older than a version, and that of the version.
///
/// Versions from `ONNX.oldestExport` on can be written, so a change before a later one says how it is undone.
struct Edit {
    /// Changes the node, or adds nodes that do its work and returns false.
    typealias Change = @Sendable (inout NodeForm, inout GraphBuilder) throws(ModelError) -> Bool
    /// Changes a node on its way out; when several nodes do its work, it becomes the last of them.
    typealias Back = @Sendable (inout OutgoingForm, inout GraphExporter) throws(ModelError) -> Void

    let before: Int
    let change: Change
    /// Nil when older versions have no form for the node.
    var back: Back?

    /// A change that keeps the node.
    static func before(
        _ version: Int, _ change: @escaping @Sendable (inout NodeForm, inout GraphBuilder) throws(ModelError) -> Void,
        back: Back? = nil
    ) -> Edit {
        Edit(
            before: version,
            change: { form, builder throws(ModelError) in
                try change(&form, &builder)
                return true
            }, back: back)
    }

    /// A change that is needed on the way out only: older forms mean the same in the newest version.
    static func back(_ version: Int, _ back: @escaping Back) -> Edit {
        Edit(before: version, change: { _, _ throws(ModelError) in true }, back: back)
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
