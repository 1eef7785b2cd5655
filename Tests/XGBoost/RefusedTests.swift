import SeptumIR
import SeptumOperators
import SeptumTensor
import SeptumXGBoost
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct RefusedTests {
    static let refused = folders(fixtures + "refused/", holding: "expected.txt")

    @Test func caseCount() { #expect(RefusedTests.refused.count == 105) }

    @Test(arguments: refused) func refuses(name: String) throws {
        let folder = fixtures + "refused/" + name
        let paths = ["/model.json", "/model.ubj", "/model.bin"].map { folder + $0 }
        let path = try #require(paths.first { access($0, R_OK) == 0 })
        let expected = String(decoding: try content(folder + "/expected.txt"), as: UTF8.self)
            .split(separator: "\n").joined()
        let error = try #require(throws: ModelError.self) {
            try XGBoostAdapter().importModel(try ModelSource(path: path), ImportOptions())
        }
        #expect("\(error)".contains(expected))
        #expect(error.file == path)
    }

    /// A damaged file is refused or gives a model that runs; it never brings the process down.
    @Test(arguments: [
        "base_score/model.json", "categorical_one_hot/model.ubj", "v2_1_vector_leaves/model.json", "linear/model.json",
        "binary_0_90_poisson/model.bin", "binary_1_0_poisson/model.bin", "binary_1_7_dart/model.bin",
        "binary_1_7_linear/model.bin",
    ])
    func survivesDamage(file: String) throws {
        let whole = try content(fixtures + file)
        var numbers = SeededNumbers(seed: 7)
        var refused = 0
        for round in 0..<400 {
            var damaged = whole
            if round % 2 == 0 {
                damaged.removeSubrange(numbers.next(whole.count)..<whole.count)
            } else {
                for _ in 0...numbers.next(3) { damaged[numbers.next(whole.count)] ^= 1 << UInt8(numbers.next(8)) }
            }
            do throws(ModelError) {
                let model = try XGBoostAdapter().importModel(try ModelSource(bytes: damaged, name: file), ImportOptions())
                try run(model)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 200)
    }

    func run(_ model: Model) throws(ModelError) {
        guard let id = model.graph.inputs.first, let count = model.graph.type(id).tensor?.shape?.last?.number, count < 1000 else {
            return
        }
        let input = try Tensor([2, count], (0..<2 * count).map { $0 % 3 == 0 ? Float.nan : Float($0) })
        _ = try Interpreter.run(model.graph, [.tensor(input)])
    }

    /// Small documents at every length and with every byte changed.
    @Test func survivesEveryChangedByte() throws {
        let whole = try content(fixtures + "one_leaf/model.json")
        for position in whole.indices {
            let truncated = try ModelSource(bytes: Array(whole[..<position]), name: "truncated.json")
            #expect(throws: ModelError.self) { try XGBoostAdapter().importModel(truncated, ImportOptions()) }
            for byte in [0, 0x22, 0x2c, 0x2d, 0x39, 0x5b, 0x7d, 0xff] as [UInt8] {
                var changed = whole
                changed[position] = byte
                _ = try? XGBoostAdapter().importModel(try ModelSource(bytes: changed, name: "changed.json"), ImportOptions())
            }
        }
    }
}

func content(_ path: String) throws -> [UInt8] {
    let source = try ModelSource(path: path)
    return withExtendedLifetime(source) { Array(source.bytes) }
}

/// A small generator that gives the same numbers everywhere.
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }
}
