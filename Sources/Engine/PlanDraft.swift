import SeptumTensor

/// Everything a plan is made of.
struct PlanDraft {
    var inputShapes: [[Int]] = []
    var inputSlots: [Int] = []
    /// Steps whose results follow from the shapes alone: they run once, as long as nothing else works in the same memory.
    var preparation: [PlannedStep] = []
    var steps: [PlannedStep] = []
    /// The buffers that share the arena.
    var requests: [ArenaLayout.Request] = []
    var placements: [(slot: Int, offset: Int)] = []
    /// Slots of working memory that there is for each thread, so many bytes apart.
    var privateSlots: [(slot: Int, stride: Int)] = []
    var arenaByteCount = 0
    var constants: [(slot: Int, tensor: Tensor)] = []
    var views: [LoweringSite.View] = []
    var slotCount = 0
    var outputs: [Plan.Place] = []
    /// The place in `placements` of each output that steps write into a buffer of its own; nil for others.
    var outputPlacements: [Int?] = []
    var retained: [any Sendable] = []
    /// Bytes of values made for these shapes.
    var ownByteCount = 0
    var breakpoint: Plan.Breakpoint?
    var isContinuation = false
}
