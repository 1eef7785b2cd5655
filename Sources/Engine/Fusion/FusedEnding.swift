import SeptumKernels
import SeptumTensor

/// What a kernel does to its results before it stores them: a function of one element, and a sum with an operand of the same
/// shape before or after it.
struct FusedEnding {
    private var kernel = UnaryKernel(.identity)
    private var addend: Int?
    private var addsLast = false

    /// Nil where the code does more than that to the part `seed`, whose shape is that of `y`.
    init?(_ code: ElementCode, seed: Int, _ y: LoweringSite.Operand, _ site: LoweringSite) {
        var current = FusedPart.Source.part(seed)
        for (index, line) in code.lines.enumerated() {
            switch line.kind {
            case .unary(let unary) where kernel.operation == .identity && line.operands == [current]: kernel = unary
            case .binary(.add) where addend == nil && line.operands.count == 2:
                guard let place = line.operands.firstIndex(of: current), case .input(let input) = line.operands[1 - place],
                    let operand = site.input(input), operand.elementType == .float32, operand.count == y.count
                else { return nil }
                (addend, addsLast) = (operand.slot, kernel.operation != .identity)
            default: return nil
            }
            current = .part(code.firstPart + index)
        }
    }

    /// For the results from `offset` on.
    @inline(__always)
    func callAsFunction(_ addresses: Addresses, _ offset: Int) -> Ending {
        Ending(
            kernel.operation, a: kernel.a, b: kernel.b, addend: addend.map { addresses.read($0, Float.self) + offset },
            addsLast: addsLast)
    }

    /// Does it to results that are stored already.
    func finish(_ addresses: Addresses, _ offset: Int, _ count: Int, _ y: UnsafeMutablePointer<Float>) {
        let other: UnsafePointer<Float>? = addend.map { addresses.read($0, Float.self) + offset }
        if let other, !addsLast { kernels.binary(.add, count, y, other, y) }
        if kernel.operation != .identity { kernels.unary(kernel.operation, count, y, y, a: kernel.a, b: kernel.b) }
        if let other, addsLast { kernels.binary(.add, count, y, other, y) }
    }
}
