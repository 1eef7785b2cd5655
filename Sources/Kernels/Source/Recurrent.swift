// The pointwise half of a recurrent step for some rows of n units, from their gate pre-activations.

/// c = sigmoid(forget) c + sigmoid(input) tanh(cell); h = sigmoid(output) tanh(c). Gates are [rows, 4, n]: input, output, forget,
/// cell.
func lstmCell(_ rows: Int, _ n: Int, _ gates: In, _ c: Out, _ h: Out) {
    var row = 0
    while row < rows {
        let input = gates + row &* 4 &* n, cells = c + row &* n, states = h + row &* n
        let output = input + n, forget = input + 2 &* n, cell = input + 3 &* n
        var i = 0
        while i < n {
            let width = n &- i
            let kept = sigmoid(load(forget, i, first: width)), taken = sigmoid(load(input, i, first: width))
            let candidate = hyperbolicTangent(load(cell, i, first: width))
            let next = fma(kept, load(UnsafePointer(cells), i, first: width), taken * candidate)
            let shown = sigmoid(load(output, i, first: width)) * hyperbolicTangent(next)
            store(cells, i, first: width, next)
            store(states, i, first: width, shown)
            i &+= 16
        }
        row &+= 1
    }
}

/// h = (1 - z) tanh(a + r b) + z h, z = sigmoid of the update gate, r of the reset gate, whose halves are added. Both halves are
/// [rows, 3, n]: update, reset, and a from the input, b from the state.
func gruCell(_ rows: Int, _ n: Int, _ fromInput: In, _ fromState: In, _ h: Out) {
    var row = 0
    while row < rows {
        let x = fromInput + row &* 3 &* n, s = fromState + row &* 3 &* n, states = h + row &* n
        var i = 0
        while i < n {
            let width = n &- i
            let z = sigmoid(load(x, i, first: width) + load(s, i, first: width))
            let r = sigmoid(load(x, n &+ i, first: width) + load(s, n &+ i, first: width))
            let a = load(x, 2 &* n &+ i, first: width), b = load(s, 2 &* n &+ i, first: width)
            let candidate = hyperbolicTangent(fma(r, b, a))
            store(states, i, first: width, fma(z, load(UnsafePointer(states), i, first: width), (all(1) - z) * candidate))
            i &+= 16
        }
        row &+= 1
    }
}

// The same with rows in lanes: gates are [gate, n] lines of whole panels of sixteen rows, states [panel][n][16], so that every lane
// is filled whatever n is.

/// As `lstmCell`.
func lstmCellLanes(_ panels: Int, _ n: Int, _ gates: In, _ c: Out, _ h: Out) {
    let line = 16 &* panels, gate = n &* line
    var i = 0
    while i < n {
        var panel = 0
        while panel < panels {
            let at = gates + (i &* line &+ 16 &* panel), place = 16 &* (panel &* n &+ i)
            let kept = sigmoid(load(at, 2 &* gate)), taken = sigmoid(load(at, 0))
            let next = fma(kept, load(UnsafePointer(c), place), taken * hyperbolicTangent(load(at, 3 &* gate)))
            store(c, place, next)
            store(h, place, sigmoid(load(at, gate)) * hyperbolicTangent(next))
            panel &+= 1
        }
        i &+= 1
    }
}

/// As `gruCell`.
func gruCellLanes(_ panels: Int, _ n: Int, _ fromInput: In, _ fromState: In, _ h: Out) {
    let line = 16 &* panels, gate = n &* line
    var i = 0
    while i < n {
        var panel = 0
        while panel < panels {
            let x = fromInput + (i &* line &+ 16 &* panel), s = fromState + (i &* line &+ 16 &* panel)
            let place = 16 &* (panel &* n &+ i)
            let z = sigmoid(load(x, 0) + load(s, 0)), r = sigmoid(load(x, gate) + load(s, gate))
            let candidate = hyperbolicTangent(fma(r, load(s, 2 &* gate), load(x, 2 &* gate)))
            store(h, place, fma(z, load(UnsafePointer(h), place), (all(1) - z) * candidate))
            panel &+= 1
        }
        i &+= 1
    }
}

/// Rows of n from panels [panel][n][16].
func unpackLanes(_ rows: Int, _ n: Int, _ packed: In, _ y: Out) {
    var row = 0
    while row < rows {
        let from = packed + ((row &>> 4) &* n &* 16 &+ row & 15), to = y + row &* n
        var i = 0
        while i < n {
            to[i] = from[16 &* i]
            i &+= 1
        }
        row &+= 1
    }
}
