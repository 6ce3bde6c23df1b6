#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import TokenVerification

// The README's example without HTTP, for a gRPC or WebSocket server that only verifies tokens.

/// The subject of a token; nil if the token lacks the scope.
func subject(of token: String, keySet document: String) async throws -> String? {
    let issuer = "https://login.example.com"
    let keys = StaticKeySource(try JSONWebKeySet(parsing: Array(document.utf8), issuer: issuer))
    let verifier = try JWTTokenVerifier(issuer: issuer, audience: "https://grpc.example.com", keys: keys)
    let accessToken = try await verifier.verify(PresentedToken(token))
    return accessToken.scopes.contains("notes:read") ? accessToken.subject : nil
}

if CommandLine.arguments.count == 3 {
    do {
        print(try await subject(of: CommandLine.arguments[2], keySet: CommandLine.arguments[1]) ?? "insufficient scope")
    } catch let rejection as TokenRejection {
        print(rejection.code)
    } catch {
        // An error that leaves the top level would end the program with a trap.
        print("KEY-SET is not a JWK Set (RFC 7517 §5); give a JSON object with an array \"keys\"")
        exit(78)
    }
} else {
    print("Usage: verification-example KEY-SET TOKEN")
}
