import SeptumTensor

/// Hands chunks to a sink, for one thread at a time.
final class Writer {
    var sink: any EventSink
    private let progress: (Int) -> Void
    private let keep: [String]
    private(set) var scores: [(name: String, histogram: Histogram)] = []

    init(_ sink: any EventSink, keep: [String], _ progress: @escaping (Int) -> Void) {
        self.sink = sink
        self.progress = progress
        self.keep = Array(Set(keep)).sorted()
    }

    func write(_ chunk: EventChunk) throws(ModelError) {
        defer { progress(chunk.events.upperBound) }
        // Of a source without events, an empty chunk tells the sink which columns there are.
        if chunk.count == 0, !chunk.events.isEmpty { return }
        var columns: [(name: String, column: Column)] = []
        for name in keep + chunk.added {
            if let column = chunk[name] { columns.append((name, column)) }
        }
        try sink.append(columns)
        for (index, name) in chunk.added.enumerated() {
            if index == scores.count { scores.append((name, Histogram())) }
            guard let tensor = chunk[name]?.values else { continue }
            if tensor.elementType == .float64 {
                for value in try tensor.array(of: Double.self) { scores[index].histogram.add(value) }
            } else {
                for value in tensor.floats ?? [] { scores[index].histogram.add(Double(value)) }
            }
        }
    }
}
