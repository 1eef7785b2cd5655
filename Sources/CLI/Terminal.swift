#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Septum

/// What a person sees while the program runs; in a pipe it stays quiet.
enum Terminal {
    static func complain(_ line: String) { write(line + "\n") }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }

    static let isInteractive = isatty(2) == 1

    /// Draws a progress bar over the current line.
    static func progress(_ done: Int, of total: Int, _ what: String) {
        guard isInteractive, total > 0 else { return }
        let width = 32
        let filled = done * width / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        write("\r\(bar) \(grouped(done)) of \(grouped(total)) \(what)" + (done == total ? "\n" : ""))
    }

    /// A number with a thin separator between thousands.
    static func grouped(_ number: Int) -> String {
        var digits = Array(String(number.magnitude))
        var position = digits.count - 3
        while position > 0 {
            digits.insert(",", at: position)
            position -= 3
        }
        return (number < 0 ? "-" : "") + String(digits)
    }

    /// A number with the given count of significant digits.
    static func short(_ value: Double, digits: Int = 3) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
        let magnitude = Int(log10(abs(value)).rounded(.down))
        if magnitude < -3 || magnitude > 6 {
            let tenths = (value / pow(10, Double(magnitude - 1))).rounded()
            let carries = abs(tenths) >= 100
            return "\((carries ? tenths / 10 : tenths) / 10)e\(carries ? magnitude + 1 : magnitude)"
        }
        let factor = pow(10, Double(max(0, digits - 1 - magnitude)))
        let rounded = (value * factor).rounded() / factor
        return rounded == rounded.rounded() ? grouped(Int(rounded)) : "\(rounded)"
    }

    /// Text from a file without what would move the cursor, and no longer than the limit.
    static func printable(_ text: String, limit: Int) -> String {
        let cut = text.unicodeScalars.count > limit
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(limit) {
            let isControl = scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
            result.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(result) + (cut ? "..." : "")
    }

    static func printable(_ text: String) -> String { printable(text, limit: 80) }

    /// Lines of a table with aligned columns.
    static func table(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { $1 + String(repeating: " ", count: widths[$0] - $1.count) }
            return cells.joined(separator: "  ").trimmingTrailingSpaces
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        guard let end = lastIndex(where: { $0 != " " }) else { return "" }
        return String(self[...end])
    }
}
