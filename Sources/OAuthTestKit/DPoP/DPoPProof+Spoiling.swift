internal import HTTPMessages
internal import JOSE
internal import TokenVerification
internal import WireFormat

extension DPoPProof.Defect {
    /// The values of all `DPoP` fields of a request: the good proof with this defect.
    public func fields(of proof: DPoPProof) -> [String] {
        var proof = proof
        switch self {
        case .absent: return []
        case .empty: return [""]
        case .repeated:
            let good = proof.signed()
            return [good, good]
        case .commaJoined: return ["\(proof.signed()), \(proof.signed())"]
        case .twoParts:
            return [proof.signed().split(separator: ".").dropLast().joined(separator: ".")]
        case .fiveParts: return [proof.signed() + ".AA.AA"]
        case .padded: return [proof.signed() + "="]
        default:
            spoil(&proof)
            return [proof.signed()]
        }
    }

    private func spoil(_ proof: inout DPoPProof) {
        spoilForm(&proof)
        spoilHeader(&proof)
        spoilKey(&proof)
        spoilSignature(&proof)
        spoilClaims(&proof)
        if let target = proof.claims["htu"]?.string { spoilTarget(target, &proof) }
        if needsToken { spoilBinding(&proof) }
    }

    private func spoilForm(_ proof: inout DPoPProof) {
        switch self {
        case .tooLarge: proof.claims["x"] = .string(String(repeating: "x", count: DPoPVerifier.maximumBytes))
        case .headerNotJSON: proof.headerBytes = Array("{".utf8)
        case .repeatedParameter:
            proof.headerBytes =
                Array(#"{"typ":"dpop+jwt","#.utf8) + JSONValue.object(proof.header).encoded().dropFirst()
        case .payloadNotAnObject: proof.payloadBytes = Array("[]".utf8)
        case .repeatedClaim:
            proof.payloadBytes = Array(#"{"htm":"POST","#.utf8) + JSONValue.object(proof.claims).encoded().dropFirst()
        default: break
        }
    }

    private func spoilHeader(_ proof: inout DPoPProof) {
        switch self {
        case .noType: proof.header["typ"] = nil
        case .typeJWT: proof.header["typ"] = "JWT"
        case .typeAccessToken: proof.header["typ"] = "at+jwt"
        case .typeNotText: proof.header["typ"] = 1
        case .criticalHeader: proof.header["crit"] = ["exp"]
        case .noAlgorithm: proof.header["alg"] = nil
        case .algorithmNone: proof.header["alg"] = "none"
        case .unsecured:
            proof.header["alg"] = "none"
            proof.signature = .empty
        case .algorithmHS256: proof.header["alg"] = "HS256"
        case .algorithmNotOfKey:
            proof.header["alg"] = .string(proof.publicKeyType == "EC" ? "RS256" : "ES256")
        default: break
        }
    }

    private func spoilKey(_ proof: inout DPoPProof) {
        switch self {
        case .noKey: proof.header["jwk"] = nil
        case .keyNotAnObject: proof.header["jwk"] = "key"
        case .keyByID: proof.replaceKey(with: "kid", .string(proof.key.thumbprint))
        case .keyByURL: proof.replaceKey(with: "jku", "https://client.example/jwks")
        case .keyByCertificate: proof.replaceKey(with: "x5c", ["AAAA"])
        case .symmetricKey: proof.header["jwk"] = ["kty": "oct", "k": "AAAA"]
        case .incompleteKey: proof.setKeyMember(proof.publicKeyType == "RSA" ? "n" : "x", nil)
        case .keyForEncryption: proof.setKeyMember("use", "enc")
        case .privateMemberD: proof.setKeyMember("d", "AAAA")
        case .privateMemberP: proof.setKeyMember("p", "AAAA")
        case .privateMemberQ: proof.setKeyMember("q", "AAAA")
        case .privateMemberDP: proof.setKeyMember("dp", "AAAA")
        case .privateMemberDQ: proof.setKeyMember("dq", "AAAA")
        case .privateMemberQI: proof.setKeyMember("qi", "AAAA")
        case .privateMemberOth: proof.setKeyMember("oth", [])
        case .privateMemberK: proof.setKeyMember("k", "AAAA")
        default: break
        }
    }

    private func spoilSignature(_ proof: inout DPoPProof) {
        switch self {
        case .foreignSignature: proof.signature = .foreignKey
        case .alteredSignature: proof.signature = .altered
        case .noSignature: proof.signature = .empty
        case .tamperedPayload:
            var claims = proof.claims
            claims["jti"] = "another"
            proof.presentedPayload = JSONValue.object(claims).encoded()
        case .tamperedHeader:
            var header = proof.header
            header["x"] = 1
            proof.presentedHeader = JSONValue.object(header).encoded()
        default: break
        }
    }

    private func spoilClaims(_ proof: inout DPoPProof) {
        switch self {
        case .noTokenID: proof.claims["jti"] = nil
        case .tokenIDNotText: proof.claims["jti"] = 1
        case .emptyTokenID: proof.claims["jti"] = ""
        case .longTokenID:
            proof.claims["jti"] = .string(String(repeating: "j", count: DPoPVerifier.maximumTokenIDBytes + 1))
        case .noMethod: proof.claims["htm"] = nil
        case .methodNotText: proof.claims["htm"] = ["POST"]
        case .methodInLowerCase:
            proof.claims["htm"] = proof.claims["htm"]?.string.map { method in
                .string(String(decoding: method.utf8.map { ASCII.lowercased($0) }, as: UTF8.self))
            }
        case .foreignMethod: proof.claims["htm"] = proof.claims["htm"] == "PATCH" ? "PUT" : "PATCH"
        case .noTime: proof.claims["iat"] = nil
        case .timeNotANumber: proof.claims["iat"] = proof.claims["iat"]?.number.map { .string($0.text) }
        case .timeOutOfRange: proof.claims["iat"] = 1e300
        case .stale: proof.issuedAt = proof.issuedAt.map { $0 - 301 }
        case .future: proof.issuedAt = proof.issuedAt.map { $0 + 360 }
        default: break
        }
    }

    private func spoilTarget(_ target: String, _ proof: inout DPoPProof) {
        guard let url = try? AbsoluteURL(parsing: target) else { return }
        let host = url.hostKind == .ipv6 ? "[\(url.host)]" : url.host
        let port = url.port.map { ":\($0)" } ?? ""
        let scheme = url.scheme.rawValue
        switch self {
        case .noTarget: proof.claims["htu"] = nil
        case .targetNotText: proof.claims["htu"] = [.string(target)]
        case .targetWithQuery: proof.claims["htu"] = .string(target + "?x=1")
        case .targetWithEmptyQuery: proof.claims["htu"] = .string(target + "?")
        case .targetWithFragment: proof.claims["htu"] = .string(target + "#x")
        case .targetWithUser: proof.claims["htu"] = .string("\(scheme)://user@\(host)\(port)\(url.path)")
        case .relativeTarget: proof.claims["htu"] = .string(url.path)
        case .foreignScheme:
            proof.claims["htu"] = .string("\(scheme == "http" ? "https" : "http")://\(host)\(port)\(url.path)")
        case .foreignHost: proof.claims["htu"] = .string("\(scheme)://other.example\(port)\(url.path)")
        case .foreignPort:
            proof.claims["htu"] = .string("\(scheme)://\(host):\(url.effectivePort ^ 1)\(url.path)")
        case .foreignPath: proof.claims["htu"] = .string(target + "/other")
        case .escapedSlash: proof.claims["htu"] = .string(target + "%2F")
        default: break
        }
    }

    private func spoilBinding(_ proof: inout DPoPProof) {
        guard let hash = proof.claims["ath"]?.string else {
            preconditionFailure("This defect needs an access token: name it when you make the proof.")
        }
        switch self {
        case .noTokenHash: proof.claims["ath"] = nil
        case .tokenHashNotText: proof.claims["ath"] = 1
        case .foreignTokenHash: proof.claims["ath"] = .string(Base64URL.encode(Digest.sha256(Array("other".utf8))))
        case .tokenInsteadOfHash: proof.claims["ath"] = "header.payload.signature"
        case .paddedTokenHash: proof.claims["ath"] = .string(hash + "=")
        case .foreignKey:
            proof.key = proof.key.other()
            proof.header["jwk"] = .object(proof.key.publicJWK)
        default: break
        }
    }
}

extension DPoPProof {
    fileprivate var publicKeyType: String? { header["jwk"]?["kty"]?.string }

    fileprivate mutating func setKeyMember(_ name: String, _ value: JSONValue?) {
        guard var jwk = header["jwk"]?.object else { return }
        jwk[name] = value
        header["jwk"] = .object(jwk)
    }

    fileprivate mutating func replaceKey(with name: String, _ value: JSONValue) {
        header["jwk"] = nil
        header[name] = value
    }
}
