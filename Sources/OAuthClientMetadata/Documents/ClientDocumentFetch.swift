internal import HTTPMessages
package import OAuthMetadata
package import TokenVerification
internal import WireFormat

/// Fetches and parses one document. It makes no decision about caching.
package struct ClientDocumentFetch: Sendable {
    /// What the host answered.
    package enum Answer: Sendable {
        /// A document, and how long it may be kept; nil when it must not be stored.
        case document(ClientIDMetadataDocument, Validators, lifetime: Duration?)
        /// 304: the known document, with its own validators, is still the one. Validators of this answer belong to a
        /// document that was not sent.
        case unchanged(lifetime: Duration?)
        case failed(ClientResolutionError)
    }

    private let fetch: TimedFetch
    private let rules: ClientIDMetadataDocument.Rules

    package init(fetch: TimedFetch, rules: ClientIDMetadataDocument.Rules) {
        self.fetch = fetch
        self.rules = rules
    }

    /// Fetches the document for the first time.
    package func answer(for url: ClientIdentifierURL) async -> Answer {
        await answer(for: url, known: nil)
    }

    func answer(for url: ClientIdentifierURL, known: ClientDocumentEntry?) async -> Answer {
        do throws(ClientResolutionError) {
            return try await document(at: url, known)
        } catch {
            return .failed(error)
        }
    }

    private func document(
        at url: ClientIdentifierURL, _ known: ClientDocumentEntry?
    ) async throws(ClientResolutionError) -> Answer {
        var fields = HTTPFields()
        fields.append(.accept, "application/json")
        known?.validators.write(to: &fields)
        let response: FetchedDocument
        do throws(FetchError) {
            response = try await fetch.document(
                DocumentRequest(url: url.url, fields: fields, maximumBodyBytes: rules.maximumBytes),
                within: ClientIDResolver.Limits.fetchTime)
        } catch {
            throw error.isTooLarge ? .document(.init(faults: [.tooLarge(limit: rules.maximumBytes)])) : .fetch(error)
        }
        let control = CacheControl(response.fields)
        let lifetime = control.lifetime(
            in: ClientIDResolver.Limits.lifetimes, otherwise: ClientIDResolver.Limits.defaultLifetime)
        let kept = control.forbidsStoring ? nil : lifetime
        // RFC 9110 §15.4.5: 304 is valid for a conditional request only.
        if response.status == .notModified, known?.validators.isEmpty == false {
            return .unchanged(lifetime: kept)
        }
        // The draft §4: 200 only. A redirection would let a host name another host's document.
        guard response.status == .ok else { throw .status(response.status.code) }
        guard Self.isJSON(response.fields.mediaType) else { throw .contentType }
        do throws(ClientIDMetadataDocument.Invalid) {
            let document = try ClientIDMetadataDocument(parsing: response.body, from: url, rules: rules)
            return .document(document, Validators(response.fields), lifetime: kept)
        } catch {
            throw .document(error)
        }
    }

    /// The draft §4: `application/json`, or `application/<name>+json`.
    private static func isJSON(_ type: MediaType?) -> Bool {
        guard let type else { return false }
        if type == .json { return true }
        let name = type.description.utf8
        let (prefix, suffix) = ("application/".utf8, "+json".utf8)
        return name.count > prefix.count + suffix.count && name.starts(with: prefix)
            && name.suffix(suffix.count).elementsEqual(suffix)
    }
}

extension FetchError {
    fileprivate var isTooLarge: Bool {
        if case .tooLarge = self { true } else { false }
    }
}
