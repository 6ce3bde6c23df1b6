internal import CLibcurl
internal import Synchronization

/// The state of libcurl in this process.
enum CurlLibrary {
    /// Whether libcurl is loaded. Only success is remembered, because a shortage passes.
    private static let isLoaded = Mutex(false)

    /// Loads and initialises libcurl, unless that has succeeded before. Returns why it cannot be used.
    static func load() -> CurlFetcher.LibraryFault? {
        isLoaded.withLock { isLoaded in
            if isLoaded { return nil }
            switch clibcurl_start() {
            case 1: isLoaded = true
            case -2: return .unsuitable
            default: return .notLoaded
            }
            return nil
        }
    }

    /// Gives back the memory of libcurl that can be read again from its file.
    static func releasePages() {
        isLoaded.withLock { isLoaded in
            if isLoaded { clibcurl_release_pages() }
        }
    }
}
