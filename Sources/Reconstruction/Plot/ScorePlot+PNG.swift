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
                let (range, numbers) = histogram.bins()
                let (low, high) = (range.lowerBound, range.upperBound)
                let bins = numbers.count
                let bounds = (0...bins).map { low + (high - low) * Double($0) / Double(bins) }
                names.append(.string(name))
                edges.append(.array(try Tensor([bounds.count], bounds)))
                counts.append(.array(try Tensor([bins], numbers.map(Int64.init))))
            }
            _ = try host.run(
                ScorePlot.source, "draw", [.string(path), .string(title), .list(names), .list(edges), .list(counts)], file: path)
        }
    }
#endif
