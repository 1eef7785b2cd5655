internal import CSeptumCPU
internal import SeptumKernelTable

// Products of bytes by tiles: thirty-two rows of two panels at once. The packed weights are those of `Fours`, their depth filled
// up to sixty-four bytes.

#if SEPTUM_V4
    enum Tiles: Depth {
        @inline(__always) static var factors: Int { 4 }
        @inline(__always) static var hasTiles: Bool { true }
        @inline(__always) static func dot(_ sums: I, _ x: I, _ w: I) -> I { septum_dot_bytes(sums, x, w) }
        @inline(__always) static func write(_ p: RawOut, _ n: Int, _ v: I) { septum_store_uint8(p, n, v) }
        @inline(__always) static func place(_ v: I, _ i: Int) -> I { Fours.place(v, i) }
    }

    /// Rows [row, row + rows) of y; x holds them as whole chunks. `sums` is working memory of 4096 bytes.
    @inline(never) func tileRows(
        _ rows: Int, _ chunks: Int, _ n: Int, _ x: Raw, _ packed: Raw, _ e: Ends, _ y: RawOut, _ row: Int, _ sums: RawOut
    ) {
        let ldx = chunks &* 64, panel = chunks &* 1024
        let target = sums.assumingMemoryBound(to: UInt8.self)
        var first = 0
        var shape = 0
        while first < rows {
            let some = min(32, rows &- first)
            if some != shape { septum_tiles_begin(some) }
            shape = some
            let source = (x + first &* ldx).assumingMemoryBound(to: UInt8.self)
            var column = 0
            while column < n {
                let w = (packed + (column &>> 4) &* panel).assumingMemoryBound(to: UInt8.self)
                let isPair = n &- column > 16
                septum_tiles_multiply(source, ldx, w, isPair ? w + panel : nil, chunks, some > 16 ? 1 : 0, target)
                tileEnd(e, y, row &+ first, some, column, n, Raw(sums), isPair)
                column &+= 32
            }
            first &+= some
        }
        septum_tiles_end()
    }

    /// Ends the sums of up to thirty-two rows of one panel or two.
    @inline(__always) func tileEnd(
        _ e: Ends, _ y: RawOut, _ row: Int, _ rows: Int, _ column: Int, _ n: Int, _ sums: Raw, _ isPair: Bool
    ) {
        let start = Raw(e.pointee.start)
        let s = integers(start, column &* 4), t = isPair ? integers(start, column &* 4 &+ 64) : s
        var i = 0
        while i < rows {
            let at = (row &+ i) &* n &+ column
            end(e, y, at, column, n &- column, integers(sums, i &* 128) &+ s)
            if isPair { end(e, y, at &+ 16, column &+ 16, n &- column &- 16, integers(sums, i &* 128 &+ 64) &+ t) }
            i &+= 1
        }
    }
#endif
