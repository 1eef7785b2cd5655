internal import CSeptumCPU
internal import SeptumKernelTable

// Convolution with filters in lanes: sixteen or thirty-two of them, at pairs of neighbouring places. No lane is lost at the ends
// of lines, which small images are full of; the outputs of a line must be even in number. Packed filters:
// [group][ceil(filters / 16)][depth][16], zeros beyond the last.

/// Where the taps of three or six pairs of places begin.
typealias Trio = (a: In, b: In, c: In)

/// The next pairs, two places apart along the lines; beyond the last one it repeats.
@inline(__always) func pair(_ image: In, _ pitch: Int, _ w: Window, _ s: inout Spot) -> In {
    let at = image + (s.row &* pitch &+ s.column)
    if s.column &+ 2 < w.outputWidth {
        s.column &+= 2
    } else if s.row &+ 1 < w.outputHeight {
        s.column = 0
        s.row &+= 1
    }
    return at
}

@inline(__always) func trio(_ image: In, _ pitch: Int, _ w: Window, _ s: inout Spot) -> Trio {
    let a = pair(image, pitch, w, &s), b = pair(image, pitch, w, &s), c = pair(image, pitch, w, &s)
    return (a, b, c)
}

/// Six places.
typealias Six = (a: V, b: V, c: V, d: V, e: V, f: V)

@inline(__always) func six(_ v: V) -> Six { (v, v, v, v, v, v) }

@inline(__always) func rectified(_ s: Six) -> Six {
    (rectified(s.a), rectified(s.b), rectified(s.c), rectified(s.d), rectified(s.e), rectified(s.f))
}

@inline(__always) func tap(_ p: inout Six, _ t: Trio, _ d: Int, _ v: V) {
    p.a = fma(all(t.a[d]), v, p.a)
    p.b = fma(all(t.a[d &+ 1]), v, p.b)
    p.c = fma(all(t.b[d]), v, p.c)
    p.d = fma(all(t.b[d &+ 1]), v, p.d)
    p.e = fma(all(t.c[d]), v, p.e)
    p.f = fma(all(t.c[d &+ 1]), v, p.f)
}

@inline(__always) func tap(_ p: inout Six, _ q: inout Six, _ t: Trio, _ d: Int, _ v: V, _ u: V) {
    let a = all(t.a[d])
    p.a = fma(a, v, p.a)
    q.a = fma(a, u, q.a)
    let b = all(t.a[d &+ 1])
    p.b = fma(b, v, p.b)
    q.b = fma(b, u, q.b)
    let c = all(t.b[d])
    p.c = fma(c, v, p.c)
    q.c = fma(c, u, q.c)
    let e = all(t.b[d &+ 1])
    p.d = fma(e, v, p.d)
    q.d = fma(e, u, q.d)
    let f = all(t.c[d])
    p.e = fma(f, v, p.e)
    q.e = fma(f, u, q.e)
    let g = all(t.c[d &+ 1])
    p.f = fma(g, v, p.f)
    q.f = fma(g, u, q.f)
}

/// Stores sixteen filters at `n` of twelve places.
@inline(__always) func put(_ p: Planes, _ filter: Int, _ place: Int, _ n: Int, _ s: Six, _ t: Six) {
    let (a, b) = p.reluFirst ? (rectified(s), rectified(t)) : (s, t)
    let at = filter &* p.size &+ place
    septum_put_columns(
        p.y + at, p.addend.map { $0 + at }, p.size, p.rows &- filter, n, p.reluLast ? 1 : 0, a.a, a.b, a.c, a.d, a.e, a.f, b.a,
        b.b,
        b.c, b.d, b.e, b.f)
}

#if SEPTUM_V4
    /// Thirty-two filters at twelve places.
    @inline(never) func lanes32x12(
        _ depth: Int, _ distances: UnsafePointer<Int32>, _ s: Trio, _ t: Trio, _ w: In, _ bias: In?, _ p: Planes, _ place: Int,
        _ n: Int
    ) {
        let low = bias.map { load($0, 0, first: p.rows) } ?? .zero, high = bias.map { load($0, 16, first: p.rows &- 16) } ?? .zero
        var a = six(low), b = a, c = six(high), d = c
        let w1 = w + depth &* 16
        var i = 0
        while i < depth {
            let at = Int(distances[i])
            let v = load(w, i &* 16), u = load(w1, i &* 16)
            tap(&a, &c, s, at, v, u)
            tap(&b, &d, t, at, v, u)
            i &+= 1
        }
        put(p, 0, place, n, a, b)
        put(p, 16, place, n, c, d)
    }

    /// Sixteen filters at twelve places.
    @inline(never) func lanes16x12(
        _ depth: Int, _ distances: UnsafePointer<Int32>, _ s: Trio, _ t: Trio, _ w: In, _ bias: In?, _ p: Planes, _ place: Int,
        _ n: Int
    ) {
        var a = six(bias.map { load($0, 0, first: p.rows) } ?? .zero), b = a
        var i = 0
        while i < depth {
            let at = Int(distances[i])
            let v = load(w, i &* 16)
            tap(&a, s, at, v)
            tap(&b, t, at, v)
            i &+= 1
        }
        put(p, 0, place, n, a, b)
    }
#else
    /// Sixteen filters at six places.
    @inline(never) func lanes16x6(
        _ depth: Int, _ distances: UnsafePointer<Int32>, _ s: Trio, _ w: In, _ bias: In?, _ p: Planes, _ place: Int, _ n: Int
    ) {
        var a = six(bias.map { load($0, 0, first: p.rows) } ?? .zero)
        var i = 0
        while i < depth {
            tap(&a, s, Int(distances[i]), load(w, i &* 16))
            i &+= 1
        }
        #if SEPTUM_V3
            if n == 6 && p.rows >= 16 && p.addend == nil {
                if p.reluFirst || p.reluLast { a = rectified(a) }
                return septum_put_six(p.y + place, p.size, a.a, a.b, a.c, a.d, a.e, a.f)
            }
        #endif
        put(p, 0, place, n, a, six(.zero))
    }
#endif

func convolveLanes(
    _ c: UnsafePointer<Convolution>, _ distances: UnsafePointer<Int32>, _ x: In, _ packed: In, _ bias: In?, _ y: Out,
    _ ending: UnsafePointer<Ending>
) {
    let g = c.pointee, w = g.window, f = ending.pointee
    let depth = w.depth, size = w.outputs, apart = f.operation > 1
    let wide = (g.filters &+ 15) & ~15
    var group = 0
    while group < g.groups {
        let image = x + group &* w.channels &* g.phases &* g.planeHeight &* g.pitch
        var filter = 0
        while filter < g.filters {
            let first = group &* g.filters &+ filter
            let planes: Planes = (
                y: y + first &* size, addend: apart && f.addsLast ? nil : f.addend.map { $0 + first &* size }, size: size,
                rows: g.filters &- filter, reluFirst: f.operation == 1 && f.addsLast, reluLast: f.operation == 1 && !f.addsLast
            )
            let weights = packed + (group &* wide &+ filter) &* depth
            let start = bias.map { $0 + first }
            var spot: Spot = (0, 0)
            var place = 0
            while place < size {
                let s = trio(image, g.pitch, w, &spot)
                #if SEPTUM_V4
                    let t = trio(image, g.pitch, w, &spot)
                    let n = min(12, size &- place)
                    if g.filters &- filter > 16 {
                        lanes32x12(depth, distances, s, t, weights, start, planes, place, n)
                    } else {
                        lanes16x12(depth, distances, s, t, weights, start, planes, place, n)
                    }
                    place &+= 12
                #else
                    lanes16x6(depth, distances, s, weights, start, planes, place, min(6, size &- place))
                    place &+= 6
                #endif
            }
            #if SEPTUM_V4
                filter &+= 32
            #else
                filter &+= 16
            #endif
        }
        group &+= 1
    }
    if apart { finish(f, g.groups &* g.filters &* size, y, f.addend) }
}
