/// What each column of each input tensor means and how it is prepared, and what the outputs are called.
///
/// A feature's value is computed in float32 as `clip((transform(x) - offset) * scale)`, the missing rule coming first.
public struct InputContract: Sendable, Hashable {
    /// The name of the model for people.
    public var name: String
    /// The jagged collection of which each element is one row; nil when each event is one row.
    public var row: String?
    public var inputs: [Input]
    public var outputs: [Output]

    public init(name: String, row: String? = nil, inputs: [Input], outputs: [Output] = []) {
        self.name = name
        self.row = row
        self.inputs = inputs
        self.outputs = outputs
    }

    /// One input tensor of the graph.
    ///
    /// Shape: `[batch, features]`, or `[batch, particles, features]` when it has a collection.
    public struct Input: Sendable, Hashable {
        /// The name of the graph's input.
        public var tensor: String
        public var features: [Feature]
        /// The jagged collection that each row owns a part of.
        public var collection: String?
        /// The branch that holds, for each element of `collection`, the index of the owning row in its event.
        public var link: String?
        public var sort: Sort?
        public var length: Length?

        public init(
            tensor: String, features: [Feature], collection: String? = nil, link: String? = nil, sort: Sort? = nil,
            length: Length? = nil
        ) {
            self.tensor = tensor
            self.features = features
            self.collection = collection
            self.link = link
            self.sort = sort
            self.length = length
        }
    }

    /// One column of an input tensor.
    public struct Feature: Sendable, Hashable {
        public var name: String
        /// The branch it is read from; the feature's own name when nil.
        public var branch: String?
        public var unit: String?
        public var transform: Transform
        public var offset: Float
        public var scale: Float
        public var clip: ClosedRange<Float>?
        public var missing: MissingRule

        public init(
            name: String, branch: String? = nil, unit: String? = nil, transform: Transform = .none, offset: Float = 0,
            scale: Float = 1, clip: ClosedRange<Float>? = nil, missing: MissingRule = .refuse
        ) {
            self.name = name
            self.branch = branch
            self.unit = unit
            self.transform = transform
            self.offset = offset
            self.scale = scale
            self.clip = clip
            self.missing = missing
        }

        /// The branch that the feature is read from.
        public var source: String { branch ?? name }
    }

    public enum Transform: String, Sendable, Hashable, CaseIterable {
        case none, log, log1p, exp, sqrt, abs, square
    }

    /// What happens to NaN.
    public enum MissingRule: Sendable, Hashable {
        /// An error that names the branch and the event.
        case refuse
        /// NaN reaches the model, which knows what to do with it.
        case keep
        /// The value that stands in for it, before the transform.
        case replace(Float)
    }

    /// The order of the particles of a row.
    public struct Sort: Sendable, Hashable {
        public var by: String
        public var isDescending: Bool

        public init(by: String, isDescending: Bool) {
            self.by = by
            self.isDescending = isDescending
        }
    }

    /// How many particles a row may have: fewer are padded with zeros, more are cut off after sorting.
    public struct Length: Sendable, Hashable {
        public var minimum: Int
        public var maximum: Int?

        public init(minimum: Int = 0, maximum: Int? = nil) {
            self.minimum = minimum
            self.maximum = maximum
        }
    }

    /// One output tensor of the graph and the names of its columns.
    public struct Output: Sendable, Hashable {
        public var tensor: String
        public var columns: [String]

        public init(tensor: String, columns: [String]) {
            self.tensor = tensor
            self.columns = columns
        }
    }
}
