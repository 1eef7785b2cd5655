import SeptumIR
import SeptumReconstruction
import SeptumTensor
import Testing

@Suite struct ContractFileTests {
    @Test(arguments: [
        "onnx/jet_deepsets", "onnx/jet_particlenet", "xgboost/jet_classifier", "sklearn/jet_pipeline", "contract/features",
    ])
    func keepsContractsOfFixtures(_ folder: String) throws {
        let contract = try InputContract(yamlPath: "\(fixtures)/\(folder)/contract.yaml")
        #expect(contract.name == folder.split(separator: "/").last.map(String.init))
        #expect(contract.inputs.first?.features.isEmpty == false)
        #expect(try InputContract(yaml: contract.yaml) == contract)
        #expect(try ContractCoding.decode(ContractCoding.encode(contract)) == contract)
    }

    @Test func readsEveryMember() throws {
        let contract = try InputContract(
            yaml: """
                contract: 1
                name: "a: b"
                row: Jet
                inputs:
                  - tensor: x
                    collection: P
                    link: P_jet
                    sort: {by: P_pt, order: ascending}
                    length: {minimum: 2, maximum: 9}
                    features:
                      - {name: a, branch: P_a, unit: GeV, transform: log1p, offset: 1e-3, scale: 0.1, clip: [-1, .5], missing: keep}
                      - {name: b, missing: -3}
                      - {name: c, missing: refuse}
                  - tensor: y
                    sort: {by: k}
                    length: {}
                    features: [{name: "1"}]
                outputs:
                  - {tensor: z, columns: [p, q]}
                """)
        let a = InputContract.Feature(
            name: "a", branch: "P_a", unit: "GeV", transform: .log1p, offset: 0.001, scale: 0.1, clip: -1...0.5, missing: .keep)
        let expected = InputContract(
            name: "a: b", row: "Jet",
            inputs: [
                .init(
                    tensor: "x", features: [a, .init(name: "b", missing: .replace(-3)), .init(name: "c")], collection: "P",
                    link: "P_jet", sort: .init(by: "P_pt", isDescending: false), length: .init(minimum: 2, maximum: 9)),
                .init(tensor: "y", features: [.init(name: "1")], sort: .init(by: "k", isDescending: true), length: .init()),
            ], outputs: [.init(tensor: "z", columns: ["p", "q"])])
        #expect(contract == expected)
    }

    private static func feature(_ members: String) -> String {
        "{contract: 1, inputs: [{tensor: x, features: [{\(members)}]}]}"
    }

    private static func input(_ members: String) -> String {
        "{contract: 1, inputs: [{tensor: x, features: [{name: a}], \(members)}]}"
    }

    static let refused: [(yaml: String, message: String)] = [
        ("", "the input contract is empty"),
        ("[1]", "input contract: 'contract' must be a mapping"),
        ("text", "input contract: 'contract' must be a mapping"),
        ("inputs: []", "the contract's version must be 'contract: 1'"),
        ("contract: 2", "the contract's version must be 'contract: 1'"),
        ("contract: '1'", "the contract's version must be 'contract: 1'"),
        ("contract: 1", "input contract: 'inputs' must be a list"),
        ("{contract: 1, name: 3, inputs: []}", "input contract: 'name' must be text"),
        ("{contract: 1, rows: Jet, inputs: []}", "input contract: the contract has an unknown member 'rows'"),
        ("{contract: 1, row: [a], inputs: []}", "input contract: 'row' must be text"),
        ("{contract: 1, inputs: [1]}", "input contract: 'input' must be a mapping"),
        ("{contract: 1, inputs: [{features: [{name: a}]}]}", "input contract: 'tensor' must be a name"),
        ("{contract: 1, inputs: [{tensor: x}]}", "input contract: 'features' must be a list"),
        ("{contract: 1, inputs: [{tensor: x, features: []}]}", "input contract: 'features' must be at least one feature"),
        (input("colection: a"), "input contract: the input has an unknown member 'colection'"),
        (input("sort: a"), "input contract: 'sort' must be a mapping"),
        (input("sort: {order: ascending}"), "input contract: 'by' must be a name"),
        (input("sort: {by: a, order: up}"), "input contract: 'order' must be ascending or descending"),
        (input("length: 3"), "input contract: 'length' must be a mapping"),
        (input("length: {minimum: -1}"), "input contract: 'length' must be 0 <= minimum <= maximum"),
        (input("length: {minimum: a}"), "input contract: 'length' must be 0 <= minimum <= maximum"),
        (input("length: {minimum: 5, maximum: 4}"), "input contract: 'length' must be 0 <= minimum <= maximum"),
        (input("length: {maximum: 1.5}"), "input contract: 'length' must be 0 <= minimum <= maximum"),
        (input("length: {min: 1}"), "input contract: the length has an unknown member 'min'"),
        (feature("branch: a"), "input contract: 'name' must be a name"),
        (feature("name: ''"), "input contract: 'name' must be a name"),
        (feature("name: 1"), "input contract: 'name' must be text"),
        (feature("name: a, scael: 2"), "input contract: the feature has an unknown member 'scael'"),
        (
            feature("name: a, transform: ln"),
            "input contract: 'transform' must be one of none, log, log1p, exp, sqrt, abs, square"
        ),
        (feature("name: a, offset: one"), "input contract: 'offset' must be a finite number"),
        (feature("name: a, scale: 1e99"), "input contract: 'scale' must be a finite number"),
        (feature("name: a, scale: nan"), "input contract: 'scale' must be a finite number"),
        (feature("name: a, clip: 5"), "input contract: 'clip' must be [low, high]"),
        (feature("name: a, clip: [5, -5]"), "input contract: 'clip' must be [low, high]"),
        (feature("name: a, clip: [1]"), "input contract: 'clip' must be [low, high]"),
        (feature("name: a, clip: [nan, 1]"), "input contract: 'clip' must be [low, high]"),
        (feature("name: a, missing: zero"), "input contract: 'missing' must be a number, keep or refuse"),
        (feature("name: a, missing: [0]"), "input contract: 'missing' must be a finite number"),
        ("{contract: 1, inputs: [], outputs: {tensor: a}}", "input contract: 'outputs' must be a list"),
        ("{contract: 1, inputs: [], outputs: [{tensor: a}]}", "input contract: 'columns' must be a list"),
        ("{contract: 1, inputs: [], outputs: [{tensor: a, columns: [1]}]}", "input contract: 'columns' must be a list of names"),
        ("{contract: 1, contract: 1}", "is no YAML"),
        ("a: [", "is no YAML"),
        ("a: *b", "is no YAML"),
        ("\u{0}", "is no YAML"),
    ]

    @Test func refuses() throws {
        #expect(ContractFileTests.refused.count == 45)
        for (yaml, message) in ContractFileTests.refused {
            let error = #expect(throws: ModelError.self, "\(yaml)") { try InputContract(yaml: yaml) }
            #expect(error?.message == message, "\(yaml)")
        }
    }

    @Test func namesTheFileAndTheKnownMembers() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("c.yaml", Array("{contract: 1, inputs: [{tensor: x, length: {min: 1}, features: []}]}".utf8))
        let error = #expect(throws: ModelError.self) { try InputContract(yamlPath: path) }
        #expect(
            error?.description
                == "\(path): input contract: the length has an unknown member 'min'; known are minimum, maximum")
        let binary = try folder.write("b.yaml", [0xff, 0xfe, 0x00])
        let refused = #expect(throws: ModelError.self) { try InputContract(yamlPath: binary) }
        #expect(refused?.description == "\(binary): is no UTF-8 text")
    }

    /// Ten anchors, each ten times the one before: 10^10 nodes when written out, as a value or hashed as a key.
    @Test func boundsWhatAnchorsMultiplyTo() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let parts = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(parts)]\n"
        }
        for tail in ["", "? *a9\n: 1\n"] {
            let error = #expect(throws: ModelError.self) { try InputContract(yaml: text + tail) }
            #expect(error?.message == "the input contract has \(tail.isEmpty ? 90 : 91) aliases, at most 8 are allowed")
        }
        // Few aliases of a long list: 8^2 * 3000 nodes.
        let long = [String](repeating: "x", count: 3000).joined(separator: ", ")
        let wide = "a: &a [\(long)]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n"
        let large = #expect(throws: ModelError.self) { try InputContract(yaml: wide + "d: &d [\(long)]\n") }
        #expect(large?.code == .malformed || large?.code == .limit)
    }

    @Test func takesAnchors() throws {
        let contract = try InputContract(
            yaml: """
                contract: 1
                inputs:
                  - {tensor: x, features: &shared [{name: pt}, {name: eta}]}
                  - {tensor: y, features: *shared}
                """)
        #expect(contract.inputs.map(\.features.count) == [2, 2])
    }

    @Test func boundsDepthAndSize() throws {
        for depth in [40, 900, 5_000] {
            let error = #expect(throws: ModelError.self) {
                try InputContract(yaml: String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
            }
            #expect(error?.code == .limit || error?.code == .malformed)
        }
        let large = #expect(throws: ModelError.self) { try InputContract(yaml: String(repeating: " ", count: 1 << 21)) }
        #expect(large?.message == "the input contract has 2097152 bytes, at most 1048576 are allowed")
    }
}
