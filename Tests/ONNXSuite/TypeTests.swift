import Foundation
import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

/// What the type rules are told of the inputs of a model.
enum InputTypes: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// The types that the model declares.
    case declared
    /// A symbol of its own for each dimension.
    case symbols

    var testDescription: String { self == .declared ? "types from declared ones" : "types from symbols" }
}

/// What is known of the outputs before any value is.
struct TypeKnowledge: Equatable, CustomStringConvertible {
    /// Tensors, those of known rank, and those with nothing but known dimensions; the element type is always known.
    var tensors = 0
    var ranks = 0
    var shapes = 0

    var description: String { "\(tensors) types, \(ranks) ranks, \(shapes) shapes" }

    mutating func count(_ type: TensorType, _ bindings: [String: Int]) {
        tensors += 1
        ranks += type.shape == nil ? 0 : 1
        shapes += type.shape?.allSatisfy { $0.value(bindings) != nil } ?? false ? 1 : 0
    }
}

/// Holds the type rules against the expected outputs of the suite, and against what onnx infers.
@Suite struct TypeTests {
    static let known: [InputTypes: TypeKnowledge] = [
        .declared: TypeKnowledge(tensors: 2448, ranks: 2443, shapes: 2080),
        .symbols: TypeKnowledge(tensors: 2448, ranks: 2372, shapes: 1693),
    ]
    static let knownToONNX: [InputTypes: TypeKnowledge] = [
        .declared: TypeKnowledge(tensors: 2442, ranks: 2150, shapes: 1874),
        .symbols: TypeKnowledge(tensors: 2420, ranks: 2050, shapes: 1222),
    ]

    @Test(arguments: InputTypes.allCases) func everyCase(_ kind: InputTypes) throws {
        let cases = try #require(try? SuiteCases(), "the suite is not there: run 'make suite'")
        let failures = try ExpectedFailures().reasons[.imported] ?? [:]
        var listed = try ListedCases<InputTypes>("type-differences.txt").reasons[kind] ?? [:]
        var (known, knownToONNX) = (TypeKnowledge(), TypeKnowledge())
        for item in cases.all where SuiteTests.isWanted(item.name) {
            guard let model = try? cases.model(item) else {
                #expect(failures[item.name] != nil, "\(item.name) is not imported")
                continue
            }
            let reason = listed.removeValue(forKey: item.name)
            var difference: Difference?
            do {
                let graph = kind == .declared ? model.graph : try model.graph.withSymbols()
                for set in item.sets {
                    let bindings = try bindings(graph, set, cases)
                    let theirs = item.inferred[kind.rawValue] ?? []
                    for (index, id) in graph.outputs.enumerated() {
                        guard case .tensor(let type) = graph.type(id) else { continue }
                        let expected = try cases.value(set.outputs[index], graph.type(id)).type
                        if let objection = type.objection(to: expected, bindings) {
                            Issue.record("\(kind.rawValue) \(item.name): output \(index) is \(type), \(objection)")
                        }
                        known.count(type, bindings)
                        guard index < theirs.count, let other = theirs[index]?.type() else { continue }
                        knownToONNX.count(other, bindings)
                        guard other.objection(to: expected, bindings) == nil, !type.isKnown(asWellAs: other, bindings) else {
                            continue
                        }
                        difference = Difference("output \(index) is \(type), onnx knows \(other)")
                    }
                }
            } catch {
                difference = Difference("\(error)")
            }
            let label = "\(kind.rawValue) \(item.name)"
            if let difference, reason == nil { Issue.record("\(label) \(difference)") }
            if let reason, difference == nil { Issue.record("\(label) is as in onnx; it is listed with '\(reason)'") }
        }
        for name in listed.keys where SuiteTests.isWanted(name) {
            Issue.record("\(kind.rawValue) \(name) is listed, there is no such case")
        }
        print("\(kind.testDescription): Septum knows \(known); onnx \(knownToONNX)")
        #expect(known == TypeTests.known[kind])
        #expect(knownToONNX == TypeTests.knownToONNX[kind])
    }

    /// The sizes that the symbols of the inputs stand for.
    private func bindings(_ graph: Graph, _ set: SuiteCase.ValueSet, _ cases: SuiteCases) throws -> [String: Int] {
        var bindings: [String: Int] = [:]
        for (stored, id) in zip(set.inputs, graph.inputs) {
            guard let shape = graph.type(id).tensor?.shape,
                case .tensor(let given) = try cases.value(stored, graph.type(id))
            else { continue }
            for (dimension, size) in zip(shape, given.shape) {
                if let name = dimension.symbolName { bindings[name] = size }
            }
        }
        return bindings
    }
}

extension Graph {
    /// The same nodes, with types inferred again from a symbol for each dimension of the inputs.
    fileprivate func withSymbols() throws(ModelError) -> Graph {
        var graph = Graph(name: name)
        var ids: [ValueID: ValueID] = [:]
        for (id, tensor) in constants { ids[id] = try graph.addConstant(tensor, name: self[id].name) }
        for (index, id) in inputs.enumerated() {
            var type = type(id)
            if case .tensor(let tensor) = type {
                let shape = tensor.shape?.indices.map { SeptumTensor.Dimension.symbol("#\(index).\($0)") }
                type = .tensor(tensor.elementType, shape)
            }
            ids[id] = try graph.addInput(self[id].name, type)
        }
        for node in nodes {
            let results = try graph.append(
                node.op, name: node.name, inputs: node.inputs.map { $0.flatMap { ids[$0] } },
                outputs: node.outputs.map { $0.map { self[$0].name } })
            for (old, new) in zip(node.outputs.compactMap(\.self), results) { ids[old] = new }
        }
        for id in outputs { if let id = ids[id] { try graph.addOutput(id) } }
        return graph
    }
}

extension TensorType {
    /// Why the type is wrong about a value, nil when it holds.
    fileprivate func objection(to expected: ValueType, _ bindings: [String: Int]) -> String? {
        guard let expected = expected.tensor, elementType == expected.elementType else { return "the value is \(expected)" }
        guard let shape, let sizes = expected.concreteShape else { return nil }
        guard shape.count == sizes.count else { return "the value has the shape \(sizes)" }
        let isRight = zip(shape, sizes).allSatisfy { $0.value(bindings) ?? $1 == $1 }
        return isRight ? nil : "the value has the shape \(sizes)"
    }

    /// Whether all that the other type tells follows from this one.
    fileprivate func isKnown(asWellAs other: TensorType, _ bindings: [String: Int]) -> Bool {
        guard let theirs = other.shape else { return true }
        guard let shape, shape.count == theirs.count else { return false }
        return zip(shape, theirs).allSatisfy { $1.value(bindings) == nil || $0.value(bindings) == $1.value(bindings) }
    }
}
