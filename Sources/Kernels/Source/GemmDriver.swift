internal import SeptumKernelTable

/// Rows and depth of the block that stays in cache; a chain cut by the depth goes on from y, exactly.
let rowBlock = 96
let depthBlock = 512

@inline(__always) func panels(_ n: Int) -> Int { (n &+ 15) &>> 4 }

/// One block of rows by one panel or two, the weights of the two at `next` being fetched meanwhile: few rows do not wait for
/// weights that lie far away.
@inline(__always) func stripe(
    _ rows: Int, _ k: Int, _ x: In, _ ldx: Int, _ w: In, _ ldw: Int, _ e: Edge, _ row: Int, _ column: Int, _ n: Int, next: In
) {
    var r = row
    let end = row &+ rows
    if n > 16 {
        while r &+ 12 <= end {
            // The first tile waits for its own weights.
            let ahead = r == row ? w : r == row &+ 12 ? next : next + ldw
            tile12x2(k, x, ldx, w, ldw, e, r, column, n &- 16, ahead: ahead)
            r &+= 12
        }
        if r &+ 8 <= end {
            tile8x2(k, x, ldx, w, ldw, e, r, column, n &- 16)
            r &+= 8
        }
        while r < end {
            tile4x2(k, x, ldx, w, ldw, e, r, rows: min(4, end &- r), column, n &- 16)
            r &+= 4
        }
    } else {
        #if SEPTUM_V4
            while r &+ 12 <= end {
                tile12x1(k, x, ldx, w, e, r, column, n)
                r &+= 12
            }
        #elseif SEPTUM_V3
            // Seven and eight rows are two tiles of four.
            while end &- r > 8 || end &- r == 6 {
                tile6x1(k, x, ldx, w, e, r, column, n, ahead: r == row ? w : next)
                r &+= 6
            }
        #endif
        while r < end {
            tile4x1(k, x, ldx, w, e, r, rows: min(4, end &- r), column, n)
            r &+= 4
        }
    }
}

@inline(__always) func oneRow(_ k: Int, _ n: Int, _ x: In, _ w: In, _ ldw: Int, _ e: Edge, _ row: Int) {
    var column = 0
    var w = w
    while column &+ 16 < n {
        tile1x4(k, x, w, ldw, e, row, column, min(64, n &- column))
        column &+= 64
        w += 4 &* ldw
    }
    if column < n { tile1x1(k, x, w, e, row, column, n &- column) }
}

/// The activation and the addend after it, along one row.
@inline(__always) func finish(_ f: Ending, _ n: Int, _ y: Out, _ addend: In?) {
    unary(f.operation, n, UnsafePointer(y), y, f.a, f.b)
    if f.addsLast, let addend { binary(0, n, UnsafePointer(y), 1, addend, 1, y) }
}

/// Multiplies by packed weights; `byRow` takes one bias a row of y, else one a column.
@inline(__always) func multiply(
    _ m: Int, _ k: Int, _ n: Int, _ x: In, _ ldx: Int, _ packed: In, _ bias: In?, byRow: Bool, _ y: Out, _ ldy: Int,
    _ ending: UnsafePointer<Ending>
) {
    if n <= 0 { return }
    let f = ending.pointee
    // An activation without a place in the tiles is a pass over rows in cache, and so is what comes after it.
    let apart = f.operation > 1
    #if SEPTUM_V4
        let width = 32
    #else
        let width = 16
    #endif
    let ldw = k &* 16
    var row = 0
    while row < m {
        let rows = min(rowBlock, m &- row)
        var depth = 0
        repeat {
            let part = min(depthBlock, k &- depth)
            let last = depth &+ part >= k
            let e: Edge = (
                y: y, stride: ldy, resumes: depth > 0, bias: bias, byRow: byRow,
                reluFirst: last && f.operation == 1 && f.addsLast, addend: last && !(apart && f.addsLast) ? f.addend : nil,
                reluLast: last && f.operation == 1 && !f.addsLast
            )
            if rows == 1 {
                oneRow(part, n, x + (row &* ldx &+ depth), packed + depth &* 16, ldw, e, row)
            } else {
                var column = 0
                #if SEPTUM_V4
                    while n &- column > 48 {
                        let w = packed + ((column &>> 4) &* ldw &+ depth &* 16)
                        let left = n &- column
                        let next = left > 112 ? w + 4 &* ldw : w
                        wideStripe(rows, part, x + depth, ldx, w, ldw, e, row, column, min(16, left &- 48), next: next)
                        column &+= 64
                    }
                #endif
                while column < n {
                    let w = packed + ((column &>> 4) &* ldw &+ depth &* 16)
                    let next = n &- column > 2 &* width &- 16 ? w + (width &>> 4) &* ldw : w
                    stripe(rows, part, x + depth, ldx, w, ldw, e, row, column, min(width, n &- column), next: next)
                    column &+= width
                }
            }
            depth &+= depthBlock
        } while depth < k
        if apart {
            // Rows without gaps are one: a narrow layer would fill few lanes of each.
            let (runs, length) = ldy == n ? (1, rows &* n) : (rows, n)
            var r = 0
            while r < runs {
                let start = (row &+ r) &* ldy
                finish(f, length, y + start, f.addend.map { $0 + start })
                r &+= 1
            }
        }
        row &+= rows
    }
}

func gemm(
    _ m: Int, _ k: Int, _ n: Int, _ x: In, _ ldx: Int, _ packed: In, _ bias: In?, _ y: Out, _ ldy: Int,
    _ ending: UnsafePointer<Ending>
) { multiply(m, k, n, x, ldx, packed, bias, byRow: false, y, ldy, ending) }

func gemmRowBias(
    _ m: Int, _ k: Int, _ n: Int, _ x: In, _ ldx: Int, _ packed: In, _ bias: In?, _ y: Out, _ ldy: Int,
    _ ending: UnsafePointer<Ending>
) { multiply(m, k, n, x, ldx, packed, bias, byRow: true, y, ldy, ending) }

/// Packs w[k, n], or w[n, k] when `transposed`, rows `ldw` apart.
func gemmPack(_ k: Int, _ n: Int, _ w: In, _ ldw: Int, _ transposed: Int32, _ packed: Out) {
    var panel = 0
    var p = packed
    while panel < n {
        let width = min(16, n &- panel)
        var i = 0
        while i < k {
            if transposed == 0 {
                store(p, 0, load(w, i &* ldw &+ panel, first: width))
            } else {
                var j = 0
                while j < width {
                    p[j] = w[(panel &+ j) &* ldw &+ i]
                    j &+= 1
                }
                while j < 16 {
                    p[j] = 0
                    j &+= 1
                }
            }
            p += 16
            i &+= 1
        }
        panel &+= 16
    }
}

/// A few outputs: y[m, n] = relu?(bias + tree(sixteen chains over k)), w[n, k] unpacked. A different order from gemm.
func dots(
    _ m: Int, _ k: Int, _ n: Int, _ x: In, _ ldx: Int, _ w: In, _ ldw: Int, _ bias: In?, _ y: Out, _ ldy: Int,
    _ activation: Int32, _ alpha: Float
) {
    var row = 0
    while row < m {
        let xr = x + row &* ldx
        var j = 0
        while j < n {
            let wj = w + j &* ldw
            var a = V.zero
            var i = 0
            while i &+ 16 <= k {
                a = fma(load(xr, i), load(wj, i), a)
                i &+= 16
            }
            if i < k { a = fma(load(xr, i, first: k &- i), load(wj, i, first: k &- i), a) }
            var s = treeSum(a)
            if let bias { s += bias[j] }
            y[row &* ldy &+ j] = activation == 1 && s < 0 ? 0 : s
            j &+= 1
        }
        if activation > 1 { unary(activation, n, UnsafePointer(y + row &* ldy), y + row &* ldy, alpha, 0) }
        row &+= 1
    }
}
