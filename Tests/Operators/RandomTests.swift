import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Random numbers: known answers of the generator, then statistics of many draws, within five standard deviations.
@Suite struct RandomTests {
    static let count = 40000

    private static func evaluated(_ op: any Operator, _ inputs: Tensor...) throws -> Tensor {
        try #require(try op.evaluate(Arguments(inputs.map(Value.tensor)))[0].tensor)
    }

    private static func numbers(_ op: any Operator, _ inputs: Tensor...) throws -> [Double] {
        let result = try #require(try op.evaluate(Arguments(inputs.map(Value.tensor)))[0].tensor)
        return try result.converted(to: .float64).array(of: Double.self)
    }

    /// The moment of some order of numbers about a place.
    private static func moment(_ numbers: [Double], _ order: Int, about centre: Double = 0) -> Double {
        var sum = 0.0
        for number in numbers { sum += (0..<order).reduce(1.0) { product, _ in product * (number - centre) } }
        return sum / Double(numbers.count)
    }

    private static func expect(
        _ found: Double, _ expected: Double, variance: Double, count: Int = count, _ location: SourceLocation = #_sourceLocation
    ) {
        let deviation = (variance / Double(count)).squareRoot()
        #expect(abs(found - expected) < 5 * deviation, sourceLocation: location)
    }

    /// Source: https://github.com/DEShawResearch/random123/blob/v1.14.0/tests/kat_vectors
    @Test func generatorGivesTheKnownAnswers() {
        let all = UInt32.max
        #expect(
            RandomStream(key: [0, 0]).block([0, 0, 0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        #expect(
            RandomStream(key: [all, all]).block([all, all, all, all]) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
        #expect(
            RandomStream(key: [0xa409_3822, 0x299f_31d0]).block([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344])
                == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    }

    /// Expected values: Python 3.11, `statistics.NormalDist().inv_cdf`.
    @Test(
        arguments: [
            (1.1102230246251565e-16, -8.209536151601386), (1e-12, -7.034483825301132), (1e-05, -4.2648907939228256),
            (0.02425, -1.9729610513118845), (0.07, -1.4757910281791702), (0.075, -1.4395314709384557),
            (0.076, -1.4325027208258114), (0.3, -0.5244005127080407), (0.5, 0.0), (0.5000001, 2.506628273311649e-07),
            (0.62, 0.3054807880993974), (0.925, 1.439531470938456), (0.93, 1.4757910281791708), (0.999, 3.090232306167813),
            (0.999999999, 5.997807019601638), (0.9999999999999999, 8.209536151601386),
        ] as [(Double, Double)])
    func quantilesOfTheNormalDistribution(_ probability: Double, _ expected: Double) {
        #expect(abs(normalQuantile(probability) - expected) <= 4e-16 * max(1, abs(expected)))
    }

    /// Expected values: Python 3.11, `math.log`.
    @Test(
        arguments: [
            (1.1102230246251565e-16, -36.7368005696771), (1e-300, -690.7755278982137), (0.1, -2.3025850929940455),
            (0.5, -0.6931471805599453), (0.70710678, -0.3465735919580042), (0.99999999, -1.0000000100247594e-08), (1.0, 0.0),
            (1.0000001, 9.999999505838704e-08), (1.4142135623, 0.3465735902282867), (2.0, 0.6931471805599453),
            (3.0, 1.0986122886681098), (36.7, 3.6027767550605247), (1e+300, 690.7755278982137),
        ] as [(Double, Double)])
    func logarithmsAreAccurate(_ x: Double, _ expected: Double) {
        #expect(abs(logarithm(x) - expected) <= 4e-16 * abs(expected))
    }

    @Test(arguments: [nil, 0.5, 1, 7, -3] as [Float?]) func uniform(_ seed: Float?) throws {
        let x = try RandomTests.numbers(Op.RandomUniform(shape: [RandomTests.count / 4, 4], elementType: .float64, seed: seed))
        RandomTests.expect(RandomTests.moment(x, 1), 0.5, variance: 1 / 12)
        RandomTests.expect(RandomTests.moment(x, 2, about: 0.5), 1 / 12, variance: 1 / 180)
        RandomTests.expect(
            zip(x, x.dropFirst()).map { ($0 - 0.5) * ($1 - 0.5) }.reduce(0, +) / Double(x.count), 0, variance: 1 / 144)
        var bins = [Double](repeating: 0, count: 100)
        for number in x {
            try #require(number >= 0 && number < 1)
            bins[Int(number * 100)] += 1
        }
        // Chi squared with 99 degrees of freedom: mean 99, variance 198.
        let expected = Double(RandomTests.count) / 100
        let squares = bins.map { ($0 - expected) * ($0 - expected) / expected }.reduce(0, +)
        #expect(squares > 40 && squares < 180)
        let scaled = try RandomTests.numbers(
            Op.RandomUniform(shape: [1000], .init(low: -2, high: 6), elementType: .float64, seed: seed))
        #expect(scaled == x.prefix(1000).map { -2 + 8 * $0 })
    }

    @Test(arguments: [nil, 0.5, 1, 7, -3] as [Float?]) func normal(_ seed: Float?) throws {
        let x = try RandomTests.numbers(Op.RandomNormal(shape: [RandomTests.count], elementType: .float64, seed: seed))
        RandomTests.expect(RandomTests.moment(x, 1), 0, variance: 1)
        RandomTests.expect(RandomTests.moment(x, 2), 1, variance: 2)
        RandomTests.expect(RandomTests.moment(x, 3), 0, variance: 15)
        RandomTests.expect(RandomTests.moment(x, 4), 3, variance: 96)
        RandomTests.expect(zip(x, x.dropFirst()).map(*).reduce(0, +) / Double(x.count), 0, variance: 1)
        for (limit, share) in [(1, 0.682_689_492), (2, 0.954_499_736), (3, 0.997_300_204)] as [(Double, Double)] {
            let inside = Double(x.filter { abs($0) < limit }.count) / Double(x.count)
            RandomTests.expect(inside, share, variance: share * (1 - share))
        }
        let scaled = try RandomTests.numbers(
            Op.RandomNormal(shape: [1000], .init(mean: 3, scale: 0.5), elementType: .float64, seed: seed))
        #expect(scaled == x.prefix(1000).map { 3 + 0.5 * $0 })
    }

    @Test(arguments: [ElementType.float16, .bfloat16, .float32, .float64]) func everyFloatingType(_ type: ElementType) throws {
        let like = try Tensor(zeros: type, [50, 40])
        let (uniform, normal) = (Op.RandomUniformLike(seed: 2), Op.RandomNormalLike(seed: 2))
        for op in [uniform, normal] as [any Operator] {
            let result = try RandomTests.evaluated(op, like)
            #expect(result.elementType == type && result.shape == [50, 40])
        }
        let x = try RandomTests.numbers(uniform, like)
        #expect(x.allSatisfy { $0 >= 0 && $0 < 1 } && Set(x).count > (type == .bfloat16 ? 250 : 1000))
        RandomTests.expect(RandomTests.moment(x, 1), 0.5, variance: 1 / 12, count: 2000)
        RandomTests.expect(RandomTests.moment(try RandomTests.numbers(normal, like), 2), 1, variance: 2, count: 2000)
        #expect(
            try RandomTests.evaluated(Op.RandomNormalLike(elementType: type), try Tensor(zeros: .string, [3])).elementType == type
        )
    }

    @Test func bernoulli() throws {
        for probability in [0, 0.01, 0.3, 0.5, 0.99, 1] as [Double] {
            let p = try Tensor([RandomTests.count], [Double](repeating: probability, count: RandomTests.count))
            let x = try RandomTests.numbers(Op.Bernoulli(elementType: .bool, seed: 4), p)
            let share = x.reduce(0, +) / Double(x.count)
            if probability == 0 || probability == 1 {
                #expect(share == probability)
            } else {
                RandomTests.expect(share, probability, variance: probability * (1 - probability))
            }
        }
        for type in ElementType.allCases {
            let op = Op.Bernoulli(elementType: type, seed: 4)
            let p = try Tensor([4], [0, 1, 1, 0] as [Float])
            if type == .bool || ElementTypeSet.numbers.contains(type) {
                let result = try RandomTests.evaluated(op, p)
                #expect(try result.elementType == type && result.converted(to: .int64).integers == [0, 1, 1, 0])
            } else {
                #expect(throws: ModelError.self) { try RandomTests.evaluated(op, p) }
            }
        }
        for wrong in [-0.1, 1.1, .nan, .infinity] as [Float] {
            #expect(throws: ModelError.self) { try RandomTests.evaluated(Op.Bernoulli(), try Tensor([2], [0.5, wrong])) }
        }
    }

    @Test func multinomial() throws {
        // The logarithms of 1, 2, 5, 0 and 2, up to a term for each row.
        let row: [Float] = [0, 0.693_147_18, 1.609_437_9, -.infinity, 0.693_147_18]
        let logarithms = try Tensor([2, 5], row + row.map { $0 - 300 })
        let shares: [Double] = [0.1, 0.2, 0.5, 0, 0.2]
        let op = Op.Multinomial(sampleCount: 10000, elementType: .int64, seed: 9)
        let samples = try #require(RandomTests.evaluated(op, logarithms).integers)
        for own in [samples[..<10000], samples[10000...]] {
            for (index, share) in shares.enumerated() {
                let found = Double(own.filter { $0 == index }.count) / 10000
                if share == 0 {
                    #expect(found == 0)
                } else {
                    RandomTests.expect(found, share, variance: share * (1 - share), count: 10000)
                }
            }
        }
        #expect(samples[..<10000] != samples[10000...])
        for wrong in [[.nan, 0], [.infinity, 0], [-.infinity, -.infinity]] as [[Float]] {
            #expect(throws: ModelError.self) { try RandomTests.evaluated(op, try Tensor([1, 2], wrong)) }
        }
        #expect(throws: ModelError.self) { try RandomTests.evaluated(op, try Tensor(zeros: .float32, [1, 0])) }
        #expect(throws: ModelError.self) { try RandomTests.evaluated(op, try Tensor(zeros: .float32, [2])) }
        for op in [Op.Multinomial(sampleCount: -1), Op.Multinomial(sampleCount: .max), Op.Multinomial(elementType: .float32)] {
            #expect(throws: ModelError.self) { try RandomTests.evaluated(op, logarithms) }
        }
        #expect(try RandomTests.evaluated(op, try Tensor(zeros: .float32, [0, 0])).shape == [0, 10000])
        #expect(try RandomTests.evaluated(Op.Multinomial(sampleCount: 0), logarithms).shape == [2, 0])
    }

    /// The same bits each time; others for another seed or operator; a batch begins with the numbers of a smaller one.
    @Test func numbersFollowFromSeedAndPlace() throws {
        func normal(_ rows: Int, _ seed: Float?) throws -> [Double] {
            try RandomTests.numbers(Op.RandomNormal(shape: [rows, 7], elementType: .float64, seed: seed))
        }
        let first = try normal(9, 1)
        #expect(try normal(9, 1) == first)
        #expect(try normal(3, 1) == Array(first[..<21]))
        #expect(try normal(9, nil) == normal(9, 0))
        #expect(Set(try first + normal(9, 1.5) + normal(9, nil)).count == 3 * 63)
        let (p, x) = (try Tensor([64], [Double](repeating: 0.5, count: 64)), try Tensor(zeros: .float64, [64]))
        let bernoulli = try RandomTests.numbers(Op.Bernoulli(seed: 1), p)
        #expect(try bernoulli != RandomTests.numbers(Op.RandomUniformLike(seed: 1), x).map { $0 < 0.5 ? 1 : 0 })
        let unseeded = try OperatorRegistry.standard.make("RandomNormal", [("shape", .ints([2])), ("seed", .float(.nan))])
        #expect((unseeded as? Op.RandomNormal)?.seed == nil)
    }

    @Test func randomNodesAreNotFolded() throws {
        var graph = Graph()
        let x = try graph.append(Op.RandomNormal(shape: [2]), inputs: [], outputs: ["x"])
        try graph.addOutput(x[0])
        #expect(graph[x[0]].fact.constant == nil)
        #expect(try ConstantFolding().run(graph).nodes.count == 1)
        #expect(graph.type(x[0]).description == "float32[2]")
    }

    @Test func refusesShapesAndTypes() throws {
        for shape in [[-1], [2, .min], [.max, .max], [1 << 40]] {
            #expect(throws: ModelError.self) { try RandomTests.evaluated(Op.RandomNormal(shape: shape)) }
            #expect(throws: ModelError.self) { try RandomTests.evaluated(Op.RandomUniform(shape: shape)) }
        }
        #expect(try RandomTests.evaluated(Op.RandomUniform(shape: [])).shape == [])
        #expect(try RandomTests.evaluated(Op.RandomUniform(shape: [3, 0])).shape == [3, 0])
        #expect(throws: ModelError.self) { try RandomTests.evaluated(Op.RandomUniform(shape: [2], elementType: .int32)) }
        let integers = try Tensor(zeros: .int64, [2])
        #expect(throws: ModelError.self) { try RandomTests.evaluated(Op.RandomUniformLike(), integers) }
        #expect(try RandomTests.evaluated(Op.RandomUniformLike(elementType: .float16), integers).elementType == .float16)
        let odd = try RandomTests.numbers(Op.RandomNormal(shape: [2], .init(mean: .nan, scale: .infinity)))
        #expect(odd.filter(\.isNaN).count == 2)
    }
}
