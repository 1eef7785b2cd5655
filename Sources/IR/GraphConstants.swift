public import SeptumTensor

extension Graph {
    /// The values of a graph that are part of the model, in the order of their identities.
    public struct Constants: Sendable, Sequence {
        private var tensors: [Tensor?] = []
        /// How many there are.
        public private(set) var count = 0

        init() {}

        /// The constant of a value, nil when the value is computed or an input.
        public internal(set) subscript(id: ValueID) -> Tensor? {
            get { tensors.indices.contains(id.index) ? tensors[id.index] : nil }
            set {
                while tensors.count <= id.index, newValue != nil { tensors.append(nil) }
                guard tensors.indices.contains(id.index) else { return }
                count += (newValue == nil ? 0 : 1) - (tensors[id.index] == nil ? 0 : 1)
                tensors[id.index] = newValue
            }
        }

        public var keys: [ValueID] { tensors.indices.filter { tensors[$0] != nil }.map(ValueID.init(index:)) }
        public var values: [Tensor] { tensors.compactMap { $0 } }

        public func makeIterator() -> IndexingIterator<[(key: ValueID, value: Tensor)]> {
            var pairs: [(key: ValueID, value: Tensor)] = []
            pairs.reserveCapacity(count)
            for (index, tensor) in tensors.enumerated() {
                if let tensor { pairs.append((ValueID(index: index), tensor)) }
            }
            return pairs.makeIterator()
        }
    }

    /// Where the values of one graph are in another one.
    package struct ValueMap {
        private var places: [Int]

        init(count: Int) { places = Array(repeating: -1, count: count) }

        package subscript(id: ValueID) -> ValueID? {
            get { places[id.index] < 0 ? nil : ValueID(index: places[id.index]) }
            set { places[id.index] = newValue?.index ?? -1 }
        }
    }
}
