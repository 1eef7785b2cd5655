public import SeptumIR
public import SeptumTensor

/// Where a model can run: for each of its operators, whether Septum and other engines have it.
public struct Diagnosis: Sendable {
    /// A column of the table.
    public struct Engine: Sendable {
        public let name: String
        public let version: String
        /// When the version was published, and where the facts come from; empty for Septum, which asks itself.
        public let date: String
        public let source: String
        public var title: String { "\(name) \(version)" }
    }

    /// Nodes of one operator.
    public struct Row: Sendable {
        public let op: String
        public let domain: String
        public let opset: Int?
        public let count: Int
        public let firstNode: String
        /// One for each engine.
        public let verdicts: [Verdict]
        /// How many of the nodes each engine does not run.
        public let refusedCounts: [Int]
    }

    /// What to do about something that an engine does not run.
    public struct Suggestion: Sendable, Hashable {
        /// The engine, nil when it concerns all.
        public let engine: String?
        public let text: String
    }

    /// The short name of the model's format.
    public let format: String
    public let opsets: [(domain: String, version: Int)]
    /// What the table is about when it is not the file itself.
    public let note: String?
    /// Why Septum cannot import the model; nil when it can.
    public let importError: ModelError?
    public let engines: [Engine]
    public let rows: [Row]
    public let suggestions: [Suggestion]

    /// Whether Septum imports the model.
    public var isSupported: Bool { importError == nil }

    /// Examines a model file.
    ///
    /// An ONNX file is examined as it is, also when it cannot be imported; any other model is imported, and what it would be as an
    /// ONNX file is examined.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - format: The short name of the format; by default it is found from the content.
    ///   - options: What the reader may do.
    ///   - adapters: The formats to choose from.
    /// - Throws: `ModelError` when the file is no model, or when one that is not ONNX cannot be imported.
    public init(
        _ path: String, format: String? = nil, options: ImportOptions = ImportOptions(), adapters: AdapterRegistry = .standard
    ) throws(ModelError) {
        let source = try ModelSource(path: path)
        let adapter: any ModelAdapter
        do throws(ModelError) {
            adapter = if let format { try adapters.adapter(named: format) } else { try adapters.adapter(reading: source) }
        } catch {
            throw error.inFile(path)
        }
        var (model, failure): (Model?, ModelError?) = (nil, nil)
        do throws(ModelError) {
            model = try Model.load(path, format: format, options: options, adapters: adapters)
        } catch {
            failure = error
        }
        let examination = try Examination(source, adapter, model, failure)
        let tables = try EngineTable.all()
        self.format = adapter.descriptor.name
        importError = failure
        note = examination.note
        opsets = examination.opsets
        engines =
            [Engine(name: "Septum", version: septumVersion, date: "", source: "")]
            + tables.map { Engine(name: $0.name, version: $0.version, date: $0.date, source: $0.source) }
        rows = Diagnosis.rows(examination, tables)
        suggestions = Advice(examination, tables, self.rows, self.format).suggestions
    }

    /// One row an operator, its versions apart, in the order of the model; the worst verdict of its nodes stands for all.
    private static func rows(_ examination: Examination, _ tables: [EngineTable]) -> [Row] {
        struct Key: Hashable {
            let name: OperatorName
            let opset: Int?
            let isCall: Bool
        }
        var order: [Key] = []
        var groups: [Key: [(group: NodeGroup, objection: String?)]] = [:]
        for entry in examination.groups {
            let key = Key(name: entry.group.name, opset: entry.group.opset, isCall: entry.group.isCall)
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(entry)
        }
        return order.map { key in
            let entries = groups[key] ?? []
            let judged = entries.map { entry in
                [entry.objection.map(Verdict.no) ?? .yes]
                    + tables.map { examination.hasONNXForm ? $0.verdict(on: entry.group) : .no("no form in ONNX") }
            }
            let columns = 0...tables.count
            return Row(
                op: key.name.name, domain: key.name.domain, opset: key.opset,
                count: entries.reduce(0) { $0 + $1.group.count }, firstNode: entries.first?.group.firstNode ?? "",
                verdicts: columns.map { column in judged.map { $0[column] }.max { $0.level < $1.level } ?? .yes },
                refusedCounts: columns.map { column in
                    zip(entries, judged).reduce(0) { $0 + ($1.1[column].level == .no ? $1.0.group.count : 0) }
                })
        }
    }
}

extension Diagnosis {
    /// Whether an engine runs the whole model; operators decide, and for Septum the import as well.
    public func verdict(_ engine: Int) -> Verdict {
        if engine == 0, var importError {
            importError.file = nil
            return .no(importError.description)
        }
        let worst = rows.compactMap { $0.verdicts.indices.contains(engine) ? $0.verdicts[engine].level : nil }.max() ?? .yes
        let named = rows.filter { $0.verdicts.indices.contains(engine) && $0.verdicts[engine].level == worst }
        switch worst {
        case .yes: return .yes
        case .limited: return .limited(named.map(\.op).joined(separator: ", "))
        case .no:
            let counts = named.enumerated().map { index, row in
                let count = row.refusedCounts[engine]
                return "\(row.op) (\(count)\(index > 0 ? "" : count == 1 ? " node" : " nodes"))"
            }
            return .no(counts.joined(separator: ", "))
        }
    }

    /// The verdict on the whole model in one line.
    public func summary(_ engine: Int) -> String {
        let verdict = verdict(engine)
        return verdict.level == .limited ? "yes, with limits: \(verdict.reason)" : verdict.description
    }
}
