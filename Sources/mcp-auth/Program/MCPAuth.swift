import HTTPMessages
import OAuthResourceServer
import SafeFetch
import TokenVerification
import WireFormat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program. It judges tokens and key sets as the library does, and prints the result.
@main
enum MCPAuth {
    static func main() async {
        let environment = CommandEnvironment(
            readStandardInput: SystemStreams.readStandardInput(limit:),
            readFile: SystemStreams.readFile(_:limit:),
            writeFile: SystemStreams.writeFile(_:_:),
            fetcher: CurlFetcher(insecureHTTP: .loopback),
            // The default limits are within their ranges.
            untrustedFetcher: (try? CurlFetcher(policy: .untrusted())) ?? CurlFetcher(),
            network: { options throws(CommandFault) in
                guard let fetcher = options.fetcher else { throw CommandFault("these options of the network conflict") }
                var network = ClientNetwork { exchange throws(FetchError) in try await fetcher.send(exchange) }
                if case .operatorNamed(let permissions, _) = fetcher.policy.source { network.permissions = permissions }
                network.progress = SystemStreams.showProgress
                return network
            },
            writeSecretFile: SystemStreams.writeSecretFile(_:_:),
            say: { _ = SystemStreams.write("mcp-auth: \($0)\n", to: STDERR_FILENO) },
            openBrowser: { BrowserLauncher.open($0) },
            variables: ProcessEnvironment.variables(),
            now: WallClock.system.now,
            outputIsTerminal: SystemStreams.outputIsTerminal,
            usesColour: SystemStreams.usesColour)
        let outcome = await AuthCommand.run(Array(CommandLine.arguments.dropFirst()), in: environment)
        let isWritten = SystemStreams.write(outcome.output, to: STDOUT_FILENO)
        let faults = outcome.faults + (isWritten ? [] : ["standard output: cannot be written"])
        // A failure to write to standard error is ignored: there is no other place to report it.
        for note in outcome.notes { _ = SystemStreams.write("mcp-auth: \(note)\n", to: STDERR_FILENO) }
        for fault in faults { _ = SystemStreams.write("mcp-auth: \(fault)\n", to: STDERR_FILENO) }
        exit(isWritten ? outcome.status.rawValue : Outcome.Status.usage.rawValue)
    }
}
