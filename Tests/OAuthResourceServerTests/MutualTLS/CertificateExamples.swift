import HTTPMessages
import WireFormat

@testable import OAuthResourceServer

/// The certificate of RFC 9440 appendix A and RFC 9421 appendix B.3, and what proxies make of it.
enum CertificateExamples {
    static let base64 =
        "MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk="
    /// As computed with OpenSSL.
    static let thumbprint = "v68ffgcPn6jdYpBfFY2nP4ShE2Yk-6_Mk5PI9yh6aes"
    static let hash = "bfaf1f7e070f9fa8dd62905f158da73f84a1136624fbafcc9393c8f7287a69eb"
    static let der = Base64.decode(base64) ?? []

    /// A SEQUENCE of another content.
    static let otherDER: [UInt8] = [0x30, 3, 1, 2, 3]
    static let otherBase64 = Base64.encode(otherDER)

    static func pem(_ base64: String = base64, lineEnd: String = "\n", width: Int = 64) -> String {
        var lines: [Substring] = []
        var rest = base64[...]
        while !rest.isEmpty {
            lines.append(rest.prefix(width))
            rest = rest.dropFirst(width)
        }
        return (["-----BEGIN CERTIFICATE-----"] + lines + ["-----END CERTIFICATE-----", ""]).joined(separator: lineEnd)
    }

    /// As nginx escapes: everything that RFC 3986 does not call unreserved.
    static func nginx(_ pem: String = pem()) -> String { PercentEncoding.encode(pem) }

    /// As an AWS load balancer escapes: all of that but `+`, `=` and `/`.
    static func amazon(_ pem: String = pem()) -> String { escaped(pem, besides: "+=/") }

    /// As Envoy escapes: line breaks, spaces, `+`, `/` and `=`.
    static func envoy(_ pem: String = pem()) -> String { nginx(pem) }

    private static func escaped(_ text: String, besides kept: String) -> String {
        text.map { kept.contains($0) ? String($0) : PercentEncoding.encode(String($0)) }.joined()
    }
}
