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
