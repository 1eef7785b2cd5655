import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct ForestStorageTests {
    func forest() throws -> Op.Forest {
        let rules = Op.Forest.Rules(comparison: .lessOrEqual, featureType: .float32, accumulationType: .float64)
        var builder = ForestBuilder(rules: rules, thresholdType: .float64, featureCount: 2, outputCount: 3)
        for tree in 0..<3 {
            try builder.addSplit(0, feature: 0, test: .threshold(0.1), missing: .nan(goesLeft: true), left: 1, right: 2)
            try builder.addLeaf(1, Double(tree))
            try builder.addSplit(2, feature: 1, test: .categoriesRight([3]), missing: .nothing, left: 3, right: 4)
            try builder.addLeaf(3, 0.5)
            try builder.addLeaf(4, 0.25)
            try builder.endTree(output: tree, weight: 0.1)
        }
        return try builder.forest(baseScore: [1, 2, 3])
    }

    @Test func survivesItsAttributes() throws {
        let forest = try forest()
        let again = try #require(try OperatorRegistry.standard.make("Forest", forest.attributes) as? Op.Forest)
        #expect(again.rules == forest.rules)
        #expect(again.attributes.map(\.name) == forest.attributes.map(\.name))
        let table = try Tensor([3, 2], [0, 3, 1, 3, 1, 4] as [Float])
        let (old, new) = (try forest.evaluate(Arguments([.tensor(table)])), try again.evaluate(Arguments([.tensor(table)])))
        #expect(old[0].tensor?.isIdentical(to: try #require(new[0].tensor)) == true)
    }

    @Test func survivesTheFile() throws {
        var graph = Graph()
        let input = try graph.addInput("X", .tensor(.float32, ["batch", 2]))
        try graph.addOutput(try graph.apply(try forest(), name: "forest", input), name: "margin")
        let path = "/tmp/septum-test-\(getpid())-forest.septum"
        defer { unlink(path) }
        try SeptumFile.write(Model(graph: graph), to: path)
        let model = try SeptumFile.read(try ModelSource(path: path), operators: .standard)
        let table = try Tensor([1, 2], [1, 3] as [Float])
        let (old, new) = (try Interpreter.run(graph, [.tensor(table)]), try Interpreter.run(model.graph, [.tensor(table)]))
        #expect(old[0].tensor?.isIdentical(to: try #require(new[0].tensor)) == true)
    }

    /// A stored forest is not trusted: any change to an index must be refused or give a forest that evaluates.
    @Test(arguments: ["feature", "left", "right", "root", "output", "flags", "category_set", "category_start", "leaf_label"])
    func checksStoredIndices(name: String) throws {
        let forest = try forest()
        let tensor = try #require(
            forest.attributes.compactMap { attribute -> Tensor? in
                if attribute.name == name, case .tensor(let tensor) = attribute.value { tensor } else { nil }
            }.first)
        let table = try Tensor([2, 2], [0, 3, 1, .nan] as [Float])
        var refused = 0
        for index in 0..<tensor.count {
            for value in [-100, -3, -2, -1, 0, 1, 2, 3, 4, 5, 50, 100, 1 << 20, Int(Int32.max), Int(Int32.min)] {
                let changed: Tensor
                if tensor.elementType == .uint8 {
                    var values = try tensor.array(of: UInt8.self)
                    values[index] = UInt8(truncatingIfNeeded: value)
                    changed = try Tensor(tensor.shape, values)
                } else {
                    var values = try tensor.array(of: Int32.self)
                    values[index] = Int32(value)
                    changed = try Tensor(tensor.shape, values)
                }
                let attributes = forest.attributes.map { $0.name == name ? (name, .tensor(changed)) : $0 }
                do throws(ModelError) {
                    let op = try OperatorRegistry.standard.make("Forest", attributes)
                    _ = try op.evaluate(Arguments([.tensor(table)]))
                } catch {
                    refused += 1
                }
            }
        }
        #expect(name == "leaf_label" ? refused == 0 : refused > 0)
    }

    @Test func checksStoredShapes() throws {
        let forest = try forest()
        for (name, value) in forest.attributes {
            guard case .tensor(let tensor) = value else { continue }
            for wrong in [try Tensor(zeros: tensor.elementType, [tensor.count + 1]), try Tensor(zeros: .int64, tensor.shape)] {
                let attributes = forest.attributes.map { $0.name == name ? (name, .tensor(wrong)) : $0 }
                #expect(throws: ModelError.self, "\(name)") { try OperatorRegistry.standard.make("Forest", attributes) }
            }
        }
    }
}
