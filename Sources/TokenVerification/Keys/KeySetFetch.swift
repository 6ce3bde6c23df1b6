internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// Executes one attempt to fetch a key set: it finds the URL, sends a conditional request, and parses the response. It
/// makes no decisions about keys.
struct KeySetFetch: Sendable {
    enum Place: Sendable {
        case url(AbsoluteURL)
        /// The discovery accepts only metadata with a `jwks_uri` that may be used.
        case discovered(IssuerDiscovery)
    }

    let issuer: TokenIssuer
    let place: Place
    let fetch: TimedFetch
    var timing: RefreshTiming { fetch.timing }

    /// Returns the result of an attempt. It never throws. It takes at most the time limits of the discovery and of the
    /// key set.
    func result(of attempt: KeyAttempt) async -> KeyAttemptAnswer {
        var answer = KeyAttemptAnswer(result: .failed(.fetch(.unavailable)))
        do throws(RemoteKeySet.FetchFailure) {
            let url = try await url()
            answer.url = url
            answer.result = try await keys(at: url, attempt, clock: &answer.clockDifference)
        } catch {
            answer.result = .failed(error)
        }
        return answer
    }

    private func url() async throws(RemoteKeySet.FetchFailure) -> AbsoluteURL {
        switch place {
        case .url(let url): return url
        case .discovered(let discovery):
            guard let url = try await discovery.metadataForKeys().metadata.jwksURI else { throw .keySetURL }
            return url
        }
    }

    private func keys(
        at url: AbsoluteURL, _ attempt: KeyAttempt, clock difference: inout Int?
    ) async throws(RemoteKeySet.FetchFailure) -> KeyAttemptResult {
        do throws(RemoteKeySet.FetchFailure) {
            // Validators belong to one URL and must not be sent to another.
            let known = attempt.known.flatMap { $0.url == url ? $0 : nil }
            let result = try await answer(from: url, attempt.cause, known, clock: &difference)
            if case .discovered(let discovery) = place { discovery.noteKeySet(.fetched) }
            return result
        } catch {
            if case .discovered(let discovery) = place { discovery.noteKeySet(.failed) }
            throw error
        }
    }

    private func answer(
        from url: AbsoluteURL, _ cause: KeySourceEvent.RefreshCause, _ known: KeySetDocument?,
        clock difference: inout Int?
    ) async throws(RemoteKeySet.FetchFailure) -> KeyAttemptResult {
        var fields = HTTPFields()
        // RFC 7517 §8.5.2 registers the second type. Some hosts answer 406 unless they find the first one.
        fields.append(.accept, "application/json, application/jwk-set+json")
        known?.validators.write(to: &fields)
        // RFC 9111 §5.2.1.4: a cache between here and the origin may have the set without the new key, so it must ask
        // the issuer.
        if cause.asksIssuer { fields.append(.cacheControl, "no-cache") }
        let response: FetchedDocument
        do throws(FetchError) {
            response = try await fetch.document(
                DocumentRequest(url: url, fields: fields, maximumBodyBytes: RemoteKeySet.Limits.maximumDocumentBytes),
                tries: RemoteKeySet.Limits.tries)
        } catch {
            throw .fetch(error)
        }
        difference = ResponseDate.difference(of: response.fields, from: timing.wallClock.now())
        let lifetime = CacheControl(response.fields).lifetime(
            in: RemoteKeySet.Limits.honouredMaxAge, otherwise: RemoteKeySet.Limits.softLifetime)
        // RFC 9110 §15.4.5: 304 is valid for a conditional request only.
        if response.status == .notModified, var document = known, !document.validators.isEmpty {
            document.lifetime = lifetime
            return .unchanged(document)
        }
        guard response.status == .ok else { throw .status(response.status.code) }
        guard response.body.count <= RemoteKeySet.Limits.maximumDocumentBytes else {
            throw .fetch(.tooLarge(limit: RemoteKeySet.Limits.maximumDocumentBytes))
        }
        if var document = known, document.body == response.body {
            // Equal bytes mean an equal set. No key is imported again.
            document.validators = Validators(response.fields)
            document.lifetime = lifetime
            return .unchanged(document)
        }
        return .changed(
            KeySetDocument(
                keys: try parse(response.body), url: url, body: response.body,
                validators: Validators(response.fields), lifetime: lifetime))
    }

    private func parse(_ body: [UInt8]) throws(RemoteKeySet.FetchFailure) -> JSONWebKeySet {
        let keys: JSONWebKeySet
        do throws(JSONWebKeySet.ParseError) {
            keys = try JSONWebKeySet(parsing: body, issuer: issuer.text)
        } catch {
            throw .keySet(error)
        }
        guard !keys.keys.isEmpty else { throw .noUsableKey(RemoteKeySet.reportedDefects(of: keys.skipped)) }
        return keys
    }
}
