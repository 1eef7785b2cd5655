import SeptumIR
package import SeptumTensor

/// What a plan amounts to.
package struct PlanSummary {
    package let stepCount: Int
    /// The operators of the steps, in order.
    package let operators: [String]
    package let arenaByteCount: Int
    /// What lives at the same time at the worst step.
    package let leastByteCount: Int
    /// Whether a shape that depends on data ends the plan.
    package let isPartial: Bool
}

extension Program {
    /// Plans a run with the given input shapes anew, for looking at.
    ///
    /// - Throws: `ModelError` naming the node whose inputs do not fit.
    package func planSummary(_ shapes: [[Int]]) throws(ModelError) -> PlanSummary {
        var builder = PlanBuilder(self, shapes: shapes, .none)
        let draft = try builder.build()
        return PlanSummary(
            stepCount: draft.steps.count, operators: draft.steps.map(\.node.op.name), arenaByteCount: draft.arenaByteCount,
            leastByteCount: ArenaLayout.leastByteCount(draft.requests), isPartial: draft.breakpoint != nil)
    }
}
