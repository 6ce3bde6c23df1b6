/// Why a login ends: what was wrong, where that is written, and what to do.
struct LoginFault: Error, Equatable {
    /// A stable name.
    let code: String
    /// What was found. It is escaped.
    let cause: String
    /// The specification and section.
    let source: String
    /// What to do.
    let fix: String

    init(_ code: String, _ cause: String, _ source: String, fix: String) {
        self.code = code
        self.cause = cause
        self.source = source
        self.fix = fix
    }

    /// A fault that a rule of `doctor` describes.
    init(_ rule: DoctorRule, _ cause: String) {
        self.init(rule.code, cause, rule.source, fix: rule.fix)
    }

    /// The lines for standard error.
    var lines: [String] { ["\(cause) (\(code))", "to mend it: \(fix)", "see: \(source)"] }
}
