import HTTPMessages
import JOSE
import Testing
import WireFormat

@testable import OAuthResourceServer

private typealias Examples = CertificateExamples

@Suite("The fields in which proxies pass on certificates")
struct ClientCertificateTextTests {
    private static let good = ClientCertificateText.Reading.thumbprint(SHA256Digest(of: Examples.der))

    private func read(_ value: String, _ field: ClientCertificateField) -> ClientCertificateText.Reading {
        ClientCertificateText.read(Array(value.utf8)[...], as: field.format)
    }

    @Test("RFC 8705 §3.1: the thumbprint is that which OpenSSL computes")
    func thumbprint() throws {
        let certificate = try #require(HTTPRequest.ClientCertificate(der: Examples.der))
        #expect(certificate.x5tS256 == Examples.thumbprint)
        #expect(Self.good == .thumbprint(certificate.thumbprint))
    }

    @Test("What each proxy writes is read, and the certificate is the client's")
    func written() {
        let chain = Examples.pem() + Examples.pem(Examples.otherBase64)
        let rows: [(ClientCertificateField, String)] = [
            (.clientCert, ":\(Examples.base64):"),
            (.nginx(field: "X-Client-Cert"), Examples.nginx()),
            (.nginx(field: "X-Client-Cert"), Examples.nginx(Examples.pem(lineEnd: "\r\n"))),
            (.nginx(field: "X-Client-Cert"), Examples.amazon(String(Examples.pem().dropLast()))),
            (.nginx(field: "X-Client-Cert"), Examples.nginx(Examples.pem(width: 76))),
            (.awsApplicationLoadBalancer, Examples.amazon()),
            (.awsApplicationLoadBalancerPassthrough, Examples.amazon()),
            (.awsApplicationLoadBalancerPassthrough, Examples.amazon(chain)),
            (.traefik, Examples.base64), (.traefik, "\(Examples.base64),\(Examples.otherBase64)"),
            (.envoy, "Hash=\(Examples.hash)"), (.envoy, "Hash=\(Examples.hash.uppercased())"),
            (.envoy, #"By=spiffe://a/b;Hash=\#(Examples.hash);Cert="\#(Examples.envoy())""#),
            (.envoy, #"Hash=\#(Examples.hash);Subject="CN=\"x\",O=y;z";URI=;DNS=a.example;DNS=b.example"#),
            (.envoy, #"hash=\#(Examples.hash);Cert="\#(Examples.envoy())";Chain="\#(Examples.envoy(chain))""#),
        ]
        for (field, value) in rows { #expect(read(value, field) == Self.good, "\(field.name): \(value.prefix(60))") }
    }

    @Test("A line without a value stands for a client without a certificate")
    func absent() {
        for field: ClientCertificateField in [
            .clientCert, .nginx(field: "A"), .envoy, .awsApplicationLoadBalancer,
            .awsApplicationLoadBalancerPassthrough, .traefik,
        ] { #expect(read("", field) == .absent, "\(field.name)") }
        #expect(read("::", .clientCert) == .absent)
    }

    @Test("Client-Cert: two values, parameters, white space, missing padding, other alphabets and PEM are refused")
    func byteSequence() {
        let base64 = Examples.base64
        let unpadded = String(base64.dropLast())
        let values: [String] = [
            base64, ":\(base64)", "\(base64):", ":", ":\(base64):;a=1", ":\(base64): ", ":\(base64):,:\(base64):",
            ":\(base64):, :\(Examples.otherBase64):", ":\(unpadded):", ":\(unpadded)==:", ": \(base64):",
            ":\(base64.prefix(64)) \(base64.dropFirst(64)):", ":\(base64.replacing("+", with: "-")):", "\"\(base64)\"",
            ":\(Base64.encode([0x31, 1, 0])):", ":\(Base64.encode(Examples.der + [0])):", ":%3A:", ":\(base64)\u{0}:",
            Examples.nginx(), Examples.pem(), "?1", "none", "(null)", "-",
        ]
        for value in values { #expect(read(value, .clientCert) == .malformed, "\(value.prefix(60))") }
    }

    @Test("Escaped PEM: a second certificate, text around, other labels, white space and broken escapes are refused")
    func escapedPEM() {
        let pem = Examples.pem()
        let (begin, end) = ("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n")
        let texts: [String] = [
            // Two certificates.
            "\(pem)\(pem)", "\(pem)\(Examples.pem(Examples.otherBase64))", "\(pem.replacing(end, with: ""))\(pem)",
            "\(pem.dropLast())\(pem)",
            // Text around, and other labels.
            "x\n\(pem)", "\n\(pem)", "\(pem)x", " \(pem)", pem.replacing(begin, with: ""), pem.replacing(end, with: ""),
            pem.replacing("CERTIFICATE", with: "TRUSTED CERTIFICATE"),
            pem.replacing("CERTIFICATE", with: "X509 CERTIFICATE"),
            pem.replacing("CERTIFICATE", with: "certificate"), pem.replacing("-----END", with: "----END"),
            Examples.pem(""),
            // White space inside.
            Examples.pem(lineEnd: " "), Examples.pem(lineEnd: "\r"), Examples.pem(lineEnd: "\t\n"),
            Examples.pem(lineEnd: "\n "),
        ]
        let once = Examples.nginx()
        let values: [String] = [
            "\(once),\(once)", "\(once), \(once)", "\(once)%2C\(once)", "\(once);\(once)",
            // Escapes.
            "\(once)%", "\(once)%4", "\(once)%4G", "%EF%BB%BF\(once)", pem, pem.replacing("\n", with: "%0A"),
            once.replacing("%0A", with: "%250A"), once.replacing("%0A", with: "%00%0A"),
            once.replacing("%20", with: "+"), once.replacing("%0A", with: "%E2%80%A8"),
            once.replacing("%2B", with: "-"),
            // Other proxies' formats, and what nginx writes when the variable is misspelled or not escaped.
            ":\(Examples.base64):", Examples.base64, "(null)", "-", "NONE", pem.replacing("\n", with: " "),
            pem.replacing("\n", with: "\n\t"),
        ]
        for value in texts.map({ Examples.nginx($0) }) + values {
            #expect(read(value, .nginx(field: "A")) == .malformed, "\(value.prefix(80))")
            #expect(read(value, .awsApplicationLoadBalancer) == .malformed, "\(value.prefix(80))")
        }
    }

    @Test("A chain begins with the client's certificate, and text between two certificates is refused")
    func chains() {
        let (pem, other) = (Examples.pem(), Examples.pem(Examples.otherBase64))
        let passthrough = ClientCertificateField.awsApplicationLoadBalancerPassthrough
        #expect(read(Examples.amazon("\(other)\(pem)"), passthrough) != Self.good)
        let chains: [String] = [
            "\(pem)x\(other)", "\(pem)\n\(other)", "x\(pem)\(other)", "\(Examples.pem(""))\(pem)",
        ]
        for chain in chains { #expect(read(Examples.amazon(chain), passthrough) == .malformed, "\(chain.prefix(40))") }
        #expect(read("\(Examples.amazon()),\(Examples.amazon())", passthrough) == .malformed)
        let base64 = Examples.base64
        for value in [",\(base64)", " \(base64)", "\(base64) ,x", ":\(base64):", "x"] as [String] {
            #expect(read(value, .traefik) == .malformed, "\(value.prefix(80))")
        }
    }

    @Test("Envoy: several elements, a repeated key, another hash, a missing one, and broken syntax are refused")
    func envoy() {
        let (hash, cert) = (Examples.hash, Examples.envoy())
        let otherHash = String(hash.reversed())
        let otherCert = Examples.envoy(Examples.pem(Examples.otherBase64))
        let elements: [String] = [
            // The element of a client before or after that of the proxy.
            "Hash=\(hash),Hash=\(hash)", "Hash=\(otherHash),Hash=\(hash)", "Hash=\(hash),By=x", "Hash=\(hash),",
            ",Hash=\(hash)", "Hash=\(hash);URI=x,Hash=\(otherHash)",
            // A client that writes pairs into the names of its certificate, which Envoy does not quote.
            "Hash=\(otherHash);URI=x;Hash=\(hash)", "Hash=\(otherHash);URI=x;Cert=\"\(cert)\"",
            "Hash=\(hash);Cert=\"\(cert)\";URI=x;Cert=\"\(cert)\"", "Hash=\(hash);hash=\(hash)",
        ]
        let certificates: [String] = [
            // A certificate that is not the one of the hash, or not alone.
            "Hash=\(hash);Cert=\"\(otherCert)\"", "Hash=\(hash);Cert=\"\(cert)\(cert)\"", "Hash=\(hash);Cert=\"\"",
            "Hash=\(hash);Cert=", "Cert=\"\(cert)\"", "Subject=\"Hash=\(hash)\"", "By=Hash=\(hash)", "Hash=",
            "Hash=\"\"", cert, ":\(Examples.base64):",
            // Digests of another form.
            "Hash=\(hash.dropLast())", "Hash=\(hash)0", "Hash=\(hash.dropLast())g", "Hash=0x\(hash.dropLast(2))",
            "Hash=\(Examples.thumbprint)", "Hash= \(hash)", "Hash=\(hash) ",
        ]
        let syntax: [String] = [
            "Hash", "=\(hash)", ";Hash=\(hash)", "Hash=\(hash);", "Hash=\(hash);;By=x", "Hash=\"\(hash)",
            "Hash=\"\(hash)\\\"", "Hash=\"\(hash)\"x", "Hash=\(hash)\"", "Ha-sh=x;Hash=\(hash)", " Hash=\(hash)",
            "Hash =\(hash)", "Hash=\(hash); By=x", "Hash=\(hash);Subject=\"\\",
        ]
        for value in elements + certificates + syntax {
            #expect(read(value, .envoy) == .malformed, "\(value.prefix(100))")
        }
        #expect(read("Hash=\"\(hash)\"", .envoy) == Self.good)
    }

    @Test("A value is bounded before anything is decoded: 64 KiB, and 16 KiB of certificate")
    func bounds() {
        let large = Base64.encode([0x30, 0x82, 0x3F, 0xFC] + [UInt8](repeating: 7, count: 16_380))
        let tooLarge = Base64.encode([0x30, 0x82, 0x3F, 0xFD] + [UInt8](repeating: 7, count: 16_381))
        let rows: [(ClientCertificateField, (String) -> String)] = [
            (.clientCert, { ":\($0):" }), (.traefik, { $0 }),
            (.nginx(field: "A"), { Examples.nginx(Examples.pem($0)) }),
            (.awsApplicationLoadBalancer, { Examples.amazon(Examples.pem($0)) }),
        ]
        for (field, write) in rows {
            #expect(read(write(large), field) != .malformed, "\(field.name)")
            #expect(read(write(tooLarge), field) == .malformed, "\(field.name)")
        }
        for field: ClientCertificateField in [
            .clientCert, .nginx(field: "A"), .envoy, .awsApplicationLoadBalancerPassthrough, .traefik,
        ] {
            #expect(read(String(repeating: "A", count: 1 << 20), field) == .malformed, "\(field.name)")
            #expect(read(String(repeating: ":", count: 1 << 20), field) == .malformed, "\(field.name)")
        }
        #expect(read(Examples.base64 + "," + String(repeating: "A", count: 70_000), .traefik) == .malformed)
    }
}
