public import SeptumIR
public import SeptumTensor
import Yams

extension InputContract {
    /// Reads a contract from a YAML file.
    ///
    /// - Throws: `malformed` naming the member and what was expected.
    public init(yamlPath path: String) throws(ModelError) {
        let source = try ModelSource(path: path)
        guard let text = String(validating: source.bytes, as: UTF8.self) else {
            throw ModelError(.malformed, "is no UTF-8 text", file: path)
        }
        do throws(ModelError) {
            try self.init(yaml: text)
        } catch {
            throw error.inFile(path)
        }
    }

    /// Reads a contract from YAML text.
    ///
    /// - Throws: `malformed` naming the member and what was expected.
    public init(yaml text: String) throws(ModelError) {
        guard text.utf8.count <= 1 << 20 else {
            throw ModelError(.limit, "the input contract has \(text.utf8.count) bytes, at most \(1 << 20) are allowed")
        }
        let aliases = InputContract.aliasCount(text)
        guard aliases <= 8 else {
            throw ModelError(.limit, "the input contract has \(aliases) aliases, at most 8 are allowed")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ModelError(.malformed, "is no YAML", cause: "\(error)")
        }
        guard let root else { throw ModelError(.malformed, "the input contract is empty") }
        var budget = 100_000
        self = try ContractCoding.decode(try InputContract.json(root, depth: 0, &budget))
    }

    /// How many aliases the text may hold: nodes that are a key are hashed with all they stand for before they can be counted.
    private static func aliasCount(_ text: String) -> Int {
        var count = 0
        var previous = UInt8(ascii: "\n")
        for byte in text.utf8 {
            if byte == UInt8(ascii: "*"), " \t\r\n[{,:-?".utf8.contains(previous) { count += 1 }
            previous = byte
        }
        return count
    }

    /// The contract as YAML text in flow style, which is also JSON.
    public var yaml: String { ContractCoding.encode(self).indented + "\n" }

    /// Numbers keep their text, so that they are rounded once; the budget bounds what anchors can multiply to.
    private static func json(_ node: Node, depth: Int, _ budget: inout Int) throws(ModelError) -> JSON {
        budget -= 1
        guard depth < 32, budget > 0 else { throw ModelError(.limit, "the input contract is nested too deeply or too large") }
        switch node {
        case .mapping(let mapping):
            var members: [JSON.Member] = []
            for (key, value) in mapping { members.append(.init(key.string ?? "", try json(value, depth: depth + 1, &budget))) }
            return .object(members)
        case .sequence(let sequence):
            var values: [JSON] = []
            for value in sequence { values.append(try json(value, depth: depth + 1, &budget)) }
            return .array(values)
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            if isPlain, scalar.string.isEmpty || scalar.string == "null" || scalar.string == "~" { return .null }
            if isPlain, Double(scalar.string) != nil { return .number(scalar.string) }
            return .string(scalar.string)
        case .alias:
            throw ModelError(.malformed, "the input contract uses an alias without an anchor")
        }
    }
}
