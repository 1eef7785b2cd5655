import SeptumIR
import SeptumOperators
import SeptumTensor

extension SpecialExports {
    /// Exclusive or of integers came with opset 18.
    @Sendable static func needOfCategoryTable(_ node: Graph.Node) -> OpsetNeed {
        OpsetNeed(version: 18, reason: "the hash of categories, operator 'BitwiseXor',")
    }

    /// Writes a table of integer categories as the arithmetic of its hashes, and a `LabelEncoder` from hashes to numbers for each column.
    ///
    /// ONNX has no operator that sees the bytes of a text, and a model keeps hashes of texts, not the texts.
    @Sendable static func exportCategoryTable(
        _ node: Graph.Node, _ exporter: inout GraphExporter
    ) throws(ModelError) {
        guard let op = node.op as? Op.CategoryTable, let categories = node.inputs.first ?? nil,
            let output = node.outputs.first ?? nil
        else { throw ModelError(.invalidModel, "the table has no categories") }
        guard exporter.type(categories)?.elementType == .int64 else {
            throw ModelError(
                .unsupported, "ONNX cannot hash texts, and the model holds hashes of its categories, not their texts",
                remedy: "where all categories are integers, read the model with --input-shape "
                    + "categories=int64:batch,\(op.categoryCount); otherwise keep it as .septum")
        }
        let need = needOfCategoryTable(node)
        guard need.version <= exporter.session.opset else { throw need.refusal(exporter.session.opset) }
        let content = try Op.CategoryTable.Content(op)
        let numbers = node.inputs.count > 1 ? node.inputs[1].map(exporter.name) : nil
        guard !content.columns.isEmpty, content.tables.allSatisfy({ !$0.parts.isEmpty }) else {
            throw ModelError(.unsupported, "found a table of categories without columns or parts, which has no use")
        }
        let hashes = try exporter.categoryHashes(exporter.name(categories))
        var keys: [String] = []
        for table in content.tables { keys.append(try exporter.combination(table.parts, hashes, numbers)) }
        var columns: [String] = []
        for column in content.columns {
            // No list may be empty; a hash of which nothing is known gives what all others do.
            let known = content.tables[column.table].keys.map { Int($0) }
            let name = exporter.session.unique(exporter.name(output) + "_column")
            exporter.append(
                NodeRecord(
                    "LabelEncoder", domain: "ai.onnx.ml", name: exporter.session.uniqueNode(node.name),
                    inputs: [keys[column.table]], outputs: [name],
                    attributes: [
                        .init("keys_int64s", .ints(known.isEmpty ? [0] : known)),
                        .init("values_floats", .floats(known.isEmpty ? [column.fallback] : Array(column.values))),
                        .init("default_float", .float(column.fallback)),
                    ]))
            columns.append(name)
        }
        needMachineLearning(exporter.session)
        exporter.add("Concat", columns, [.init("axis", .int(1))], named: exporter.name(output))
    }
}

extension GraphExporter {
    /// The hash of each row's combination, int64 `[batch, 1]`: after each part `m (hash + m part)`, which is `m hash + m m part`.
    fileprivate mutating func combination(
        _ parts: [Op.CategoryTable.Part], _ hashes: String, _ numbers: String?
    ) throws(ModelError) -> String {
        let once = Op.CategoryTable.extended(1, by: 0)
        let factor = try integer(once)
        let square = try integer(once &* once)
        var hash: String?
        for part in parts {
            let index = addConstant(try Tensor([1], [Int64(part.index)]), "column")
            let column = add("Gather", [isNumber(part.kind) ? numbers ?? "" : hashes, index], [.init("axis", .int(1))])
            let border = addConstant(try Tensor([], [part.border]), "border")
            let value: String
            switch part.kind {
            case .category: value = column
            case .exceeds: value = cast(add("Greater", [column, border]), to: .int64)
            case .exceedsOrMissing: value = cast(add("Not", [add("LessOrEqual", [column, border])]), to: .int64)
            case .equals:
                let sought = addConstant(try Tensor([], [Int64(part.hash)]), "hash")
                value = cast(add("Equal", [column, sought]), to: .int64)
            }
            let term = add("Mul", [value, square])
            hash = hash.map { add("Add", [add("Mul", [$0, factor]), term]) } ?? term
        }
        return hash ?? ""
    }

    private func isNumber(_ kind: Op.CategoryTable.PartKind) -> Bool { kind == .exceeds || kind == .exceedsOrMissing }

    /// The hashes of the decimal texts of integers, int64 `[batch, categories]`: the lower half of CityHash64, with sign.
    ///
    /// The characters of a text are counted from its end. Words of eight or four bytes are sums of characters times powers of 256, which
    /// are looked up by the text's length.
    ///
    /// Source: as for `CityHash`
    fileprivate mutating func categoryHashes(_ x: String) throws(ModelError) -> String {
        let text = try DecimalText(x, &self)
        let length = text.length
        let k: [UInt64] = [0xc3a5_c85c_97cb_3127, 0xb492_b66f_be98_f273, 0x9ae1_6a3b_2f90_404f, 0xc949_d7c7_509e_6557]
        let first = try text.word(&self) { _ in 0 }
        let last = try text.word(&self) { $0 - 8 }
        let isShort = add("Less", [length, try integer(4)])
        let isHalf = add("Less", [length, try integer(9)])
        let isLong = add("Greater", [length, try integer(16)])
        // One to three characters.
        let start = try text.number(&self) { length in [(0, 1), (length / 2, 256)] }
        let end = add("Add", [length, try text.number(&self) { length in [(length - 1, 4)] }])
        let both = add("BitwiseXor", [add("Mul", [start, try integer(k[2])]), add("Mul", [end, try integer(k[3])])])
        let short = add("Mul", [try mixed(both), try integer(k[2])])
        // Four to eight: two halves of a word.
        let half = try text.number(&self) { length in (0..<4).map { ($0, 8 << (8 * $0)) } }
        let lastHalf = try text.number(&self) { length in (0..<4).map { (length - 4 + $0, 1 << (8 * $0)) } }
        // Nine to sixteen: two words, of which the last comes again in the end.
        let turned = try rotated(add("Add", [last, length]), by: length)
        // Seventeen to twenty: four words.
        let a = add("Mul", [first, try integer(k[1])])
        let b = try text.word(&self) { _ in 8 }
        let c = add("Mul", [last, try integer(k[2])])
        let d = add("Mul", [try text.word(&self) { $0 - 16 }, try integer(k[0])])
        let turns = add(
            "Add", [try rotated(add("Sub", [a, b]), by: try integer(43)), try rotated(c, by: try integer(30))])
        let rest = try rotated(add("BitwiseXor", [b, try integer(k[3])]), by: try integer(20))
        let sum = add("Add", [add("Sub", [add("Add", [a, rest]), c]), length])
        let low = add(
            "Where", [isHalf, add("Add", [length, half]), add("Where", [isLong, add("Add", [turns, d]), first])])
        let high = add("Where", [isHalf, lastHalf, add("Where", [isLong, sum, turned])])
        let joined = try joined(low, high)
        let isWord = add("Or", [isHalf, isLong])
        let whole = add("Where", [isWord, joined, add("BitwiseXor", [joined, last])])
        let hash = add("Where", [isShort, short, whole])
        return cast(cast(hash, to: .int32), to: .int64, named: session.unique("hashes"))
    }

    fileprivate mutating func integer(_ value: UInt64) throws(ModelError) -> String {
        addConstant(try Tensor([], [Int64(bitPattern: value)]), "number")
    }

    /// Shifts the bits of integers, zeros coming in.
    private mutating func shifted(_ value: String, _ direction: String, by count: String) -> String {
        let bits = add(
            "BitShift", [cast(value, to: .uint64), cast(count, to: .uint64)], [.init("direction", .string(direction))])
        return cast(bits, to: .int64)
    }

    private mutating func rotated(_ value: String, by count: String) throws(ModelError) -> String {
        let rest = add("Sub", [try integer(64), count])
        return add(
            "BitwiseXor", [shifted(value, "RIGHT", by: count), shifted(value, "LEFT", by: rest)],
            named: session.unique("turned"))
    }

    private mutating func mixed(_ value: String) throws(ModelError) -> String {
        add("BitwiseXor", [value, shifted(value, "RIGHT", by: try integer(47))], named: session.unique("mixed"))
    }

    /// One number from two.
    private mutating func joined(_ low: String, _ high: String) throws(ModelError) -> String {
        let factor = try integer(0x9ddf_ea08_eb38_2d69)
        let first = try mixed(add("Mul", [add("BitwiseXor", [low, high]), factor]))
        let second = try mixed(add("Mul", [add("BitwiseXor", [high, first]), factor]))
        return add("Mul", [second, factor])
    }
}

/// The decimal texts of integers as numbers: `characters`, int64 `[batch, columns, 20]`, the last character of a text first, and how many
/// there are, int64 `[batch, columns]`.
private struct DecimalText {
    /// As long as the text of the lowest integer.
    static let limit = 20

    let characters: String
    let length: String

    /// Quotients by powers of ten, of the negative magnitude, which every integer has; a digit is the difference of two of them.
    init(_ x: String, _ exporter: inout GraphExporter) throws(ModelError) {
        let last = exporter.addConstant(try Tensor([1], [Int64(-1)]), "axis")
        let isNegative = exporter.add("Less", [x, try exporter.integer(0)])
        let magnitude = exporter.add(
            "Unsqueeze", [exporter.add("Where", [isNegative, x, exporter.add("Neg", [x])]), last])
        var powers: [Int64] = [1]
        for _ in 1..<19 { powers.append((powers.last ?? 1) * 10) }
        let quotients = exporter.add("Div", [magnitude, exporter.addConstant(try Tensor([19], powers), "powers")])
        let nothing = exporter.add("Sub", [magnitude, magnitude])
        let all = exporter.add("Concat", [quotients, nothing], [.init("axis", .int(2))])
        let places = exporter.addConstant(try Tensor([19], (1..<20).map(Int64.init)), "places")
        let next = exporter.add("Gather", [all, places], [.init("axis", .int(2))])
        let digits = exporter.add("Sub", [exporter.add("Mul", [next, try exporter.integer(10)]), quotients])
        let isThere = exporter.cast(exporter.add("Less", [next, try exporter.integer(0)]), to: .int64)
        let more = exporter.add("ReduceSum", [isThere, last], [.init("keepdims", .int(0))])
        let signs = exporter.cast(isNegative, to: .int64)
        length = exporter.add(
            "Add", [exporter.add("Add", [more, signs]), try exporter.integer(1)], named: exporter.session.unique("length"))
        // The sign comes before the first digit; what stands beyond it is looked at by nobody.
        let plain = exporter.add(
            "Add", [exporter.add("Concat", [digits, nothing], [.init("axis", .int(2))]), try exporter.integer(0x30)])
        let range = exporter.addConstant(try Tensor([20], (1...20).map(Int64.init)), "range")
        let isFirst = exporter.add("Equal", [range, exporter.add("Unsqueeze", [length, last])])
        let isSign = exporter.add("And", [isFirst, exporter.add("Unsqueeze", [isNegative, last])])
        characters = exporter.add(
            "Where", [isSign, try exporter.integer(0x2d), plain], named: exporter.session.unique("characters"))
    }

    /// Eight bytes from a place of the text, which follows from its length.
    func word(_ exporter: inout GraphExporter, _ place: (Int) -> Int) throws(ModelError) -> String {
        let low = try number(&exporter) { length in (0..<4).map { (place(length) + $0, 1 << (8 * $0)) } }
        let high = try number(&exporter) { length in (0..<4).map { (place(length) + 4 + $0, 1 << (8 * $0)) } }
        return exporter.add("Add", [low, exporter.add("Mul", [high, try exporter.integer(1 << 32)])])
    }

    /// A sum of characters times factors, by their places from the start of the text; places outside a text count nothing.
    ///
    /// It stays below 2^53: ONNX Runtime adds up integers in float64.
    func number(
        _ exporter: inout GraphExporter, _ terms: (Int) -> [(place: Int, factor: Int64)]
    ) throws(ModelError) -> String {
        var table: [Int64] = []
        for length in 0...DecimalText.limit {
            var row = [Int64](repeating: 0, count: DecimalText.limit)
            for term in terms(length) where (0..<length).contains(term.place) { row[length - 1 - term.place] += term.factor }
            table += row
        }
        let shape = [DecimalText.limit + 1, DecimalText.limit]
        let factors = exporter.add("Gather", [exporter.addConstant(try Tensor(shape, table), "factors"), length])
        let last = exporter.addConstant(try Tensor([1], [Int64(-1)]), "axis")
        return exporter.add(
            "ReduceSum", [exporter.add("Mul", [characters, factors]), last], [.init("keepdims", .int(0))],
            named: exporter.session.unique("bytes"))
    }
}
