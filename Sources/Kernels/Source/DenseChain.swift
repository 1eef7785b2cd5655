internal import SeptumKernelTable

// Products one after another, for some rows at a time, so that what lies between two layers stays in cache. Every output is the
// chain that gemm makes of it.

/// Up to four panels of one row, without masks: hidden rows have room for whole panels.
@inline(__always) func hidden1x4(_ k: Int, _ x: In, _ w: In, _ ldw: Int, _ bias: In, _ y: Out, _ relu: Bool) {
    var q: Quad = (load(bias, 0), load(bias, 16), load(bias, 32), load(bias, 48))
    chains(k, x, w, w + ldw, w + 2 &* ldw, w + 3 &* ldw, &q)
    store(y, 0, relu ? rectified(q.a) : q.a)
    store(y, 16, relu ? rectified(q.b) : q.b)
    store(y, 32, relu ? rectified(q.c) : q.c)
    store(y, 48, relu ? rectified(q.d) : q.d)
}

@inline(__always) func hidden1x2(_ k: Int, _ x: In, _ w: In, _ ldw: Int, _ bias: In, _ y: Out, _ relu: Bool) {
    var a = load(bias, 0), b = load(bias, 16)
    let w1 = w + ldw
    var i = 0
    while i < k {
        let s = all(x[i])
        a = fma(s, load(w, i &* 16), a)
        b = fma(s, load(w1, i &* 16), b)
        i &+= 1
    }
    store(y, 0, relu ? rectified(a) : a)
    store(y, 16, relu ? rectified(b) : b)
}

@inline(__always) func hidden1x1(_ k: Int, _ x: In, _ w: In, _ bias: In, _ y: Out, _ relu: Bool) {
    var a = load(bias, 0)
    chains(k, x, w, &a)
    store(y, 0, relu ? rectified(a) : a)
}

/// One layer of one row, all panels whole.
@inline(__always) func hiddenRow(_ l: UnsafePointer<DenseLayer>, _ x: In, _ y: Out) {
    let k = l.pointee.k, n = l.pointee.n, ldw = k &* 16
    let relu = l.pointee.operation == 1
    var column = 0
    var w = l.pointee.packed, bias = l.pointee.bias
    while column &+ 48 < n {
        hidden1x4(k, x, w, ldw, bias, y + column, relu)
        w += 4 &* ldw
        bias += 64
        column &+= 64
    }
    if column &+ 16 < n {
        hidden1x2(k, x, w, ldw, bias, y + column, relu)
        w += 2 &* ldw
        bias += 32
        column &+= 32
    }
    if column < n { hidden1x1(k, x, w, bias, y + column, relu) }
}

/// The layers of one row; the last one's whole panels lie beside y, which has no room for them.
@inline(never) func denseRow(_ layers: UnsafePointer<DenseLayer>, _ count: Int, _ x: In, _ y: Out, _ near: Out, _ far: Out) {
    var from = x, to = near, next = far
    var i = 0
    while i < count {
        let l = layers + i
        hiddenRow(l, from, to)
        let operation = l.pointee.operation, n = l.pointee.n
        if i &+ 1 == count {
            if operation == 3 {
                var c = 0
                while c < n {
                    store(y, c, first: n &- c, sigmoid(load(UnsafePointer(to), c)))
                    c &+= 16
                }
            } else if operation > 1 {
                unary(operation, n, UnsafePointer(to), y, l.pointee.a, l.pointee.b)
            } else {
                var c = 0
                while c < n {
                    store(y, c, first: n &- c, load(UnsafePointer(to), c))
                    c &+= 16
                }
            }
            return
        }
        if operation > 1 { unary(operation, n, UnsafePointer(to), to, l.pointee.a, l.pointee.b) }
        from = UnsafePointer(to)
        (to, next) = (next, to)
        i &+= 1
    }
}

/// y[m, last n] = all layers of x[m, first k]. Scratch: two blocks of rows as wide as the widest layer in whole panels.
func denseChain(_ layers: UnsafePointer<DenseLayer>, _ count: Int, _ m: Int, _ x: In, _ y: Out, _ width: Int, _ scratch: Out) {
    let first = layers.pointee.k, last = layers[count &- 1].n
    if m == 1 { return denseRow(layers, count, x, y, scratch, scratch + width) }
    var row = 0
    while row < m {
        let rows = min(DenseLayer.blockRows, m &- row)
        var from = x + row &* first
        var to = scratch, next = scratch + min(m, DenseLayer.blockRows) &* width
        var i = 0
        while i < count {
            let l = layers[i]
            let target = i &+ 1 == count ? y + row &* last : to
            var ending = Ending(operation: l.operation, a: l.a, b: l.b)
            multiply(rows, l.k, l.n, from, l.k, l.packed, l.bias, byRow: false, target, l.n, &ending)
            from = UnsafePointer(target)
            (to, next) = (next, to)
            i &+= 1
        }
        row &+= rows
    }
}
