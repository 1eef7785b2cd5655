import SeptumIR

/// Values by slot, nil where there is none.
struct SlotTable<Value> {
    private(set) var values: [Value?]

    init(count: Int) { values = [Value?](repeating: nil, count: count) }

    subscript(slot: Int) -> Value? {
        get { slot < values.count ? values[slot] : nil }
        set {
            while slot >= values.count { values.append(nil) }
            values[slot] = newValue
        }
    }
}

/// What is known of values beyond formulas: of few, so that most questions end at a flag.
struct KnownFacts {
    private var isKnown: [Bool]
    private var facts: [Int: Fact] = [:]

    init(count: Int) { isKnown = [Bool](repeating: false, count: count) }

    subscript(value: Int) -> Fact? {
        get { isKnown[value] ? facts[value] : nil }
        set {
            isKnown[value] = newValue != nil
            facts[value] = newValue
        }
    }
}
