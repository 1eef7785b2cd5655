import SeptumTensor

/// What an engine other than Septum runs, as a table that was taken from its source or its release.
struct EngineTable: Sendable {
    let name: String
    /// The release, or what stands for one.
    let version: String
    /// When that was published, and where the table was taken from.
    let date: String
    let source: String
    /// The newest version of each operator set that a model may name; the engine does not look at sets that are not listed.
    let newestOpsets: [String: Int]
    /// Whether a call of a function that the file defines is replaced by the function's nodes.
    let expandsFunctions: Bool
    private(set) var rows: [OperatorName: [Row]] = [:]

    /// Support for an operator over some versions of its operator set.
    struct Row: Sendable, Equatable {
        var versions: ClosedRange<Int> = 1...Int.max
        /// Which input has the element types, and which it may have; nil when all.
        var types: Types?
        var limit: Limit?
    }

    struct Types: Sendable, Equatable {
        let input: Int
        let accepted: [ElementType]
    }

    struct Limit: Sendable, Equatable {
        let text: String
        /// The attribute without which the limit does not matter.
        let attribute: String?
    }

    init(
        name: String, version: String, date: String, source: String, newestOpsets: [String: Int] = [:],
        expandsFunctions: Bool = false, table: String
    ) throws(ModelError) {
        self.name = name
        self.version = version
        self.date = date
        self.source = source
        self.newestOpsets = newestOpsets
        self.expandsFunctions = expandsFunctions
        rows = try EngineTable.parse(table, name)
    }
}

/// An operator and the set that it is of, `ai.onnx` for the default one.
struct OperatorName: Sendable, Hashable, Comparable {
    let domain: String
    let name: String

    static func < (a: OperatorName, b: OperatorName) -> Bool { (a.domain, a.name) < (b.domain, b.name) }
}

extension EngineTable {
    /// The engines that models are compared for, in the order of the columns.
    ///
    /// - Throws: `malformed` when a table has a line that is none.
    static func all() throws(ModelError) -> [EngineTable] { [try sofie(), try onnxRuntime(), try hls4ml()] }
}

// MARK: The form of a table

extension EngineTable {
    /// Reads lines of operators under the names of their sets in brackets.
    ///
    ///     [ai.onnx]
    ///     Add Sub; 7-13; float32 float64; a limit in a few words
    ///     Where; 9-; 1: float32
    ///     MaxPool; ; ; @ceil_mode a limit where the attribute is set
    ///
    /// Versions that are left out are all, so are element types; `1:` is the input that has them, the first by default.
    static func parse(_ text: String, _ title: String) throws(ModelError) -> [OperatorName: [Row]] {
        var domains: [String] = []
        var rows: [OperatorName: [Row]] = [:]
        for line in text.split(separator: "\n") {
            if line.hasPrefix("["), line.hasSuffix("]") {
                domains = line.dropFirst().dropLast().split(separator: " ").map(String.init)
                continue
            }
            let fields = line.split(separator: ";", maxSplits: 3, omittingEmptySubsequences: false).map(trimmed)
            guard let row = Row(fields) else { throw ModelError(.malformed, "the table of \(title) has the line '\(line)'") }
            for domain in domains {
                for name in fields[0].split(separator: " ") {
                    rows[OperatorName(domain: domain, name: String(name)), default: []].append(row)
                }
            }
        }
        return rows
    }

    fileprivate static func trimmed(_ text: Substring) -> Substring {
        guard let start = text.firstIndex(where: { $0 != " " }), let end = text.lastIndex(where: { $0 != " " }) else { return "" }
        return text[start...end]
    }
}

extension EngineTable.Row {
    fileprivate init?(_ fields: [Substring]) {
        guard let names = fields.first, !names.isEmpty else { return nil }
        if fields.count > 1, !fields[1].isEmpty {
            let ends = fields[1].split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2, let first = Int(ends[0]) else { return nil }
            guard let last = ends[1].isEmpty ? Int.max : Int(ends[1]), first >= 1, first <= last else { return nil }
            versions = first...last
        }
        if fields.count > 2, !fields[2].isEmpty {
            let parts = fields[2].split(separator: ":")
            guard let input = parts.count == 2 ? Int(parts[0]) : 0, let list = parts.last else { return nil }
            let names = list.split(separator: " ").map(String.init)
            let found = names.compactMap(ElementType.init(name:))
            guard input >= 0, found.count == names.count, !found.isEmpty else { return nil }
            types = EngineTable.Types(input: input, accepted: found)
        }
        if fields.count > 3, !fields[3].isEmpty {
            let words = fields[3].split(separator: " ", maxSplits: 1)
            if fields[3].hasPrefix("@") {
                guard words.count == 2 else { return nil }
                limit = EngineTable.Limit(text: String(words[1]), attribute: String(words[0].dropFirst()))
            } else {
                limit = EngineTable.Limit(text: String(fields[3]), attribute: nil)
            }
        }
    }
}
