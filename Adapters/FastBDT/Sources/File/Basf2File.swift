import SeptumTensor
import SeptumXML

/// A weight file of Belle II's basf2: options in elements side by side, and the text of FastBDT in base64.
///
/// Source: https://github.com/belle2/basf2/blob/main/mva/interface/src/Weightfile.cc (addFile, getStream),
/// https://github.com/belle2/basf2/blob/main/mva/interface/src/Options.cc (GeneralOptions),
/// https://github.com/belle2/basf2/blob/main/mva/methods/src/FastBDT.cc (FastBDTExpert::load)
struct Basf2File {
    let identifier: String
    let variables: [String]
    /// 2 for a classifier, 1 for a forest alone.
    let version: Int
    let weights: [UInt8]
    let signalFraction: String?

    init(_ root: XMLElement) throws(ModelError) {
        let method = try Basf2File.text(root, "method")
        guard method == "FastBDT" else {
            throw ModelError(
                .unsupported, "found the method '\(method.prefix(40))', expected FastBDT",
                remedy: "give the model itself, which the file holds in base64 or names")
        }
        identifier = try Basf2File.text(root, "weightfile")
        let count = try Basf2File.integer(root, "number_feature_variables")
        guard (1...1 << 16).contains(count) else { throw ModelError(.malformed, "found \(count) variables") }
        var variables: [String] = []
        let members = Dictionary(root.children.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for index in 0..<count {
            guard let variable = members["variable\(index)"] else { throw root.error("holds no <variable\(index)>") }
            variables.append(variable.text)
        }
        self.variables = variables
        version = try Basf2File.integer(root, "FastBDT_version")
        guard version == 1 || version == 2 else {
            throw ModelError(.unsupported, "found FastBDT_version \(version), expected 1 or 2")
        }
        signalFraction = root.child("signal_fraction")?.text
        weights = try Basf2File.decoded(try root.required("FastBDT_Weightfile"))
    }

    private static func text(_ root: XMLElement, _ name: String) throws(ModelError) -> String {
        try root.required(name).text
    }

    private static func integer(_ root: XMLElement, _ name: String) throws(ModelError) -> Int {
        let text = try text(root, name)
        guard let value = Int(text) else {
            throw try root.required(name).error("holds '\(text.prefix(40))', expected an integer")
        }
        return value
    }

    /// Base64, with or without its padding.
    private static func decoded(_ element: XMLElement) throws(ModelError) -> [UInt8] {
        var (result, bits, count): ([UInt8], UInt32, Int) = ([], 0, 0)
        for byte in element.textBytes where byte != UInt8(ascii: "=") && byte != 0x0a && byte != 0x0d && byte != 0x20 {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: throw element.error("holds the byte \(byte), which is not of base64")
            }
            bits = (bits << 6 | UInt32(value)) & 0xffff
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return result
    }
}
