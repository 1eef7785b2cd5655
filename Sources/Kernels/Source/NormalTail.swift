internal import CSeptumCPU

// gelu: x Phi(x), whose factor falls as e^(-x^2/2) below zero and keeps its relative precision there.
//
// With t = |x| and r(t) = e^(t^2/2) (1 - Phi(t)), gelu is max(x, 0) - t r(t) e^(-t^2/2). In each of sixteen intervals, four between
// successive powers of two of 1 + t, r is a polynomial of the distance from a place in the middle where r is a float32 to 3e-10:
// minimax fits of relative error, below 6e-9, rounded to float32 one by one from the lowest order, the rest refitted.
// Lane 12 of the tables is for the first interval.

@inline(__always) private var middles: V {
    V(
        1.2500103, 1.750042, 2.2500257, 2.7500734, 3.5000546, 4.500178, 5.500189, 6.500113, 8.000131, 10.000067,
        12.000008, 14.000026, 0.12500216, 0.3750021, 0.62500024, 0.87501925)
}
@inline(__always) private var order0: V {
    V(
        0.23075919, 0.18522853, 0.15365057, 0.13072184, 0.106343694, 0.08480031, 0.07034042, 0.060014676, 0.049121767,
        0.039506435, 0.03301895, 0.028352609, 0.45379248, 0.3796039, 0.32335612, 0.2797676)
}
@inline(__always) private var order1: V {
    V(
        -0.11049093, -0.074784584, -0.05322455, -0.039447628, -0.02673355, -0.017325802, -0.012056704, -0.008840103,
        -0.005961726, -0.0038752893, -0.0027146242, -0.0020050257, -0.34221724, -0.25659004, -0.19684462, -0.15414025)
}
@inline(__always) private var order2: V {
    V(
        0.046322197, 0.027176173, 0.01694698, 0.011118981, 0.006387413, 0.0034155624, 0.0020131366, 0.0012765068,
        0.00071359746, 0.00037664289, 0.00022172021, 0.00014109834, 0.2055073, 0.14169107, 0.10016409, 0.072445974)
}
@inline(__always) private var order3: V {
    V(
        -0.017528666, -0.0090750465, -0.0050310763, -0.0029565576, -0.0014589393, -0.00065168744, -0.00032800503,
        -0.00018087718, -8.427085e-5, -3.6276182e-5, -1.7992425e-5, -9.881558e-6, -0.10550982, -0.06781582,
        -0.044748448, -0.03024769)
}
@inline(__always) private var order4: V {
    V(
        0.0061025685, 0.0028238539, 0.0014066943, 0.0007470733, 0.00032011716, 0.00012067184, 5.2241954e-5,
        2.5176021e-5, 9.826365e-6, 3.463626e-6, 1.4510547e-6, 6.888106e-7, 0.048080027, 0.029060166, 0.018049344,
        0.011492114)
}
@inline(__always) private var order5: V {
    V(
        -0.0019990434, -0.00083083246, -0.00037548205, -0.00018079807, -6.891079e-5, -2.2011882e-5, -8.249197e-6,
        -3.4975255e-6, -1.1580975e-6, -3.328208e-7, -1.17533624e-7, -4.8100603e-8, -0.019927982, -0.011547205,
        -0.006649982, -0.004140279)
}
@inline(__always) private var order6: V {
    V(
        0.0006084972, 0.00022836981, 9.4979434e-5, 4.189464e-5, 1.4057052e-5, 3.8562516e-6, 1.241469e-6, 4.726421e-7,
        1.3182611e-7, 3.1254206e-8, 9.28935e-9, 3.2957936e-9, 0.007587973, 0.004337203, 0.0023006238, 0.0014220269)
}

/// A table's number at a place; with AVX2, where t is `near`, below three, lanes 4 to 11 of the tables are not met.
@inline(__always) private func choose(_ table: V, _ place: I, near: Bool) -> V {
    #if SEPTUM_V3
        if near { return septum_choose_near(table, place) }
    #endif
    return septum_choose(table, place)
}

/// A number multiplied by 2^n, given 1.5 * 2^23 + n; with n below zero it is at least 0.07 where t is `near`, and the product normal.
@inline(__always) private func scale(_ r: V, _ turned: V, near: Bool) -> V {
    #if SEPTUM_V3
        if near { return float(bits(r) &+ (bits(turned) &<< 23)) }
    #endif
    return septum_scale(r, turned - all(rounding))
}

/// t r(t) for 0 <= t < 15, as a sum of two floats, from `sum` = 1 + t.
@inline(__always) private func scaledTail(_ t: V, _ sum: V, near: Bool) -> (high: V, low: V) {
    let place = bits(sum) &>> 21
    let w = t - choose(middles, place, near: near)
    var r = fma(choose(order6, place, near: near), w, choose(order5, place, near: near))
    r = fma(r, w, choose(order4, place, near: near))
    r = fma(r, w, choose(order3, place, near: near))
    r = fma(r, w, choose(order2, place, near: near))
    r = fma(r, w, choose(order1, place, near: near))
    let first = choose(order0, place, near: near)
    let value = fma(r, w, first)
    let product = t * value
    return (product, fma(t, fma(r, w, first - value), fma(t, value, -product)))
}

/// x Phi(x) from t = |x|, at most 14.999, and 1 + t.
@inline(__always) private func gelu(_ x: V, _ t: V, _ sum: V, near: Bool) -> V {
    let (tail, rest) = scaledTail(t, sum, near: near)
    // e^(-t^2/2) = 2^n e^f e^low, with f exact and low what rounding took.
    let half = t * all(-0.5)
    let square = t * half
    let turned = fma(square, all(1.442695), all(rounding))
    let n = turned - all(rounding)
    let f = fma(n, all(-0.6931472), square)
    let low = fma(n, all(1.9046542e-9), fma(t, half, -square))
    var r = fma(all(0.0013821232), f, all(0.008368667))
    r = fma(r, f, all(0.04166826))
    r = fma(r, f, all(0.16666521))
    r = fma(r, f, all(0.49999994))
    let p = fma(r * f, f, f)
    let product = tail + fma(tail, p + fma(low, p, low), rest)
    return rectified(x) - scale(product, turned, near: near)
}

@inline(__always) func gelu(_ x: V) -> V {
    let t = atMost(magnitude(x), all(14.999))
    let sum = all(1) + t
    #if SEPTUM_V3
        if !any((sum .< all(4)) ^ every(-1)) { return gelu(x, t, sum, near: true) }
    #endif
    return gelu(x, t, sum, near: false)
}
