// The pointwise half of a recurrent step, from gate pre-activations of n units each.

/// c = sigmoid(forget) c + sigmoid(input) tanh(cell); h = sigmoid(output) tanh(c).
func lstmCell(_ n: Int, _ input: In, _ forget: In, _ cell: In, _ output: In, _ c: Out, _ h: Out) {
    var i = 0
    while i < n {
        let width = n &- i
        let kept = sigmoid(load(forget, i, first: width)), taken = sigmoid(load(input, i, first: width))
        let candidate = hyperbolicTangent(load(cell, i, first: width))
        let next = fma(kept, load(UnsafePointer(c), i, first: width), taken * candidate)
        let shown = sigmoid(load(output, i, first: width)) * hyperbolicTangent(next)
        store(c, i, first: width, next)
        store(h, i, first: width, shown)
        i &+= 16
    }
}

/// h = (1 - z) tanh(fromInput + r fromState) + z h, z = sigmoid(update), r = sigmoid(reset).
func gruCell(_ n: Int, _ update: In, _ reset: In, _ fromInput: In, _ fromState: In, _ h: Out) {
    var i = 0
    while i < n {
        let width = n &- i
        let z = sigmoid(load(update, i, first: width)), r = sigmoid(load(reset, i, first: width))
        let candidate = hyperbolicTangent(fma(r, load(fromState, i, first: width), load(fromInput, i, first: width)))
        store(h, i, first: width, fma(z, load(UnsafePointer(h), i, first: width), (all(1) - z) * candidate))
        i &+= 16
    }
}
