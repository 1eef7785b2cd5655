import CSeptum
import Septum

/// Scores columns of events as the contract of a model says, for one thread at a time.
final class ColumnRun {
    private let algorithm: ModelAlgorithm
    /// The columns that the algorithm has prepared for.
    private var known: [ColumnInfo] = []
    private var isPrepared = false
    private var results: [Result] = []
    private var described = UnsafeMutableBufferPointer<septum_column>(start: nil, count: 0)

    /// One column of the results in memory that C can read.
    private final class Result {
        private let name: CString
        private let description = ResultDescription()
        private var offsets = UnsafeMutableBufferPointer<Int64>(start: nil, count: 0)

        init(_ name: String, _ column: Column) throws(ModelError) {
            self.name = CString(name)
            try description.describe(column.values)
            guard let starts = column.offsets else { return }
            offsets = .allocate(capacity: starts.count)
            _ = offsets.initialize(from: starts.map(Int64.init))
        }

        deinit { offsets.deallocate() }

        var column: septum_column {
            septum_column(
                name: name.characters, values: description.tensor, offsets: offsets.baseAddress.map { UnsafePointer($0) })
        }
    }

    init(_ program: Program, _ contract: InputContract) { algorithm = ModelAlgorithm(program, contract) }

    deinit { described.deallocate() }

    /// - Throws: `invalidInput` naming the column that is missing, twice there, or does not fit; what the model throws.
    func score(
        _ eventCount: Int64, _ given: UnsafeBufferPointer<septum_column>
    ) throws(ModelError) -> UnsafeBufferPointer<septum_column> {
        guard eventCount >= 0, eventCount < Int32.max else { throw ModelError(.invalidInput, "found \(eventCount) events") }
        var columns: [String: Column] = [:]
        var infos: [ColumnInfo] = []
        let wanted = Set(algorithm.inputs)
        for column in given {
            let name = String(cString: try required(column.name, "name of a column"))
            guard wanted.contains(name) else { continue }
            guard columns[name] == nil else { throw ModelError(.invalidInput, "column '\(name)' is given twice") }
            let taken = try column.taken(name, Int(eventCount))
            columns[name] = taken
            infos.append(ColumnInfo(name: name, elementType: taken.values.elementType, isJagged: taken.offsets != nil))
        }
        if !isPrepared || infos != known {
            isPrepared = false
            _ = try algorithm.initialise(ColumnList(path: "the columns given", infos), slots: 1)
            (known, isPrepared) = (infos, true)
        }
        var chunk = EventChunk(events: 0..<Int(eventCount), columns)
        try algorithm.execute(&chunk, slot: 0)
        var made: [Result] = []
        for name in chunk.added { if let column = chunk[name] { made.append(try Result(name, column)) } }
        results = made
        described.deallocate()
        described = .allocate(capacity: made.count)
        _ = described.initialize(from: made.map(\.column))
        return UnsafeBufferPointer(described)
    }
}

extension septum_column {
    /// The column as algorithms take it; the elements stay where they are when they lie one after another.
    ///
    /// - Throws: `invalidInput` naming the column and what does not fit.
    fileprivate func taken(_ name: String, _ eventCount: Int) throws(ModelError) -> Column {
        func refuse(_ message: String) -> ModelError { ModelError(.invalidInput, "column '\(name)': \(message)") }
        guard let element = ElementType(rawValue: values.type), element != .string, values.width > 0 else {
            throw refuse("found \(ElementType(rawValue: values.type)?.name ?? "type \(values.type)"), expected numbers")
        }
        guard values.rank == 1, let dims = values.dims, dims[0] >= 0, dims[0] < Int64(Int32.max) else {
            throw refuse("expected one dimension, that of the events or of all items")
        }
        let count = Int(dims[0])
        guard count == 0 || values.data != nil else { throw refuse("data is NULL") }
        let alignment = UInt(max(1, min(values.width, 8)))
        let step = values.strides.map { Int($0[0]) } ?? values.width
        guard UInt(bitPattern: values.data) % alignment == 0, UInt(bitPattern: step) % alignment == 0 else {
            throw refuse("data is not aligned for \(element)")
        }
        let tensor: Tensor
        if let data = values.data, count > 0, step == values.width {
            let bytes = UnsafeRawBufferPointer(start: data, count: count * values.width)
            tensor = try Tensor(element, [count], storage: Storage(borrowing: bytes, owner: 0))
        } else {
            let storage = try Storage(byteCount: count * values.width)
            if let data = values.data, let target = storage.bytes.baseAddress {
                for item in 0..<count {
                    (target + item * values.width).copyMemory(from: data + item &* step, byteCount: values.width)
                }
            }
            tensor = try Tensor(element, [count], storage: storage)
        }
        guard let offsets else {
            guard count == eventCount else { throw refuse("found \(count) values for \(eventCount) events") }
            return Column(values: tensor)
        }
        guard offsets[0] == 0, offsets[eventCount] == dims[0] else {
            throw refuse("offsets run from \(offsets[0]) to \(offsets[eventCount]), expected 0 to the \(count) items")
        }
        for event in 0..<eventCount where offsets[event + 1] < offsets[event] {
            throw refuse("the offset \(offsets[event + 1]) after event \(event) does not follow \(offsets[event])")
        }
        return Column(values: tensor, offsets: (0...eventCount).map { Int(offsets[$0]) })
    }
}
