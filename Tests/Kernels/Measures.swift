import SeptumKernels

/// A repeatable sequence.
struct Noise {
    private var state: UInt64

    init(_ seed: UInt64 = 1) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 11
    }
    /// Uniform in [-1, 1).
    mutating func float() -> Float { Float(Int64(next() >> 29) - (1 << 23)) / Float(1 << 23) }
    mutating func floats(_ n: Int, scale: Float = 1) -> [Float] { (0..<n).map { _ in scale * float() } }
    mutating func below(_ n: Int) -> Int { Int(next() % UInt64(n)) }
}

/// The distance of `got` from the real value `exact`, in units of the last place there.
func ulps(_ got: Float, _ exact: Double) -> Double {
    if got.isNaN || exact.isNaN { return got.isNaN && exact.isNaN ? 0 : .infinity }
    let nearest = Float(exact)
    if got == nearest { return 0.5 }
    if got.isInfinite || nearest.isInfinite { return got.magnitude == .greatestFiniteMagnitude ? 1 : .infinity }
    return abs(Double(got) - exact) / Double(nearest.ulp)
}

/// Equal to the bit, any NaN equal to any.
func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }
func same(_ a: Double, _ b: Double) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }
func same(_ a: [Float], _ b: [Float]) -> Bool { a.count == b.count && zip(a, b).allSatisfy { same($0, $1) } }
func same(_ a: [Double], _ b: [Double]) -> Bool { a.count == b.count && zip(a, b).allSatisfy { same($0, $1) } }

/// What a kernel writes into n elements; it must leave the guards on both sides alone.
func output(_ n: Int, from start: [Float] = [], _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    let guardWord = Float(bitPattern: 0x7fc0_beef)
    var buffer = [Float](repeating: guardWord, count: n + 64)
    for i in 0..<start.count { buffer[32 + i] = start[i] }
    buffer.withUnsafeMutableBufferPointer { b in
        if let base = b.baseAddress { body(base + 32) }
    }
    let outside = buffer[0..<32] + buffer[(32 + n)...]
    precondition(outside.allSatisfy { $0.bitPattern == guardWord.bitPattern }, "written outside")
    return Array(buffer[32..<(32 + n)])
}

/// The fixed order of a contiguous sum: sixteen lanes, then halves.
func laneFold(_ x: [Float], start: Float, _ step: (Float, Float) -> Float, _ join: (Float, Float) -> Float) -> Float {
    var lanes = [Float](repeating: start, count: 16)
    for (i, v) in x.enumerated() { lanes[i % 16] = step(lanes[i % 16], v) }
    var half = 8
    while half > 0 {
        for i in 0..<half { lanes[i] = join(lanes[i], lanes[i + half]) }
        half /= 2
    }
    return lanes[0]
}
func laneSum(_ x: [Float]) -> Float { laneFold(x, start: 0, +, +) }
