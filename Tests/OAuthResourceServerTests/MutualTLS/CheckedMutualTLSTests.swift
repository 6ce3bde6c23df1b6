import HTTPMessages
import Testing
import TokenVerification
import WireFormat

@testable import OAuthResourceServer

private typealias Examples = CertificateExamples

@Suite("Which certificate belongs to a request")
struct CheckedMutualTLSTests {
    private static let proxy: ResourceServerConfiguration.MutualTLS = .fromProxy(.clientCert, at: ["10.0.0.7"])
    private static let value = ":\(Examples.base64):"

    private func checked(_ setting: ResourceServerConfiguration.MutualTLS) throws -> CheckedMutualTLS {
        var faults: ConfigurationFaults = []
        let checked = CheckedMutualTLS(setting, &faults)
        try #require(faults.isEmpty)
        return checked
    }

    private func request(
        from peer: String? = nil, _ fields: [(String, String)] = [], certificate: [UInt8]? = nil
    ) throws -> GuardedRequest {
        var request = HTTPRequest(method: .post, target: "/mcp")
        request.fields = try HTTPFields(fields)
        request.peer = try peer.map { try #require(HTTPRequest.PeerAddress($0)) }
        request.clientCertificate = try certificate.map { try #require(HTTPRequest.ClientCertificate(der: $0)) }
        return GuardedRequest(request)
    }

    /// The fault for a token that is bound to the example's certificate; nil when it is accepted.
    private func fault(
        _ setting: ResourceServerConfiguration.MutualTLS, _ request: GuardedRequest,
        thumbprint: String = Examples.thumbprint
    ) throws -> ResourceServer.Refusal? {
        let checked = try checked(setting)
        do throws(ResourceServer.Refusal) {
            try checked.check(thumbprint, for: request)
            return nil
        } catch {
            return error
        }
    }

    @Test("The certificate of the program's own TLS layer")
    func ofConnection() throws {
        #expect(try fault(.ofConnection, request(certificate: Examples.der)) == nil)
        #expect(try fault(.ofConnection, request(certificate: Examples.otherDER)) == .binding(.otherCertificate))
        #expect(try fault(.ofConnection, request()) == .binding(.certificateMissing))
        // No field counts.
        #expect(
            try fault(.ofConnection, request(from: "127.0.0.1", [("Client-Cert", Self.value)]))
                == .binding(.certificateMissing))
        #expect(try fault(.off, request(certificate: Examples.der)) == .binding(.certificateMissing))
    }

    @Test("The certificate that a trusted proxy passes on, and not that of its own connection")
    func fromProxy() throws {
        let field = [("Client-Cert", Self.value)]
        #expect(try fault(Self.proxy, request(from: "10.0.0.7", field)) == nil)
        #expect(try fault(Self.proxy, request(from: "::ffff:10.0.0.7", field)) == nil)
        #expect(try fault(Self.proxy, request(from: "10.0.0.7", field, certificate: Examples.otherDER)) == nil)
        #expect(
            try fault(Self.proxy, request(from: "10.0.0.7", certificate: Examples.der)) == .binding(.certificateMissing)
        )
        #expect(try fault(Self.proxy, request(from: "10.0.0.7")) == .binding(.certificateMissing))
        #expect(
            try fault(Self.proxy, request(from: "10.0.0.7", [("Client-Cert", "")])) == .binding(.certificateMissing))
        #expect(try fault(Self.proxy, request(from: "10.0.0.8", field)) == .binding(.certificateMissing))
        #expect(try fault(Self.proxy, request(from: nil, field)) == .binding(.certificateMissing))
        #expect(
            try fault(Self.proxy, request(from: nil, field, certificate: Examples.der)) == .binding(.certificateMissing)
        )
    }

    @Test("Field names in any case are the same field; similar names are others")
    func names() throws {
        for name in ["client-cert", "CLIENT-CERT", "Client-cert"] {
            #expect(try fault(Self.proxy, request(from: "10.0.0.7", [(name, Self.value)])) == nil, "\(name)")
            let twice = [(name, Self.value), ("Client-Cert", Self.value)]
            #expect(
                try fault(Self.proxy, request(from: "10.0.0.7", twice)) == .malformedRequest(.repeatedCertificate),
                "\(name)")
        }
        for name in ["Client_Cert", "Client-Certs", "X-Client-Cert", "Client-Cert-Chain"] {
            #expect(
                try fault(Self.proxy, request(from: "10.0.0.7", [(name, Self.value)])) == .binding(.certificateMissing),
                "\(name)")
        }
    }

    @Test("A proxy that adds its field to that of the client: two lines or two values, in either order")
    func appended() throws {
        let forged = ":\(Examples.otherBase64):"
        for lines in [
            [forged, Self.value], [Self.value, forged], [Self.value, Self.value], ["", Self.value], [Self.value, ""],
        ] {
            let fields = lines.map { ("Client-Cert", $0) }
            #expect(try fault(Self.proxy, request(from: "10.0.0.7", fields)) == .malformedRequest(.repeatedCertificate))
            if lines.contains("") { continue }
            let joined = [("Client-Cert", lines.joined(separator: ", "))]
            #expect(
                try fault(Self.proxy, request(from: "10.0.0.7", joined)) == .malformedRequest(.malformedCertificate))
        }
    }

    @Test("The thumbprint of a token is compared as bytes: another spelling, a part or more of it is not the same")
    func thumbprints() throws {
        let good = try request(certificate: Examples.der)
        for thumbprint in [
            "", String(Examples.thumbprint.dropLast()), Examples.thumbprint + "A", Examples.thumbprint + "=",
            Examples.thumbprint.replacing("-", with: "+"), Examples.thumbprint.lowercased(), Examples.hash,
            String(Examples.thumbprint.dropLast()) + "t",
        ] {
            #expect(
                try fault(.ofConnection, good, thumbprint: thumbprint) == .binding(.otherCertificate), "\(thumbprint)")
        }
    }

    @Test("A field from elsewhere is removed, from the proxy it is kept, and without a proxy nothing is touched")
    func removal() throws {
        let fields = [("client-cert", Self.value), ("A", "b"), ("Client-Cert", "x")]
        for (setting, peer, isRemoved) in [
            (Self.proxy, "10.0.0.8", true), (Self.proxy, nil, true), (Self.proxy, "10.0.0.7", false),
            (.ofConnection, nil, false), (.off, "10.0.0.8", false),
        ] as [(ResourceServerConfiguration.MutualTLS, String?, Bool)] {
            var request = try request(from: peer, fields)
            #expect(try checked(setting).removesForgedField(from: &request) == isRemoved)
            #expect(request.fields.pairs.map(\.name) == (isRemoved ? ["A"] : ["client-cert", "A", "Client-Cert"]))
        }
        var without = try request(from: "10.0.0.8", [("A", "b")])
        #expect(try !checked(Self.proxy).removesForgedField(from: &without))
    }

    @Test("Faults: a name that is not one, a field with another meaning, faulty addresses")
    func faults() {
        func faults(_ setting: ResourceServerConfiguration.MutualTLS) -> [String] {
            var faults: ConfigurationFaults = []
            _ = CheckedMutualTLS(setting, &faults)
            return faults.map { FaultRenderer.codeName($0.path) }
        }
        for name in ["", "X Client", "X-Client-Cert:", "authorization", "HOST", "Cookie", "Mcp-Session-Id", "é"] {
            #expect(faults(.fromProxy(.nginx(field: name), at: ["10.0.0.1"])) == ["mutualTLS.field"], "\(name)")
        }
        #expect(faults(.fromProxy(.nginx(field: "ssl-client-cert"), at: ["10.0.0.1"])) == [])
        #expect(faults(.fromProxy(.envoy, at: [])) == ["mutualTLS.at"])
        #expect(
            faults(.fromProxy(.nginx(field: ""), at: ["10.0.0.1", "x", "::/0"])) == [
                "mutualTLS.at[1]", "mutualTLS.at[2]", "mutualTLS.field",
            ])
    }
}
