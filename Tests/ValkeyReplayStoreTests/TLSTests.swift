import TokenVerification
import Testing
import ValkeyReplayStore

@Suite(
    "ValkeyReplayStore over TLS",
    .enabled(
        if: RedisServer.isAvailable, "no valkey-server or redis-server: install one, or name it in VALKEY_SERVER"),
    .timeLimit(.minutes(3)))
struct TLSTests {
    private let log = EventLog()

    private func verdict(
        of url: String, authority: String?, client: ServerCertificates? = nil
    ) async throws -> Verdict {
        var settings = ValkeyReplayStore.Settings.patient
        settings.certificateAuthorityFile = authority
        settings.clientCertificate = client.map { .init(certificateFile: $0.certificate, keyFile: $0.key) }
        settings.whenDown = .dangerouslyAcceptWithoutStore
        let store = try ValkeyReplayStore(url, settings: settings, observer: log.observer)
        _ = await store.connect()
        return await Verdict.of(store, .number(1))
    }

    @Test("a certificate with the right name from a trusted authority, and no other")
    func names() async throws {
        let certificates = try await ServerCertificates(name: "DNS:localhost")
        let server = try await RedisServer(certificates: certificates)
        let refused = Verdict.failed(.unavailable)
        let url = "rediss://localhost:\(server.port)"
        #expect(try await verdict(of: url, authority: certificates.authority) == .first)
        #expect(try await verdict(of: url, authority: certificates.authority) == .replayed)
        #expect(log.events == [])
        #expect(try await verdict(of: url, authority: certificates.otherAuthority) == refused)
        #expect(log.losses == [.unknownAuthority])
        #expect(try await verdict(of: url, authority: nil) == refused)
        #expect(log.losses.last == .unknownAuthority)
        let address = "valkeys://127.0.0.1:\(server.port)"
        #expect(try await verdict(of: address, authority: certificates.authority) == refused)
        #expect(log.losses.last == .wrongName)
        #expect(try await verdict(of: url, authority: certificates.folder + "/absent") == refused)
        #expect(log.losses.last == .certificateFile)
        #expect(try await verdict(of: url, authority: certificates.key) == refused)
        #expect(log.losses.last == .certificateFile)
    }

    @Test("a certificate for an address, and for another name")
    func addresses() async throws {
        let certificates = try await ServerCertificates(name: "IP:127.0.0.1,DNS:valkey.example")
        let server = try await RedisServer(certificates: certificates)
        let address = "valkeys://127.0.0.1:\(server.port)"
        #expect(try await verdict(of: address, authority: certificates.authority) == .first)
        let name = "valkeys://localhost:\(server.port)"
        #expect(try await verdict(of: name, authority: certificates.authority) == .failed(.unavailable))
        #expect(log.losses == [.wrongName])
    }

    @Test("a certificate that has expired")
    func expired() async throws {
        let certificates = try await ServerCertificates(name: "DNS:localhost", days: -1)
        let server = try await RedisServer(certificates: certificates)
        let url = "valkeys://localhost:\(server.port)"
        #expect(try await verdict(of: url, authority: certificates.authority) == .failed(.unavailable))
        #expect(log.losses == [.certificateExpired])
    }

    @Test("a server that demands a client's certificate")
    func clientCertificate() async throws {
        let certificates = try await ServerCertificates(name: "DNS:localhost", demandsClientCertificate: true)
        let server = try await RedisServer(certificates: certificates)
        let url = "valkeys://localhost:\(server.port)"
        #expect(try await verdict(of: url, authority: certificates.authority, client: certificates) == .first)
        #expect(log.events == [])
        #expect(try await verdict(of: url, authority: certificates.authority) == .failed(.unavailable))
        #expect(log.losses == [.tlsFailed])
    }

    @Test("a server without TLS where TLS is demanded, and the other way round")
    func mixed() async throws {
        let plain = try await RedisServer(listens: true)
        var settings = ValkeyReplayStore.Settings()
        settings.connectTimeout = .milliseconds(300)
        // The server may wait for more bytes.
        let encrypted = try ValkeyReplayStore("valkeys://localhost:\(plain.port)", settings: settings)
        #expect(await encrypted.connect() != .healthy)
        #expect(await Verdict.of(encrypted) == .failed(.unavailable))
        let certificates = try await ServerCertificates(name: "DNS:localhost")
        let server = try await RedisServer(certificates: certificates)
        let store = try ValkeyReplayStore("valkey://localhost:\(server.port)")
        #expect(await Verdict.of(store) == .failed(.unavailable))
    }

    @Test("5,000 concurrent commands over TLS")
    func pipelining() async throws {
        let certificates = try await ServerCertificates(name: "DNS:localhost")
        let server = try await RedisServer(certificates: certificates)
        var settings = ValkeyReplayStore.Settings.patient
        settings.certificateAuthorityFile = certificates.authority
        let store = try ValkeyReplayStore("valkeys://localhost:\(server.port)", settings: settings)
        for round in [Verdict.first, .replayed] {
            let verdicts = await withTaskGroup(of: Verdict.self) { group in
                for number in 0..<5_000 { group.addTask { await Verdict.of(store, .number(number)) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(verdicts.allSatisfy { $0 == round })
        }
    }
}
