/// The goals of a run with the figures that were measured. Each one is printed at once, and all in a table at the end.
final class Judgements {
    private struct Judgement {
        let goal: String
        let figure: String
        let verdict: String
    }

    private var all: [Judgement] = []

    /// Prints and keeps a judgement.
    ///
    /// - Parameters:
    ///   - goal: What is measured, and the figure that is wanted.
    ///   - isMet: Whether the figure meets the goal; nil when it could not be measured.
    ///   - figure: The measured figure, or the reason why there is none.
    func add(_ goal: String, _ isMet: Bool?, _ figure: String) {
        let verdict = isMet.map { $0 ? "MET" : "NOT MET" } ?? "NOT JUDGED"
        all.append(Judgement(goal: goal, figure: figure, verdict: verdict))
        print("\(verdict) goal: \(goal) (\(figure))\n")
    }

    /// All judgements.
    var table: String {
        var table = TextTable(["goal", "measured", "verdict"])
        for judgement in all { table.append([judgement.goal, judgement.figure, judgement.verdict]) }
        return table.text
    }
}
