#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The frame of a picture of counts on a logarithmic scale, from half an entry up.
struct PlotFrame {
    let title: String
    /// Powers of ten above 1.
    let decades: Int

    let width = 760.0
    let height = 440.0
    let left = 70.0
    let top = 50.0
    let right = 740.0
    let bottom = 380.0

    init(title: String, largest: Int) {
        self.title = title
        decades = max(1, Int(log10(Double(max(1, largest))).rounded(.up)))
    }

    /// Where a count is drawn.
    func y(_ count: Double) -> Double {
        let fraction = (log10(max(count, 0.5)) - log10(0.5)) / (Double(decades) - log10(0.5))
        return top + (bottom - top) * (1 - fraction)
    }

    /// Where a fraction of the width is drawn.
    func x(_ fraction: Double) -> Double { left + (right - left) * fraction }

    /// What comes before the data.
    var opening: [String] {
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" font-family=\"sans-serif\" font-size=\"13\">",
            "<rect width=\"\(Int(width))\" height=\"\(Int(height))\" fill=\"white\"/>",
            "<text x=\"\(left)\" y=\"28\" font-size=\"17\">\(PlotFrame.escaped(title))</text>",
        ]
        for exponent in 0...decades {
            let place = y(pow(10, Double(exponent)))
            lines.append("<line x1=\"\(left)\" x2=\"\(right)\" y1=\"\(place)\" y2=\"\(place)\" stroke=\"#e3e6ea\"/>")
            lines.append(
                "<text x=\"\(left - 8)\" y=\"\(place + 4)\" text-anchor=\"end\">\(Int(pow(10, Double(exponent))))</text>")
        }
        return lines
    }

    /// A number or a unit below the horizontal axis.
    func tick(_ x: Double, _ text: String) -> String {
        "<text x=\"\(x)\" y=\"\(bottom + 20)\" text-anchor=\"middle\">\(text)</text>"
    }

    /// The names of the axes, before the data, and the end of the document.
    func names(_ horizontal: String, _ vertical: String) -> [String] {
        [
            "<text x=\"\(x(0.5))\" y=\"\(height - 16)\" text-anchor=\"middle\">\(horizontal)</text>",
            "<text transform=\"translate(18 \((top + bottom) / 2)) rotate(-90)\" text-anchor=\"middle\">\(vertical)</text>",
        ]
    }

    var closing: String {
        "<rect x=\"\(left)\" y=\"\(top)\" width=\"\(right - left)\" height=\"\(bottom - top)\" fill=\"none\" stroke=\"#5b6770\"/></svg>"
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
