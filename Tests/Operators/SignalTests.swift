import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct SignalTests {
    static let cases = OperatorCase.family("signal")

    @Test func caseCount() { #expect(SignalTests.cases.count == 56) }

    @Test(arguments: cases) func agreesWithONNX(_ operatorCase: OperatorCase) throws { try operatorCase.check() }

    /// Direct sums, halved and prime lengths, in float64: there and back, and a shift in time is a turn in frequency.
    @Test(arguments: Array(1...140) + [243, 256, 331, 1000, 1021, 2048, 4099]) func transformsInvert(_ length: Int) throws {
        let signal = (0..<length).map { (index: Int) -> Complex in
            Complex(Double(index * index % 17 - 8), Double(index * 7 % 13 - 6))
        }
        let transform = try FourierTransform(length)
        let spectrum = transform(signal)
        let sum = signal.reduce(Complex(0, 0), +)
        #expect(abs(spectrum[0].real - sum.real) < 1e-10 && abs(spectrum[0].imaginary - sum.imaginary) < 1e-10)
        for (found, expected) in zip(transform.inverse(spectrum), signal) {
            #expect(abs(found.real - expected.real) < 1e-12 && abs(found.imaginary - expected.imaginary) < 1e-12)
        }
        let shifted = transform(Array(signal.dropFirst()) + [signal[0]])
        for (index, (found, original)) in zip(shifted, spectrum).enumerated() {
            let expected = original * Complex(step: index, of: length)
            #expect(abs(found.real - expected.real) < 1e-9 && abs(found.imaginary - expected.imaginary) < 1e-9)
        }
    }

    @Test func pointsOfTheCircleAreExactAndSymmetric() {
        #expect(Complex(step: 1, of: 4).real == 0 && Complex(step: 1, of: 4).imaginary == 1)
        #expect(Complex(step: 2, of: 4).real == -1 && Complex(step: 3, of: 6).imaginary == 0)
        let eighth = Complex(step: 1, of: 8)
        #expect(abs(eighth.real - 0.5.squareRoot()) < 2e-16 && abs(eighth.imaginary - 0.5.squareRoot()) < 2e-16)
        #expect(abs(Complex(step: 1, of: 6).real - 0.5) < 1e-16 && abs(Complex(step: 1, of: 12).imaginary - 0.5) < 1e-16)
        for step in 1..<77 {
            let (point, mirror) = (Complex(step: step, of: 77), Complex(step: 77 - step, of: 77))
            #expect(point.real == mirror.real && point.imaginary == -mirror.imaginary)
            #expect(abs(point.real * point.real + point.imaginary * point.imaginary - 1) < 4e-16)
        }
    }

    @Test(arguments: [ElementType.float16, .bfloat16, .float64]) func otherTypesRoundOnce(_ type: ElementType) throws {
        let x = try Tensor([1, 6, 1], [1, 2, 3, -4, 5, 0.5] as [Double])
        let exact = try #require(try Op.DFT().evaluate(Arguments([.tensor(x)]))[0].tensor)
        let result = try #require(try Op.DFT().evaluate(Arguments([.tensor(try x.converted(to: type))]))[0].tensor)
        #expect(result.isIdentical(to: try exact.converted(to: type)))
        let window = try Tensor([3], [1, 2, 1] as [Double])
        let step = Value.tensor(try Tensor([], [Int32(2)]))
        let frames = try Op.STFT().evaluate(Arguments([.tensor(x), step, .tensor(window)]))[0].tensor
        let narrow = try Op.STFT().evaluate(
            Arguments([.tensor(try x.converted(to: type)), step, .tensor(try window.converted(to: type))]))[0].tensor
        #expect(try #require(narrow).isIdentical(to: try #require(frames).converted(to: type)))
        let bare = try Op.STFT().evaluate(Arguments([.tensor(try x.reshaped([1, 6])), step, .tensor(window)]))[0].tensor
        #expect(try #require(bare).isIdentical(to: try #require(frames)))
        let hann = try Op.HannWindow(elementType: type).evaluate(Arguments([.tensor(try Tensor([], [Int64(4)]))]))[0].tensor
        #expect(try #require(hann).isIdentical(to: try Tensor([4], [0, 0.5, 1, 0.5] as [Double]).converted(to: type)))
    }

    private static func scalar(_ value: Int) throws -> Value { .tensor(try Tensor([], [Int64(value)])) }

    @Test(arguments: [Int.min, -1, 1 << 40, 1 << 62, .max]) func refusesSizesOfWindows(_ size: Int) throws {
        for op in [Op.HannWindow(), Op.HammingWindow(isPeriodic: false), Op.BlackmanWindow()] as [any Operator] {
            #expect(throws: ModelError.self) { try op.evaluate(Arguments([try SignalTests.scalar(size)])) }
        }
        let x = Value.tensor(try Tensor(zeros: .float32, [1, 4, 1]))
        #expect(throws: ModelError.self) { try Op.DFT().evaluate(Arguments([x, try SignalTests.scalar(size)])) }
        #expect(throws: ModelError.self) { try Op.DFT().evaluate(Arguments([x, nil, try SignalTests.scalar(size)])) }
        #expect(throws: ModelError.self) {
            try Op.STFT().evaluate(Arguments([x, try SignalTests.scalar(1), nil, try SignalTests.scalar(size)]))
        }
        if size < 0 {
            #expect(throws: ModelError.self) { try Op.STFT().evaluate(Arguments([x, try SignalTests.scalar(size)])) }
        } else {
            #expect(try Op.STFT().evaluate(Arguments([x, try SignalTests.scalar(size)]))[0].tensor?.shape == [1, 1, 3, 2])
        }
    }

    @Test func refusesWhatIsNoSignal() throws {
        func dft(_ op: Op.DFT, _ shape: [Int], length: Int? = nil, axis: Int? = nil) throws -> [Int]? {
            let inputs = [
                .tensor(try Tensor(zeros: .float32, shape)), try length.map(SignalTests.scalar), try axis.map(SignalTests.scalar),
            ]
            return try op.evaluate(Arguments(inputs))[0].tensor?.shape
        }
        for shape in [[], [2], [4, 3], [2, 0, 1], [1 << 40, 0, 1]] {
            #expect(throws: ModelError.self, "\(shape)") { try dft(Op.DFT(), shape) }
        }
        for axis in [2, -1, 3, -4] { #expect(throws: ModelError.self) { try dft(Op.DFT(), [2, 4, 1], axis: axis) } }
        #expect(throws: ModelError.self) { try dft(Op.DFT(isInverse: true, isOnesided: true), [2, 1, 2]) }
        #expect(throws: ModelError.self) { try dft(Op.DFT(), [1, 4, 1], length: FourierTransform.lengthLimit + 1) }
        #expect(try dft(Op.DFT(), [0, 4, 1]) == [0, 4, 2])
        #expect(try dft(Op.DFT(isOnesided: true), [2, 0, 1], length: 5) == [2, 3, 2])
        #expect(try dft(Op.DFT(isInverse: true, isOnesided: true), [2, 0, 2], length: 5) == [2, 5, 1])
        func stft(_ shape: [Int], step: Int, window: [Int]? = nil, length: Int? = nil) throws -> [Int]? {
            let window = try window.map { Value.tensor(try Tensor(zeros: .float32, $0)) }
            let signal = Value.tensor(try Tensor(zeros: .float32, shape))
            let inputs = [signal, try SignalTests.scalar(step), window, try length.map(SignalTests.scalar)]
            return try Op.STFT().evaluate(Arguments(inputs))[0].tensor?.shape
        }
        #expect(throws: ModelError.self) { try stft([1, 8, 3], step: 1, length: 4) }
        #expect(throws: ModelError.self) { try stft([8], step: 1, length: 4) }
        #expect(throws: ModelError.self) { try stft([1, 8, 1], step: 0, length: 4) }
        #expect(throws: ModelError.self) { try stft([1, 8, 1], step: 1, length: 9) }
        #expect(throws: ModelError.self) { try stft([1, 8, 1], step: 1, window: [0]) }
        #expect(throws: ModelError.self) { try stft([1, 8, 1], step: 1, window: [4], length: 5) }
        #expect(throws: ModelError.self) { try stft([1, 8, 1], step: 1, window: [2, 2]) }
        #expect(try stft([0, 8, 1], step: 1, window: [4]) == [0, 5, 3, 2])
    }

    @Test func refusesBandsThatDoNotFit() throws {
        func mel(_ bands: Int, _ length: Int, _ rate: Int, _ low: Float, _ high: Float) throws -> [Int]? {
            let edges = [Value.tensor(try Tensor([], [low])), Value.tensor(try Tensor([], [high]))]
            let sizes = [try SignalTests.scalar(bands), try SignalTests.scalar(length), try SignalTests.scalar(rate)]
            return try Op.MelWeightMatrix().evaluate(Arguments(sizes + edges))[0].tensor?.shape
        }
        #expect(try mel(4, 16, 8000, 0, 4000) == [9, 4])
        #expect(try mel(0, 16, 8000, 0, 4000) == [9, 0])
        for (low, high) in [(0, .nan), (.nan, 4000), (-1, 4000), (4000, 0), (0, .infinity), (0, 1e30), (0, 9000)]
            as [(Float, Float)]
        {
            #expect(throws: ModelError.self, "\(low), \(high)") { try mel(4, 16, 8000, low, high) }
        }
        for (bands, length, rate) in [
            (-1, 16, 8000), (4, -1, 8000), (4, 16, 0), (4, 16, .min), (.max, .max, 8000), (1 << 40, 0, 8000),
        ] {
            #expect(throws: ModelError.self, "\(bands), \(length), \(rate)") { try mel(bands, length, rate, 0, 4000) }
        }
    }

    @Test func infersSymbolicShapes() throws {
        func size(_ dimension: Dimension) -> Fact { Fact(.int64, [], elements: [dimension]) }
        #expect(try Op.HannWindow().infer(Facts([size("n")]))[0].type.description == "float32[n]")
        let signal = Fact(.float32, ["b", "n", 1])
        #expect(try Op.DFT().infer(Facts([signal]))[0].type.description == "float32[b, n, 2]")
        #expect(
            try Op.DFT(isOnesided: true).infer(Facts([signal, size("m")]))[0].type.description == "float32[b, floor(m, 2)+1, 2]")
        let inverse = Op.DFT(isInverse: true, isOnesided: true)
        #expect(try inverse.infer(Facts([Fact(.float64, ["b", "n", 2])]))[0].type.description == "float64[b, 2*n-2, 1]")
        let axis = Fact(.int64, [])
        #expect(try Op.DFT().infer(Facts([signal, nil, axis]))[0].type.description == "float32[b, n, 2]")
        #expect(try Op.DFT(isOnesided: true).infer(Facts([signal, nil, axis]))[0].type.description == "float32[?, ?, 2]")
        let frames = try Op.STFT().infer(Facts([signal, size(4), Fact(.float32, [16])]))[0].type.description
        #expect(frames == "float32[b, floor(n-16, 4)+1, 9, 2]")
    }
}
