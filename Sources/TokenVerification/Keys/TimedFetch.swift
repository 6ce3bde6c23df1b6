internal import HTTPMessages

/// One document within a time that nothing stretches, whatever the fetcher does.
struct TimedFetch: Sendable {
    let fetcher: any DocumentFetcher
    let timing: RefreshTiming

    /// Fetches a document within ``RemoteKeySet.Limits/fetchTime``.
    ///
    /// - Parameters:
    ///   - tries: How often it is asked for when the connection fails or the answer is a 5xx; all within the time.
    func document(_ request: DocumentRequest, tries: Int = 1) async throws(FetchError) -> FetchedDocument {
        let pending = SharedResult<Result<FetchedDocument, FetchError>>()
        // What comes after the time lands nowhere: an older answer never wins.
        let work = Task(executorPreference: timing.executor) { [fetcher] in
            var result = await Self.result(fetcher, request)
            for _ in 1..<max(1, tries) where Self.isWorthAnother(result) && !Task.isCancelled {
                result = await Self.result(fetcher, request)
            }
            pending.deliver(result)
        }
        defer { work.cancel() }
        guard let result = await pending.value(within: RemoteKeySet.Limits.fetchTime, timing) else { throw .timedOut }
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
