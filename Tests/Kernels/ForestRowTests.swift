import SeptumKernels
import Testing

/// Rows one by one through forests of bytes: every depth, number of slots and of trees that is laid out otherwise.
@Suite struct ForestRowTests {
    /// Numbers of features and of trees.
    static let sizes = [(3, 1), (9, 31), (21, 32), (42, 33), (84, 40), (9, 2), (21, 65), (42, 16)]

    static func forest(_ depth: Int, _ features: Int, _ trees: Int, oblivious: Bool = false) -> RandomForest {
        RandomForest(
            .init(
                trees: trees, deepest: depth, outputs: 1, features: features, zeroMissing: depth % 2 == 0 && features < 50,
                oblivious: oblivious,
                shallowest: trees % 2 == 0 ? depth : depth / 2, seed: UInt64(1000 * depth + 10 * features + trees)))
    }

    @Test(arguments: 1...8, [false, true]) func rowsAddTheirLeavesInOrder(_ depth: Int, _ oblivious: Bool) throws {
        for (features, trees) in Self.sizes { try check(Self.forest(depth, features, trees, oblivious: oblivious)) }
    }

    @Test func everyLayoutIsTaken() throws {
        var slots: Set<Int> = [], records: Set<Int> = []
        for depth in 1...8 {
            for (features, trees) in Self.sizes {
                let plan = try Self.forest(depth, features, trees).plan(.float32, .float32)
                slots.insert([16, 32, 64, 128, 256].firstIndex { plan.byteSlots <= $0 } ?? 5)
                if plan.hasRecords { records.insert(depth) }
            }
        }
        #expect(slots == [0, 1, 2, 3, 4])
        #expect(records == [5, 6])
    }

    @Test func severalOutputsHaveRecordsToo() throws {
        let forest = RandomForest(.init(trees: 50, deepest: 6, outputs: 3, shallowest: 4, seed: 5))
        #expect(try forest.plan(.float32, .float64).hasRecords)
        try check(forest)
    }

    private func check(_ forest: RandomForest) throws {
        let m = 5
        let (x, outputs) = (forest.rows(m, 3), forest.shape.outputs)
        let wide = x.map { Double($0) }
        let (floats, doubles): ([Float], [Double]) = (forest.sums(m, wide, from: 0.1), forest.sums(m, wide, from: 0.1))
        for permutes in [true, false] {
            let narrow = try forest.plan(.float32, .float32, permutesBytes: permutes)
            let widening = try forest.plan(.float32, .float64, permutesBytes: permutes)
            #expect(narrow.comparesBytes)
            var scratch = [UInt64](repeating: .max, count: max(narrow.scratchBytes, widening.scratchBytes) / 8 + 1)
            scratch.withUnsafeMutableBytes { bytes in
                guard let scratch = bytes.baseAddress else { return }
                for table in allTables {
                    var y = [Float](repeating: 0.1, count: m * outputs), z = [Double](repeating: 0.1, count: m * outputs)
                    narrow.run(table, m, x, forest.shape.features, &y, outputs, scratch: scratch)
                    widening.run(table, m, x, forest.shape.features, &z, outputs, scratch: scratch)
                    #expect(same(y, floats) && same(z, doubles), "\(table.name) \(forest.shape)")
                }
            }
        }
    }
}
