import Foundation
import SeptumIR
import SeptumONNX
import SeptumTensor

/// One case of ONNX's backend test suite, in the form in which `export.py` writes it.
struct SuiteCase: Decodable, Sendable {
    let name: String
    let kind: String
    let rtol: Double
    let atol: Double
    let model: [Int]
    /// What onnx infers of the outputs, by the raw value of `InputTypes`.
    let inferred: [String: [InferredType?]]
    let sets: [ValueSet]

    struct ValueSet: Decodable, Sendable {
        let inputs: [StoredValue]
        let outputs: [StoredValue]
    }

    /// The type of a tensor, as far as it is known.
    struct InferredType: Decodable, Sendable {
        private let typeCode: Int
        private let shape: [InferredDimension?]?

        private enum CodingKeys: String, CodingKey { case typeCode = "type", shape }

        func type() -> TensorType? {
            ElementType(rawValue: Int32(typeCode)).map { element in
                TensorType(element, shape.map { $0.map { $0?.dimension ?? .unknown } })
            }
        }
    }

    private struct InferredDimension: Decodable, Sendable {
        let dimension: SeptumTensor.Dimension

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let size = try? container.decode(Int.self) {
                dimension = .fixed(size)
            } else {
                dimension = .symbol(try container.decode(String.self))
            }
        }
    }

    /// A tensor by its place in `cases.bin`, or what holds tensors.
    indirect enum StoredValue: Decodable, Sendable {
        case tensor([Int])
        case sequence([StoredValue])
        case optional([StoredValue])

        private enum Key: String, CodingKey { case sequence, optional }

        init(from decoder: any Decoder) throws {
            if let place = try? decoder.singleValueContainer().decode([Int].self) {
                self = .tensor(place)
                return
            }
            let container = try decoder.container(keyedBy: Key.self)
            if let items = try container.decodeIfPresent([StoredValue].self, forKey: .sequence) {
                self = .sequence(items)
            } else {
                self = .optional(try container.decode([StoredValue].self, forKey: .optional))
            }
        }
    }
}

/// All cases, and the file that holds their models and tensors.
struct SuiteCases: Sendable {
    let all: [SuiteCase]
    private let pack: Data

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    init() throws {
        let folder = SuiteCases.root.appending(path: ".suite")
        all = try JSONDecoder().decode([SuiteCase].self, from: Data(contentsOf: folder.appending(path: "cases.json")))
        pack = try Data(contentsOf: folder.appending(path: "cases.bin"), options: .alwaysMapped)
    }

    func model(_ item: SuiteCase) throws -> Model {
        try ONNXAdapter().importModel(try source(item.model, item.name + ".onnx"), ImportOptions())
    }

    /// A stored value; `type` says what an empty sequence or optional holds.
    func value(_ stored: SuiteCase.StoredValue, _ type: ValueType) throws -> Value {
        switch (stored, type) {
        case (.tensor(let place), _):
            let source = try source(place, "tensor.pb")
            return .tensor(try TensorRecord(parsing: source).tensor(in: DataFiles(source)))
        case (.sequence(let items), .sequence(let element)):
            return .sequence(try items.map { try value($0, element) }, of: element)
        case (.optional(let items), .optional(let wrapped)):
            return .optional(try items.first.map { try value($0, wrapped) }, of: wrapped)
        default: throw Difference("the case holds a value of another kind than \(type)")
        }
    }

    private func source(_ place: [Int], _ name: String) throws -> ModelSource {
        try ModelSource(bytes: Array(pack[place[0]..<place[0] + place[1]]), name: name)
    }
}

/// What passes in ONNX Runtime, as `peer.py` writes it.
struct PeerResult: Decodable, Sendable {
    let version: String
    let passed: [String]

    init() throws {
        let path = SuiteCases.root.appending(path: ".suite/onnxruntime.json")
        self = try JSONDecoder().decode(PeerResult.self, from: Data(contentsOf: path))
    }
}
