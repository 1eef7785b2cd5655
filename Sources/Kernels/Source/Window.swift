internal import SeptumKernelTable

/// The patches under a window as packed weights, [ceil(outputs / 16)][depth][16]: convolution is gemmRowBias of them.
func im2col(_ w: UnsafePointer<Window>, _ x: In, _ packed: Out) {
    let g = w.pointee
    let outputs = g.outputs
    var p = packed
    var first = 0
    while first < outputs {
        let count = min(16, outputs &- first)
        let row0 = first / g.outputWidth
        let column0 = first &- row0 &* g.outputWidth
        var c = 0
        while c < g.channels {
            let image = x + c &* g.height &* g.width
            var ky = 0
            while ky < g.kernelHeight {
                var kx = 0
                while kx < g.kernelWidth {
                    patch(
                        g, image, ky &* g.dilationHeight &- g.padTop, kx &* g.dilationWidth &- g.padLeft, row0, column0, count, p)
                    p += 16
                    kx &+= 1
                }
                ky &+= 1
            }
            c &+= 1
        }
        first &+= 16
    }
}

/// One tap for `count` outputs from (row, column) on; zeros outside the image and beyond the outputs.
@inline(__always) func patch(
    _ g: Window, _ image: In, _ dy: Int, _ dx: Int, _ row0: Int, _ column0: Int, _ count: Int, _ p: Out
) {
    var row = row0
    var column = column0
    var lane = 0
    while lane < count {
        let run = min(count &- lane, g.outputWidth &- column)
        let y = row &* g.strideHeight &+ dy
        let x = column &* g.strideWidth &+ dx
        let line = image + y &* g.width
        if y < 0 || y >= g.height {
            var j = 0
            while j < run {
                p[lane &+ j] = 0
                j &+= 1
            }
        } else if g.strideWidth == 1 && x >= 0 && x &+ run <= g.width {
            store(p, lane, first: run, load(line, x, first: run))
        } else {
            var j = 0
            while j < run {
                let at = x &+ j &* g.strideWidth
                p[lane &+ j] = at >= 0 && at < g.width ? line[at] : 0
                j &+= 1
            }
        }
        lane &+= run
        row &+= 1
        column = 0
    }
    while lane < 16 {
        p[lane] = 0
        lane &+= 1
    }
}

/// The taps [low, high) of a window that fall inside a line of `size`.
@inline(__always) func inside(_ start: Int, _ dilation: Int, _ kernel: Int, _ size: Int) -> (low: Int, high: Int) {
    let low = start >= 0 ? 0 : (dilation &- 1 &- start) / dilation
    let room = size &- start
    let high = room <= 0 ? 0 : (room &+ dilation &- 1) / dilation
    return (low, min(kernel, high))
}

/// One filter a channel, w[channels, kernel height, kernel width]: y = bias + sum of the taps inside, in order.
func depthwise(_ w: UnsafePointer<Window>, _ x: In, _ weights: In, _ bias: In?, _ y: Out) {
    let g = w.pointee
    // Outputs whose every tap is inside the line, for a stride of one.
    let low = g.padLeft
    let high = g.strideWidth == 1 ? g.width &+ g.padLeft &- (g.kernelWidth &- 1) &* g.dilationWidth : 0
    var c = 0
    while c < g.channels {
        let image = x + c &* g.height &* g.width
        let filter = weights + c &* g.kernelHeight &* g.kernelWidth
        let start = bias.map { $0[c] } ?? 0
        var row = 0
        while row < g.outputHeight {
            let top = row &* g.strideHeight &- g.padTop
            let ky = inside(top, g.dilationHeight, g.kernelHeight, g.height)
            let out = y + (c &* g.outputHeight &+ row) &* g.outputWidth
            var column = 0
            while column < g.outputWidth {
                let left = column &* g.strideWidth &- g.padLeft
                if column >= low && column &+ 16 <= min(high, g.outputWidth) {
                    var a = all(start)
                    var i = ky.low
                    while i < ky.high {
                        let line = image + ((top &+ i &* g.dilationHeight) &* g.width &+ left)
                        var j = 0
                        while j < g.kernelWidth {
                            a = fma(load(line, j &* g.dilationWidth), all(filter[i &* g.kernelWidth &+ j]), a)
                            j &+= 1
                        }
                        i &+= 1
                    }
                    store(out, column, a)
                    column &+= 16
                } else {
                    let kx = inside(left, g.dilationWidth, g.kernelWidth, g.width)
                    var a = start
                    var i = ky.low
                    while i < ky.high {
                        let line = image + ((top &+ i &* g.dilationHeight) &* g.width &+ left)
                        var j = kx.low
                        while j < kx.high {
                            a = a.addingProduct(line[j &* g.dilationWidth], filter[i &* g.kernelWidth &+ j])
                            j &+= 1
                        }
                        i &+= 1
                    }
                    out[column] = a
                    column &+= 1
                }
            }
            row &+= 1
        }
        c &+= 1
    }
}

@inline(__always) func pool(_ g: Window, _ x: In, _ y: Out, largest: Bool, countsPadding: Bool) {
    var c = 0
    while c < g.channels {
        let image = x + c &* g.height &* g.width
        var row = 0
        while row < g.outputHeight {
            let top = row &* g.strideHeight &- g.padTop
            let ky = inside(top, g.dilationHeight, g.kernelHeight, g.height)
            let padded = inside(top, g.dilationHeight, g.kernelHeight, g.height &+ g.padBottom).high
            var column = 0
            while column < g.outputWidth {
                let left = column &* g.strideWidth &- g.padLeft
                let kx = inside(left, g.dilationWidth, g.kernelWidth, g.width)
                var a: Float = largest ? -.infinity : 0
                var i = ky.low
                while i < ky.high {
                    let line = image + ((top &+ i &* g.dilationHeight) &* g.width &+ left)
                    var j = kx.low
                    while j < kx.high {
                        let v = line[j &* g.dilationWidth]
                        if largest { a = v > a || v != v ? v : a } else { a += v }
                        j &+= 1
                    }
                    i &+= 1
                }
                if !largest {
                    let across = inside(left, g.dilationWidth, g.kernelWidth, g.width &+ g.padRight).high
                    let count = countsPadding ? padded &* across : max(0, ky.high &- ky.low) &* max(0, kx.high &- kx.low)
                    a /= Float(count)
                }
                y[(c &* g.outputHeight &+ row) &* g.outputWidth &+ column] = a
                column &+= 1
            }
            row &+= 1
        }
        c &+= 1
    }
}

func maxPool(_ w: UnsafePointer<Window>, _ x: In, _ y: Out) { pool(w.pointee, x, y, largest: true, countsPadding: false) }
func averagePool(_ w: UnsafePointer<Window>, _ x: In, _ y: Out, _ countsPadding: Int32) {
    pool(w.pointee, x, y, largest: false, countsPadding: countsPadding != 0)
}
