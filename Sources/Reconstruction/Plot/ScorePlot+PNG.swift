#if SEPTUM_PYTHON
    import SeptumPythonHost
    import SeptumTensor

    extension ScorePlot {
        private static let source = PythonSource(name: "histogram", bytes: PackageResources.histogram_py)

        /// Draws the plot with matplotlib.
        func writePNG(_ path: String, _ python: String?) throws(ModelError) {
            let host = try PythonHost.shared(executable: python)
            var names: [PlainValue] = []
            var edges: [PlainValue] = []
            var counts: [PlainValue] = []
            for (name, histogram) in histograms {
                let (low, high) = (histogram.range.lowerBound, histogram.range.upperBound)
                let bins = histogram.counts.count
                let bounds = (0...bins).map { low + (high - low) * Double($0) / Double(bins) }
                names.append(.string(name))
                edges.append(.array(try Tensor([bounds.count], bounds)))
                counts.append(.array(try Tensor([bins], histogram.counts.map(Int64.init))))
            }
            _ = try host.run(
                ScorePlot.source, "draw", [.string(path), .string(title), .list(names), .list(edges), .list(counts)], file: path)
        }
    }
#endif
