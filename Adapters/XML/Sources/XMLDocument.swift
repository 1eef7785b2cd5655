package import SeptumTensor

/// The elements of an XML file with their attributes and text.
///
/// Names and texts lie in a few arrays, so that files of a million elements are no burden.
package final class XMLDocument: Sendable {
    struct Element {
        var name: Int32
        var line: Int32
        var attributes: Range<Int>
        var text: Range<Int> = 0..<0
        var firstChild: Int32 = -1
        var nextSibling: Int32 = -1
    }

    struct Attribute {
        var name: Int32
        var value: Range<Int>
    }

    let names: [String]
    let places: [String: Int32]
    let elements: [Element]
    let attributes: [Attribute]
    let bytes: [UInt8]

    /// The outermost element.
    package var root: XMLElement { XMLElement(document: self, index: 0) }

    /// Parses a file.
    ///
    /// - Throws: `malformed` naming the line where the file is no XML, `unsupported` when it declares a document type (which
    ///   could define entities), `limit` when elements nest too deeply.
    package convenience init(_ source: UnsafeRawBufferPointer) throws(ModelError) {
        let builder = XMLBuilder()
        try builder.parse(source)
        try self.init(builder)
    }

    /// How many elements have a name, wherever they are.
    package func count(named name: String) -> Int {
        guard let place = places[name] else { return 0 }
        return elements.count { $0.name == place }
    }

    /// Parses elements that stand side by side without one around them, as if they were in one called `elements`.
    ///
    /// - Throws: as for a file.
    package convenience init(sideBySide source: UnsafeRawBufferPointer) throws(ModelError) {
        let declaration = source.starts(with: "<?xml".utf8) ? source.firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? 0 : 0
        let builder = XMLBuilder()
        let whole = Array("<elements>".utf8) + source[declaration...] + Array("</elements>".utf8)
        try whole.withUnsafeBytes { bytes in Result { () throws(ModelError) in try builder.parse(bytes) } }.get()
        try self.init(builder)
    }

    private init(_ builder: XMLBuilder) throws(ModelError) {
        guard !builder.elements.isEmpty else { throw ModelError(.malformed, "the file holds no XML element") }
        names = builder.names
        places = builder.places
        elements = builder.elements
        attributes = builder.attributes
        bytes = builder.bytes
    }

    /// Whether content may be XML whose outermost element has a name; looks at the first kilobyte only.
    package static func mayStart(_ source: UnsafeRawBufferPointer, with name: String) -> Bool {
        let start = String(decoding: source.prefix(1024), as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{feff}" }
        return start.first == "<" && start.contains("<" + name)
    }
}

/// One element of a document.
package struct XMLElement: Sendable {
    let document: XMLDocument
    let index: Int

    private var element: XMLDocument.Element { document.elements[index] }

    package var name: String { document.names[Int(element.name)] }
    package var line: Int { Int(element.line) }

    /// The characters directly inside the element.
    package var text: String { String(decoding: textBytes, as: UTF8.self) }

    package var textBytes: ArraySlice<UInt8> { document.bytes[element.text] }

    /// The elements directly inside.
    package var children: some Sequence<XMLElement> {
        sequence(state: element.firstChild) { [document] next -> XMLElement? in
            guard next >= 0 else { return nil }
            let child = XMLElement(document: document, index: Int(next))
            next = document.elements[Int(next)].nextSibling
            return child
        }
    }

    package func children(named name: String) -> [XMLElement] {
        guard let place = document.places[name] else { return [] }
        return children.filter { document.elements[$0.index].name == place }
    }

    /// The first element inside that has the name.
    package func child(_ name: String) -> XMLElement? {
        guard let place = document.places[name] else { return nil }
        return children.first { document.elements[$0.index].name == place }
    }

    /// - Throws: `malformed` when there is no such element.
    package func required(_ name: String) throws(ModelError) -> XMLElement {
        guard let child = child(name) else { throw error("holds no <\(name)>") }
        return child
    }

    /// The bytes of an attribute's value.
    package func bytes(_ name: String) -> ArraySlice<UInt8>? {
        guard let place = document.places[name] else { return nil }
        for attribute in document.attributes[element.attributes] where attribute.name == place {
            return document.bytes[attribute.value]
        }
        return nil
    }

    /// The values of all attributes by their names.
    var attributes: [String: ArraySlice<UInt8>] {
        Dictionary(
            document.attributes[element.attributes].map { (document.names[Int($0.name)], document.bytes[$0.value]) },
            uniquingKeysWith: { first, _ in first })
    }

    package func has(_ name: String) -> Bool { bytes(name) != nil }

    package func optional(_ name: String) -> String? { bytes(name).map { String(decoding: $0, as: UTF8.self) } }

    /// - Throws: `malformed` when there is no such attribute.
    package func string(_ name: String) throws(ModelError) -> String {
        guard let value = optional(name) else { throw error("has no attribute '\(name)'") }
        return value
    }

    package func error(_ what: String, _ code: ModelError.Code = .malformed) -> ModelError {
        ModelError(code, "line \(line): <\(name.prefix(60))> \(what)")
    }
}
