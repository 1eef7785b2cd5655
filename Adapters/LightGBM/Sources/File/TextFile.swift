import SeptumTensor

/// A model file cut into its parts: the head, one block for each tree, and what pandas knew of categories.
///
/// Source: https://github.com/microsoft/LightGBM/blob/v4.6.0/src/boosting/gbdt_model_text.cpp (SaveModelToString)
struct TextFile {
    let head: TextBlock
    let trees: [TextBlock]
    /// JSON, as the Python package writes it.
    let pandasCategories: String?

    init(_ bytes: UnsafeRawBufferPointer) throws(ModelError) {
        var head = TextBlock(name: "head")
        var trees: [TextBlock] = []
        var (categories, isAfterTrees): (String?, Bool) = (nil, false)
        var isInParameters = false
        guard let first = TextFile.lines(bytes).first(where: { _ in true }), first.elementsEqual("tree".utf8) else {
            throw ModelError(
                .malformed, "the first line is not 'tree', with which LightGBM's models start",
                remedy: "give the file that Booster.save_model wrote")
        }
        for (index, line) in TextFile.lines(bytes).enumerated() {
            if isAfterTrees {
                if line.elementsEqual("parameters:".utf8) { isInParameters = true }
                if line.elementsEqual("end of parameters".utf8) { isInParameters = false }
                if line.starts(with: TextFile.pandas) {
                    categories = String(decoding: line.dropFirst(TextFile.pandas.count), as: UTF8.self)
                }
            } else if line.elementsEqual("end of trees".utf8) {
                isAfterTrees = true
            } else if line.starts(with: "Tree=".utf8) {
                trees.append(TextBlock(name: "tree \(trees.count)"))
            } else if !line.isEmpty, index > 0 {
                if trees.isEmpty { try head.add(line) } else { try trees[trees.count - 1].add(line) }
            }
        }
        guard isAfterTrees, !isInParameters, bytes.last == 0x0a else {
            let end =
                !isAfterTrees ? "the line 'end of trees'" : isInParameters ? "the line 'end of parameters'" : "its last line does"
            throw ModelError(.malformed, "the file ends before \(end)", remedy: "check that it was copied whole")
        }
        (self.head, self.trees, pandasCategories) = (head, trees, categories)
    }

    private static let pandas = Array("pandas_categorical:".utf8)

    private static func lines(_ bytes: UnsafeRawBufferPointer) -> some Sequence<Slice<UnsafeRawBufferPointer>> {
        let rest = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        return rest.lazy.map { $0.last == 0x0d ? $0.dropLast() : $0 }
    }
}

/// Lines of the form `key=value`, or a key alone.
struct TextBlock {
    typealias Text = Slice<UnsafeRawBufferPointer>

    let name: String
    private var fields: [String: Text] = [:]

    init(name: String) { self.name = name }

    mutating func add(_ line: Text) throws(ModelError) {
        let end = line.firstIndex(of: UInt8(ascii: "=")) ?? line.endIndex
        let key = String(decoding: line[..<end], as: UTF8.self)
        let value = end == line.endIndex ? line[end...] : line[line.index(after: end)...]
        guard fields.updateValue(value, forKey: key) == nil else {
            throw ModelError(.malformed, "the line '\(key.prefix(40))' is given twice in the \(name)")
        }
    }

    /// - Throws: `unsupported` when there is a key beside those.
    func expectOnly(_ keys: Set<String>) throws(ModelError) {
        guard let key = Set(fields.keys).subtracting(keys).min() else { return }
        throw ModelError(.unsupported, "found the line '\(key.prefix(40))' in the \(name), whose meaning is not known")
    }

    func has(_ key: String) -> Bool { fields[key] != nil }

    func text(_ key: String) throws(ModelError) -> String {
        guard let value = fields[key] else {
            throw ModelError(.malformed, "the line '\(key)=' is missing in the \(name)")
        }
        return String(decoding: value, as: UTF8.self)
    }

    func integer(_ key: String) throws(ModelError) -> Int {
        guard let value = try integers(key, count: 1).first else { throw error(key, "an integer") }
        return value
    }

    /// - Throws: `malformed` when there are not as many numbers as expected; nil takes any number of them.
    func integers(_ key: String, count: Int?) throws(ModelError) -> [Int] {
        try values(key, count, "integers") { Int($0) }
    }

    func numbers(_ key: String, count: Int?, finite: Bool = true) throws(ModelError) -> [Double] {
        try values(key, count, finite ? "finite numbers" : "numbers") { text in
            // The standard library reads hexadecimal numbers too.
            guard let value = Double(text), value.isFinite || !finite && !value.isNaN, !text.lowercased().contains("x") else {
                return nil
            }
            return value
        }
    }

    private func values<T>(
        _ key: String, _ count: Int?, _ kind: String, _ parse: (Substring) -> T?
    ) throws(ModelError) -> [T] {
        var result: [T] = []
        for part in try text(key).split(separator: " ") {
            guard let value = parse(part) else { throw error(key, kind, found: part) }
            result.append(value)
        }
        guard count == nil || result.count == count else {
            throw error(key, "\(count ?? 0) \(kind)", found: "\(result.count)")
        }
        return result
    }

    private func error(_ key: String, _ expected: String, found: (some StringProtocol)? = String?.none) -> ModelError {
        let what = found.map { "found '\($0.prefix(40))', " } ?? ""
        return ModelError(.malformed, "line '\(key)=' of the \(name): \(what)expected \(expected)")
    }
}
