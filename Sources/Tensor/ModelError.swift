/// What went wrong with a model, a file, an input or the environment, where, and what to do.
///
/// Every failure that a file or a caller can cause reaches the caller as this type.
public struct ModelError: Error, Sendable, Equatable {
    /// The kind of failure; the raw value is the status that the C interface returns.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// The file cannot be opened, read or written.
        public static let file = Code(rawValue: 1)
        /// The bytes are not what their format demands.
        public static let malformed = Code(rawValue: 2)
        /// The model asks for something that Septum does not support.
        public static let unsupported = Code(rawValue: 3)
        /// The graph breaks a rule: a cycle, a dangling value, types that do not fit.
        public static let invalidModel = Code(rawValue: 4)
        /// The caller gave inputs that do not fit the model.
        public static let invalidInput = Code(rawValue: 5)
        /// A size is beyond what this process may allocate.
        public static let limit = Code(rawValue: 6)
        /// Something outside Septum is missing: an interpreter, a package, a library.
        public static let environment = Code(rawValue: 7)
        /// Reading would execute code and the caller has not allowed it.
        public static let untrusted = Code(rawValue: 8)
        /// Results differ from the expected ones.
        public static let mismatch = Code(rawValue: 9)
        /// A plugin broke its contract.
        public static let plugin = Code(rawValue: 10)
    }

    public var code: Code
    /// What was found and what was expected.
    public var message: String
    /// What the reader of the error can do.
    public var remedy: String?
    public var file: String?
    /// The node's name and operator, such as `conv1 (Conv)`.
    public var node: String?
    public var attribute: String?
    /// The failure below this one, already rendered.
    public var cause: String?

    public init(
        _ code: Code, _ message: String, remedy: String? = nil, file: String? = nil, node: String? = nil,
        attribute: String? = nil, cause: String? = nil
    ) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.file = file
        self.node = node
        self.attribute = attribute
        self.cause = cause
    }

    /// Adds the file unless one is named already.
    public func inFile(_ path: String) -> ModelError {
        var copy = self
        copy.file = file ?? path
        return copy
    }

    /// Adds the node unless one is named already.
    public func atNode(_ name: String, operator op: String) -> ModelError {
        var copy = self
        copy.node = node ?? (name.isEmpty ? op : "\(name) (\(op))")
        return copy
    }
}

extension ModelError: CustomStringConvertible {
    /// One line: where, what, and the remedy.
    public var description: String {
        var place: [String] = []
        if let file { place.append(file) }
        if let node { place.append("node \(node)") }
        if let attribute { place.append("attribute '\(attribute)'") }
        var line = place.isEmpty ? message : place.joined(separator: ": ") + ": " + message
        if let cause { line += " (\(cause))" }
        if let remedy { line += "; \(remedy)" }
        return line.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
