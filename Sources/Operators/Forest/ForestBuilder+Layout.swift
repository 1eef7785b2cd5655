import SeptumIR
import SeptumTensor

/// The nodes of one tree in the order in which they were added.
struct PendingTree: Sendable {
    struct Node: Sendable {
        var id: Int
        /// -1 for a leaf.
        var feature: Int32
        /// The id of the left child; for a leaf, where its values start.
        var left: Int
        var right: Int
        var threshold = 0.0
        var flags: Op.Forest.Flags = []
        /// Where the node's words stand in `PendingTree.words`.
        var set = 0..<0
        var label: Int32 = 0
    }

    var nodes: [Node] = []
    var values: [Double] = []
    var words: [UInt32] = []
    /// Where the node of each id stands, where ids are not their places.
    private var places: [Int: Int]?

    /// Where the node of an id stands.
    func place(of id: Int) -> Int? {
        guard let places else { return nodes.indices.contains(id) ? id : nil }
        return places[id]
    }

    /// Appends a node; false when its id is taken.
    mutating func append(_ node: Node) -> Bool {
        if places == nil, node.id != nodes.count {
            places = Dictionary(uniqueKeysWithValues: nodes.indices.map { ($0, $0) })
        }
        if places != nil, places?.updateValue(nodes.count, forKey: node.id) != nil { return false }
        nodes.append(node)
        return true
    }

    mutating func removeAll() {
        nodes.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        words.removeAll(keepingCapacity: true)
        places = nil
    }
}

extension ForestBuilder {
    /// Walks the tree in progress from its root in pre-order, appends it to the layout and returns the root's reference.
    mutating func layOut(_ root: Int) throws(ModelError) -> Int32 {
        guard let first = pending.place(of: root) else { throw error(root, "the root does not exist") }
        var isSeen = [Bool](repeating: false, count: pending.nodes.count)
        var seen = 0
        var stack: [(place: Int, parent: Int, isLeft: Bool, depth: Int)] = [(first, -1, true, 0)]
        var rootReference: Int32 = 0
        while let (place, parent, isLeft, depth) = stack.popLast() {
            let node = pending.nodes[place]
            guard !isSeen[place] else { throw error(node.id, "the node has two parents or lies on a cycle") }
            isSeen[place] = true
            seen += 1
            guard depth <= Op.Forest.depthLimit else { throw error(node.id, "the tree is too deep", .limit) }
            let reference = try append(node)
            if parent < 0 {
                rootReference = reference
            } else if isLeft {
                layout.left[parent] = reference
            } else {
                layout.right[parent] = reference
            }
            guard reference >= 0 else { continue }
            stack.append((try childPlace(node, node.right, "right"), Int(reference), false, depth + 1))
            stack.append((try childPlace(node, node.left, "left"), Int(reference), true, depth + 1))
        }
        guard seen == isSeen.count else {
            let lost = isSeen.firstIndex(of: false).map { pending.nodes[$0].id } ?? root
            throw error(lost, "the node cannot be reached from the root")
        }
        return rootReference
    }

    private func childPlace(_ node: PendingTree.Node, _ child: Int, _ side: String) throws(ModelError) -> Int {
        guard let place = pending.place(of: child) else {
            throw error(node.id, "its \(side) child \(child) does not exist, the tree has \(pending.nodes.count) nodes")
        }
        return place
    }

    private mutating func append(_ node: PendingTree.Node) throws(ModelError) -> Int32 {
        guard layout.feature.count < Int32.max - 1, layout.label.count < Int32.max - 1 else {
            throw error(node.id, "the forest is too large", .limit)
        }
        guard node.feature >= 0 else {
            layout.label.append(node.label)
            for index in node.left..<node.left + leafWidth { layout.leafValue.append(pending.values[index]) }
            return ~Int32(layout.label.count - 1)
        }
        layout.feature.append(node.feature)
        layout.threshold.append(node.threshold)
        layout.left.append(0)
        layout.right.append(0)
        layout.flags.append(node.flags.rawValue)
        if node.flags.contains(.category) {
            layout.set.append(Int32(layout.start.count - 1))
            layout.words += pending.words[node.set]
            layout.start.append(Int32(truncatingIfNeeded: layout.words.count))
        } else {
            layout.set.append(-1)
        }
        return Int32(layout.feature.count - 1)
    }
}

/// The layout while it grows; see `Op.Forest.Layout` for what each array means.
struct ForestLayoutArrays: Sendable {
    let thresholdType: ElementType
    var feature: [Int32] = []
    var threshold: [Double] = []
    var left: [Int32] = []
    var right: [Int32] = []
    var flags: [UInt8] = []
    var root: [Int32] = []
    var output: [Int32] = []
    var weight: [Double] = []
    var leafValue: [Double] = []
    var label: [Int32] = []
    var set: [Int32] = []
    var start: [Int32] = [0]
    var words: [UInt32] = []

    init(thresholdType: ElementType) { self.thresholdType = thresholdType }

    func tensors(_ accumulationType: ElementType, leafWidth: Int) throws(ModelError) -> Op.Forest.Layout {
        let hasSets = start.count > 1
        return Op.Forest.Layout(
            feature: try Tensor([feature.count], feature),
            threshold: try ForestLayoutArrays.tensor([threshold.count], threshold, thresholdType),
            left: try Tensor([left.count], left), right: try Tensor([right.count], right),
            flags: try Tensor([flags.count], flags), root: try Tensor([root.count], root),
            output: try Tensor([output.count], output),
            weight: weight.allSatisfy { $0 == 1 } ? nil : try ForestLayoutArrays.tensor([weight.count], weight, accumulationType),
            leafValue: try ForestLayoutArrays.tensor([label.count, leafWidth], leafValue, accumulationType),
            leafLabel: try Tensor([label.count], label), categorySet: hasSets ? try Tensor([set.count], set) : nil,
            categoryStart: hasSets ? try Tensor([start.count], start) : nil,
            categoryWords: hasSets ? try Tensor([words.count], words) : nil)
    }

    static func tensor(_ shape: [Int], _ values: [Double], _ type: ElementType) throws(ModelError) -> Tensor {
        type == .float32 ? try Tensor(shape, values.map { Float($0) }) : try Tensor(shape, values)
    }
}
