public import SeptumTensor

/// Nodes in topological order over named, typed values.
///
/// A graph used as a subgraph sees nothing from outside: what it captures enters through its inputs.
public struct Graph: Sendable {
    /// Identifies a value within its graph.
    public struct ValueID: Hashable, Sendable {
        public let index: Int
        package init(index: Int) { self.index = index }
    }

    /// One application of an operator.
    public struct Node: Sendable {
        public var name: String
        public var op: any Operator
        /// Nil for an omitted optional input.
        public var inputs: [ValueID?]
        /// Nil for an output that nobody uses.
        public var outputs: [ValueID?]

        public init(name: String, op: any Operator, inputs: [ValueID?], outputs: [ValueID?]) {
            self.name = name
            self.op = op
            self.inputs = inputs
            self.outputs = outputs
        }
    }

    /// A value's name and what is known of it.
    public struct ValueInfo: Sendable {
        public var name: String
        public var fact: Fact
    }

    public var name: String
    public internal(set) var values: [ValueInfo] = []
    public internal(set) var nodes: [Node] = []
    public internal(set) var inputs: [ValueID] = []
    public internal(set) var outputs: [ValueID] = []
    /// Values that are part of the model, such as weights.
    public internal(set) var constants = Constants()
    /// The names of the values, nil when they are to be collected once somebody asks.
    private var takenNames: NameTable? = NameTable()

    public init(name: String = "main") { self.name = name }

    public subscript(id: ValueID) -> ValueInfo { values[id.index] }

    /// The type of a value.
    public func type(_ id: ValueID) -> ValueType { values[id.index].fact.type }

    /// Finds a value by its name; linear in the number of values.
    public func value(named name: String) -> ValueID? {
        values.firstIndex { $0.name == name }.map(ValueID.init(index:))
    }

    /// The parameters of the model: elements of all floating-point constants, subgraphs included.
    public var parameterCount: Int {
        let own = constants.values.reduce(0) { $0 + ($1.elementType.isFloatingPoint ? $1.count : 0) }
        return nodes.reduce(own) { sum, node in node.op.subgraphs.reduce(sum) { $0 + $1.parameterCount } }
    }
}

// MARK: Building

extension Graph {
    /// Declares the next input.
    ///
    /// - Throws: `invalidModel` when the name is taken.
    @discardableResult
    public mutating func addInput(_ name: String, _ type: ValueType) throws(ModelError) -> ValueID {
        let id = try addValue(name, Fact(type))
        inputs.append(id)
        return id
    }

    /// Adds a value that is part of the model; without a name it gets a fresh one.
    ///
    /// - Throws: `invalidModel` when the name is taken.
    @discardableResult
    public mutating func addConstant(_ tensor: Tensor, name: String? = nil) throws(ModelError) -> ValueID {
        let id = try addValue(name ?? freshName("constant"), Fact(constant: tensor))
        constants[id] = tensor
        return id
    }

    /// Appends a node and infers the types of its outputs.
    ///
    /// - Parameters:
    ///   - op: The operator.
    ///   - name: The node's name, for messages.
    ///   - inputs: The inputs, nil for an omitted one.
    ///   - outputs: Names of the outputs, nil for one that nobody uses; by default one output with a fresh name.
    /// - Returns: The outputs that have a name.
    /// - Throws: `ModelError` naming the node when its inputs do not fit the operator.
    @discardableResult
    public mutating func append(
        _ op: any Operator, name: String = "", inputs: [ValueID?], outputs: [String?]? = nil
    ) throws(ModelError) -> [ValueID] {
        let names = outputs ?? [freshName(name.isEmpty ? op.name : name)]
        do throws(ModelError) {
            let facts = try Graph.infer(op, inputs.map { id in id.map { self[$0].fact } }, outputCount: names.count)
            var ids: [ValueID?] = []
            ids.reserveCapacity(names.count)
            for (name, fact) in zip(names, facts) {
                guard let name else { ids.append(nil); continue }
                ids.append(try addValue(name, Graph.naming(fact, after: name)))
            }
            nodes.append(Node(name: name, op: op, inputs: inputs, outputs: ids))
            return ids.compactMap { $0 }
        } catch {
            throw error.atNode(name, operator: op.name)
        }
    }

    /// Appends a node with exactly one output and returns it.
    ///
    /// - Throws: `ModelError` naming the node when its inputs do not fit the operator.
    public mutating func apply(_ op: any Operator, name: String = "", _ inputs: ValueID?...) throws(ModelError) -> ValueID {
        guard let id = try append(op, name: name, inputs: inputs).first else {
            throw ModelError(.invalidModel, "the operator gave no output").atNode(name, operator: op.name)
        }
        return id
    }

    /// Makes a value the next output; under another name when one is given.
    ///
    /// - Throws: `invalidModel` when the name is taken.
    public mutating func addOutput(_ id: ValueID, name: String? = nil) throws(ModelError) {
        if let name, name != self[id].name { try rename(id, name) }
        outputs.append(id)
    }

    /// Renames a value.
    ///
    /// - Throws: `invalidModel` when the name is taken.
    public mutating func rename(_ id: ValueID, _ name: String) throws(ModelError) {
        try take(name)
        takenNames?.remove(values[id.index].name)
        values[id.index].name = name
    }

    /// A name that no value has, starting with `stem`; the steps grow, so that a file whose names are all taken cannot make this slow.
    public func freshName(_ stem: String) -> String {
        let taken = takenNames ?? collectedNames
        var (number, step) = (values.count, 1)
        while taken["\(stem)_\(number)"] != nil {
            number += step
            step = min(2 * step, 1 << 20)
        }
        return "\(stem)_\(number)"
    }

    private mutating func addValue(_ name: String, _ fact: Fact) throws(ModelError) -> ValueID {
        try take(name)
        values.append(ValueInfo(name: name, fact: fact))
        return ValueID(index: values.count - 1)
    }

    /// - Throws: `invalidModel` when the name is taken.
    private mutating func take(_ name: String) throws(ModelError) {
        if takenNames == nil { takenNames = collectedNames }
        guard takenNames?.insert(name) ?? false else {
            throw ModelError(.invalidModel, "the name '\(name)' is given to two values")
        }
    }

    private var collectedNames: NameTable {
        var names = NameTable(capacity: values.count)
        for value in values { names.insert(value.name) }
        return names
    }

    /// Leaves the names to be collected when somebody asks.
    mutating func forgetNames() { takenNames = nil }

    /// Dimensions that an operator leaves unknown get a symbol of their own, so that equal ones stay equal downstream.
    static func naming(_ fact: Fact, after name: String) -> Fact {
        guard case .tensor(var type) = fact.type, let shape = type.shape, shape.contains(.unknown) else { return fact }
        type.shape = shape.enumerated().map { $1 == .unknown ? .symbol("\(name).\($0)") : $1 }
        var named = fact
        named.type = .tensor(type)
        return named
    }
}
