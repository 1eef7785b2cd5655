import SeptumIR
import SeptumTensor

/// The weights of one direction of a recurrent layer.
struct RecurrentWeights<T: RealScalar> {
    let w: Swift.Slice<UnsafeBufferPointer<T>>
    let r: Swift.Slice<UnsafeBufferPointer<T>>
    /// The biases of the inputs, then those of the states; empty without.
    let bias: [T]
    /// The weights from the cell state to the input, output and forget gates; empty without.
    let peepholes: [T]
    let inputSize: Int
    let hidden: Int
    let gates: Int

    func inputBias(_ row: Int) -> T { bias.isEmpty ? 0 : bias[row] }
    func stateBias(_ row: Int) -> T { bias.isEmpty ? 0 : bias[gates * hidden + row] }

    /// A chain over ascending features of the input, from `start`.
    func overInput(_ row: Int, from start: T, _ x: [T]) -> T {
        var sum = start
        let offset = w.startIndex + row * inputSize
        for index in x.indices { sum = sum.adding(x[index], times: w[offset + index]) }
        return sum
    }

    /// A chain over ascending units of the state, from `start`.
    func overState(_ row: Int, from start: T, _ h: [T]) -> T {
        var sum = start
        let offset = r.startIndex + row * hidden
        for index in h.indices { sum = sum.adding(h[index], times: r[offset + index]) }
        return sum
    }

    /// One chain from the sum of both biases over the input, then over the state.
    func overBoth(_ row: Int, _ x: [T], _ h: [T]) -> T {
        overState(row, from: overInput(row, from: inputBias(row) + stateBias(row), x), h)
    }
}

extension Recurrence {
    /// Runs a layer over its sequences; `step` turns the states of one time into those of the next, the hidden one first.
    ///
    /// Sequences that are shorter than the longest one leave zeros behind and end with their own last state.
    ///
    /// - Throws: `invalidInput` when a length does not fit.
    func run<T: RealScalar>(
        _ inputs: Arguments, _ shapes: [[Int]], gates: Int, peepholes: Int? = nil, of type: T.Type,
        step: (RecurrentWeights<T>, _ direction: Int, _ x: [T], _ states: inout [[T]]) -> Void
    ) throws(ModelError) -> [Value] {
        let (x, w, r, bias) = (try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2), inputs.optionalTensor(3))
        let (time, batch) = isBatchFirst ? (x.shape[1], x.shape[0]) : (x.shape[0], x.shape[1])
        let (size, hidden, directions) = (x.shape[2], r.shape[2], directionCount)
        let lengths = inputs.optionalTensor(4)?.integers ?? [Int](repeating: time, count: batch)
        guard lengths.allSatisfy({ (0...time).contains($0) }) else {
            throw ModelError(.invalidInput, "sequence_lens are \(lengths.prefix(8)), expected at most \(time)")
        }
        let stateCount = shapes.count - 1
        let initial = (0..<stateCount).map { inputs.optionalTensor(5 + $0) }
        let peephole = peepholes.flatMap { inputs.optionalTensor($0) }
        var sequence = [T](repeating: 0, count: try Tensor.elementCount(shapes[0]))
        var last = [[T]](repeating: [T](repeating: 0, count: directions * batch * hidden), count: stateCount)
        try withElements([x, w, r, bias, peephole] + initial, of: type) { buffers in
            guard let x = buffers[0], let w = buffers[1], let r = buffers[2] else { return }
            for direction in 0..<directions {
                let part = { (buffer: UnsafeBufferPointer<T>?, count: Int) in
                    buffer.map { Array($0[(direction * count)..<((direction + 1) * count)]) } ?? []
                }
                let weights = RecurrentWeights(
                    w: w[(direction * gates * hidden * size)..<((direction + 1) * gates * hidden * size)],
                    r: r[(direction * gates * hidden * hidden)..<((direction + 1) * gates * hidden * hidden)],
                    bias: part(buffers[3], 2 * gates * hidden), peepholes: part(buffers[4], 3 * hidden), inputSize: size,
                    hidden: hidden, gates: gates)
                let isReversed = self.direction == .reverse || direction == 1
                for row in 0..<batch {
                    let start = (isBatchFirst ? row * directions + direction : direction * batch + row) * hidden
                    var states = (0..<stateCount).map { state in
                        buffers[5 + state].map { Array($0[start..<(start + hidden)]) } ?? [T](repeating: 0, count: hidden)
                    }
                    for index in 0..<lengths[row] {
                        let now = isReversed ? lengths[row] - 1 - index : index
                        let from = (isBatchFirst ? row * time + now : now * batch + row) * size
                        step(weights, direction, Array(x[from..<(from + size)]), &states)
                        let to =
                            isBatchFirst
                            ? (row * time + now) * directions + direction : (now * directions + direction) * batch + row
                        for unit in 0..<hidden { sequence[to * hidden + unit] = states[0][unit] }
                    }
                    for state in 0..<stateCount {
                        for unit in 0..<hidden { last[state][start + unit] = states[state][unit] }
                    }
                }
            }
        }
        var values = [Value.tensor(try Tensor(shapes[0], sequence))]
        for state in 0..<stateCount { values.append(.tensor(try Tensor(shapes[state + 1], last[state]))) }
        return values
    }

    /// What goes into an activation, limited by `clip`.
    func clipped<T: RealScalar>(_ x: T) -> T {
        guard let clip else { return x }
        return x > T(clip) ? T(clip) : x < -T(clip) ? -T(clip) : x
    }
}
