/// Rows whose lengths agree next to each other, in the order of the lengths; rows of a group keep their order.
package struct RowGroups {
    /// The rows, group after group.
    package let order: [Int]
    /// For each group its lengths, one an input, and where its rows stand in `order`.
    package let groups: [(lengths: [Int], range: Range<Int>)]

    /// - Parameters:
    ///   - count: The number of rows.
    ///   - inputs: The number of lengths that a row has.
    ///   - length: The length of a row in an input.
    package init(count: Int, inputs: Int, length: (_ row: Int, _ input: Int) -> Int) {
        var lengths = [Int](repeating: 0, count: count * inputs)
        var isUniform = true
        for row in 0..<count {
            for input in 0..<inputs {
                let value = length(row, input)
                lengths[row * inputs + input] = value
                isUniform = isUniform && value == lengths[input]
            }
        }
        var order = Array(0..<count)
        if !isUniform {
            order.sort { a, b in
                for input in 0..<inputs where lengths[a * inputs + input] != lengths[b * inputs + input] {
                    return lengths[a * inputs + input] < lengths[b * inputs + input]
                }
                return a < b
            }
        }
        var groups: [(lengths: [Int], range: Range<Int>)] = []
        var start = 0
        while start < count {
            let first = lengths[order[start] * inputs..<(order[start] + 1) * inputs]
            var end = isUniform ? count : start + 1
            while end < count, lengths[order[end] * inputs..<(order[end] + 1) * inputs].elementsEqual(first) { end += 1 }
            groups.append((Array(first), start..<end))
            start = end
        }
        self.order = order
        self.groups = groups
    }
}
