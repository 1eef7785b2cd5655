import SeptumFixtures
import SeptumIR
import SeptumTensor
import SeptumXGBoost
import Testing

@Suite struct RefusedTests {
    @Test func caseCount() { #expect(boosters.refused.count == 108) }

    @Test(arguments: boosters.refused) func refuses(name: String) throws {
        let refusal = try boosters.refusal(name)
        #expect(refusal.isRight, "\(refusal)")
    }

    @Test(arguments: [
        "base_score/model.json", "categorical_one_hot/model.ubj", "v2_1_vector_leaves/model.json", "linear/model.json",
        "binary_0_90_poisson/model.bin", "binary_1_0_poisson/model.bin", "binary_1_7_dart/model.bin",
        "binary_1_7_linear/model.bin",
    ])
    func survivesDamage(file: String) throws {
        #expect(boosters.refusedCopies(of: try content(fixtures + file), named: file, rounds: 400) > 200)
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
