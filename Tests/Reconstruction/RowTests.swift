import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumReconstruction
import SeptumTensor
import Testing

/// Which particles reach which row, and what is refused.
@Suite struct RowTests {
    /// Three events with 2, 0 and 1 jets; particles are not grouped by jet.
    private func events(
        pt: [Float] = [1, 2, 3, 4, 5, 6], links: [Int32] = [1, 0, 1, 0, 0, 0], offsets: [Int] = [0, 4, 4, 6]
    ) throws -> Memory {
        Memory(
            3,
            [
                ("P_pt", Column(values: try Tensor([6], pt), offsets: offsets)),
                ("P_eta", Column(values: try Tensor([6], [Float](arrayLiteral: 10, 20, 30, 40, 50, 60)), offsets: offsets)),
                ("P_jet", Column(values: try Tensor([6], links), offsets: offsets)),
                ("P_mass", Column(values: try Tensor([5], [Float](repeating: 1, count: 5)), offsets: [0, 3, 3, 5])),
                ("Jet_pt", Column(values: try Tensor([3], [Float(7), 8, 9]), offsets: [0, 2, 2, 3])),
                ("Jet_big", Column(values: try Tensor([3], [UInt64(0), .max, 0]), offsets: [0, 2, 2, 3])),
                ("Jet_short", Column(values: try Tensor([2], [Float(7), 8]), offsets: [0, 1, 1, 2])),
                ("met", Column(values: try Tensor([3], [Float(100), 200, 300]))),
                ("name", Column(values: try Tensor([3], strings: ["a", "b", "c"]))),
            ])
    }

    /// Scores of a contract with the particles under `x` and the jets' pt under `jet`.
    private func sums(
        _ memory: Memory, length: InputContract.Length? = nil, sort: InputContract.Sort? = nil,
        missing: InputContract.MissingRule = .refuse, chunk: Int = 1000
    ) throws -> [[Float]] {
        var contract = InputContract.jagged(length: length, sort: sort, missing: missing)
        contract.inputs.append(.init(tensor: "jet", features: [.init(name: "Jet_pt")]))
        var scheduler = try Scheduler(try pair(), contract, memory)
        scheduler.chunk = chunk
        let (sink, summary) = try scheduler.collected()
        #expect(summary.events == 3)
        #expect(summary.rows == 3)
        #expect(sink.isClosed)
        #expect(sink.columns.map(\.name) == ["Jet_y_0", "Jet_y_1", "Jet_z"])
        #expect(sink.columns.allSatisfy { $0.offsets == [0, 2, 2, 3] })
        return sink.columns.map(\.values)
    }

    private func pair() throws -> Program {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["batch", "particles", 2]))
        let jet = try graph.addInput("jet", .tensor(.float32, ["batch", 1]))
        let sum = try OperatorRegistry.standard.make("Einsum", [("equation", .string("bpf->bf"))])
        try graph.addOutput(try graph.append(sum, inputs: [x], outputs: ["y"])[0])
        try graph.addOutput(try graph.append(Op.Identity(), inputs: [jet], outputs: ["z"])[0])
        return try Program(graph)
    }

    @Test func followsLinks() throws {
        for chunk in [1, 2, 1000] {
            #expect(try sums(try events(), chunk: chunk) == [[6, 4, 11], [60, 40, 110], [7, 8, 9]])
        }
    }

    @Test func sortsAndCuts() throws {
        let descending = InputContract.Sort(by: "P_pt", isDescending: true)
        let ascending = InputContract.Sort(by: "P_pt", isDescending: false)
        let one = InputContract.Length(minimum: 0, maximum: 1)
        #expect(try sums(try events(), length: one, sort: descending)[0] == [4, 3, 6])
        #expect(try sums(try events(), length: one, sort: ascending)[0] == [2, 1, 5])
        #expect(try sums(try events(), length: one)[1] == [20, 10, 50])
        // Equal keys keep the order of the file.
        #expect(try sums(try events(pt: [1, 1, 1, 1, 1, 1]), length: one, sort: descending)[1] == [20, 10, 50])
        #expect(try sums(try events(pt: [1, 1, 1, 1, 1, 1]), length: one, sort: ascending)[1] == [20, 10, 50])
    }

    @Test func sortsNaNLast() throws {
        let pt: [Float] = [1, .nan, 3, 4, .nan, 6]
        for isDescending in [true, false] {
            let found = try sums(
                try events(pt: pt), length: .init(minimum: 0, maximum: 1), sort: .init(by: "P_pt", isDescending: isDescending),
                missing: .replace(-1))
            #expect(found[1] == [40, isDescending ? 30 : 10, 60])
        }
    }

    @Test func padsWithZerosAndTakesRowsWithoutParticles() throws {
        let memory = try events(links: [0, 0, 0, 0, 0, 0])
        #expect(try sums(memory)[0] == [10, 0, 11])
        #expect(try sums(memory, length: .init(minimum: 5))[0] == [10, 0, 11])
    }

    @Test func refusesLinksOutOfRange() throws {
        for (links, message) in [
            ([1, 0, 2, 0, 0, 0] as [Int32], "memory: event 0: branch 'P_jet' points to row 2, there are 2"),
            ([1, 0, 1, 0, 0, 1], "memory: event 2: branch 'P_jet' points to row 1, there are 1"),
            ([1, 0, -1, 0, 0, 0], "memory: event 0: branch 'P_jet' points to row -1, there are 2"),
        ] {
            for chunk in [1, 1000] {
                let error = #expect(throws: ModelError.self) { try sums(try events(links: links), chunk: chunk) }
                #expect(error?.description == message)
            }
        }
        let huge = #expect(throws: ModelError.self) {
            var contract = InputContract.jagged()
            contract.inputs[0].features = [.init(name: "Jet_pt"), .init(name: "Jet_big")]
            contract.inputs[0].link = "Jet_big"
            contract.inputs.append(.init(tensor: "jet", features: [.init(name: "Jet_pt")]))
            return try Scheduler(try pair(), contract, try events()).collected()
        }
        #expect(huge?.description == "memory: event 0: branch 'Jet_big' holds no numbers of rows")
    }

    @Test func refusesNaNNamingBranchAndEvent() throws {
        for chunk in [1, 1000] {
            let error = #expect(throws: ModelError.self) { try sums(try events(pt: [1, 2, 3, 4, 5, .nan]), chunk: chunk) }
            #expect(
                error?.description
                    == "memory: event 2: branch 'P_pt' is NaN at item 1; give the feature 'pt' a rule in the contract: "
                    + "'missing: keep' or 'missing: VALUE'")
        }
        let contract = InputContract(name: "", inputs: [.init(tensor: "x", features: [.init(name: "f")])])
        let flat = Memory(2, [("f", Column(values: try Tensor([2], [Float(1), .nan])))])
        let error = #expect(throws: ModelError.self) { try Scheduler(try Programs.identity(1), contract, flat).collected() }
        #expect(error?.message == "event 1: branch 'f' is NaN")
    }

    @Test func refusesCollectionsThatDiffer() throws {
        var contract = InputContract.jagged()
        contract.inputs[0].features[1].branch = "P_mass"
        contract.inputs.append(.init(tensor: "jet", features: [.init(name: "Jet_pt")]))
        let particles = #expect(throws: ModelError.self) { try Scheduler(try pair(), contract, try events()).collected() }
        #expect(particles?.code == .invalidInput)
        #expect(particles?.message.contains("'P_mass'") == true)
        let rows = InputContract(
            name: "", row: "Jet", inputs: [.init(tensor: "x", features: [.init(name: "Jet_pt"), .init(name: "Jet_short")])])
        let jets = #expect(throws: ModelError.self) { try Scheduler(try Programs.identity(2), rows, try events()).collected() }
        #expect(jets?.message == "event 0: branches 'Jet_pt' and 'Jet_short' differ in length")
    }

    @Test func needsRowsToCount() throws {
        let error = #expect(throws: ModelError.self) {
            try Scheduler(try Programs.sums(2), .jagged(), try events()).collected()
        }
        #expect(error?.message == "the number of rows of 'Jet' in an event is not known")
    }

    @Test func takesAnEventAsARow() throws {
        var contract = InputContract.jagged()
        contract.row = nil
        contract.inputs[0].link = nil
        let (sink, summary) = try Scheduler(try Programs.sums(2), contract, try events()).collected()
        #expect(summary.rows == 3)
        #expect(sink["y_0"] == [10, 0, 11])
        #expect(sink.columns[0].offsets == nil)
    }

    @Test func refusesWhatDoesNotFit() throws {
        typealias Case = (contract: InputContract, program: Program, message: String)
        func flat(_ names: String..., tensor: String = "x", row: String? = nil) -> InputContract {
            let features = names.map { InputContract.Feature(name: $0) }
            return InputContract(name: "", row: row, inputs: [.init(tensor: tensor, features: features)])
        }
        func changed(_ contract: InputContract, _ change: (inout InputContract) -> Void) -> InputContract {
            var copy = contract
            change(&copy)
            return copy
        }
        let one = try Programs.identity(1)
        let two = try Programs.identity(2)
        let cases: [Case] = [
            (
                flat("mett"), one,
                "memory: there is no branch 'mett'; name one of the file's branches in the contract: "
                    + "P_pt, P_eta, P_jet, P_mass, Jet_pt, Jet_big, Jet_short, met, name"
            ),
            (
                flat("Jet_ptt", row: "Jet"), one,
                "memory: there is no branch 'Jet_ptt'; name one of the file's branches in the "
                    + "contract: P_jet, Jet_pt, Jet_big, Jet_short"
            ),
            (flat("met"), two, "input 'x' takes 2 features, the contract lists 1 (1 missing): met"),
            (flat("met", "met"), one, "input 'x' takes 1 features, the contract lists 2 (1 too many): met, met"),
            (flat("met", "met"), two, "input 'x' lists the feature 'met' twice"),
            (flat("name"), one, "memory: branch 'name' holds strings, expected numbers"),
            (
                flat("Jet_pt"), one,
                "memory: branch 'Jet_pt' holds a list for each event, the contract needs one number; name the "
                    + "collection under 'row' or 'collection'"
            ),
            (
                flat("met", row: "Jet"), one,
                "memory: branch 'met' holds one number for each event, the contract needs a list; leave "
                    + "out 'row' or 'collection'"
            ),
            (
                flat("met", tensor: "z"), one,
                "the contract says nothing about the model's input 'x' (float32[batch, 1]); add it under 'inputs'"
            ),
            (
                changed(flat("met")) { $0.inputs.append(.init(tensor: "q", features: [.init(name: "met")])) }, one,
                "the contract describes 'q', the model's inputs are x"
            ),
            (changed(flat("met")) { $0.inputs.append($0.inputs[0]) }, one, "the contract describes 'x' twice"),
            (
                flat("met"), try Programs.sums(1),
                "input 'x' is float32[batch, particles, 1], the contract asks for [batch, features]"
            ),
            (.jagged(), two, "input 'x' is float32[batch, 2], the contract asks for [batch, particles, features]"),
            (flat("met"), try Programs.identity(1, .int64), "input 'x' is int64[batch, 1], features are float32 or float64"),
            (
                .jagged(length: .init(minimum: 1, maximum: 4)), try Programs.sums(2, particles: 4),
                "input 'x' takes exactly 4 particles; write 'length: {minimum: 4, maximum: 4}' in the contract"
            ),
            (
                changed(.jagged()) { $0.inputs[0].link = nil }, try Programs.sums(2),
                "collection 'P' has no link to its rows; name the branch with the row's index under 'link'"
            ),
            (
                changed(.jagged()) { $0.inputs[0].link = "P_eta" }, try Programs.sums(2),
                "memory: branch 'P_eta' is float32, a link needs integers"
            ),
            (
                changed(flat("met")) { $0.outputs = [.init(tensor: "p", columns: ["a"])] }, one,
                "the contract names the output 'p', the model's outputs are y"
            ),
            (
                changed(flat("met")) { $0.outputs = [.init(tensor: "y", columns: ["a", "b"])] }, one,
                "the contract names 2 columns of 'y', which has 1: float32[batch, 1]"
            ),
            (
                changed(flat("met", "met2")) { $0.outputs = [.init(tensor: "y", columns: ["a", "a"])] }, two,
                "the contract names the column 'a' twice"
            ),
        ]
        #expect(cases.count == 20)
        for (contract, program, message) in cases {
            let error = #expect(throws: ModelError.self) { try Scheduler(program, contract, try events()) }
            #expect(error?.code == .invalidInput)
            #expect(error?.description == message)
        }
    }

    @Test func refusesTwoColumnsOfOneName() throws {
        let contract = InputContract(
            name: "", inputs: [.init(tensor: "x", features: [.init(name: "met")])],
            outputs: [.init(tensor: "y", columns: ["met"])])
        var scheduler = try Scheduler(try Programs.identity(1), contract, try events())
        scheduler.keep = ["met"]
        let error = #expect(throws: ModelError.self) { try scheduler.collected() }
        #expect(error?.message == "two columns are called 'met'")
        scheduler.keep = ["none"]
        let missing = #expect(throws: ModelError.self) { try scheduler.collected() }
        #expect(missing?.message == "there is no branch 'none'")
    }

    @Test func takesNoEvents() throws {
        let contract = InputContract(name: "", inputs: [.init(tensor: "x", features: [.init(name: "f")])])
        let none = Memory(0, [("f", Column(values: try Tensor([0], [Float]())))])
        let (sink, summary) = try Scheduler(try Programs.identity(1), contract, none).collected()
        #expect(summary.events == 0 && summary.rows == 0)
        #expect(sink["y"] == [])
        #expect(sink.isClosed)
    }
}
