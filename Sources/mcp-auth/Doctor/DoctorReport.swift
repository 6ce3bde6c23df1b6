import WireFormat

/// The findings of a run of `doctor`, as a checklist for a person or as JSON for a program.
struct DoctorReport {
    /// What was found about a rule.
    enum Mark: String {
        /// It holds.
        case good
        /// It does not apply, or it was not possible to check it.
        case note
        /// A client works, but less well or less safely.
        case warning
        /// A client fails, or the server is not safe.
        case fault

        /// The sign of the checklist.
        var sign: String {
            switch self {
            case .good: "✓"
            case .note: "-"
            case .warning: "!"
            case .fault: "✗"
            }
        }
    }

    /// One line of the checklist.
    struct Finding {
        let rule: DoctorRule
        let mark: Mark
        /// What was asked: a method and a URL.
        let place: String?
        /// What was found. It is escaped.
        let cause: String?
        /// What to do instead of the rule's own advice.
        let fix: String?
    }

    /// The URL that was examined. It is escaped.
    let subject: String
    private(set) var findings: [Finding] = []

    init(subject: String) {
        self.subject = subject
    }

    var hasFaults: Bool { findings.contains { $0.mark == .fault } }

    mutating func good(_ rule: DoctorRule, _ detail: String? = nil) {
        findings.append(Finding(rule: rule, mark: .good, place: nil, cause: detail, fix: nil))
    }

    mutating func note(_ rule: DoctorRule, _ why: String) {
        findings.append(Finding(rule: rule, mark: .note, place: nil, cause: why, fix: nil))
    }

    mutating func warn(_ rule: DoctorRule, at place: String? = nil, _ cause: String, fix: String? = nil) {
        findings.append(Finding(rule: rule, mark: .warning, place: place, cause: cause, fix: fix))
    }

    mutating func fault(_ rule: DoctorRule, at place: String? = nil, _ cause: String, fix: String? = nil) {
        findings.append(Finding(rule: rule, mark: .fault, place: place, cause: cause, fix: fix))
    }

    // MARK: Text

    func text(_ paint: Paint) -> String {
        var lines = ["Doctor for \(subject)"]
        for group in DoctorRule.Group.allCases {
            let members = findings.filter { $0.rule.group == group }
            guard !members.isEmpty else { continue }
            lines += ["", paint.heading(group.rawValue)]
            for finding in members { lines += Self.lines(finding, paint) }
        }
        return (lines + ["", summary(paint)]).joined(separator: "\n") + "\n"
    }

    private static func lines(_ finding: Finding, _ paint: Paint) -> [String] {
        let sign = finding.mark.sign
        let detail = finding.cause.map { ": \($0)" } ?? ""
        switch finding.mark {
        case .good: return ["  \(paint.good(sign)) \(finding.rule.title)\(detail)"]
        case .note: return ["  \(sign) \(finding.rule.title)\(detail)"]
        case .warning, .fault:
            let shown = finding.mark == .fault ? paint.bad(sign) : paint.warning(sign)
            var lines = ["  \(shown) \(finding.rule.title)  [\(finding.rule.code)]"]
            if let cause = finding.cause { lines += Self.paragraph("cause", cause) }
            if let place = finding.place { lines += Self.paragraph("where", place) }
            lines += Self.paragraph("fix", finding.fix ?? finding.rule.fix)
            lines += Self.paragraph("see", finding.rule.source)
            return lines
        }
    }

    /// A label and a text, broken between words after 100 columns.
    private static func paragraph(_ label: String, _ text: String) -> [String] {
        var lines: [String] = []
        var line = "      " + label + String(repeating: " ", count: 6 - label.utf8.count)
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.unicodeScalars.count + word.unicodeScalars.count >= 100 {
                lines.append(line)
                line = String(repeating: " ", count: 12)
            }
            line += " " + word
            isEmpty = false
        }
        return lines + [line]
    }

    private func count(_ mark: Mark) -> Int { findings.count(where: { $0.mark == mark }) }

    private func summary(_ paint: Paint) -> String {
        let counts = "\(count(.good)) ✓   \(count(.warning)) !   \(count(.fault)) ✗"
        switch (count(.fault), count(.warning)) {
        case (0, 0): return paint.good("\(counts)   A client can log in here.")
        case (0, _): return paint.warning("\(counts)   A client can log in here. Read the warnings.")
        default: return paint.bad("\(counts)   Mend the ✗ from the top: one often causes the next.")
        }
    }

    // MARK: JSON

    var json: JSONValue {
        [
            "url": .string(subject), "good": .bool(!hasFaults),
            "checks": .array(findings.map(Self.json)),
        ]
    }

    private static func json(_ finding: Finding) -> JSONValue {
        var object: JSONDocument.Object = [
            "code": .string(finding.rule.code), "mark": .string(finding.mark.rawValue),
            "title": .string(finding.rule.title),
        ]
        if let cause = finding.cause { object["cause"] = .string(cause) }
        if let place = finding.place { object["where"] = .string(place) }
        if finding.mark == .warning || finding.mark == .fault {
            object["fix"] = .string(finding.fix ?? finding.rule.fix)
        }
        object["source"] = .string(finding.rule.source)
        return .object(object)
    }
}
