internal import CSeptumCPU
internal import SeptumKernelTable

// Windows over each channel by itself: up to sixteen outputs of a line at once, one where the window hangs over an edge.

/// The taps [low, high) of a window that fall inside a line of `size`.
@inline(__always) func inside(_ start: Int, _ dilation: Int, _ kernel: Int, _ size: Int) -> (low: Int, high: Int) {
    let low = start >= 0 ? 0 : (dilation &- 1 &- start) / dilation
    let room = size &- start
    let high = room <= 0 ? 0 : (room &+ dilation &- 1) / dilation
    return (low, min(kernel, high))
}

/// What a window has become so far, and where NaN was met.
typealias Fold = (value: V, odd: M)

/// What a window becomes: a fold over its taps inside the image, then an end that knows how many elements count.
protocol Slide {
    static func take(_ f: inout Fold, _ v: V, _ weight: In?, _ tap: Int)
    static func end(_ f: Fold, _ count: V) -> V
}

enum Largest: Slide {
    @inline(__always) static func take(_ f: inout Fold, _ v: V, _ weight: In?, _ tap: Int) {
        f.value = septum_larger(v, f.value)
        f.odd = f.odd | ((v .== v) ^ every(-1))
    }
    @inline(__always) static func end(_ f: Fold, _ count: V) -> V { pick(f.odd, all(.nan), f.value) }
}
enum Average: Slide {
    @inline(__always) static func take(_ f: inout Fold, _ v: V, _ weight: In?, _ tap: Int) { f.value = f.value + v }
    @inline(__always) static func end(_ f: Fold, _ count: V) -> V { f.value / count }
}
enum Weighted: Slide {
    @inline(__always) static func take(_ f: inout Fold, _ v: V, _ weight: In?, _ tap: Int) {
        if let weight { f.value = fma(v, all(weight[tap]), f.value) }
    }
    @inline(__always) static func end(_ f: Fold, _ count: V) -> V { f.value }
}

/// `n` outputs from `column` on whose taps are inside the lines, or one output with the taps of `kx`.
@inline(__always) func within<S: Slide>(
    _ s: S.Type, _ g: Window, _ image: In, _ filter: In?, _ start: Float, _ top: Int, _ ky: (low: Int, high: Int), _ left: Int,
    _ kx: (low: Int, high: Int), _ n: Int, stride: Int
) -> Fold {
    var f: Fold = (all(start), every(0))
    var i = ky.low
    while i < ky.high {
        let line = image + (top &+ i &* g.dilationHeight) &* g.width
        var j = kx.low
        while j < kx.high {
            S.take(&f, strided(line, left &+ j &* g.dilationWidth, stride, n), filter, i &* g.kernelWidth &+ j)
            j &+= 1
        }
        i &+= 1
    }
    return f
}

/// `n` outputs of stride one, some of whose taps are beside the lines; and how many elements of a line count for each, those
/// up to `edge` whether inside or not when `countsPadding`.
@inline(__always) func across<S: Slide>(
    _ s: S.Type, _ g: Window, _ image: In, _ filter: In?, _ start: Float, _ top: Int, _ ky: (low: Int, high: Int), _ left: Int,
    _ n: Int, countsPadding: Bool
) -> (Fold, V) {
    var f: Fold = (all(start), every(0))
    var count = V.zero
    var j = 0
    while j < g.kernelWidth {
        let at = left &+ j &* g.dilationWidth
        let from = countsPadding ? 0 : max(0, 0 &- at)
        let to = min(n, g.width &+ (countsPadding ? g.padRight : 0) &- at)
        if from < to { count = count + septum_keep_range(from, to, all(1), .zero) }
        j &+= 1
    }
    var i = ky.low
    while i < ky.high {
        let line = image + (top &+ i &* g.dilationHeight) &* g.width
        j = 0
        while j < g.kernelWidth {
            let at = left &+ j &* g.dilationWidth
            let from = max(0, 0 &- at), to = min(n, g.width &- at)
            if from < to {
                var next = f
                S.take(&next, septum_load_range(line + at, from, to), filter, i &* g.kernelWidth &+ j)
                f.value = septum_keep_range(from, to, next.value, f.value)
                f.odd = next.odd
            }
            j &+= 1
        }
        i &+= 1
    }
    return (f, count)
}

/// One channel, every fold beginning with `start`.
@inline(__always) func slide<S: Slide>(
    _ s: S.Type, _ g: Window, _ image: In, _ filter: In?, _ start: Float, _ y: Out, _ countsPadding: Bool, stride: Int
) {
    // The outputs [low, high) of a line whose every tap is inside.
    let low = min(g.outputWidth, (g.padLeft &+ stride &- 1) / stride)
    let room = g.width &+ g.padLeft &- (g.kernelWidth &- 1) &* g.dilationWidth
    let high = room <= 0 ? low : max(low, min(g.outputWidth, (room &- 1) / stride &+ 1))
    var row = 0
    while row < g.outputHeight {
        let top = row &* g.strideHeight &- g.padTop
        let ky = inside(top, g.dilationHeight, g.kernelHeight, g.height)
        let down = countsPadding ? inside(top, g.dilationHeight, g.kernelHeight, g.height &+ g.padBottom).high : ky.high &- ky.low
        let out = y + row &* g.outputWidth
        var column = 0
        while column < g.outputWidth {
            let left = column &* stride &- g.padLeft
            let rest = min(16, g.outputWidth &- column)
            let lines = all(Float(max(0, down)))
            if stride == 1 && (column < low || column &+ rest > high) {
                let (f, count) = across(
                    s, g, image, filter, start, top, ky, left, rest, countsPadding: countsPadding)
                store(out, column, first: rest, S.end(f, lines * count))
                column &+= rest
                continue
            }
            if column >= low && column < high {
                let n = min(16, high &- column)
                let f = within(s, g, image, filter, start, top, ky, left, (0, g.kernelWidth), n, stride: stride)
                store(out, column, first: n, S.end(f, lines * all(Float(g.kernelWidth))))
                column &+= n
                continue
            }
            let kx = inside(left, g.dilationWidth, g.kernelWidth, g.width)
            let f = within(s, g, image, filter, start, top, ky, left, kx, 1, stride: 1)
            let wide =
                countsPadding
                ? inside(left, g.dilationWidth, g.kernelWidth, g.width &+ g.padRight).high : max(0, kx.high &- kx.low)
            store(out, column, first: 1, S.end(f, lines * all(Float(wide))))
            column &+= 1
        }
        row &+= 1
    }
}

@inline(__always) func slide<S: Slide>(
    _ s: S.Type, _ g: Window, _ image: In, _ filter: In?, _ start: Float, _ y: Out, countsPadding: Bool
) {
    switch g.strideWidth {
    case 1: slide(s, g, image, filter, start, y, countsPadding, stride: 1)
    case 2: slide(s, g, image, filter, start, y, countsPadding, stride: 2)
    default: slide(s, g, image, filter, start, y, countsPadding, stride: g.strideWidth)
    }
}

/// One filter a channel, w[channels, kernel height, kernel width]: y = bias + sum of the taps inside, in order.
func depthwise(_ w: UnsafePointer<Window>, _ x: In, _ weights: In, _ bias: In?, _ y: Out) {
    let g = w.pointee
    var c = 0
    while c < g.channels {
        slide(
            Weighted.self, g, x + c &* g.height &* g.width, weights + c &* g.kernelHeight &* g.kernelWidth,
            bias.map { $0[c] } ?? 0, y + c &* g.outputs, countsPadding: false)
        c &+= 1
    }
}

/// Windows of 2 x 2 side by side inside the image, taken in the same order as any.
@inline(__always) func largestOfFour(_ g: Window, _ image: In, _ y: Out) {
    var row = 0
    while row < g.outputHeight {
        let upper = image + 2 &* row &* g.width, lower = upper + g.width, out = y + row &* g.outputWidth
        var column = 0
        while column < g.outputWidth {
            let n = min(16, g.outputWidth &- column), count = 2 &* n, at = 2 &* column
            let u = load(upper, at, first: count), u2 = count > 16 ? load(upper, at &+ 16, first: count &- 16) : .zero
            let l = load(lower, at, first: count), l2 = count > 16 ? load(lower, at &+ 16, first: count &- 16) : .zero
            let a = septum_even(u, u2), b = septum_odd(u, u2), c = septum_even(l, l2), d = septum_odd(l, l2)
            let isNumber = (a .== a) & (b .== b) & (c .== c) & (d .== d)
            let v = septum_larger(d, septum_larger(c, septum_larger(b, a)))
            store(out, column, first: n, pick(isNumber, v, all(.nan)))
            column &+= 16
        }
        row &+= 1
    }
}

func maxPool(_ w: UnsafePointer<Window>, _ x: In, _ y: Out) {
    let g = w.pointee
    if g.kernelHeight == 2 && g.kernelWidth == 2 && g.strideHeight == 2 && g.strideWidth == 2 && g.dilationHeight == 1
        && g.dilationWidth == 1 && g.padTop == 0 && g.padLeft == 0 && 2 &* g.outputHeight <= g.height
        && 2 &* g.outputWidth <= g.width
    {
        var c = 0
        while c < g.channels {
            largestOfFour(g, x + c &* g.height &* g.width, y + c &* g.outputs)
            c &+= 1
        }
        return
    }
    var c = 0
    while c < g.channels {
        slide(
            Largest.self, g, x + c &* g.height &* g.width, nil, -.infinity, y + c &* g.outputs, countsPadding: false)
        c &+= 1
    }
}

func averagePool(_ w: UnsafePointer<Window>, _ x: In, _ y: Out, _ countsPadding: Int32) {
    let g = w.pointee
    var c = 0
    while c < g.channels {
        slide(
            Average.self, g, x + c &* g.height &* g.width, nil, 0, y + c &* g.outputs, countsPadding: countsPadding != 0)
        c &+= 1
    }
}
