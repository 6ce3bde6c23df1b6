import HTTPMessages
import OAuthClientMetadata
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

@testable import SafeFetch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// THREATS §10, R2 to R7, R9, R10, R20, R21: hosts to which a client's document and its `jwks_uri` must not lead. The
/// resolver, the fetcher and libcurl are the real ones. No attack of this suite reaches a server.
@Suite("Clients at hostile addresses", .serialized, .timeLimit(.minutes(5)))
struct ClientAddressAttackTests {
    private typealias Resolver = NameLookUpTests.Resolver

    private static func policy(_ resolver: Resolver, ports: Set<UInt16> = [443]) -> FetchPolicy {
        var policy = FetchPolicy.untrusted(ports: ports).patient
        policy.lookUp = resolver.lookUp
        return policy
    }

    private static func ipv6(_ first: [UInt8], _ last: [UInt8]) -> AddressPolicy.Address {
        .ipv6(first + [UInt8](repeating: 0, count: 16 - first.count - last.count) + last)
    }

    /// Refused by both resolvers, with one reason, without a cache: after the time of a failure it is asked again.
    private func expect(
        _ error: FetchError, _ part: ClientLab.Part, at url: String, _ policy: FetchPolicy, _ comment: Comment
    ) async throws {
        let lab = try ClientLab(part, at: url, policy)
        let resolver = try lab.resolver()
        #expect(try await lab.refusal(resolver) == lab.refusal(for: error), comment)
        let asked = lab.requests.count
        lab.passFailureTime()
        #expect(try await lab.refusal(resolver) == lab.refusal(for: error), comment)
        #expect(lab.requests.count > asked, comment)
    }

    @Test(
        "R2, R4: a name with one address inside is refused, alone or among public ones, in every spelling of IPv6",
        arguments: ClientLab.Part.allCases)
    func answers(part: ClientLab.Part) async throws {
        let inside: [AddressPolicy.Address] = [
            .ipv4([10, 0, 0, 1]), .ipv4([127, 0, 0, 1]), .ipv4([172, 16, 0, 1]), .ipv4([192, 168, 1, 1]),
            .ipv4([169, 254, 169, 254]), .ipv4([100, 64, 0, 1]), .ipv4([0, 0, 0, 0]), .ipv4([192, 0, 2, 1]),
            .ipv4([224, 0, 0, 1]), .ipv4([240, 0, 0, 1]), .ipv4([255, 255, 255, 255]),
            Self.ipv6([], [1]), Self.ipv6([], []), Self.ipv6([0xFE, 0x80], [1]), Self.ipv6([0xFD], [1]),
            Self.ipv6([0xFF, 2], [1]),
            // IPv4-mapped, -compatible and -translated, both prefixes of NAT64, 6to4, Teredo, ISATAP.
            Self.ipv6([], [0xFF, 0xFF, 10, 0, 0, 1]), Self.ipv6([], [127, 0, 0, 1]),
            Self.ipv6([], [0xFF, 0xFF, 0, 0, 10, 0, 0, 1]), Self.ipv6([0, 0x64, 0xFF, 0x9B], [10, 0, 0, 1]),
            Self.ipv6([0, 0x64, 0xFF, 0x9B, 0, 1], [10, 0, 0, 1]), Self.ipv6([0x20, 2, 10, 0, 0, 1], [1]),
            Self.ipv6([0x20, 1, 0, 0], [0xF5, 0xFF, 0xFF, 0xFE]),
            Self.ipv6([0x26, 0x06, 0x28, 0], [0, 0, 0x5E, 0xFE, 10, 0, 0, 1]),
        ]
        let url = "https://\(ClientLab.host)/c"
        for address in inside {
            for answer in [[address], [ClientLab.publicIPv4, address], [address, ClientLab.publicIPv4]] {
                try await expect(.blockedAddress, part, at: url, Self.policy(Resolver(answer)), "\(answer)")
            }
        }
        try await expect(.notResolved, part, at: url, Self.policy(Resolver([])), "no address")
    }

    @Test("R3: a literal address inside is refused, and never looked up", arguments: ClientLab.Part.allCases)
    func literals(part: ClientLab.Part) async throws {
        let resolver = Resolver([ClientLab.publicIPv4])
        for host in [
            "127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "[::1]", "[::]", "[fd00::1]", "[fe80::1]",
            "[::ffff:10.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::a00:1]", "[2002:a00:1::1]",
        ] {
            try await expect(.blockedAddress, part, at: "https://\(host)/c", Self.policy(resolver), "\(host)")
        }
        #expect(resolver.asked.isEmpty)
    }

    @Test("R3, R6: other spellings of an address are not URLs, so that nothing is fetched")
    func spellings() async throws {
        let resolver = Resolver([ClientLab.publicIPv4])
        for host in [
            "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "127.0.0.1.", "[fe80::1%25eth0]",
            "user@client.example.com", "client.example.com\\@127.0.0.1", "127。0。0。1", "%3127.0.0.1",
        ] {
            let lab = try ClientLab(.document, at: "https://\(host)/c", Self.policy(resolver))
            let refusal = try await lab.refusal(lab.resolver())
            #expect(
                refusal?.code?.hasPrefix("client_id_") == true && refusal?.oauthError == "invalid_client", "\(host)")
            #expect(lab.requests.isEmpty)
        }
        #expect(resolver.asked.isEmpty)
    }

    @Test("R7: special-use names are refused by name, and never looked up", arguments: ClientLab.Part.allCases)
    func names(part: ClientLab.Part) async throws {
        let resolver = Resolver([ClientLab.publicIPv4])
        for host in [
            "localhost", "app.localhost", "printer.local", "metadata.google.internal", "router.home.arpa", "app.test",
            "hidden.onion", "intranet", "files.corp", "nas.lan",
        ] {
            try await expect(.notAllowed, part, at: "https://\(host)/c", Self.policy(resolver), "\(host)")
        }
        #expect(resolver.asked.isEmpty)
    }

    @Test("R21: only the allowed ports are connected to", arguments: ClientLab.Part.allCases)
    func ports(part: ClientLab.Part) async throws {
        let resolver = Resolver([ClientLab.privateIPv4])
        for port in [22, 25, 80, 444, 6379, 8443, 65_535] {
            let url = "https://\(ClientLab.host):\(port)/c"
            try await expect(.notAllowed, part, at: url, Self.policy(resolver), "\(port)")
        }
        #expect(resolver.asked.isEmpty)
        // An allowed port goes on to the look-up, whose answer is refused.
        let allowed = Self.policy(resolver, ports: [443, 8443])
        try await expect(.blockedAddress, part, at: "https://\(ClientLab.host):8443/c", allowed, "8443")
        #expect(!resolver.asked.isEmpty)
    }

    @Test(
        "R5: a name that rebinds between the check and the connection: the connected address is judged, nothing is sent",
        arguments: ClientLab.Part.allCases)
    func rebindingWithinFetch(part: ClientLab.Part) async throws {
        let server = try ScriptedServer { $0.readHead() }
        var policy = Self.policy(Resolver([ClientLab.publicIPv4]), ports: [server.port])
        policy.scriptedResolutions = ["\(ClientLab.host):\(server.port):127.0.0.1"]
        let url = "https://\(ClientLab.host):\(server.port)/c"
        try await expect(.blockedAddress, part, at: url, policy, "rebinding")
        #expect(server.connectionCount == 0)
    }

    @Test(
        "R9, R20: a resolver and a server that hang end with the deadline of the fetcher",
        arguments: ClientLab.Part.allCases)
    func deadlineOfFetcher(part: ClientLab.Part) async throws {
        let hanging = Resolver([ClientLab.publicIPv4], isHanging: true)
        defer { hanging.release() }
        var policy = Self.policy(hanging)
        policy.totalTimeout = .milliseconds(100)
        try await expect(.timedOut, part, at: "https://\(ClientLab.host)/c", policy, "look-up")

        // The connection is accepted by the system, and the handshake never answered.
        let silent = try ScriptedServer.silentListener()
        defer { _ = close(silent.descriptor) }
        policy = Self.policy(Resolver([ClientLab.local]), ports: [silent.port])
        policy.addressAdmittedForTests = ClientLab.local
        policy.totalTimeout = .milliseconds(100)
        try await expect(.timedOut, part, at: "https://\(ClientLab.host):\(silent.port)/c", policy, "handshake")
    }

    @Test(
        "R9: without a deadline of the fetcher, the resolver's own five seconds end the wait",
        arguments: ClientLab.Part.allCases)
    func deadlineOfResolver(part: ClientLab.Part) async throws {
        let hanging = Resolver([ClientLab.publicIPv4], isHanging: true)
        defer { hanging.release() }
        let lab = try ClientLab(part, at: "https://\(ClientLab.host)/c", Self.policy(hanging))
        let resolver = try lab.resolver()
        let isOver = Atomic(false)
        let task = Task {
            defer { isOver.store(true, ordering: .releasing) }
            return try await lab.refusal(resolver)
        }
        while hanging.waiting == 0 { await Task.yield() }
        while !isOver.load(ordering: .acquiring) {
            lab.clock.advance(by: .seconds(1))
            await Task.yield()
        }
        #expect(try await task.value?.oauthError == "temporarily_unavailable")
    }

    @Test("R10: proxies from the environment are not asked")
    func proxies() async {
        await #expect(processExitsWith: .success) {
            let proxy = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                setEnvironment(name, proxy.url())
            }
            let port = try ScriptedServer.closedPort()
            for part in ClientLab.Part.allCases {
                var policy = FetchPolicy.untrusted(ports: [port]).patient
                policy.lookUp = { _ in [ClientLab.local] }
                policy.addressAdmittedForTests = ClientLab.local
                let lab = try ClientLab(part, at: "https://\(ClientLab.host):\(port)/c", policy)
                let refusal = try await lab.refusal(lab.resolver())
                #expect(refusal == lab.refusal(for: .connectionFailed))
            }
            #expect(proxy.connectionCount == 0)
        }
    }
}
