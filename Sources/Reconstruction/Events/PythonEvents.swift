#if SEPTUM_PYTHON
    import SeptumPythonHost
    import SeptumTensor

    /// ROOT, Parquet, Arrow and HDF5 files through uproot, pyarrow and h5py.
    struct PythonEvents: EventSource {
        let path: String
        let columns: [ColumnInfo]
        private let reader: PythonEventReader

        init(_ path: String, tree: String?, python: String?) throws(ModelError) {
            self.path = path
            reader = try PythonEventReader(path, tree: tree, executable: python)
            columns = reader.columns.filter(\.itemShape.isEmpty).map {
                ColumnInfo(name: $0.name, elementType: $0.elementType, isJagged: $0.isJagged)
            }
        }

        var eventCount: Int { reader.entryCount }

        func read(_ names: [String], _ events: Range<Int>) throws(ModelError) -> [String: Column] {
            try reader.read(names, events).mapValues { Column(values: $0.values, offsets: $0.offsets) }
        }
    }

    /// ROOT, Parquet, Arrow and HDF5 files through uproot, pyarrow and h5py.
    struct PythonSink: EventSink {
        private let writer: PythonEventWriter

        init(_ path: String, tree: String?, layout: RootLayout, python: String?) throws(ModelError) {
            writer = try PythonEventWriter(path, tree: tree, isNTuple: layout == .rntuple, executable: python)
        }

        mutating func append(_ columns: [(name: String, column: Column)]) throws(ModelError) {
            try writer.append(columns.map { ($0.name, EventColumn(values: $0.column.values, offsets: $0.column.offsets)) })
        }

        mutating func close() throws(ModelError) { try writer.close() }
    }
#endif
