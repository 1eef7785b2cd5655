import SeptumIR
import SeptumOperators
import SeptumTensor

/// Joins a product of quantized matrices, written with integers or between DequantizeLinear and QuantizeLinear, with what follows.
///
///     a = DequantizeLinear(x, s, z) : float32[n, 8]       =>    y = Fused.IntegerLinear<parts=MatMulInteger,Add,Cast,Mul,
///     b = DequantizeLinear(w, t, 0) : float32[8, 4]                 Relu,QuantizeLinear>(x, z, w, c, s * t / u, 1, v) : uint8[n, 4]
///     d = DequantizeLinear(c, s * t) : float32[4]
///     e = Gemm(a, b, d) : float32[n, 4]
///     f = Relu(e) : float32[n, 4]
///     y = QuantizeLinear(f, u, v) : uint8[n, 4]
///
/// The weights are a constant matrix whose bytes less their zero points are signed bytes. Rounding changes: the sum is exact, and
/// rounded once to float32 and once with its factor, where float32 would round at each step. From integers on (MatMulInteger,
/// Add, Cast, Mul, Add, Relu, QuantizeLinear by 1) nothing changes.
struct IntegerFusion: Pass {
    static let name = "integer-fusion"

    /// The passes that come before constants become floats, for the graphs that need them.
    static func early(_ graph: Graph) -> [any Pass] {
        guard graph.uses(Op.DequantizeLinear.self, Op.MatMulInteger.self) else { return [] }
        return [
            ConstantFolding(keeping: { $0.isA(Op.DequantizeLinear.self) }), IdentityRemoval(), IntegerFusion(), DeadCodeRemoval(),
        ]
    }

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        for index in graph.nodes.indices {
            guard let product = try QuantizedProduct(index, near) else { continue }
            let (last, replacement) = try product.replacement()
            replacements[last] = replacement
        }
        return try graph.replacing(replacements)
    }
}

/// A product of quantized matrices and what follows it, as far as the fused operator goes.
private struct QuantizedProduct {
    let near: Neighbourhood
    var members: [Int]
    var value: Graph.ValueID
    let x: Graph.ValueID
    let zeroX: Graph.ValueID?
    /// `[k, n]`
    let w: Tensor
    let zeroW: Tensor?
    /// Where the weights are as they are in the graph.
    var weights: (w: Graph.ValueID, zero: Graph.ValueID?)?
    var bias: [Int32]?
    /// For each column, when constant.
    var factors: [Float] = []
    var factor: Graph.ValueID?
    var addend: [Float]?
    var hasRelu = false
    var quantizes: (scale: Float, zero: Int, type: ElementType)?

    var n: Int { w.shape[1] }

    init?(_ index: Int, _ near: Neighbourhood) throws(ModelError) {
        guard let value = near.result(index) else { return nil }
        (self.near, self.value, members) = (near, value, [index])
        let node = near.graph.nodes[index]
        if node.op.isA(Op.MatMulInteger.self) {
            guard let x = near.input(index, 0), let w = near.input(index, 1), let matrix = near.constant(w),
                near.isSingle(near.input(index, 2)), near.input(index, 3) == nil || near.constant(near.input(index, 3)) != nil
            else { return nil }
            (self.x, zeroX, self.w, zeroW) = (x, near.input(index, 2), matrix, near.constant(near.input(index, 3)))
            weights = (w, near.input(index, 3))
            guard CentredBytes(self.w, zeroW) != nil, followSums() else { return nil }
        } else {
            let (transposes, biasInput): (Bool, Graph.ValueID?)
            switch node.op {
            case Op.MatMul.self: (transposes, biasInput) = (false, nil)
            case let op as Op.Gemm where op.alpha == 1 && op.beta == 1 && !op.transposesA:
                (transposes, biasInput) = (op.transposesB, near.input(index, 2))
            default: return nil
            }
            guard let left = Dequantized(near.input(index, 0), near), left.scales.count == 1,
                let right = Dequantized(near.input(index, 1), near), let matrix = near.constant(right.x), matrix.shape.count == 2,
                right.zero == nil || near.constant(right.zero) != nil
            else { return nil }
            let type = near.graph.type(left.x).tensor?.elementType
            guard type == .int8 || type == .uint8 else { return nil }
            (x, zeroX) = (left.x, left.zero)
            guard near.isSingle(left.zero), right.scales.count == 1 || right.axis == (transposes ? 0 : 1) else { return nil }
            if transposes {
                let (rows, columns) = (matrix.shape[0], matrix.shape[1])
                let order = (0..<matrix.count).map { $0 % rows * columns + $0 / rows }
                w = try matrix.reshaped([matrix.count]).taking(order, shape: [columns, rows], axis: 0)
            } else {
                w = matrix
                weights = (right.x, right.zero)
            }
            zeroW = near.constant(right.zero)
            let count = n
            factors = (0..<count).map { left.scales[0] * right.scales[right.scales.count == 1 ? 0 : $0] }
            guard let centred = CentredBytes(w, zeroW), factors.allSatisfy({ $0.isFinite }) else { return nil }
            if let biasInput {
                guard take(bias: biasInput) else { return nil }
            } else if let next = near.onlyUser(value), near.graph.nodes[next].op.isA(Op.Add.self),
                let other = near.other(next, value),
                let sum = near.result(next), near.isSameShape(sum, value), take(bias: other)
            {
                members.append(next)
                self.value = sum
            }
            guard centred.fitsInt32(columns: count, bias: bias.map { $0.map(Int.init) } ?? []) else { return nil }
        }
        followFloats()
    }

    /// A constant row, as integers in units of the sums or as floats.
    private mutating func take(bias id: Graph.ValueID) -> Bool {
        if let row = near.constant(id) {
            guard row.elementType == .float32, row.count == n, row.shape.last == n, let values = try? row.array(of: Float.self),
                values.allSatisfy(\.isFinite)
            else { return false }
            addend = values
            return true
        }
        guard let row = Dequantized(id, near), let integers = near.constant(row.x), integers.elementType == .int32,
            integers.shape == [n], row.zero == nil || near.constant(row.zero)?.integers?.allSatisfy({ $0 == 0 }) == true,
            let values = try? integers.array(of: Int32.self)
        else { return false }
        let scales = (0..<n).map { row.scales[row.scales.count == 1 ? 0 : $0] }
        if scales == factors {
            bias = values
        } else {
            let products = values.indices.map { Float(values[$0]) * scales[$0] }
            guard products.allSatisfy(\.isFinite) else { return false }
            addend = products
        }
        return true
    }

    /// Add, Cast and Mul after MatMulInteger; false when there are no floats.
    private mutating func followSums() -> Bool {
        guard let rank = near.graph.type(value).tensor?.shape?.count, rank >= 2 else { return false }
        if let next = near.onlyUser(value), near.graph.nodes[next].op.isA(Op.Add.self), let other = near.other(next, value),
            let row = near.constant(other), row.elementType == .int32, row.shape == [n],
            let values = try? row.array(of: Int32.self),
            let sum = near.result(next)
        {
            (bias, value) = (values, sum)
            members.append(next)
        }
        guard let cast = near.onlyUser(value), near.input(cast, 0) == value, let floats = near.result(cast),
            near.graph.nodes[cast].op.isA(Op.Cast.self) || near.graph.nodes[cast].op.isA(Op.CastLike.self),
            near.shape(floats) != nil,
            let product = near.onlyUser(floats), near.graph.nodes[product].op.isA(Op.Mul.self),
            let other = near.other(product, floats),
            let result = near.result(product), let shape = near.shape(other),
            shape.allSatisfy({ $0 == .fixed(1) }) && shape.count <= rank || shape == [.fixed(n)]
        else { return false }
        members += [cast, product]
        (value, factor) = (result, other)
        return true
    }

    /// Add (from integers on), Relu and QuantizeLinear.
    private mutating func followFloats() {
        if factor != nil, let next = near.onlyUser(value), near.graph.nodes[next].op.isA(Op.Add.self),
            let other = near.other(next, value),
            let row = near.constant(other), row.elementType == .float32, row.shape == [n], let sum = near.result(next),
            let values = try? row.array(of: Float.self)
        {
            (addend, value) = (values, sum)
            members.append(next)
        }
        if let next = near.onlyUser(value), near.graph.nodes[next].op.isA(Op.Relu.self), let result = near.result(next) {
            (hasRelu, value) = (true, result)
            members.append(next)
        }
        guard let next = near.onlyUser(value), near.input(next, 0) == value,
            let op = near.graph.nodes[next].op.cast(Op.QuantizeLinear.self), op.quantization.blockSize == 0,
            op.precision == nil || op.precision == .float32, let scale = near.scalar(near.input(next, 1)), scale > 0,
            scale.isFinite, let result = near.result(next), let type = near.graph.type(result).tensor?.elementType,
            type == .int8 || type == .uint8
        else { return }
        // From integers on a scale would be one more rounding, and a factor that is no number must stay one.
        guard factor == nil || scale == 1 && isFinite(factor) else { return }
        let zero = near.input(next, 2)
        guard zero == nil || near.constant(zero)?.count == 1 else { return }
        guard
            factor != nil || factors.allSatisfy({ ($0 / scale).isFinite }) && (addend ?? []).allSatisfy({ ($0 / scale).isFinite })
        else { return }
        quantizes = (scale, near.constant(zero)?.integers?.first ?? 0, type)
        value = result
        members.append(next)
    }

    private func isFinite(_ id: Graph.ValueID?) -> Bool {
        guard let values = try? near.constant(id)?.array(of: Float.self) else { return false }
        return (values + (addend ?? [])).allSatisfy(\.isFinite)
    }

    func replacement() throws(ModelError) -> (last: Int, Replacement) {
        var assembly = IntegerAssembly()
        assembly.places.x = assembly.add(.value(x))
        assembly.places.w = assembly.add(weights.map { .value($0.w) } ?? .constant(w))
        assembly.places.zeroX = zeroX.map { assembly.add(.value($0)) }
        if let zeroW { assembly.places.zeroW = assembly.add(weights?.zero.map { .value($0) } ?? .constant(zeroW)) }
        let places = assembly.places
        assembly.then(Op.MatMulInteger(), places.x, places.w, places.zeroX, places.zeroW)
        if let bias {
            assembly.places.bias = assembly.add(.constant(try Tensor([n], bias)))
            assembly.then(Op.Add(), assembly.places.bias)
        }
        assembly.then(Op.Cast(to: .float32))
        let step = factor == nil ? quantizes?.scale ?? 1 : 1
        if let factor {
            assembly.places.factor = assembly.add(.value(factor))
        } else {
            assembly.places.factor = assembly.add(.constant(try Tensor([n], factors.map { $0 / step })))
        }
        assembly.then(Op.Mul(), assembly.places.factor)
        if let addend {
            assembly.places.addend = assembly.add(.constant(try Tensor([n], addend.map { $0 / step })))
            assembly.then(Op.Add(), assembly.places.addend)
        }
        if hasRelu { assembly.then(Op.Relu()) }
        if let quantizes {
            let zero = try Tensor([], [Float(quantizes.zero)]).converted(to: quantizes.type)
            assembly.then(
                Op.QuantizeLinear(), assembly.add(.constant(try Tensor([], [Float(1)]))), assembly.add(.constant(zero)))
        }
        let op = Fused.IntegerLinear(
            parts: assembly.parts, places: assembly.places, hasRelu: hasRelu,
            quantizes: quantizes.map { (zero: $0.zero, type: $0.type) })
        let last = members[members.count - 1]
        return (last, Replacement(op: op, inputs: assembly.inputs, absorbed: members.dropLast()))
    }
}

/// Integers and what makes floats of them.
private struct Dequantized {
    let x: Graph.ValueID
    let scales: [Float]
    let zero: Graph.ValueID?
    let axis: Int

    /// The value of a DequantizeLinear to float32 by a constant scale, or by one for each slice along an axis.
    init?(_ id: Graph.ValueID?, _ near: Neighbourhood) {
        guard let index = near.producer(id), let op = near.graph.nodes[index].op.cast(Op.DequantizeLinear.self),
            op.quantization.blockSize == 0, let shape = near.shape(id), let x = near.input(index, 0),
            let scale = near.constant(near.input(index, 1)), scale.elementType == .float32, scale.shape.count <= 1,
            let scales = try? scale.array(of: Float.self), !scales.isEmpty, scales.allSatisfy(\.isFinite)
        else { return nil }
        (self.x, self.scales, zero) = (x, scales, near.input(index, 2))
        axis = op.quantization.axis < 0 ? op.quantization.axis + shape.count : op.quantization.axis
        if scales.count > 1 {
            guard shape.indices.contains(axis), shape[axis] == .fixed(scales.count) else { return nil }
        }
    }
}

extension Neighbourhood {
    /// The other operand of a node of two.
    fileprivate func other(_ index: Int, _ value: Graph.ValueID) -> Graph.ValueID? {
        let inputs = graph.nodes[index].inputs
        guard inputs.count == 2, let place = inputs.firstIndex(of: value) else { return nil }
        return inputs[1 - place]
    }

    /// Whether a value is omitted or has one element, whatever runs.
    fileprivate func isSingle(_ id: Graph.ValueID?) -> Bool {
        guard let id else { return true }
        return graph.type(id).tensor?.shape?.allSatisfy { $0 == .fixed(1) } == true
    }

    fileprivate func isSameShape(_ a: Graph.ValueID, _ b: Graph.ValueID) -> Bool { areProvablyEqual(shape(a), shape(b)) }
}
