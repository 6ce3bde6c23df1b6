package import HTTPMessages

/// Fetches one document within a strict time limit, even if the fetcher does not return.
package struct TimedFetch: Sendable {
    let fetcher: any DocumentFetcher
    let timing: RefreshTiming

    package init(fetcher: any DocumentFetcher, timing: RefreshTiming) {
        self.fetcher = fetcher
        self.timing = timing
    }

    /// Fetches a document.
    ///
    /// - Parameters:
    ///   - time: The time limit; at most ``RemoteKeySet/Limits/fetchTime``.
    ///   - tries: The number of tries when the connection fails or the response is a 5xx. All of them share the time
    ///     limit.
    package func document(
        _ request: DocumentRequest, within time: Duration = RemoteKeySet.Limits.fetchTime, tries: Int = 1
    ) async throws(FetchError) -> FetchedDocument {
        let pending = SharedResult<Result<FetchedDocument, FetchError>>()
        // A result after the time limit is dropped, so that an old response never replaces a new one.
        let work = Task(executorPreference: timing.executor) { [fetcher] in
            var result = await Self.result(fetcher, request)
            for _ in 1..<max(1, tries) where Self.isWorthAnother(result) && !Task.isCancelled {
                result = await Self.result(fetcher, request)
            }
            pending.deliver(result)
        }
        defer { work.cancel() }
        guard let result = await pending.value(within: time, timing) else { throw .timedOut }
        return try result.get()
    }

    private static func result(
        _ fetcher: any DocumentFetcher, _ request: DocumentRequest
    ) async -> Result<FetchedDocument, FetchError> {
        do throws(FetchError) {
            return .success(try await fetcher.fetch(request))
        } catch {
            return .failure(error)
        }
    }

    private static func isWorthAnother(_ result: Result<FetchedDocument, FetchError>) -> Bool {
        switch result {
        case .success(let document): (500..<600).contains(document.status.code)
        case .failure(let error): error == .connectionFailed
        }
    }
}
