import WireFormat

/// The times of a token on a line, so that a person sees at once whether it is valid now:
///
/// ```
/// iat------now--------------exp
/// ```
struct TokenTimeline {
    private static let width = 60.0
    let text: String

    /// Nil when fewer than one of the times can be shown.
    init?(_ claims: JSONValue, now: Double) {
        let times = ["iat", "nbf", "exp"].compactMap { name -> (String, Double)? in
            guard let seconds = claims[name]?.number?.double, DisplayTime.utc(seconds) != nil else { return nil }
            return (name, seconds)
        }
        guard !times.isEmpty else { return nil }
        // A claim of the same second as another one shares its place.
        let marks = (times + [("now", now)]).sorted { $0.1 < $1.1 }
        guard let first = marks.first?.1, let last = marks.last?.1, last > first else { return nil }
        var line = ""
        var names = ""
        var count = 0
        for (name, seconds) in marks {
            let position = Int(((seconds - first) / (last - first) * Self.width).rounded())
            let isNow = name == "now"
            let start = max(position, names.utf8.count + (names.isEmpty ? 0 : 1))
            names += String(repeating: " ", count: start - names.utf8.count) + name
            line += String(repeating: "-", count: max(0, start - count))
            count = max(count, start)
            line += isNow ? "o" : "|"
            count += 1
        }
        text = "\n  \(line)\n  \(names)\n"
    }
}
