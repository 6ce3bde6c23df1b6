import HTTPMessages
import OAuthMetadata
import WireFormat

/// Finds the key set of an issuer through its metadata, as a server does.
struct IssuerKeys {
    let issuer: String
    let network: ClientNetwork

    /// The bytes of the key set.
    func read() async throws(CommandFault) -> [UInt8] {
        let identifier: IssuerIdentifier
        do throws(IdentifierError) {
            identifier = try IssuerIdentifier(issuer, insecureHTTP: .loopback)
        } catch {
            throw CommandFault(
                "--issuer is not an https URL, so that its keys cannot be discovered: name them with --jwks")
        }
        var reasons: [String] = []
        for url in identifier.metadataURLs {
            let place = DisplayText.line(url.text)
            switch await network.document(at: url) {
            case .failure(let error): reasons.append("\(place): \(error.explanation) (\(error.code))")
            case .success(let answer) where answer.status != .ok:
                reasons.append("\(place): status \(answer.status.code) instead of 200")
            case .success(let answer):
                let metadata: AuthorizationServerMetadata
                do throws(MetadataError) {
                    metadata = try AuthorizationServerMetadata(parsing: answer.body, expecting: identifier)
                } catch {
                    let isOther = error == .identifierMismatch
                    reasons.append("\(place): it is \(isOther ? "the metadata of another issuer" : "not metadata")")
                    continue
                }
                if let keys = metadata.jwksURI { return try await fetch(keys) }
                reasons.append("\(place): there is no usable jwks_uri")
            }
        }
        throw CommandFault(["the keys of the issuer cannot be discovered"] + reasons)
    }

    private func fetch(_ url: AbsoluteURL) async throws(CommandFault) -> [UInt8] {
        switch await network.document(at: url) {
        case .failure(let error):
            throw CommandFault("the key set cannot be fetched: \(error.explanation) (\(error.code))")
        case .success(let answer):
            guard answer.status == .ok else {
                throw CommandFault("the key set cannot be fetched: status \(answer.status.code) instead of 200")
            }
            return answer.body
        }
    }
}
