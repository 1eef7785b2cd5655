internal import CSeptumCPU
internal import SeptumKernelTable

// Convolution with outputs in lanes: sixteen places along the lines of the (spread) image, four or eight filters. Packed
// filters: [group][blocks of eight, then of four][depth][8 or 4], zeros beyond the last.

func convolutionPack(_ c: UnsafePointer<Convolution>, _ weights: In, _ packed: Out) {
    let g = c.pointee
    let depth = g.window.depth, filters = g.packedFilters
    var group = 0
    while group < g.groups {
        let source = weights + group &* g.filters &* depth
        var first = 0
        while first < filters {
            let width = filters &- first >= 8 ? 8 : 4
            let target = packed + (group &* filters &+ first) &* depth
            var i = 0
            while i < depth {
                var j = 0
                while j < width {
                    target[i &* width &+ j] = first &+ j < g.filters ? source[(first &+ j) &* depth &+ i] : 0
                    j &+= 1
                }
                i &+= 1
            }
            first &+= width
        }
        group &+= 1
    }
}

/// Elements at, at + stride, ... of a line, `n` of them.
@inline(__always) func strided(_ line: In, _ at: Int, _ stride: Int, _ n: Int) -> V {
    if stride == 1 { return load(line, at, first: n) }
    if stride == 2 {
        let count = 2 &* n &- 1
        return septum_even(load(line, at, first: count), count > 16 ? load(line, at &+ 16, first: count &- 16) : .zero)
    }
    var v = V.zero
    var i = 0
    while i < n {
        v[i] = line[at &+ i &* stride]
        i &+= 1
    }
    return v
}

@inline(__always) func clear(_ p: Out, _ n: Int) {
    var i = 0
    while i < n {
        store(p, i, first: n &- i, .zero)
        i &+= 16
    }
}

/// `first` zeros, `count` elements of a line and zeros up to the pitch.
@inline(__always) func spreadLine(_ source: In, _ first: Int, _ count: Int, _ line: Out, _ pitch: Int) {
    let end = first &+ count, from = source - first
    if pitch <= 16 && first < end { return store(line, 0, first: pitch, septum_load_range(from, first, end)) }
    var i = 0
    while i < pitch {
        if i >= first && i &+ 16 <= end {
            store(line, i, load(from, i))
        } else {
            let low = max(0, first &- i), high = min(16, end &- i)
            store(line, i, first: pitch &- i, low < high ? septum_load_range(from + i, low, high) : .zero)
        }
        i &+= 16
    }
}

/// Lines of one phase: an image within zeros.
@inline(__always) func spreadPlanes(_ g: Convolution, _ w: Window, _ x: In, _ target: Out) {
    let first = min(g.pitch, max(0, w.padLeft)), start = first &- w.padLeft
    let count = max(0, min(g.pitch &- first, w.width &- start))
    let top = min(g.planeHeight, max(0, w.padTop)), bottom = max(top, min(g.planeHeight, w.height &+ w.padTop))
    var channel = 0
    while channel < g.groups &* w.channels {
        let plane = target + channel &* g.planeHeight &* g.pitch
        let image = x + (channel &* w.height &* w.width &+ start &- w.padTop &* w.width)
        clear(plane, top &* g.pitch)
        var row = top
        while row < bottom {
            spreadLine(image + row &* w.width, first, count, plane + row &* g.pitch, g.pitch)
            row &+= 1
        }
        clear(plane + bottom &* g.pitch, (g.planeHeight &- bottom) &* g.pitch)
        channel &+= 1
    }
}

func spread(_ c: UnsafePointer<Convolution>, _ x: In, _ target: Out) {
    let g = c.pointee, w = g.window
    if g.phases == 1 { return spreadPlanes(g, w, x, target) }
    var line = target
    var channel = 0
    while channel < g.groups &* w.channels {
        let image = x + channel &* w.height &* w.width
        var phase = 0
        while phase < g.phases {
            let down = phase / w.strideWidth
            // The columns of the image at this phase: `first` places of padding, then `count` of them.
            let offset = phase &- down &* w.strideWidth &- w.padLeft
            let first = min(g.pitch, offset >= 0 ? 0 : (w.strideWidth &- 1 &- offset) / w.strideWidth)
            let start = first &* w.strideWidth &+ offset
            let count = start >= w.width ? 0 : min(g.pitch &- first, (w.width &- start &- 1) / w.strideWidth &+ 1)
            var row = 0
            while row < g.planeHeight {
                let y = row &* w.strideHeight &+ down &- w.padTop
                if y < 0 || y >= w.height {
                    clear(line, g.pitch)
                } else {
                    let source = image + y &* w.width
                    if w.strideWidth == 1 {
                        spreadLine(source + start, first, count, line, g.pitch)
                    } else {
                        clear(line, first)
                        var i = 0
                        while i < count {
                            let n = min(16, count &- i)
                            store(line, first &+ i, first: n, strided(source, start &+ i &* w.strideWidth, w.strideWidth, n))
                            i &+= 16
                        }
                        clear(line + (first &+ count), g.pitch &- first &- count)
                    }
                }
                line += g.pitch
                row &+= 1
            }
            phase &+= 1
        }
        channel &+= 1
    }
}

/// Where sixteen places along the lines begin: their line and column, and the outputs of one filter there.
typealias Spot = (row: Int, column: Int)

@inline(__always) func forward(_ s: Spot, _ n: Int, _ pitch: Int) -> Spot {
    var row = s.row, column = s.column &+ n
    while column >= pitch {
        column &-= pitch
        row &+= 1
    }
    return (row, column)
}

/// Four filters from `filter` on, `rows` of them real, of one group: their planes of the output, and what they start from.
typealias Planes = (y: Out, addend: In?, size: Int, rows: Int, reluFirst: Bool, reluLast: Bool)

@inline(__always) func put(_ p: Planes, _ row: Int, _ at: Int, _ from: Int, _ to: Int, _ v: V) {
    if row >= p.rows { return }
    let place = row &* p.size &+ at
    var r = p.reluFirst ? rectified(v) : v
    if to &- from == 16 {
        if let addend = p.addend { r = r + load(addend, place) }
        store(p.y, place, p.reluLast ? rectified(r) : r)
    } else {
        if let addend = p.addend { r = r + septum_load_range(addend + place, from, to) }
        septum_store_range(p.y + place, from, to, p.reluLast ? rectified(r) : r)
    }
}

/// Stores the outputs among sixteen places: those between the ends of lines.
@inline(__always) func put(_ w: Window, _ pitch: Int, _ p: Planes, _ s: Spot, _ q: Quad) {
    var lane = 0, row = s.row, column = s.column
    while lane < 16 && row < w.outputHeight {
        let run = min(16 &- lane, w.outputWidth &- column)
        if run > 0 {
            let at = row &* w.outputWidth &+ column &- lane
            put(p, 0, at, lane, lane &+ run, q.a)
            put(p, 1, at, lane, lane &+ run, q.b)
            put(p, 2, at, lane, lane &+ run, q.c)
            put(p, 3, at, lane, lane &+ run, q.d)
        }
        lane &+= pitch &- column
        row &+= 1
        column = 0
    }
}

@inline(__always) func start(_ bias: In?, _ filter: Int, _ filters: Int) -> Quad {
    guard let bias else { return (.zero, .zero, .zero, .zero) }
    let last = filters &- 1
    return (
        all(bias[filter]), all(bias[min(filter &+ 1, last)]), all(bias[min(filter &+ 2, last)]), all(bias[min(filter &+ 3, last)])
    )
}

/// Four filters, their weights side by side.
@inline(__always) func tap(_ q: inout Quad, _ w: In, _ v: V) {
    q.a = fma(v, all(w[0]), q.a)
    q.b = fma(v, all(w[1]), q.b)
    q.c = fma(v, all(w[2]), q.c)
    q.d = fma(v, all(w[3]), q.d)
}

@inline(__always) func planes(_ p: Planes, _ from: Int) -> Planes {
    (p.y + from &* p.size, p.addend.map { $0 + from &* p.size }, p.size, p.rows &- from, p.reluFirst, p.reluLast)
}

/// Eight filters at 48 places.
@inline(never) func direct8x3(
    _ depth: Int, _ distances: UnsafePointer<Int32>, _ x: In, _ w: In, _ bias: In?, _ p: Planes, _ g: Window, _ pitch: Int,
    _ s: Spot
) {
    let lower = start(bias, 0, p.rows), upper = start(bias, min(4, p.rows &- 1), p.rows)
    var a0 = lower, a1 = lower, a2 = lower, b0 = upper, b1 = upper, b2 = upper
    var i = 0
    while i < depth {
        let at = x + Int(distances[i])
        let u = load(at, 0), v = load(at, 16), z = load(at, 32)
        let k = w + i &* 8
        tap(&a0, k, u)
        tap(&a1, k, v)
        tap(&a2, k, z)
        tap(&b0, k + 4, u)
        tap(&b1, k + 4, v)
        tap(&b2, k + 4, z)
        i &+= 1
    }
    let s1 = forward(s, 16, pitch), s2 = forward(s, 32, pitch), high = planes(p, 4)
    put(g, pitch, p, s, a0)
    put(g, pitch, p, s1, a1)
    put(g, pitch, p, s2, a2)
    put(g, pitch, high, s, b0)
    put(g, pitch, high, s1, b1)
    put(g, pitch, high, s2, b2)
}

/// Four of `step` filters at `n` of sixteen places.
@inline(never) func direct4x1(
    _ depth: Int, _ distances: UnsafePointer<Int32>, _ x: In, _ n: Int, _ w: In, _ step: Int, _ bias: In?, _ p: Planes,
    _ g: Window, _ pitch: Int, _ s: Spot
) {
    var q = start(bias, 0, p.rows)
    var i = 0
    if n >= 16 {
        while i < depth {
            tap(&q, w + i &* step, load(x, Int(distances[i])))
            i &+= 1
        }
    } else {
        while i < depth {
            tap(&q, w + i &* step, septum_load_first(x + Int(distances[i]), n))
            i &+= 1
        }
    }
    put(g, pitch, p, s, q)
}

#if SEPTUM_V4
    /// Four filters at 48 places.
    @inline(never) func direct4x3(
        _ depth: Int, _ distances: UnsafePointer<Int32>, _ x: In, _ w: In, _ bias: In?, _ p: Planes, _ g: Window, _ pitch: Int,
        _ s: Spot
    ) {
        let first = start(bias, 0, p.rows)
        var a = first, b = first, c = first
        var i = 0
        while i < depth {
            let at = x + Int(distances[i])
            tap(&a, w + i &* 4, load(at, 0))
            tap(&b, w + i &* 4, load(at, 16))
            tap(&c, w + i &* 4, load(at, 32))
            i &+= 1
        }
        put(g, pitch, p, s, a)
        put(g, pitch, p, forward(s, 16, pitch), b)
        put(g, pitch, p, forward(s, 32, pitch), c)
    }

    /// Eight filters at `n` of sixteen places.
    @inline(never) func direct8x1(
        _ depth: Int, _ distances: UnsafePointer<Int32>, _ x: In, _ n: Int, _ w: In, _ bias: In?, _ p: Planes, _ g: Window,
        _ pitch: Int, _ s: Spot
    ) {
        var a = start(bias, 0, p.rows), b = start(bias, min(4, p.rows &- 1), p.rows)
        var i = 0
        while i < depth {
            let v = load(x, Int(distances[i]), first: n)
            tap(&a, w + i &* 8, v)
            tap(&b, w + (i &* 8 &+ 4), v)
            i &+= 1
        }
        put(g, pitch, p, s, a)
        put(g, pitch, planes(p, 4), s, b)
    }
#endif

/// One block of filters, four or eight wide, at up to 48 places.
@inline(__always) func direct(
    _ depth: Int, _ distances: UnsafePointer<Int32>, _ x: In, _ n: Int, _ w: In, _ width: Int, _ bias: In?, _ p: Planes,
    _ g: Window, _ pitch: Int, _ s: Spot
) {
    #if SEPTUM_V4
        if width == 8 && n >= 48 { return direct8x3(depth, distances, x, w, bias, p, g, pitch, s) }
        if n >= 48 { return direct4x3(depth, distances, x, w, bias, p, g, pitch, s) }
    #endif
    var place = 0
    while place < min(n, 48) {
        let spot = forward(s, place, pitch)
        #if SEPTUM_V4
            if width == 8 {
                direct8x1(depth, distances, x + place, n &- place, w, bias, p, g, pitch, spot)
                place &+= 16
                continue
            }
        #endif
        direct4x1(depth, distances, x + place, n &- place, w, width, bias, p, g, pitch, spot)
        if width == 8 && p.rows > 4 {
            direct4x1(
                depth, distances, x + place, n &- place, w + 4, width, bias.map { $0 + 4 }, planes(p, 4), g, pitch, spot)
        }
        place &+= 16
    }
}

func convolve(
    _ c: UnsafePointer<Convolution>, _ distances: UnsafePointer<Int32>, _ x: In, _ packed: In, _ bias: In?, _ y: Out,
    _ ending: UnsafePointer<Ending>
) {
    let g = c.pointee, w = g.window, f = ending.pointee
    let depth = w.depth, size = w.outputs, extent = g.extent, apart = f.operation > 1
    var group = 0
    while group < g.groups {
        let first = group &* g.filters
        let image = x + group &* w.channels &* g.phases &* g.planeHeight &* g.pitch
        let weights = packed + group &* g.packedFilters &* depth
        var place = 0
        var spot: Spot = (0, 0)
        while place < extent {
            var filter = 0
            while filter < g.filters {
                let width = g.packedFilters &- filter >= 8 ? 8 : 4
                let from = (first &+ filter) &* size
                let planes: Planes = (
                    y: y + from, addend: apart && f.addsLast ? nil : f.addend.map { $0 + from }, size: size,
                    rows: g.filters &- filter, reluFirst: f.operation == 1 && f.addsLast,
                    reluLast: f.operation == 1 && !f.addsLast
                )
                direct(
                    depth, distances, image + place, extent &- place, weights + filter &* depth, width,
                    bias.map { $0 + (first &+ filter) }, planes, w, g.pitch, spot)
                filter &+= width
            }
            place &+= 48
            spot = forward(spot, 48, g.pitch)
        }
        group &+= 1
    }
    if apart { finish(f, g.groups &* g.filters &* size, y, f.addend) }
}
