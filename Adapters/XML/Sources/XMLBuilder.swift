import CSeptumExpat
import SeptumTensor

/// Takes what the parser finds; expat calls it back while it parses.
///
/// Nothing but elements, attributes and text is taken. A document type declaration ends the parse, so that no entity can be
/// defined, expanded or fetched.
///
/// Source: https://libexpat.github.io/doc/api/latest
final class XMLBuilder {
    /// Elements nest at most this deep.
    static let depthLimit = 4096

    private(set) var names: [String] = []
    private(set) var places: [String: Int32] = [:]
    private(set) var elements: [XMLDocument.Element] = []
    private(set) var attributes: [XMLDocument.Attribute] = []
    private(set) var bytes: [UInt8] = []

    private var open: [(element: Int, lastChild: Int, text: [UInt8])] = []
    private var failure: ModelError?
    private var parser: XML_Parser?

    func parse(_ source: UnsafeRawBufferPointer) throws(ModelError) {
        guard let parser = XML_ParserCreate(nil) else { throw ModelError(.limit, "there is no memory for an XML parser") }
        self.parser = parser
        defer {
            XML_ParserFree(parser)
            self.parser = nil
        }
        XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        XML_SetElementHandler(
            parser, { data, name, attributes in XMLBuilder.from(data)?.start(name, attributes) },
            { data, _ in XMLBuilder.from(data)?.end() })
        XML_SetCharacterDataHandler(parser, { data, text, count in XMLBuilder.from(data)?.take(text, count) })
        XML_SetStartDoctypeDeclHandler(parser, { data, _, _, _, _ in XMLBuilder.from(data)?.refuseDocumentType() })
        let step = 1 << 20
        var place = 0
        repeat {
            let part = source[place..<min(place + step, source.count)]
            place = part.endIndex
            let status = XML_Parse(
                parser, UnsafeRawBufferPointer(rebasing: part).bindMemory(to: CChar.self).baseAddress, Int32(part.count),
                place == source.count ? 1 : 0)
            if let failure { throw failure }
            guard status == XML_STATUS_OK else {
                let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "no XML"
                throw ModelError(
                    .malformed, "line \(XML_GetCurrentLineNumber(parser)): \(reason)",
                    remedy: "check that the file was copied whole")
            }
        } while place < source.count
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> XMLBuilder? {
        data.map { Unmanaged<XMLBuilder>.fromOpaque($0).takeUnretainedValue() }
    }

    private func start(_ name: UnsafePointer<XML_Char>?, _ list: UnsafeMutablePointer<UnsafePointer<XML_Char>?>?) {
        guard let name, let list, failure == nil else { return }
        guard open.count < XMLBuilder.depthLimit, elements.count < Int(Int32.max) else {
            return stop(ModelError(.limit, "line \(line): elements nest more than \(XMLBuilder.depthLimit) deep"))
        }
        let first = attributes.count
        var item = list
        while let key = item[0], let value = item[1] {
            attributes.append(XMLDocument.Attribute(name: intern(key), value: store(value)))
            item += 2
        }
        let index = elements.count
        elements.append(
            XMLDocument.Element(name: intern(name), line: Int32(clamping: line), attributes: first..<attributes.count))
        if let parent = open.last {
            if parent.lastChild < 0 {
                elements[parent.element].firstChild = Int32(index)
            } else {
                elements[parent.lastChild].nextSibling = Int32(index)
            }
            open[open.count - 1].lastChild = index
        }
        open.append((index, -1, []))
    }

    private func end() {
        guard failure == nil, let last = open.popLast() else { return }
        let start = bytes.count
        bytes += last.text
        elements[last.element].text = start..<bytes.count
    }

    private func take(_ text: UnsafePointer<XML_Char>?, _ count: Int32) {
        guard let text, failure == nil, !open.isEmpty else { return }
        let part = UnsafeRawBufferPointer(start: text, count: Int(count))
        // The white space between elements is no text.
        if open[open.count - 1].text.isEmpty, part.allSatisfy({ $0 == 0x20 || (0x09...0x0d).contains($0) }) { return }
        open[open.count - 1].text += part
    }

    private func refuseDocumentType() {
        stop(
            ModelError(
                .unsupported, "line \(line): the file declares a document type, which could define entities",
                remedy: "take the <!DOCTYPE ...> out, if the file is otherwise as its library wrote it"))
    }

    private var line: Int { parser.map { Int(clamping: XML_GetCurrentLineNumber($0)) } ?? 0 }

    private func stop(_ error: ModelError) {
        guard failure == nil else { return }
        failure = error
        if let parser { XML_StopParser(parser, 0) }
    }

    private func intern(_ name: UnsafePointer<XML_Char>) -> Int32 {
        let text = String(cString: name)
        if let place = places[text] { return place }
        let place = Int32(clamping: names.count)
        names.append(text)
        places[text] = place
        return place
    }

    private func store(_ value: UnsafePointer<XML_Char>) -> Range<Int> {
        let start = bytes.count
        var pointer = value
        while pointer.pointee != 0 {
            bytes.append(UInt8(bitPattern: pointer.pointee))
            pointer += 1
        }
        return start..<bytes.count
    }
}
