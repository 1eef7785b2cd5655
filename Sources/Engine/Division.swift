import SeptumTensor

/// How many threads share the steps of a run, and from what size on.
package struct Sharing: Hashable, Sendable {
    package let threads: Int
    /// Multiply-adds below which a step stays on the caller's thread; a part has an eighth of them.
    package let leastWork: Double

    /// As much as takes some thirty microseconds with AVX-512, where sharing costs the caller two or three.
    package static let usualWork = 2_097_152.0

    package init(threads: Int, leastWork: Double = Sharing.usualWork) {
        self.threads = threads
        self.leastWork = leastWork
    }

    package static let none = Sharing(threads: 1)
}

/// The parts of a large step: runs of equal pieces, such as rows. Their size follows from the step's own sizes, and every piece is
/// computed as it would be alone, so that threads change no bits.
struct Division {
    private let count: Int
    /// Pieces of a part; the last one may have fewer.
    private let grain: Int
    let parts: Int

    /// More parts than this only cost time.
    private static let partLimit = 24

    /// For `count` pieces of which `multiple` belong together, `cost` being the multiply-adds, or what takes as long, of one; nil
    /// when one thread is all there is, or the work not worth sharing.
    init?(_ count: Int, cost: Double, of multiple: Int, _ sharing: Sharing) {
        let work = Double(count) * cost
        guard sharing.threads > 1, count > multiple, work >= sharing.leastWork else { return nil }
        let least = max(Double(count) / Double(Division.partLimit), min(Double(count), sharing.leastWork / 8 / max(1, cost)))
        grain = max(1, Int((least / Double(multiple)).rounded(.up))) * multiple
        self.count = count
        parts = (count + grain - 1) / grain
        guard parts > 1 else { return nil }
    }

    func pieces(_ part: Int) -> Range<Int> { part * grain..<min(count, (part + 1) * grain) }

    /// A step whose pieces any thread works at, in any order; working memory of theirs is made `forEachThread`.
    func step(_ work: @escaping (Addresses, Range<Int>) -> Void) -> Step {
        { addresses throws(ModelError) in
            if let crew = addresses.crew {
                try crew._withUnsafeGuaranteedRef { crew in Result { () throws(ModelError) in try crew.run(self, work) } }.get()
            } else {
                work(addresses, 0..<count)
            }
        }
    }
}

extension LoweringSite {
    /// The division of `count` pieces, each with a cost in multiply-adds.
    func division(_ count: Int, cost: Double, of multiple: Int = 1) -> Division? {
        Division(count, cost: cost, of: multiple, sharing)
    }
}

/// The threads that share the steps of one plan in one context, each with a table of addresses of its own, which differ in where
/// working memory lies.
final class Crew {
    private let pool: WorkPool
    private let tables: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private let slotCount: Int
    /// The slots that lie elsewhere for each thread, and how far apart.
    private let privateSlots: [(slot: Int, stride: Int)]
    private var division: Division?
    private var work: ((Addresses, Range<Int>) -> Void)?
    private var body: (@Sendable (Int, Int) throws(ModelError) -> Void)?

    /// `own` is the table of the caller's thread, which outlives the crew.
    init(
        _ pool: WorkPool, own: UnsafeMutablePointer<UnsafeMutableRawPointer>, slotCount: Int,
        privateSlots: [(slot: Int, stride: Int)]
    ) {
        self.pool = pool
        self.slotCount = slotCount
        self.privateSlots = privateSlots
        tables = .allocate(capacity: pool.threadCount * slotCount)
        for slot in 0..<pool.threadCount { (tables + slot * slotCount).initialize(from: own, count: slotCount) }
        // The threads of one run see what the caller wrote before it, and the caller all that they write.
        nonisolated(unsafe) unowned(unsafe) let crew = self
        body = { part, slot throws(ModelError) in
            guard let division = crew.division, let work = crew.work else { return }
            work(Addresses(base: crew.tables + slot * crew.slotCount, crew: nil), division.pieces(part))
        }
    }

    deinit { tables.deallocate() }

    /// Takes over the addresses of a run.
    func update(from own: UnsafeMutablePointer<UnsafeMutableRawPointer>) {
        for slot in 0..<pool.threadCount {
            let table = tables + slot * slotCount
            table.update(from: own, count: slotCount)
            for index in privateSlots.indices { table[privateSlots[index].slot] += slot * privateSlots[index].stride }
        }
    }

    /// Does all parts; alone when the pool is at work for another caller.
    func run(_ division: Division, _ work: @escaping (Addresses, Range<Int>) -> Void) throws(ModelError) {
        guard let body else { return }
        self.division = division
        self.work = work
        defer { self.work = nil }
        if try !pool.runIfFree(division.parts, body) {
            for part in 0..<division.parts { try body(part, 0) }
        }
    }
}
