import SeptumKernels
import Testing

/// A random forest with ties, missing values and trees of every depth, and its plain walk.
struct RandomForest {
    var nodes = ForestNodes()
    var roots: [Int32] = []
    var targets: [Int32] = []
    var values: [Double] = []
    let comparison: ForestNodes.Comparison
    let leafWidth: Int
    static let features = 7
    static let thresholds: [Double] = [-1, -0.5, 0, 0.1, 0.25, 0.3, 0.5, 1, 1e-35, .infinity, -.infinity, 1e300]

    init(
        trees: Int, deepest: Int, outputs: Int, leafWidth: Int = 1, comparison: ForestNodes.Comparison, zeroMissing: Bool = false,
        seed: UInt64 = 1
    ) {
        self.comparison = comparison
        self.leafWidth = leafWidth
        var noise = Noise(seed)
        for tree in 0..<trees {
            targets.append(leafWidth == 1 ? Int32(tree % outputs) : 0)
            roots.append(grow(tree % (deepest + 1), zeroMissing, &noise))
        }
    }

    private mutating func grow(_ depth: Int, _ zeroMissing: Bool, _ noise: inout Noise) -> Int32 {
        if depth == 0 || noise.below(12) == 0 {
            nodes.leaf.append(Int32(values.count / leafWidth))
            for _ in 0..<leafWidth { values.append(Double(noise.float()) * (leafWidth > 1 ? 1.000000001 : 1)) }
            return add(-1, 0, -1, -1, .nanRight)
        }
        let left = grow(depth - 1, zeroMissing, &noise), right = grow(depth - 1, zeroMissing, &noise)
        nodes.leaf.append(-1)
        let missing = ForestNodes.Missing(rawValue: UInt8(noise.below(zeroMissing ? 5 : 3))) ?? .nanLeft
        let usable = zeroMissing ? Self.thresholds.filter { $0.isFinite } : Self.thresholds
        let threshold = usable[noise.below(usable.count)]
        return add(Int32(noise.below(Self.features)), zeroMissing && threshold > 1e38 ? 2 : threshold, left, right, missing)
    }

    private mutating func add(_ f: Int, _ t: Double, _ l: Int32, _ r: Int32, _ m: ForestNodes.Missing) -> Int32 {
        add(Int32(f), t, l, r, m)
    }
    private mutating func add(_ f: Int32, _ t: Double, _ l: Int32, _ r: Int32, _ m: ForestNodes.Missing) -> Int32 {
        nodes.feature.append(f)
        nodes.threshold.append(t)
        nodes.left.append(l)
        nodes.right.append(r)
        nodes.missing.append(m)
        return Int32(nodes.feature.count - 1)
    }

    func leaf(_ tree: Int, _ row: ArraySlice<Double>) -> Int32 {
        var i = Int(roots[tree])
        while nodes.feature[i] >= 0 {
            var x = row[row.startIndex + Int(nodes.feature[i])]
            if nodes.missing[i] == .nanIsZero && x.isNaN { x = 0 }
            let zero = nodes.missing[i] == .zeroRight || nodes.missing[i] == .zeroLeft
            let missing = x.isNaN || zero && abs(x) <= Double(Float(1e-35))
            let toLeft =
                missing
                ? nodes.missing[i] == .nanLeft || nodes.missing[i] == .zeroLeft
                : comparison == .less ? x < nodes.threshold[i] : x <= nodes.threshold[i]
            i = Int(toLeft ? nodes.left[i] : nodes.right[i])
        }
        return nodes.leaf[i]
    }

    func sums<S: BinaryFloatingPoint>(_ m: Int, _ x: [Double], _ outputs: Int, from start: S) -> [S] {
        var y = [S](repeating: start, count: m * outputs)
        for r in 0..<m {
            for t in roots.indices {
                let l = Int(leaf(t, x[(r * Self.features)..<((r + 1) * Self.features)]))
                for o in 0..<leafWidth { y[r * outputs + Int(targets[t]) + o] += S(values[l * leafWidth + o]) }
            }
        }
        return y
    }

    func plan(_ outputs: Int, _ features: ForestPlan.Element, _ sums: ForestPlan.Element) throws -> ForestPlan {
        try #require(
            ForestPlan(
                nodes, comparison: comparison, roots: roots, targets: targets, outputs: outputs, values: values,
                leafWidth: leafWidth, features: features, sums: sums))
    }

    static func rows(_ m: Int, _ seed: UInt64) -> [Float] {
        var noise = Noise(seed)
        let special: [Float] = [
            .nan, 0, -0.0, .infinity, -.infinity, 0.1, Float(0.1).nextUp, 0.25, 0.3, Float(0.3).nextDown, 0.5, 1e-35, -1e-35,
            1e-38,
        ]
        return (0..<(m * features)).map { _ in noise.below(2) == 0 ? special[noise.below(special.count)] : noise.float() }
    }
}

@Suite struct ForestTests {
    static let forests: [(RandomForest, Int)] = [ForestNodes.Comparison.less, .lessOrEqual].flatMap { c in
        [
            (RandomForest(trees: 21, deepest: 6, outputs: 1, comparison: c), 1),
            (RandomForest(trees: 40, deepest: 6, outputs: 3, comparison: c, seed: 2), 3),
            (RandomForest(trees: 19, deepest: 10, outputs: 2, comparison: c, seed: 3), 2),
            (RandomForest(trees: 13, deepest: 8, outputs: 4, leafWidth: 4, comparison: c, seed: 4), 4),
            (RandomForest(trees: 24, deepest: 7, outputs: 1, comparison: c, zeroMissing: true, seed: 5), 1),
            (RandomForest(trees: 0, deepest: 1, outputs: 1, comparison: c), 1),
        ]
    }

    @Test(arguments: [1, 2, 3, 4, 15, 16, 17, 37]) func sumsAreTheSequentialOnes(_ m: Int) throws {
        #expect(Self.forests.count == 12)
        let x = RandomForest.rows(m, 61)
        let wide = x.map { Double($0) }
        for (forest, outputs) in Self.forests {
            let floats = forest.sums(m, wide, outputs, from: Float(0.1))
            let doubles = forest.sums(m, wide, outputs, from: 0.1)
            let narrow = try forest.plan(outputs, .float32, .float32), mixed = try forest.plan(outputs, .float32, .float64)
            let double = try forest.plan(outputs, .float64, .float64), odd = try forest.plan(outputs, .float64, .float32)
            var scratch = [UInt64](repeating: 0, count: double.scratchBytes / 8 + narrow.scratchBytes / 8)
            for table in allTables {
                scratch.withUnsafeMutableBytes { bytes in
                    guard let scratch = bytes.baseAddress else { return }
                    var y = [Float](repeating: 0.1, count: m * outputs), z = y
                    var u = [Double](repeating: 0.1, count: m * outputs), v = u
                    narrow.run(table, m, x, RandomForest.features, &y, outputs, scratch: scratch)
                    odd.run(table, m, wide, RandomForest.features, &z, outputs, scratch: scratch)
                    mixed.run(table, m, x, RandomForest.features, &u, outputs, scratch: scratch)
                    double.run(table, m, wide, RandomForest.features, &v, outputs, scratch: scratch)
                    #expect(same(y, floats), "\(table.name)")
                    #expect(same(z, floats), "\(table.name)")
                    #expect(same(u, doubles), "\(table.name)")
                    #expect(same(v, doubles), "\(table.name)")
                    let trees = forest.roots.count
                    var leaves = [Int32](repeating: -1, count: m * trees), more = leaves
                    narrow.leaves(table, m, x, RandomForest.features, &leaves, trees, scratch: scratch)
                    double.leaves(table, m, wide, RandomForest.features, &more, trees, scratch: scratch)
                    let expected = (0..<m).flatMap { r in
                        (0..<trees).map { forest.leaf($0, wide[(r * RandomForest.features)...]) }
                    }
                    #expect(leaves == expected && more == expected)
                }
            }
        }
    }

    @Test func whatIsNotAForestIsRefused() {
        func plan(_ edit: (inout RandomForest) -> Void) -> ForestPlan? {
            var forest = RandomForest(trees: 5, deepest: 4, outputs: 1, comparison: .less)
            edit(&forest)
            return ForestPlan(
                forest.nodes, comparison: .less, roots: forest.roots, targets: forest.targets, outputs: 1, values: forest.values,
                features: .float32, sums: .float32)
        }
        #expect(plan { _ in } != nil)
        let inner = RandomForest(trees: 5, deepest: 4, outputs: 1, comparison: .less).nodes.feature.lastIndex { $0 >= 0 } ?? 0
        #expect(plan { $0.nodes.left[inner] = Int32(inner) } == nil)
        #expect(plan { $0.nodes.right[inner] = 10_000 } == nil)
        #expect(plan { $0.nodes.left[inner] = -2 } == nil)
        #expect(plan { $0.roots[0] = -1 } == nil)
        #expect(plan { $0.targets[0] = 1 } == nil)
        #expect(plan { $0.values.removeLast() } == nil)
        #expect(plan { $0.nodes.threshold.removeLast() } == nil)
    }
}
