import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct ForestBuilderTests {
    /// Nodes as id, left, right; a leaf has no children.
    typealias Shape = [(id: Int, children: (Int, Int)?)]

    func build(_ nodes: Shape, root: Int = 0) throws {
        var builder = ForestBuilder(rules: ForestTests.rules, thresholdType: .float32, featureCount: 1, outputCount: 1)
        for (id, children) in nodes {
            if let (left, right) = children {
                try builder.addSplit(id, feature: 0, test: .threshold(0), missing: .nan(goesLeft: true), left: left, right: right)
            } else {
                try builder.addLeaf(id, 1)
            }
        }
        try builder.endTree(root: root)
        _ = try builder.forest()
    }

    static let broken: [(Shape, String)] = [
        ([], "node 0: the root does not exist"),
        ([(0, (1, 2)), (1, nil)], "tree 0, node 0: its right child 2 does not exist, the tree has 2 nodes"),
        ([(0, (-1, 1)), (1, nil)], "node 0: its left child -1 does not exist"),
        ([(0, (1, 1)), (1, nil)], "node 1: the node has two parents or lies on a cycle"),
        ([(0, (0, 0))], "node 0: the node has two parents or lies on a cycle"),
        ([(0, (1, 2)), (1, (0, 3)), (2, nil), (3, nil)], "node 0: the node has two parents or lies on a cycle"),
        ([(0, nil), (1, nil)], "node 1: the node cannot be reached from the root"),
        ([(0, nil), (1, (2, 3)), (2, (1, 4)), (3, nil), (4, nil)], "node 1: the node cannot be reached"),
        ([(0, nil), (0, nil)], "node 0: the node is given twice"),
    ]

    @Test func refusesWhatIsNoTree() throws {
        #expect(ForestBuilderTests.broken.count == 9)
        for (nodes, message) in ForestBuilderTests.broken {
            let error = try #require(throws: ModelError.self) { try build(nodes) }
            #expect("\(error)".contains(message))
        }
    }

    @Test func boundsDepth() throws {
        func chain(_ depth: Int) -> Shape {
            var nodes: Shape = [(depth, nil)]
            for level in 0..<depth {
                nodes.append((level, (level + 1, -level - 1)))
                nodes.append((-level - 1, nil))
            }
            return nodes
        }
        try build(chain(1000))
        let error = try #require(throws: ModelError.self) { try build(chain(70_000)) }
        #expect(error.code == .limit)
    }

    @Test func refusesNumbersThatDoNotFit() throws {
        let builder = ForestBuilder(rules: ForestTests.rules, thresholdType: .float32, featureCount: 2, outputCount: 2)
        func split(_ feature: Int, _ test: ForestBuilder.Test) throws {
            var copy = builder
            try copy.addSplit(0, feature: feature, test: test, missing: .nothing, left: 1, right: 2)
        }
        try split(1, .threshold(.infinity))
        #expect(throws: ModelError.self) { try split(2, .threshold(0)) }
        #expect(throws: ModelError.self) { try split(-1, .threshold(0)) }
        #expect(throws: ModelError.self) { try split(0, .threshold(.nan)) }
        #expect(throws: ModelError.self) { try split(0, .threshold(0.1)) }
        #expect(throws: ModelError.self) { try split(0, .categoriesLeft([-1])) }
        #expect(throws: ModelError.self) { try split(0, .categoriesLeft([1 << 24])) }
        func leaf(_ values: [Double], label: Int? = nil, output: Int = 0, weight: Double = 1, base: [Double]? = nil) throws {
            var copy = builder
            try copy.addLeaf(0, values, label: label)
            try copy.endTree(output: output, weight: weight)
            _ = try copy.forest(baseScore: base)
        }
        try leaf([.nan], output: 1, weight: 0.5, base: [0, 1])
        #expect(throws: ModelError.self) { try leaf([1, 2]) }
        #expect(throws: ModelError.self) { try leaf([0.1]) }
        #expect(throws: ModelError.self) { try leaf([1], label: .max) }
        #expect(throws: ModelError.self) { try leaf([1], output: 2) }
        #expect(throws: ModelError.self) { try leaf([1], output: -1) }
        #expect(throws: ModelError.self) { try leaf([1], weight: 0.1) }
        #expect(throws: ModelError.self) { try leaf([1], base: [1]) }
        #expect(throws: ModelError.self) { try leaf([1], base: [0.1, 0]) }
        var incomplete = builder
        try incomplete.addLeaf(0, 1)
        #expect(throws: ModelError.self) { try incomplete.forest() }
    }

    @Test func refusesContradictingRules() throws {
        func forest(_ change: (inout Op.Forest.Rules) -> Void, trees: Int = 1, base: [Double]? = nil) throws {
            var rules = ForestTests.rules
            change(&rules)
            var builder = ForestBuilder(rules: rules, thresholdType: .float32, featureCount: 1, outputCount: 1)
            for _ in 0..<trees {
                try builder.addLeaf(0, 1)
                try builder.endTree()
            }
            _ = try builder.forest(baseScore: base)
        }
        try forest({ _ in }, trees: 0, base: [0.5])
        #expect(throws: ModelError.self) { try forest { $0.divisor = 0 } }
        #expect(throws: ModelError.self) { try forest { $0.featureType = .int32 } }
        #expect(throws: ModelError.self) { try forest { $0.accumulationType = .float16 } }
        #expect(throws: ModelError.self) { try forest({ $0.aggregation = .minimum }, trees: 0) }
        #expect(throws: ModelError.self) { try forest({ $0.aggregation = .minimum }, base: [1]) }
        #expect(throws: ModelError.self) {
            try forest {
                $0.aggregation = .maximum
                $0.divisor = 2
            }
        }
    }
}
