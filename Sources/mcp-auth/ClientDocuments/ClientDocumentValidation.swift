import OAuthClientMetadata
import OAuthMetadata
import TokenVerification
import WireFormat

/// `cimd validate`: judges a client ID metadata document as an authorization server does, rule by rule.
struct ClientDocumentValidation {
    private enum Source {
        case published
        case file(String)
    }

    private let url: String
    private let source: Source
    private let loopback: ClientIdentifierURL.Loopback

    /// Parses the arguments after `cimd validate`.
    init(_ arguments: [String]) throws(CommandFault) {
        let words = arguments.filter { !$0.hasSameBytes(as: "--allow-loopback") }
        loopback = words.count < arguments.count ? .dangerouslyAccepted : .refused
        var list = ArgumentList(words, flags: ["--client-id"], operandCount: 1)
        let operand = list.operands.first
        if operand == nil { list.faults.append("the document is missing: name a URL, a file, or - for standard input") }
        let isPublished = operand.map { ClientIdentifierURL.isURL($0) } ?? false
        if isPublished, list.contains("--client-id") {
            list.faults.append("--client-id is for a file; the URL of a published document is its client_id")
        }
        if operand != nil, !isPublished, !list.contains("--client-id") {
            list.faults.append("--client-id is required for a file: the URL where the document will be")
        }
        guard list.faults.isEmpty, let operand else { throw CommandFault(list.faults) }
        source = isPublished ? .published : .file(operand)
        url = isPublished ? operand : list["--client-id"] ?? ""
    }

    func run(in environment: CommandEnvironment) async throws(CommandFault) -> Outcome {
        var report = ClientDocumentReport(paint: environment.paint)
        guard let url = report.check(clientID: url, loopback: loopback) else { return report.outcome }
        var rules = ClientIDMetadataDocument.Rules()
        rules.loopback = loopback
        switch source {
        case .published:
            let fetcher = url.url.isLoopback ? environment.fetcher : environment.untrustedFetcher
            let fetch = ClientDocumentFetch(
                fetch: TimedFetch(fetcher: fetcher, timing: RefreshTiming(clock: .system)), rules: rules)
            report.judge(await fetch.answer(for: url))
        case .file(let path):
            let locator = path == "-" ? KeyLocator.standardInput : .file(path)
            let bytes = try await locator.read(in: environment)
            do throws(ClientIDMetadataDocument.Invalid) {
                report.judge(try ClientIDMetadataDocument(parsing: bytes, from: url, rules: rules))
            } catch {
                report.judge(error)
            }
        }
        return report.outcome
    }
}
