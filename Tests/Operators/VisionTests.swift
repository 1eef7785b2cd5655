import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct VisionTests {
    static let cases = OperatorCase.family("vision")

    @Test func caseCount() { #expect(VisionTests.cases.count == 66) }

    @Test(arguments: cases) func agreesWithONNX(_ operatorCase: OperatorCase) throws { try operatorCase.check() }

    private static func zeros(_ shape: [Int], _ type: ElementType = .float32) throws -> Value {
        .tensor(try Tensor(zeros: type, shape))
    }
    private static func floats(_ shape: [Int], _ values: [Float]) throws -> Value { .tensor(try Tensor(shape, values)) }
    private static func integers(_ values: [Int64]) throws -> Value { .tensor(try Tensor([values.count], values)) }

    private static func shape(_ op: any Operator, _ inputs: Value?...) throws -> [Int]? {
        try op.evaluate(Arguments(inputs))[0].tensor?.shape
    }

    /// Narrow and wide floats give the float32 or float64 result rounded once.
    @Test(arguments: [ElementType.float16, .bfloat16, .float64]) func otherTypesRoundOnce(_ type: ElementType) throws {
        let exact: [String: ElementType] = ["RoiAlign": .float32, "MaxRoiPool": .float32]
        var checked: Set<String> = []
        let wanted = ["AffineGrid", "DeformConv", "LRN", "MaxRoiPool", "MaxUnpool", "MeanVarianceNormalization", "RoiAlign"]
        for testCase in VisionTests.cases where wanted.contains(testCase.op) && !checked.contains(testCase.op) {
            checked.insert(testCase.op)
            let op = try OperatorRegistry.standard.make(testCase.op, testCase.attributes)
            func result(_ types: [ElementType]) throws -> Tensor {
                let inputs = try testCase.inputs.map { value -> Value? in
                    guard var tensor = value?.tensor, tensor.elementType == .float32 else { return value }
                    for type in types { tensor = try tensor.converted(to: type) }
                    return .tensor(tensor)
                }
                return try #require(try op.evaluate(Arguments(inputs))[0].tensor)
            }
            let wide = type == .float64 ? type : exact[testCase.op] ?? .float64
            let expected = try result([type, wide]).converted(to: type)
            #expect(try result([type]).isIdentical(to: expected), "\(testCase.name)")
        }
        #expect(checked.count == wanted.count)
    }

    @Test func centreCropsAndPadsAnyType() throws {
        let words = Value.tensor(try Tensor([3], strings: ["a", "b", "c"]))
        let result = try Op.CenterCropPad().evaluate(Arguments([words, try VisionTests.integers([6])]))[0].tensor
        #expect(result?.strings == ["", "a", "b", "c", "", ""])
        for sizes in [[-1], [.max], [1, 2], [.min], []] as [[Int64]] {
            #expect(throws: ModelError.self) { try VisionTests.shape(Op.CenterCropPad(), words, VisionTests.integers(sizes)) }
        }
        for axes in [[1], [-2], [0, 0], [.max]] {
            let sizes = try VisionTests.integers(axes.map { _ in 2 })
            #expect(throws: ModelError.self) { try VisionTests.shape(Op.CenterCropPad(axes: axes), words, sizes) }
        }
        #expect(
            try VisionTests.shape(Op.CenterCropPad(), VisionTests.zeros([0, 1 << 40]), VisionTests.integers([0, 7])) == [0, 7])
    }

    @Test func complexColumnsAreAddedByParts() throws {
        let parts = try Tensor([1, 2, 2, 2], [1, 10, 2, 20, 3, 30, 4, 40] as [Float])
        let columns = try Tensor(.complex64, [1, 2, 2], storage: parts.storage)
        let inputs: [Value?] = [.tensor(columns), try VisionTests.integers([3]), try VisionTests.integers([2])]
        let image = try #require(try Op.Col2Im().evaluate(Arguments(inputs))[0].tensor)
        #expect(image.elementType == .complex64 && image.shape == [1, 1, 3])
        #expect(try Tensor(.float32, [6], storage: image.storage).array(of: Float.self) == [1, 10, 5, 50, 4, 40])
    }

    @Test func refusesColumnsThatDoNotFit() throws {
        func image(_ columns: [Int], _ image: [Int64], _ block: [Int64], _ window: Window = Window()) throws -> [Int]? {
            let sizes = [try VisionTests.integers(image), try VisionTests.integers(block)]
            return try VisionTests.shape(Op.Col2Im(window), VisionTests.zeros(columns), sizes[0], sizes[1])
        }
        #expect(try image([1, 4, 4], [3, 3], [2, 2]) == [1, 1, 3, 3])
        #expect(try image([0, 4, 4], [3, 3], [2, 2]) == [0, 1, 3, 3])
        #expect(try image([2, 0, 4], [3, 3], [2, 2]) == [2, 0, 3, 3])
        for (columns, size, block) in [
            ([1, 4, 5], [3, 3], [2, 2]), ([1, 5, 4], [3, 3], [2, 2]), ([4, 4], [3, 3], [2, 2]), ([1, 4, 4], [3], [2, 2]),
            ([1, 4, 4], [3, 3], [4, 4]), ([1, 4, 4], [3, 3], [0, 2]), ([1, 4, 4], [3, 3], [-1, 2]),
            ([1, 4, 4], [-3, 3], [2, 2]),
            ([1, 4, 4], [.max, .max], [2, 2]), ([1, 4, 4], [3, 3], [.max, .max]), ([1, 4, 4], [.max, 3], [.max, 3]),
            ([0, 4, 1], [1 << 62, 1 << 62], [1 << 62, 1 << 62]), ([1, 4, 4], [], []),
        ] as [([Int], [Int64], [Int64])] {
            #expect(throws: ModelError.self, "\(columns), \(size), \(block)") { try image(columns, size, block) }
        }
        for window in [
            Window(strides: [0, 1]), Window(dilations: [1]), Window(pads: [-1, 0, 0, 0]), Window(strides: [.max, .max]),
        ] {
            #expect(throws: ModelError.self) { try image([1, 4, 4], [3, 3], [2, 2], window) }
        }
    }

    @Test func refusesIndicesOutOfRange() throws {
        let x = try VisionTests.floats([1, 1, 2], [5, 6])
        let op = Op.MaxUnpool(Window(kernel: [2], strides: [2]))
        func unpooled(_ indices: [Int64], _ sizes: [Int64]? = nil) throws -> [Float] {
            let indices = Value.tensor(try Tensor([1, 1, 2], indices))
            let result = try op.evaluate(Arguments([x, indices, try sizes.map(VisionTests.integers)]))[0].tensor
            return try #require(result).array(of: Float.self)
        }
        #expect(try unpooled([3, 0]) == [6, 0, 0, 5])
        #expect(try unpooled([2, 2]) == [0, 0, 6, 0])
        #expect(try unpooled([3, 0], [1, 1, 5]) == [6, 0, 0, 5, 0])
        for indices in [[4, 0], [-1, 0], [.max, 0], [.min, 0]] as [[Int64]] {
            #expect(throws: ModelError.self) { try unpooled(indices) }
        }
        for sizes in [[1, 1, 3], [1, 4], [0, 1, 4], [1, 1, -4], [1, 1, .max]] as [[Int64]] {
            #expect(throws: ModelError.self, "\(sizes)") { try unpooled([3, 0], sizes) }
        }
        let indices = try VisionTests.zeros([1, 1, 2], .int64)
        for window in [
            Window(kernel: [2], pads: [9, 9]), Window(kernel: [2, 2]), Window(kernel: [0]), Window(kernel: [2], strides: [-1]),
        ] {
            #expect(throws: ModelError.self) { try VisionTests.shape(Op.MaxUnpool(window), x, indices) }
        }
        #expect(throws: ModelError.self) { try VisionTests.shape(op, x, VisionTests.zeros([1, 1, 3], .int64)) }
    }

    @Test(arguments: [Op.RoiAlign.Mode.avg, .max], [Op.RoiAlign.Coordinates.halfPixel, .outputHalfPixel])
    func refusesRegionsThatAreNone(_ mode: Op.RoiAlign.Mode, _ coordinates: Op.RoiAlign.Coordinates) throws {
        let image = try VisionTests.zeros([2, 3, 4, 5])
        func align(_ op: Op.RoiAlign, _ region: [Float], _ index: Int64) throws -> [Int]? {
            var op = op
            (op.mode, op.coordinates) = (mode, coordinates)
            return try VisionTests.shape(op, image, VisionTests.floats([1, 4], region), VisionTests.integers([index]))
        }
        #expect(try align(Op.RoiAlign(outputHeight: 2), [0, 0, 3, 3], 1) == [1, 3, 2, 1])
        #expect(try align(Op.RoiAlign(samplingRatio: 3), [-1e30, -1e30, 1e30, 1e30], 1) == [1, 3, 1, 1])
        #expect(try align(Op.RoiAlign(), [1e30, 3, -1e30, -3], 1) == [1, 3, 1, 1])
        for index in [-1, 2, .max, .min] as [Int64] {
            #expect(throws: ModelError.self) { try align(Op.RoiAlign(), [0, 0, 3, 3], index) }
        }
        for region in [[.nan, 0, 3, 3], [0, 0, 3, .infinity], [-1e30, 0, 1e30, 3], [0, 0, 1e6, 3]] as [[Float]] {
            #expect(throws: ModelError.self, "\(region)") { try align(Op.RoiAlign(), region, 0) }
        }
        for op in [
            Op.RoiAlign(outputHeight: 0), Op.RoiAlign(outputWidth: .min), Op.RoiAlign(outputHeight: .max, outputWidth: .max),
            Op.RoiAlign(samplingRatio: -1), Op.RoiAlign(samplingRatio: .max), Op.RoiAlign(scale: .nan),
        ] {
            #expect(throws: ModelError.self) { try align(op, [0, 0, 3, 3], 0) }
        }
        let none = try VisionTests.zeros([2, 3, 0, 5])
        let result = try Op.RoiAlign(mode: mode).evaluate(
            Arguments([none, try VisionTests.floats([1, 4], [0, 0, 3, 3]), try VisionTests.integers([0])]))[0].tensor
        #expect(try #require(result).array(of: Float.self) == [0, 0, 0])
    }

    @Test func poolsOfRegions() throws {
        let image = try VisionTests.floats([1, 1, 2, 2], [1, .nan, 3, -4])
        func pool(_ op: Op.MaxRoiPool, _ region: [Float]) throws -> [Float] {
            let result = try op.evaluate(Arguments([image, try VisionTests.floats([1, 5], region)]))[0].tensor
            return try #require(result).array(of: Float.self)
        }
        let whole = Op.MaxRoiPool(pooledShape: [1, 1])
        #expect(try pool(whole, [0, 0, 0, 1, 1])[0].isNaN)
        #expect(try pool(whole, [0, 0, 0, 0, 1]) == [3])
        #expect(try pool(whole, [0, 5, 5, 9, 9]) == [0])
        #expect(try pool(whole, [0, 0, 1, -.infinity, .infinity]) == [3])
        for region in [[1, 0, 0, 1, 1], [-1, 0, 0, 1, 1], [0.5, 0, 0, 1, 1], [.nan, 0, 0, 1, 1], [0, .nan, 0, 1, 1]] as [[Float]]
        {
            #expect(throws: ModelError.self, "\(region)") { try pool(whole, region) }
        }
        for shape in [[], [1], [0, 1], [-1, 1], [.max, .max], [1 << 30, 1 << 30]] {
            #expect(throws: ModelError.self, "\(shape)") { try pool(Op.MaxRoiPool(pooledShape: shape), [0, 0, 0, 1, 1]) }
        }
    }

    @Test func suppressesNoBoxOfNaN() throws {
        let boxes = try VisionTests.floats([1, 3, 4], [0, 0, 1, 1, .nan, 0, 1, 1, 0, 0, .infinity, 1])
        func selected(_ scores: [Float], _ limit: Int64?, _ overlap: Float? = nil, _ least: Float? = nil) throws -> [Int]? {
            let thresholds = [
                try overlap.map { try VisionTests.floats([], [$0]) }, try least.map { try VisionTests.floats([], [$0]) },
            ]
            let inputs =
                [boxes, try VisionTests.floats([1, 1, 3], scores), try limit.map { try VisionTests.integers([$0]) }] + thresholds
            let result = try Op.NonMaxSuppression().evaluate(Arguments(inputs))[0].tensor
            #expect(result?.shape.last == 3)
            return result?.integers?.enumerated().filter { $0.offset % 3 == 2 }.map(\.element)
        }
        #expect(try selected([0.5, 0.9, 0.7], 3) == [1, 2, 0])
        #expect(try selected([0.5, .nan, 0.5], 3) == [0, 2])
        #expect(try selected([0.5, 0.9, 0.5], .max, 1, 0.5) == [1])
        #expect(try selected([0.5, 0.9, 0.5], nil) == [])
        #expect(try selected([0.5, 0.9, 0.5], .min) == [])
        for overlap in [.nan, -0.1, 1.1, .infinity] as [Float] {
            #expect(throws: ModelError.self) { try selected([0.5, 0.9, 0.7], 3, overlap) }
        }
        for shape in [[1, 1, 4], [2, 1, 3], [1, 3], []] {
            #expect(throws: ModelError.self) { try VisionTests.shape(Op.NonMaxSuppression(), boxes, VisionTests.zeros(shape)) }
        }
        for (first, second) in [([1, 0, 4], [1, 2, 0]), ([0, 3, 4], [0, 2, 3]), ([1, 3, 4], [1, 0, 3])] {
            let shape = try VisionTests.shape(
                Op.NonMaxSuppression(), VisionTests.zeros(first), VisionTests.zeros(second), VisionTests.integers([5]))
            #expect(shape == [0, 3])
        }
    }

    @Test func deformsBeyondTheImage() throws {
        let (x, w) = (try VisionTests.floats([1, 1, 1, 2], [2, 4]), try VisionTests.floats([1, 1, 1, 1], [1]))
        func convolved(_ offsets: [Float]) throws -> [Float] {
            let offsets = try VisionTests.floats([1, 2, 1, 2], offsets)
            return try #require(try Op.DeformConv().evaluate(Arguments([x, w, offsets]))[0].tensor).array(of: Float.self)
        }
        #expect(try convolved([0, 0, 0.5, 0.5]) == [3, 2])
        #expect(try convolved([0, -0.5, -0.25, 0]) == [1.5, 2])
        #expect(try convolved([.nan, 1e30, .infinity, -.infinity]) == [0, 0])
        let volume = try VisionTests.zeros([1, 2, 3, 3, 3])
        let kernel = try VisionTests.zeros([4, 2, 2, 2, 2])
        #expect(try VisionTests.shape(Op.DeformConv(), volume, kernel, VisionTests.zeros([1, 24, 2, 2, 2])) == [1, 4, 2, 2, 2])
        for (op, shape) in [
            (Op.DeformConv(), [1, 24, 2, 2]), (Op.DeformConv(), [1, 8, 2, 2, 2]), (Op.DeformConv(), [1, 24, 3, 2, 2]),
            (Op.DeformConv(), [2, 24, 2, 2, 2]), (Op.DeformConv(offsetGroup: 0), [1, 24, 2, 2, 2]),
            (Op.DeformConv(offsetGroup: 3), [1, 72, 2, 2, 2]), (Op.DeformConv(offsetGroup: .max), [1, 24, 2, 2, 2]),
            (Op.DeformConv(group: 2), [1, 24, 2, 2, 2]), (Op.DeformConv(Window(kernel: [3, 3, 3])), [1, 24, 2, 2, 2]),
        ] {
            #expect(throws: ModelError.self, "\(shape)") { try VisionTests.shape(op, volume, kernel, VisionTests.zeros(shape)) }
        }
    }

    @Test func refusesGridsThatDoNotFit() throws {
        func grid(_ maps: [Int], _ sizes: [Int64], aligned: Bool = false) throws -> [Int]? {
            try VisionTests.shape(Op.AffineGrid(alignsCorners: aligned), VisionTests.zeros(maps), VisionTests.integers(sizes))
        }
        #expect(try grid([2, 2, 3], [2, 1, 0, 4]) == [2, 0, 4, 2])
        #expect(try grid([0, 2, 3], [0, 1, 3, 4]) == [0, 3, 4, 2])
        for (maps, sizes) in [
            ([2, 2, 3], [3, 1, 4, 4]), ([2, 2, 3], [2, 1, 4]), ([2, 3, 4], [2, 1, 4, 4]), ([2, 2, 3], [2, 1, -4, 4]),
            ([2, 2, 3], [2, 1, .max, .max]), ([2, 3], [2, 1, 4, 4]), ([2, 2, 4], [2, 1, 4, 4]), ([2, 2, 3], []),
        ] as [([Int], [Int64])] {
            #expect(throws: ModelError.self, "\(maps), \(sizes)") { try grid(maps, sizes) }
        }
        let maps = try VisionTests.floats([1, 2, 3], [1, 0, 0.5, 0, 2, 0])
        let sizes = try VisionTests.integers([1, 1, 1, 2])
        let single = try Op.AffineGrid(alignsCorners: true).evaluate(Arguments([maps, sizes]))[0].tensor
        #expect(try #require(single).array(of: Float.self) == [-0.5, 0, 1.5, 0])
    }

    @Test func normalizesFewChannels() throws {
        let x = try VisionTests.zeros([2, 3])
        #expect(try VisionTests.shape(Op.LRN(size: .max), x) == [2, 3])
        for size in [0, -1, .min] { #expect(throws: ModelError.self) { try VisionTests.shape(Op.LRN(size: size), x) } }
        #expect(throws: ModelError.self) { try VisionTests.shape(Op.LRN(size: 3), VisionTests.zeros([3])) }
        for axes in [[2], [0, 0], [-3], [.max]] {
            #expect(throws: ModelError.self) { try VisionTests.shape(Op.MeanVarianceNormalization(axes: axes), x) }
        }
        let constant = try Op.MeanVarianceNormalization(axes: []).evaluate(Arguments([try VisionTests.floats([2], [7, 7])]))
        #expect(try #require(constant[0].tensor).array(of: Float.self) == [0, 0])
        #expect(try VisionTests.shape(Op.MeanVarianceNormalization(axes: [1]), VisionTests.zeros([2, 0])) == [2, 0])
    }

    @Test func infersSymbolicShapes() throws {
        func sizes(_ elements: [Dimension]) -> Fact { Fact(.int64, [.fixed(elements.count)], elements: elements) }
        func inferred(_ op: any Operator, _ facts: Fact...) throws -> String { try op.infer(Facts(facts))[0].type.description }
        let image = Fact(.float32, ["n", "c", "h", "w"])
        #expect(try inferred(Op.AffineGrid(), Fact(.float32, ["n", 2, 3]), sizes(["n", "c", "h", 8])) == "float32[n, h, 8, 2]")
        #expect(try inferred(Op.AffineGrid(), Fact(.float32, ["n", 3, 4]), Fact(.int64, [5])) == "float32[n, ?, ?, ?, 3]")
        #expect(try inferred(Op.CenterCropPad(axes: [-1]), image, sizes(["m"])) == "float32[n, c, h, m]")
        #expect(
            try inferred(Op.Col2Im(), Fact(.float32, ["n", 12, "l"]), sizes(["h", "w"]), sizes([2, 3])) == "float32[n, 2, h, w]")
        #expect(try inferred(Op.LRN(size: 3), image) == "float32[n, c, h, w]")
        #expect(
            try inferred(Op.MaxUnpool(Window(kernel: [2, 2], strides: [2, 2])), image, Fact(.int64, ["n", "c", "h", "w"]))
                == "float32[n, c, 2*h, 2*w]")
        #expect(
            try inferred(Op.NonMaxSuppression(), Fact(.float32, ["n", "k", 4]), Fact(.float32, ["n", 3, "k"])) == "int64[?, 3]")
        let regions = Fact(.float32, ["r", 4])
        #expect(try inferred(Op.RoiAlign(outputHeight: 2), image, regions, Fact(.int64, ["r"])) == "float32[r, c, 2, 1]")
        #expect(try inferred(Op.MaxRoiPool(pooledShape: [2, 3]), image, Fact(.float32, ["r", 5])) == "float32[r, c, 2, 3]")
        let offsets = Fact(.float32, ["n", 8, "a", "b"])
        #expect(
            try inferred(Op.DeformConv(), Fact(.float32, ["n", 3, "h", "w"]), Fact(.float32, [5, 3, 2, 2]), offsets)
                == "float32[n, 5, h-1, w-1]")
    }
}
