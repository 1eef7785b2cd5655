import SeptumTensor

/// Whether an engine runs something, and if not, or not always, why.
public struct Verdict: Sendable, Equatable {
    public enum Level: String, Sendable, Comparable {
        case yes
        case limited
        case no

        private var rank: Int { self == .yes ? 0 : self == .limited ? 1 : 2 }
        public static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
    }

    public let level: Level
    /// Empty when there is nothing to add.
    public let reason: String

    public static let yes = Verdict(level: .yes, reason: "")
    static func limited(_ reason: String) -> Verdict { Verdict(level: .limited, reason: reason) }
    static func no(_ reason: String) -> Verdict { Verdict(level: .no, reason: reason) }
}

extension Verdict: CustomStringConvertible {
    public var description: String { reason.isEmpty ? level.rawValue : "\(level.rawValue): \(reason)" }
}

/// Nodes of one operator that look alike.
struct NodeGroup {
    let name: OperatorName
    let opset: Int?
    let isCall: Bool
    let inputs: [ElementType?]
    let settings: [String]
    let firstNode: String
    let count: Int
}

extension EngineTable {
    func verdict(on group: NodeGroup) -> Verdict {
        if group.isCall {
            return expandsFunctions ? .yes : .no("a function of the file")
        }
        if let newest = newestOpsets[group.name.domain], let opset = group.opset, opset > newest {
            return .no("opset \(newest) is the newest")
        }
        guard let all = rows[group.name] else { return .no("") }
        guard let row = all.first(where: { row in group.opset.map(row.versions.contains) ?? true }) else {
            return .no("only opset " + all.map { $0.versions.spelled }.joined(separator: ", "))
        }
        if let types = row.types {
            let type = types.input < group.inputs.count ? group.inputs[types.input] : nil
            if let type, !types.accepted.contains(type) { return .no("not in \(type)") }
        }
        guard let limit = row.limit, limit.attribute.map(group.settings.contains) ?? true else { return .yes }
        return .limited(limit.description)
    }

    /// Whether any version of the operator runs.
    func runs(_ name: OperatorName) -> Bool { rows[name] != nil }
}

extension EngineTable.Limit: CustomStringConvertible {
    var description: String { attribute.map { "\($0) \(text)" } ?? text }
}

extension ClosedRange<Int> {
    /// The range of versions for people: `7 to 13`, `14 and newer` without an end.
    var spelled: String {
        if upperBound == .max { return "\(lowerBound) and newer" }
        return lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound) to \(upperBound)"
    }
}
