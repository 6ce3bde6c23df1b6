internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

extension IssuerDiscovery {
    /// What a document is read for. It decides which member must be usable.
    package enum Purpose: Sendable, Hashable {
        /// For the document itself.
        case document
        /// For the `jwks_uri`.
        case keySet
        /// For the `introspection_endpoint`.
        case introspection
    }

    /// What the locations of an issuer gave: for each purpose, the first acceptable document, or the reason of each
    /// location.
    struct Reading: Sendable {
        var documents: [Purpose: Document] = [:]
        var failures: [Purpose: [FailedLocation]] = [:]

        /// Whether there is a document for every purpose.
        func isComplete(for purposes: [Purpose]) -> Bool { purposes.allSatisfy { documents[$0] != nil } }

        /// The reason that says most. That a location does not exist says least: most issuers have one of the three.
        func reason(_ purpose: Purpose) -> RemoteKeySet.FetchFailure {
            let locations = failures[purpose] ?? []
            let telling = locations.first { location in
                if case .status(400..<500) = location.failure { false } else { true }
            }
            return (telling ?? locations.first)?.failure ?? .fetch(.timedOut)
        }
    }
}

/// Reads the metadata of an issuer at its well-known locations. It remembers nothing.
struct MetadataLocations: Sendable {
    private typealias Limits = IssuerDiscovery.Limits

    let issuer: IssuerIdentifier
    let purposes: [IssuerDiscovery.Purpose]
    /// Which `jwks_uri` a document must have.
    let keySetRule: RemoteKeySet.OriginRule
    let fetch: TimedFetch

    /// Asks the locations one after another, until each purpose has an acceptable document.
    ///
    /// - Parameter first: The location to ask first.
    func read(first: AbsoluteURL?) async -> IssuerDiscovery.Reading {
        var locations = issuer.metadataURLs
        if let first {
            locations.removeAll { $0 == first }
            locations.insert(first, at: 0)
        }
        let end = fetch.timing.clock.now() + Limits.time
        var reading = IssuerDiscovery.Reading()
        for (index, location) in locations.enumerated() where !reading.isComplete(for: purposes) {
            // A location that does not answer leaves time for the next one.
            let reserved = Limits.reservedTime * (locations.count - index - 1)
            let answer: Result<IssuerDiscovery.Document, RemoteKeySet.FetchFailure>
            do throws(RemoteKeySet.FetchFailure) {
                answer = .success(try await document(at: location, within: end - reserved - fetch.timing.clock.now()))
            } catch {
                answer = .failure(error)
            }
            for purpose in purposes where reading.documents[purpose] == nil {
                switch answer.flatMap({ usable($0, for: purpose) }) {
                case .success(let document): reading.documents[purpose] = document
                case .failure(let failure):
                    reading.failures[purpose, default: []].append(.init(url: location, failure: failure))
                }
            }
        }
        return reading
    }

    private func document(
        at location: AbsoluteURL, within time: Duration
    ) async throws(RemoteKeySet.FetchFailure) -> IssuerDiscovery.Document {
        guard time > .zero else { throw .fetch(.timedOut) }
        var fields = HTTPFields()
        fields.append(.accept, "application/json")
        let answer: FetchedDocument
        do throws(FetchError) {
            answer = try await fetch.document(
                DocumentRequest(url: location, fields: fields, maximumBodyBytes: Limits.maximumDocumentBytes),
                within: time)
        } catch {
            throw .fetch(error)
        }
        guard answer.status == .ok else { throw .status(answer.status.code) }
        guard answer.body.count <= Limits.maximumDocumentBytes else {
            throw .fetch(.tooLarge(limit: Limits.maximumDocumentBytes))
        }
        do throws(MetadataError) {
            return IssuerDiscovery.Document(
                body: answer.body, metadata: try AuthorizationServerMetadata(parsing: answer.body, expecting: issuer),
                location: location)
        } catch {
            throw .metadata(error)
        }
    }

    /// The document, if the member that the purpose needs may be used.
    private func usable(
        _ document: IssuerDiscovery.Document, for purpose: IssuerDiscovery.Purpose
    ) -> Result<IssuerDiscovery.Document, RemoteKeySet.FetchFailure> {
        switch purpose {
        case .document: .success(document)
        case .keySet: admits(document.metadata.jwksURI, keySetRule) ? .success(document) : .failure(.keySetURL)
        // The same rule as for keys: this server must not be made to send its credentials over plain http.
        case .introspection:
            admits(document.metadata.introspectionEndpoint, .anyHost)
                ? .success(document) : .failure(.introspectionEndpoint)
        }
    }

    private func admits(_ url: AbsoluteURL?, _ rule: RemoteKeySet.OriginRule) -> Bool {
        url.map { rule.admits($0, of: issuer.url) } ?? false
    }
}
