/// The deadlines of a loop's sockets, earliest first, in a binary heap.
///
/// An entry says when to look at a socket, not what is due then. A deadline that moves to a later time, as almost all
/// do, therefore costs nothing until its entry comes up.
struct DeadlineHeap {
    private var entries: [(deadline: Int64, token: UInt64)] = []

    var count: Int { entries.count }
    var earliest: Int64 { entries.first?.deadline ?? .max }

    mutating func insert(_ deadline: Int64, _ token: UInt64) {
        var index = entries.count
        entries.append((deadline, token))
        while index > 0, entries[(index - 1) / 2].deadline > entries[index].deadline {
            entries.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Removes the earliest entry and returns it, when its time has come.
    mutating func takeDue(_ now: Int64) -> (deadline: Int64, token: UInt64)? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < entries.count {
                if entries[child].deadline < entries[least].deadline { least = child }
            }
            guard least != index else { return first }
            entries.swapAt(index, least)
            index = least
        }
    }

    mutating func removeAll() {
        entries.removeAll()
    }
}
