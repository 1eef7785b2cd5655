import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumReconstruction
import SeptumTensor
import Testing

/// The folder of the fixtures.
let fixtures = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Fixtures"

/// Events in memory.
struct Memory: EventSource {
    let path = "memory"
    let eventCount: Int
    let columns: [ColumnInfo]
    let content: [String: Column]

    init(_ eventCount: Int, _ content: [(String, Column)]) {
        self.eventCount = eventCount
        columns = content.map { ColumnInfo(name: $0, elementType: $1.values.elementType, isJagged: $1.offsets != nil) }
        self.content = Dictionary(uniqueKeysWithValues: content.map { ($0.0, $0.1) })
    }

    func read(_ names: [String], _ events: Range<Int>) throws(ModelError) -> [String: Column] {
        var result: [String: Column] = [:]
        for name in names {
            guard let column = content[name] else { throw ModelError(.invalidInput, "there is no '\(name)'") }
            let items = column.offsets.map { $0[events.lowerBound]..<$0[events.upperBound] } ?? events
            let offsets = column.offsets?[events.lowerBound...events.upperBound].map { $0 - items.lowerBound }
            result[name] = Column(values: try Memory.part(column.values, items), offsets: offsets)
        }
        return result
    }

    private static func part(_ tensor: Tensor, _ range: Range<Int>) throws(ModelError) -> Tensor {
        switch tensor.elementType {
        case .float32: try Tensor([range.count], Array(try tensor.array(of: Float.self)[range]))
        case .int32: try Tensor([range.count], Array(try tensor.array(of: Int32.self)[range]))
        case .uint64: try Tensor([range.count], Array(try tensor.array(of: UInt64.self)[range]))
        default: try Tensor([range.count], strings: Array(tensor.strings[range]))
        }
    }
}

/// Keeps columns in memory, joined over all batches.
struct MemorySink: EventSink {
    private(set) var columns: [(name: String, values: [Float], offsets: [Int]?)] = []
    private(set) var isClosed = false

    mutating func append(_ batch: [(name: String, column: Column)]) throws(ModelError) {
        for (name, column) in batch {
            let values = try column.values.array(of: Float.self)
            guard let index = columns.firstIndex(where: { $0.name == name }) else {
                columns.append((name, values, column.offsets))
                continue
            }
            let base = columns[index].values.count
            columns[index].values += values
            columns[index].offsets? += (column.offsets ?? []).dropFirst().map { base + $0 }
        }
    }

    mutating func close() throws(ModelError) { isClosed = true }

    subscript(name: String) -> [Float]? { columns.first { $0.name == name }?.values }
}

extension Scheduler {
    /// Runs into memory.
    func collected() throws -> (sink: MemorySink, summary: Summary) {
        var sink: any EventSink = MemorySink()
        let summary = try run(into: &sink)
        return (try #require(sink as? MemorySink), summary)
    }
}

/// Small programs.
enum Programs {
    /// Shape: `[batch, width] -> [batch, width]`.
    static func identity(_ width: Int, _ type: ElementType = .float32) throws -> Program {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(type, ["batch", .fixed(width)]))
        try graph.addOutput(try graph.append(Op.Identity(), inputs: [x], outputs: ["y"])[0])
        return try Program(graph)
    }

    /// Shape: `[batch, particles, width] -> [batch, width]`. The sum over particles.
    static func sums(_ width: Int, particles: Dimension = "particles") throws -> Program {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["batch", particles, .fixed(width)]))
        try graph.addOutput(try graph.append(try pooling(), inputs: [x], outputs: ["y"])[0])
        return try Program(graph)
    }

    /// Takes what the DeepSets tagger takes and gives three scores.
    static func tagger() throws -> Program {
        var graph = Graph()
        let constituents = try graph.addInput("constituents", .tensor(.float32, ["batch", "particles", 10]))
        let jet = try graph.addInput("jet", .tensor(.float32, ["batch", 5]))
        let pooled = try graph.apply(try pooling(), constituents)
        func weights(_ count: Int) throws -> Tensor { try Tensor([count, 3], (0..<count * 3).map { Float($0 % 7) / 8 - 0.3 }) }
        let a = try graph.addConstant(try weights(10))
        let b = try graph.addConstant(try weights(5))
        let sum = try graph.apply(Op.Add(), try graph.apply(Op.MatMul(), pooled, a), try graph.apply(Op.MatMul(), jet, b))
        try graph.addOutput(try graph.apply(Op.Sigmoid(), sum), name: "probabilities")
        return try Program(graph)
    }

    private static func pooling() throws -> any Operator {
        try OperatorRegistry.standard.make("Einsum", [("equation", .string("bpf->bf"))])
    }
}

extension InputContract {
    /// Features of particles that belong to jets.
    static func jagged(length: Length? = nil, sort: Sort? = nil, missing: MissingRule = .refuse) -> InputContract {
        let features = [Feature(name: "pt", branch: "P_pt", missing: missing), Feature(name: "eta", branch: "P_eta")]
        let particles = Input(tensor: "x", features: features, collection: "P", link: "P_jet", sort: sort, length: length)
        return InputContract(name: "particles", row: "Jet", inputs: [particles])
    }
}
