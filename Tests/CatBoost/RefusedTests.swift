import Foundation
import SeptumFixtures
import SeptumIR
import SeptumTensor
import Testing

/// Files that are refused, each made from a good one by one edit.
@Suite struct RefusedTests {
    private static func message(_ bytes: [UInt8], _ name: String) -> String { fixtures.message(bytes, named: name) }

    private static func text(_ name: String) throws -> String { try fixtures.text(name + "/model.json") }

    /// Each edit replaces the first match of an expression.
    static let edits: [(file: String, pattern: String, text: String, fragment: String)] = [
        ("logloss", #""model_info""#, #""mystery""#, "found the member 'mystery', whose meaning is not known"),
        ("logloss", #""features_info""#, #""trees""#, "the member 'features_info' is missing"),
        ("logloss", #""has_nans""#, #""has_gaps""#, "attribute 'features_info.float_features[0]': found the member 'has_gaps'"),
        ("logloss", #""AsFalse""#, #""AsTold""#, "found 'AsTold', expected AsIs, AsFalse or AsTrue"),
        ("logloss", #""borders":\s*\[\s*[-+0-9.e]+"#, #""borders":[NaN"#, "expected a finite number"),
        ("logloss", #""borders":\s*\[\s*[-+0-9.e]+"#, #""borders":[1e300"#, "expected a number of float32"),
        ("logloss", #""feature_index":1"#, #""feature_index":0"#, "expected what split"),
        ("logloss", #""feature_index":1"#, #""feature_index":-1"#, "'features_info.float_features[1].feature_index': found -1"),
        ("logloss", #""feature_index":1"#, #""feature_index":99999999999"#, "found 99999999999, expected an integer from 0"),
        ("logloss", #""split_index":\d+"#, #""split_index":5000"#, "found 5000, expected a split below"),
        ("logloss", #""split_index":\d+"#, #""split_index":-5"#, "found -5, expected an integer from 0"),
        ("logloss", #""border":-?[0-9.]+"#, #""border":77"#, "expected what split"),
        ("logloss", #""float_feature_index":\d+"#, #""float_feature_index":77"#, "expected what split"),
        ("logloss", #""leaf_values":\s*\["#, #""leaf_values":[1,"#, "expected a number of leaf values that is a multiple of 2^"),
        (
            "logloss", #""leaf_values":\s*\[\s*-?[0-9.e-]+"#, #""leaf_values":["a""#,
            "leaf_values[0]': found 'a', expected a finite number"
        ),
        ("logloss", #""leaf_values":\s*\[\s*-?[0-9.e-]+"#, #""leaf_values":[1e999"#, "found 1e999, expected a finite number"),
        ("logloss", #""type":"Logloss""#, #""type":"Logwin""#, "found the loss 'Logwin'"),
        ("logloss", #""scale_and_bias":\s*\["#, #""scale_and_bias":[1,"#, "expected a scale and a list of biases"),
        ("logloss", #""scale_and_bias":\s*\[\s*1"#, #""scale_and_bias":[null"#, "found null, expected a finite number"),
        ("multiclass", #""scale_and_bias":[^}]*"#, #""scale_and_bias":[1,[1,2]]"#, "found 2 biases for 3 outputs"),
        ("uncertainty_json", #""leaf_values":\s*\[\s*-?[0-9.e-]+,"#, #""leaf_values":["#, "multiple of 2^"),
        ("depthwise", #""left":"#, #""value":1,"left":"#, "expected either a value or a split"),
        ("depthwise", #""left":"#, #""lift":"#, "found the member 'lift'"),
        ("lossguide", #""value":\s*\["#, #""value":[1,"#, "expected leaves of 4 values"),
        ("ctr", #""ctr_type":"Borders""#, #""ctr_type":"Fences""#, "found 'Fences', expected one of Borders, Buckets"),
        ("ctr", #""ctr_type":"Borders""#, #""ctr_type":"Buckets""#, "there is no table of Buckets"),
        ("ctr", #""target_border_idx":0"#, #""target_border_idx":2"#, "asks for class 2, its table has 2 classes"),
        ("ctr", #""target_border_idx":0"#, #""target_border_idx":-1"#, "found -1, expected an integer from 0"),
        ("ctr", #""hash_stride":3"#, #""hash_stride":1"#, "hash_stride': found 1, expected an integer from 2"),
        ("ctr", #""hash_stride":3"#, #""hash_stride":7"#, "expected a hash_map in steps of 7"),
        ("ctr", #"\[\s*"\d{19,20}""#, #"["x""#, "found 'x', expected a hash of 64 bits"),
        (
            "ctr", #""combination_element":"cat_feature_value""#, #""combination_element":"sum""#,
            "found 'sum', expected cat_feature_value"
        ),
        ("one_hot", #""cat_feature_index":\d+"#, #""cat_feature_index":9"#, "expected what split"),
        ("one_hot", #""values":\s*\[\s*(-?\d+),"#, #""values":[$1,$1,"#, "expected what split"),
    ]

    @Test(arguments: edits.indices) func refuses(_ index: Int) throws {
        let edit = RefusedTests.edits[index]
        let whole = try RefusedTests.text(edit.file)
        let place = try #require(whole.range(of: edit.pattern, options: .regularExpression))
        let part = whole[place].replacingOccurrences(of: edit.pattern, with: edit.text, options: .regularExpression)
        let message = RefusedTests.message(Array(whole.replacingCharacters(in: place, with: part).utf8), "model.json")
        #expect(message != "no error" && message.contains(edit.fragment) && message.contains("model.json"), "\(message)")
    }

    /// Nodes nest in each other, as deep as the text goes.
    @Test func refusesDepthBombs() throws {
        let head = #"{"features_info":{"float_features":[]},"trees":["#
        for depth in [150, 100_000] {
            let text = head + String(repeating: #"{"left":"#, count: depth)
            #expect(RefusedTests.message(Array(text.utf8), "bomb.json").contains("bomb.json: "))
        }
    }

    private static func binary(_ name: String) throws -> [UInt8] {
        try fixtures.bytes(name)
    }

    /// Where the field of a table lies, counted in bytes of the file, by the directory of the FlatBuffer in it.
    private static func place(_ bytes: [UInt8], _ path: [Int]) throws -> Int {
        func number(_ place: Int, _ width: Int) -> Int {
            (0..<width).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
        }
        var table = 8 + number(8, 4)
        var found = 0
        for (step, field) in path.enumerated() {
            let directory = table - number(table, 4)
            let offset = number(directory + 4 + 2 * field, 2)
            try #require(offset > 0)
            found = table + offset
            if step < path.count - 1 { table = found + number(found, 4) }
        }
        return found
    }

    @Test func refusesDamagedFields() throws {
        let whole = try RefusedTests.binary("multiclass_cbm")
        func edited(_ place: Int, _ bytes: [UInt8]) -> String {
            var copy = whole
            copy.replaceSubrange(place..<place + bytes.count, with: bytes)
            return RefusedTests.message(copy, "model.cbm")
        }
        func number(_ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(whole[place + $1]) << (8 * $1) } }
        let far: [UInt8] = [0, 0, 0, 0x40]
        #expect(edited(4, far).contains("the model has 1073741824 bytes, the file ends after"))
        #expect(edited(8, far).contains("is outside its"))
        #expect(edited(8, [0xff, 0xff, 0xff, 0xff]).contains("is outside its"))
        let root = 8 + number(8)
        #expect(edited(root, [0, 0, 0, 0x80]).contains("is outside its"))
        #expect(edited(try RefusedTests.place(whole, [0]), far).contains("is outside its"))
        // Outputs, leaves, sizes and splits of trees.
        #expect(edited(try RefusedTests.place(whole, [1, 0]), [2, 0, 0, 0]).contains("the trees have"))
        #expect(edited(try RefusedTests.place(whole, [1, 0]), [9, 0, 0, 0]).contains("has more leaves than are left"))
        #expect(edited(try RefusedTests.place(whole, [1, 0]), [0, 0, 0, 0x80]).contains("found -2147483648 outputs"))
        let sizes = try RefusedTests.place(whole, [1, 2])
        let first = sizes + number(sizes) + 4
        #expect(edited(first, [5, 0, 0, 0]).contains("tree 1: found 4 splits from 4, expected them from 5"))
        #expect(edited(first, [0xff, 0xff, 0xff, 0xff]).contains("tree 0: found -1 splits"))
        #expect(edited(first - 4, far).contains("elements, which do not end within it"))
        let splits = try RefusedTests.place(whole, [1, 1])
        #expect(edited(splits + number(splits) + 4, [0xff, 0xff, 0, 0]).contains("found split 65535, the features have"))
        let leaves = try RefusedTests.place(whole, [1, 8])
        #expect(edited(leaves + number(leaves) + 4 + 6, [0xf0, 0x7f]).contains("found a value that is not finite"))
        // A border that is NaN, an index beyond what a table may have.
        let features = try RefusedTests.place(whole, [1, 5])
        let list = features + number(features)
        let feature = list + 4 + number(list + 4)
        let directory = feature - number(feature)
        func field(_ index: Int) -> Int {
            feature + Int(whole[directory + 4 + 2 * index]) + Int(whole[directory + 5 + 2 * index]) << 8
        }
        let borders = field(3) + number(field(3)) + 4
        #expect(edited(borders + 2, [0xc0, 0x7f]).contains("its threshold nan"))
        #expect(edited(list + 4, far).contains("is outside its"))
    }

    /// One table that is given as every feature, with a directory as long as can be: each use of it costs what reading it does.
    @Test func refusesTablesThatAreUsedTooOften() {
        func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
        let count = 10_000
        // The root: its directory, itself, the version; the trees: their directory, themselves, the features.
        var buffer = little(UInt32(12)) + [8, 12, 4, 8].flatMap { little(UInt16($0)) }
        buffer += little(Int32(8)) + little(UInt32(8)) + little(UInt32(44))
        buffer += little(UInt32(18)) + Array("FlabuffersModel_v1".utf8) + [0, 0]
        buffer += [16, 8, 0, 0, 0, 0, 0, 4].flatMap { little(UInt16($0)) } + little(Int32(16)) + little(UInt32(4))
        buffer += little(UInt32(count))
        let directory = buffer.count + 4 * count
        let feature = directory + 65_534
        for _ in 0..<count { buffer += little(UInt32(feature - buffer.count)) }
        buffer += little(UInt16(65_534)) + little(UInt16(4)) + [UInt8](repeating: 0, count: 65_530) + little(Int32(65_534))
        let file = Array("CBM1".utf8) + little(UInt32(buffer.count)) + buffer
        #expect(RefusedTests.message(file, "model.cbm").contains("parts of the FlatBuffer are referred to too often"))
    }

    @Test func refusesOtherParts() throws {
        let whole = try RefusedTests.binary("logloss_cbm")
        #expect(RefusedTests.message(whole + [0], "model.cbm").contains("1 bytes follow the last part"))
        #expect(RefusedTests.message(Array(whole.prefix(6)), "model.cbm").contains("ends before the size of the model"))
        let statistics = try RefusedTests.binary("ctr_cbm")
        let renamed = try #require(String(decoding: statistics, as: Unicode.ASCII.self).range(of: "static_provider_v1"))
        var other = statistics
        other[
            String(decoding: statistics, as: Unicode.ASCII.self).unicodeScalars.distance(
                from: String(decoding: statistics, as: Unicode.ASCII.self).unicodeScalars.startIndex, to: renamed.lowerBound)] =
            0x78
        #expect(RefusedTests.message(other, "model.cbm").contains("found the part 'xtatic_provider_v1'"))
        #expect(RefusedTests.message(Array(statistics.dropLast(40)), "model.cbm").contains("the file ends after"))
    }

    @Test(arguments: ["logloss_cbm", "lossguide_cbm", "ctr_kinds_cbm", "rmse", "ctr", "depthwise"])
    func survivesDamage(_ name: String) throws {
        #expect(
            fixtures.refusedCopies(of: try fixtures.bytes(name), named: name, rounds: 120, cut: 3, bits: 6, reach: 12_000) > 40)
    }

}
