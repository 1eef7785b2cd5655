internal import CSeptumCPU

/// Trees packed for the kernels. The sum of each output starts from what y holds and adds leaves in the order of the trees.
package final class ForestPlan: @unchecked Sendable {
    package enum Element: Sendable { case float32, float64 }

    package let features: Element
    package let sums: Element
    /// Whether `leaves` may be called.
    package let numbersLeaves: Bool
    private let tables: UnsafeMutablePointer<ForestTables>
    private let memory: Memory

    /// Bytes that the trees take.
    package var byteCount: Int { memory.byteCount }
    /// Whether rows become bytes before they are compared.
    package var comparesBytes: Bool { tables.pointee.bytes != nil }
    /// Bytes that a row becomes.
    package var byteSlots: Int { tables.pointee.bytes?.pointee.slots ?? 0 }
    /// Whether the last three levels of trees lie beside their leaves.
    package var hasRecords: Bool { tables.pointee.bytes?.pointee.hasRecords ?? false }
    /// Whether trees are deep ones, of eight bytes a node.
    package var isDeep: Bool { tables.pointee.deep != nil }

    /// Bytes of scratch a run needs.
    package var scratchBytes: Int {
        let t = tables.pointee
        // Rows one by one may have slots of float64.
        return max(t.bytes?.pointee.scratchBytes ?? 0, 512 + 128 * t.blocks * t.outputs + max(64 * t.blocks, 128) * t.slots)
    }

    /// Packs trees; nil when a child, a root, a leaf, a set or a target is out of range, or a walk would not end.
    ///
    /// `targets[tree]` is the first output a tree adds to; `values` is [leaves, leafWidth]. With `numbersLeaves`, rows can ask for
    /// the leaves too. `permutesBytes` false leaves aside what only some processors have; without `walksVectors` deep trees are laid
    /// out for scalar walks.
    package init?(
        _ nodes: ForestNodes, comparison: ForestNodes.Comparison, roots: [Int32], targets: [Int32], outputs: Int,
        values: [Double], leafWidth: Int = 1, aggregation: ForestNodes.Aggregation = .sum, features: Element, sums: Element,
        numbersLeaves: Bool = false, permutesBytes: Bool = true, walksVectors: Bool = kernels.walksVectors
    ) {
        guard leafWidth > 0, outputs > 0, targets.count == roots.count, roots.count < 1 << 28,
            targets.allSatisfy({ $0 >= 0 && Int($0) + leafWidth <= outputs }),
            let splits = nodes.splits(comparison, narrow: features == .float32, leaves: values.count / leafWidth)
        else { return nil }
        let memory = Memory()
        let bytes =
            aggregation == .sum && !numbersLeaves ? BytePacking(nodes, splits, roots: roots, addsNumbers: leafWidth == 1) : nil
        let isDirect = features == .float32 && sums == .float32 && leafWidth == 1 && aggregation == .sum
        func packed(_ roots: [Int32]) -> ForestPacking? {
            ForestPacking(nodes, splits, roots: roots, narrow: features == .float32, direct: isDirect ? values : nil)
        }
        guard var slots = packed([]) else { return nil }
        var deep =
            bytes == nil && features == .float32 && !numbersLeaves && walksVectors
            ? DeepPacking(nodes, splits, roots: roots, &slots) : nil
        guard let packed = bytes == nil && deep == nil ? packed(roots) : slots else { return nil }
        var (values, addends) = (values, [Double]())
        if deep != nil && leafWidth > 1 {
            let distinct = DistinctRows(values, leafWidth)
            values = distinct.values
            if let leaves = deep?.leaves { deep?.leaves = leaves.map { distinct.places[Int($0)] } }
        }
        // Trees that add directly hold what they add.
        if bytes?.endsAtExits == true && leafWidth == 1 { (values, addends) = ([], values) }
        let leaves =
            sums == .float32 ? UnsafeRawPointer(memory.keep(values.map { Float($0) })) : UnsafeRawPointer(memory.keep(values))
        self.features = features
        self.sums = sums
        self.numbersLeaves = numbersLeaves
        self.memory = memory
        tables = .allocate(capacity: 1)
        var t = ForestTables(
            slotFeatures: memory.keep(packed.slotFeatures), slotViews: memory.keep(packed.slotViews),
            nodes: UnsafeRawPointer(memory.keep(packed.words)), roots: memory.keep(packed.roots),
            depths: memory.keep(packed.depths), targets: memory.keep(targets), shallow: memory.keep(packed.shallow),
            shallowThresholds: memory.keep(packed.shallowThresholds), shallowSlots: memory.keep(packed.shallowSlots),
            shallowLeaves: memory.keep(packed.shallowLeaves), sets: memory.keep(packed.sets), sought: memory.keep(packed.sought),
            soughtStarts: memory.keep(packed.soughtStarts), values: leaves)
        t.trees = roots.count
        t.outputs = outputs
        t.leafWidth = leafWidth
        t.slots = packed.slotFeatures.count + 1
        t.blocks = max(1, min(32, 65536 / (64 * t.slots + 128 * outputs)))
        t.hasSets = !packed.sets.isEmpty
        t.aggregation = aggregation.rawValue
        if let bytes {
            var f = bytes.tables(memory, addends, leafWidth, features, sums)
            f.trees = roots.count
            f.outputs = outputs
            f.leafWidth = leafWidth
            f.targets = t.targets
            f.values = leaves
            f.permutesBytes = permutesBytes && septum_cpu_has_byte_permutes() != 0
            f.blocks = max(1, min(4, 65536 / (64 * f.slots + 512 * outputs + 1)))
            t.bytes = memory.keep([f])
        }
        if let deep {
            let f = DeepForest(
                nodes: memory.keep(deep.nodes), bases: memory.keep(deep.bases), leafBases: memory.keep(deep.leafBases),
                roots: memory.keep(deep.roots), leaves: memory.keep(deep.leaves))
            t.deep = memory.keep([f])
            if t.blocks > 4 { t.blocks &= ~3 }
        }
        tables.initialize(to: t)
    }

    deinit { tables.deallocate() }

    /// Arrays that live as long as the plan.
    final class Memory {
        private var owned: [UnsafeMutableRawPointer] = []
        private(set) var byteCount = 0

        func keep<T>(_ array: [T]) -> UnsafePointer<T> {
            let bytes = array.count * MemoryLayout<T>.stride
            let typed = room(bytes).bindMemory(to: T.self, capacity: array.count)
            array.withUnsafeBufferPointer { source in
                if let base = source.baseAddress { typed.initialize(from: base, count: array.count) }
            }
            return UnsafePointer(typed)
        }

        func room(_ bytes: Int) -> UnsafeMutableRawPointer {
            let raw = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes), alignment: 64)
            owned.append(raw)
            byteCount += bytes
            return raw
        }

        deinit { for pointer in owned { pointer.deallocate() } }
    }

    /// y[m, outputs] += the trees' leaves. The types are the plan's.
    package func run(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Float>, _ ldx: Int, _ y: UnsafeMutablePointer<Float>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestFloatEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }

    package func run(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Float>, _ ldx: Int, _ y: UnsafeMutablePointer<Double>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestFloatDoubleEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }

    package func run(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Double>, _ ldx: Int, _ y: UnsafeMutablePointer<Double>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestDoubleEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }

    package func run(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Double>, _ ldx: Int, _ y: UnsafeMutablePointer<Float>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestDoubleFloatEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }

    /// The row of `values` each tree ends in, y[m, trees].
    package func leaves(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Float>, _ ldx: Int, _ y: UnsafeMutablePointer<Int32>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestLeavesFloatEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }

    package func leaves(
        _ table: KernelTable, _ m: Int, _ x: UnsafePointer<Double>, _ ldx: Int, _ y: UnsafeMutablePointer<Int32>, _ ldy: Int,
        scratch: UnsafeMutableRawPointer
    ) { table.forestLeavesDoubleEntry(UnsafeRawPointer(tables), m, x, ldx, y, ldy, scratch) }
}

extension KernelTable {
    /// Whether processors read sixteen lanes from anywhere.
    package var walksVectors: Bool { name.description != "baseline" }
}

extension BytePacking {
    /// The arrays where the kernels find them.
    func tables(
        _ memory: ForestPlan.Memory, _ values: [Double], _ leafWidth: Int, _ features: ForestPlan.Element,
        _ sums: ForestPlan.Element
    ) -> ByteForest {
        func numbers(_ array: [Double], _ type: ForestPlan.Element) -> UnsafeRawPointer {
            type == .float32 ? UnsafeRawPointer(memory.keep(array.map { Float($0) })) : UnsafeRawPointer(memory.keep(array))
        }
        var f = ByteForest(UnsafeRawPointer(memory.keep([0])))
        f.addsDirectly = endsAtExits && leafWidth == 1
        f.hasRecords = !heads.isEmpty
        if f.hasRecords { f.records = records(memory, values, sums) }
        if !f.hasRecords || sums == .float32 {
            f.exits =
                f.addsDirectly
                ? numbers(exits.map { values.isEmpty ? 0 : values[Int($0 & Int32.max)] }, sums)
                : UnsafeRawPointer(memory.keep(exits))
        }
        f.columns = self.features.count
        f.slots = slots
        f.features = memory.keep(self.features)
        f.kinds = memory.keep(kinds)
        f.starts = memory.keep(starts)
        f.counts = memory.keep(counts)
        f.lowSlots = memory.keep(lowSlots)
        f.highSlots = memory.keep(highSlots)
        f.thresholds = numbers(thresholds, features)
        f.classEnds = (classEnds[0], classEnds[1], classEnds[2], classEnds[3])
        f.levels = levels
        f.isOblivious = isOblivious
        f.topThresholds = memory.keep(topThresholds)
        f.topPlaces = memory.keep(topPlaces)
        f.parts = 1
        while 16 * f.parts < slots { f.parts *= 2 }
        f.laneLevels = laneLevels
        f.laneBytes = laneBytes
        f.lanes = memory.keep(lanes)
        f.words = memory.keep(words)
        f.bases = memory.keep(bases)
        return f
    }

    private func records(_ memory: ForestPlan.Memory, _ values: [Double], _ sums: ForestPlan.Element) -> UnsafeRawPointer {
        let size = sums == .float32 ? 4 : 8
        let all = memory.room(heads.count * size)
        for record in 0..<heads.count / 16 {
            let own = all + record * 16 * size
            for i in 0..<8 {
                own.storeBytes(of: heads[16 * record + i], toByteOffset: i, as: UInt8.self)
                own.storeBytes(of: heads[16 * record + 8 + i] ^ 128, toByteOffset: 8 + i, as: UInt8.self)
                let value = values[Int(exits[8 * record + i] & Int32.max)]
                if size == 4 {
                    own.storeBytes(of: Float(value), toByteOffset: 16 + 4 * i, as: Float.self)
                } else {
                    own.storeBytes(of: value, toByteOffset: 16 + 8 * i, as: Double.self)
                }
            }
        }
        return UnsafeRawPointer(all)
    }
}
