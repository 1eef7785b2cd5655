import SeptumKernels
import Testing

/// A random forest with ties, missing values and trees of every depth, and its plain walk.
struct RandomForest: CustomTestStringConvertible {
    struct Shape {
        var trees: Int, deepest: Int, outputs: Int
        var leafWidth = 1
        var comparison = ForestNodes.Comparison.less
        var features = 7
        /// Zeros may be missing.
        var zeroMissing = false
        /// Every level of a tree makes one comparison.
        var oblivious = false
        /// Trees are at least this deep, but for chance.
        var shallowest = 0
        /// So many that no feature's fit in a byte.
        var manyThresholds = false
        /// Trees are far deeper on one side.
        var lopsided = false
        /// Some nodes test categories or equality.
        var sets = false
        var aggregation = ForestNodes.Aggregation.sum
        var seed: UInt64 = 1
    }
    var nodes = ForestNodes()
    var roots: [Int32] = []
    var targets: [Int32] = []
    var values: [Double] = []
    let shape: Shape
    static let thresholds: [Double] = [-1, -0.5, 0, 0.1, 0.25, 0.3, 0.5, 1, 1e-35, .infinity, -.infinity, 1e300]

    var testDescription: String { "\(shape)" }

    init(_ shape: Shape) {
        self.shape = shape
        var noise = Noise(shape.seed)
        if shape.sets {
            nodes.setWords = [0b1011, 0x8000_0000, 1, 0xffff_fffe]
            nodes.setStarts = [0, 1, 3, 3, 4]
            nodes.truncatesCategories = shape.seed % 2 == 0
        }
        for tree in 0..<shape.trees {
            targets.append(shape.leafWidth == 1 ? Int32(tree % shape.outputs) : 0)
            let depth = shape.shallowest + tree % (shape.deepest - shape.shallowest + 1)
            let levels = (0..<depth).map { _ in comparison(&noise) }
            roots.append(
                shape.oblivious ? complete(levels[...], &noise) : shape.lopsided ? lean(depth, &noise) : grow(depth, &noise))
        }
    }

    private typealias Comparison = (
        feature: Int32, threshold: Double, missing: ForestNodes.Missing, test: ForestNodes.Test
    )

    private func comparison(_ noise: inout Noise) -> Comparison {
        let missing = ForestNodes.Missing(rawValue: UInt8(noise.below(shape.zeroMissing ? 5 : 3))) ?? .nanLeft
        let threshold =
            shape.manyThresholds ? Double(noise.float()) : Self.thresholds[noise.below(Self.thresholds.count)]
        var test = ForestNodes.Test.comparison
        if shape.sets {
            switch noise.below(3) {
            case 0: test = .equality
            case 1: test = .category(set: Int32(noise.below(4)), outsideLeft: noise.below(2) == 0)
            default: break
            }
        }
        return (Int32(noise.below(shape.features)), threshold, missing, test)
    }

    private mutating func leaf(_ noise: inout Noise) -> Int32 {
        let row = Int32(values.count / shape.leafWidth)
        for _ in 0..<shape.leafWidth { values.append(Double(noise.float()) * (shape.leafWidth > 1 ? 1.000000001 : 1)) }
        return add((-1, 0, .nanRight, .comparison), -1, -1, leaf: row)
    }

    private mutating func grow(_ depth: Int, _ noise: inout Noise) -> Int32 {
        if depth == 0 || noise.below(12) == 0 { return leaf(&noise) }
        let left = grow(depth - 1, &noise), right = grow(depth - 1, &noise)
        return add(comparison(&noise), left, right)
    }

    /// A tree of which one side is at most three levels deep at every node.
    private mutating func lean(_ depth: Int, _ noise: inout Noise) -> Int32 {
        if depth == 0 { return leaf(&noise) }
        let long = lean(depth - 1, &noise), short = grow(min(depth - 1, noise.below(4)), &noise)
        return noise.below(2) == 0 ? add(comparison(&noise), long, short) : add(comparison(&noise), short, long)
    }

    private mutating func complete(_ levels: ArraySlice<Comparison>, _ noise: inout Noise) -> Int32 {
        guard let first = levels.first else { return leaf(&noise) }
        let left = complete(levels.dropFirst(), &noise), right = complete(levels.dropFirst(), &noise)
        return add(first, left, right)
    }

    private mutating func add(_ c: Comparison, _ left: Int32, _ right: Int32, leaf: Int32 = -1) -> Int32 {
        nodes.feature.append(c.feature)
        nodes.threshold.append(c.threshold)
        nodes.missing.append(c.missing)
        nodes.tests.append(c.test)
        nodes.left.append(left)
        nodes.right.append(right)
        nodes.leaf.append(leaf)
        return Int32(nodes.feature.count - 1)
    }

    func leaf(_ tree: Int, _ row: ArraySlice<Double>) -> Int32 {
        var i = Int(roots[tree])
        while nodes.feature[i] >= 0 {
            let toLeft = goesLeft(i, row[row.startIndex + Int(nodes.feature[i])])
            i = Int(toLeft ? nodes.left[i] : nodes.right[i])
        }
        return nodes.leaf[i]
    }

    private func goesLeft(_ i: Int, _ given: Double) -> Bool {
        var x = given
        if nodes.missing[i] == .nanIsZero && x.isNaN { x = 0 }
        let zero = nodes.missing[i] == .zeroRight || nodes.missing[i] == .zeroLeft
        if x.isNaN || zero && abs(x) <= Double(Float(1e-35)) {
            return nodes.missing[i] == .nanLeft || nodes.missing[i] == .zeroLeft
        }
        switch nodes.tests[i] {
        case .comparison: return shape.comparison == .less ? x < nodes.threshold[i] : x <= nodes.threshold[i]
        case .equality: return x == nodes.threshold[i]
        case .category(let set, let outsideLeft):
            let words = nodes.setWords[Int(nodes.setStarts[Int(set)])..<Int(nodes.setStarts[Int(set) + 1])]
            guard nodes.truncatesCategories ? x > -1 : x >= 0, x.rounded(.towardZero) < Double(32 * words.count) else {
                return outsideLeft
            }
            return words[words.startIndex + Int(x) / 32] >> UInt32(Int(x) % 32) & 1 == 1
        }
    }

    func sums<S: BinaryFloatingPoint>(_ m: Int, _ x: [Double], from start: S) -> [S] {
        let outputs = shape.outputs
        var y = [S](repeating: start, count: m * outputs)
        for r in 0..<m {
            for t in roots.indices {
                let l = Int(leaf(t, x[(r * shape.features)..<((r + 1) * shape.features)]))
                for o in 0..<shape.leafWidth {
                    let place = r * outputs + Int(targets[t]) + o, value = S(values[l * shape.leafWidth + o])
                    switch shape.aggregation {
                    case .sum: y[place] += value
                    case .minimum: y[place] = min(y[place], value)
                    case .maximum: y[place] = max(y[place], value)
                    }
                }
            }
        }
        return y
    }

    func plan(
        _ features: ForestPlan.Element, _ sums: ForestPlan.Element, numbersLeaves: Bool = false, permutesBytes: Bool = true
    ) throws -> ForestPlan {
        try #require(
            ForestPlan(
                nodes, comparison: shape.comparison, roots: roots, targets: targets, outputs: shape.outputs, values: values,
                leafWidth: shape.leafWidth, aggregation: shape.aggregation, features: features, sums: sums,
                numbersLeaves: numbersLeaves, permutesBytes: permutesBytes, walksVectors: true))
    }

    func rows(_ m: Int, _ seed: UInt64) -> [Float] {
        var noise = Noise(seed)
        let special: [Float] = [
            .nan, 0, -0.0, .infinity, -.infinity, 0.1, Float(0.1).nextUp, 0.25, 0.3, Float(0.3).nextDown, 0.5, 1e-35, -1e-35,
            1e-38,
        ]
        let categories: [Float] = [-1, -0.5, 1, 1.5, 3, 4, 31, 32, 63, 64, 1e10, -1e10]
        return (0..<(m * shape.features)).map { _ in
            switch noise.below(shape.sets ? 3 : 2) {
            case 0: special[noise.below(special.count)]
            case 1: noise.float()
            default: categories[noise.below(categories.count)]
            }
        }
    }
}

@Suite struct ForestTests {
    /// What forests of float32 features become, and their shapes.
    enum Layout { case bytes, deep, plain }
    static let shapes: [(Layout, RandomForest.Shape)] = [
        (.bytes, .init(trees: 21, deepest: 6, outputs: 1)),
        (.bytes, .init(trees: 40, deepest: 6, outputs: 3, seed: 2)),
        (.bytes, .init(trees: 19, deepest: 10, outputs: 2, seed: 3)),
        (.bytes, .init(trees: 35, deepest: 9, outputs: 1, seed: 13)),
        (.bytes, .init(trees: 13, deepest: 8, outputs: 4, leafWidth: 4, seed: 4)),
        (.bytes, .init(trees: 33, deepest: 5, outputs: 3, leafWidth: 3, seed: 14)),
        (.bytes, .init(trees: 24, deepest: 7, outputs: 1, zeroMissing: true, seed: 5)),
        (.bytes, .init(trees: 100, deepest: 5, outputs: 1, zeroMissing: true, seed: 6)),
        (.bytes, .init(trees: 50, deepest: 4, outputs: 1, features: 30, seed: 7)),
        (.bytes, .init(trees: 90, deepest: 6, outputs: 1, features: 40, zeroMissing: true, seed: 8)),
        (.bytes, .init(trees: 50, deepest: 3, outputs: 2, seed: 9)),
        (.bytes, .init(trees: 17, deepest: 1, outputs: 1, seed: 10)),
        (.bytes, .init(trees: 70, deepest: 6, outputs: 1, oblivious: true, seed: 11)),
        (.bytes, .init(trees: 19, deepest: 8, outputs: 2, leafWidth: 2, oblivious: true, seed: 12)),
        (.bytes, .init(trees: 33, deepest: 8, outputs: 2, features: 40, oblivious: true, seed: 15)),
        (.bytes, .init(trees: 0, deepest: 1, outputs: 1)),
        (.bytes, .init(trees: 140, deepest: 6, outputs: 1, features: 2, manyThresholds: true, seed: 16)),
        (.plain, .init(trees: 60, deepest: 6, outputs: 1, features: 300, manyThresholds: true, seed: 17)),
        (.deep, .init(trees: 60, deepest: 9, outputs: 3, leafWidth: 3, features: 300, manyThresholds: true, seed: 18)),
        (.plain, .init(trees: 30, deepest: 7, outputs: 2, zeroMissing: true, sets: true, seed: 19)),
        (.plain, .init(trees: 30, deepest: 5, outputs: 1, sets: true, seed: 20)),
        (.plain, .init(trees: 12, deepest: 5, outputs: 2, aggregation: .minimum, seed: 21)),
        (.deep, .init(trees: 12, deepest: 7, outputs: 2, leafWidth: 2, aggregation: .maximum, seed: 22)),
        (.deep, .init(trees: 31, deepest: 9, outputs: 1, features: 130, zeroMissing: true, manyThresholds: true, seed: 23)),
        (.deep, .init(trees: 70, deepest: 7, outputs: 3, features: 250, zeroMissing: true, seed: 24)),
        (.deep, .init(trees: 66, deepest: 30, outputs: 2, features: 150, zeroMissing: true, lopsided: true, seed: 25)),
        (.deep, .init(trees: 9, deepest: 8, outputs: 1, features: 300, manyThresholds: true, aggregation: .minimum, seed: 26)),
        (.plain, .init(trees: 40, deepest: 9, outputs: 1, features: 1400, manyThresholds: true, seed: 27)),
    ]
    static let forests: [(Layout, RandomForest)] = shapes.flatMap { layout, shape in
        [ForestNodes.Comparison.less, .lessOrEqual].map { comparison in
            var shape = shape
            shape.comparison = comparison
            return (layout, RandomForest(shape))
        }
    }

    @Test(arguments: forests) func sumsAreTheSequentialOnes(_ layout: Layout, _ forest: RandomForest) throws {
        let sizes = [1, 4, 15, 16, 17, 63, 64, 65, 83, 200, 270]
        // Fewer rows are the first of the most.
        let wide = forest.rows(270, 61).map { Double($0) }
        let (floats, doubles): ([Float], [Double]) = (forest.sums(270, wide, from: 0.1), forest.sums(270, wide, from: 0.1))
        for (numbersLeaves, permutes) in [(false, true), (false, false), (true, true)] {
            func plan(_ a: ForestPlan.Element, _ b: ForestPlan.Element) throws -> ForestPlan {
                try forest.plan(a, b, numbersLeaves: numbersLeaves, permutesBytes: permutes)
            }
            let plans = try (
                plan(.float32, .float32), plan(.float32, .float64), plan(.float64, .float64), plan(.float64, .float32)
            )
            #expect(plans.0.comparesBytes == (layout == .bytes && !numbersLeaves))
            #expect(plans.0.isDeep == (layout == .deep && !numbersLeaves) && !plans.2.isDeep)
            for m in sizes {
                let count = m * forest.shape.outputs
                for table in allTables {
                    compare(table, m, forest, plans, Array(floats.prefix(count)), Array(doubles.prefix(count)))
                }
            }
        }
    }

    private func compare(
        _ table: KernelTable, _ m: Int, _ forest: RandomForest, _ plans: (ForestPlan, ForestPlan, ForestPlan, ForestPlan),
        _ floats: [Float], _ doubles: [Double]
    ) {
        let x = forest.rows(m, 61)
        let wide = x.map { Double($0) }
        let (outputs, features) = (forest.shape.outputs, forest.shape.features)
        let bytes = max(plans.0.scratchBytes, plans.1.scratchBytes, plans.2.scratchBytes, plans.3.scratchBytes)
        var scratch = [UInt64](repeating: .max, count: bytes / 8 + 1)
        scratch.withUnsafeMutableBytes { bytes in
            guard let scratch = bytes.baseAddress else { return }
            var y = [Float](repeating: 0.1, count: m * outputs), z = y
            var u = [Double](repeating: 0.1, count: m * outputs), v = u
            plans.0.run(table, m, x, features, &y, outputs, scratch: scratch)
            plans.1.run(table, m, x, features, &u, outputs, scratch: scratch)
            plans.2.run(table, m, wide, features, &v, outputs, scratch: scratch)
            plans.3.run(table, m, wide, features, &z, outputs, scratch: scratch)
            #expect(same(y, floats) && same(z, floats), "\(table.name) \(m)")
            #expect(same(u, doubles) && same(v, doubles), "\(table.name) \(m)")
            guard plans.0.numbersLeaves, m < 30 else { return }
            let trees = forest.roots.count
            var leaves = [Int32](repeating: -1, count: m * trees), more = leaves
            plans.0.leaves(table, m, x, features, &leaves, trees, scratch: scratch)
            plans.2.leaves(table, m, wide, features, &more, trees, scratch: scratch)
            let expected = (0..<m).flatMap { r in (0..<trees).map { forest.leaf($0, wide[(r * features)...]) } }
            #expect(leaves == expected && more == expected)
        }
    }

    @Test func whatIsNotAForestIsRefused() {
        func plan(_ edit: (inout RandomForest) -> Void) -> ForestPlan? {
            var forest = RandomForest(.init(trees: 5, deepest: 4, outputs: 1))
            edit(&forest)
            return ForestPlan(
                forest.nodes, comparison: .less, roots: forest.roots, targets: forest.targets, outputs: 1, values: forest.values,
                features: .float32, sums: .float32)
        }
        #expect(plan { _ in } != nil)
        let inner = RandomForest(.init(trees: 5, deepest: 4, outputs: 1)).nodes.feature.lastIndex { $0 >= 0 } ?? 0
        #expect(plan { $0.nodes.left[inner] = Int32(inner) } == nil)
        #expect(plan { $0.nodes.right[inner] = 10_000 } == nil)
        #expect(plan { $0.nodes.left[inner] = -2 } == nil)
        #expect(plan { $0.roots[0] = -1 } == nil)
        #expect(plan { $0.targets[0] = 1 } == nil)
        #expect(plan { $0.values.removeLast() } == nil)
        #expect(plan { $0.nodes.threshold.removeLast() } == nil)
        #expect(plan { $0.nodes.threshold[inner] = .nan } == nil)
        #expect(plan { $0.nodes.tests[inner] = .category(set: 0, outsideLeft: true) } == nil)
        #expect(plan { $0.nodes.setWords = [1] } == nil)
    }
}
