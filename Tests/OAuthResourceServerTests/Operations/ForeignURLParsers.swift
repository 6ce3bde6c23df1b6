import Foundation

/// How the URL parsers that a handler may use read a text: Foundation's, and libcurl's with its options.
enum ForeignURLParsers {
    /// What a parser takes a text for. Everything is as the parser returns it.
    struct Reading: Hashable {
        var scheme: String
        var host: String
        var port: Int?
        var path: String
    }

    static func readings(of text: String) -> Set<Reading> {
        foundation(text).union(LibcurlURL.shared?.readings(of: text) ?? [])
    }

    private static func foundation(_ text: String) -> Set<Reading> {
        var readings: Set<Reading> = []
        for url in [URL(string: text), URL(string: text, encodingInvalidCharacters: false)] {
            guard let url, let scheme = url.scheme else { continue }
            for url in [url, url.standardized, url.absoluteURL] {
                for isEncoded in [false, true] {
                    readings.insert(
                        Reading(
                            scheme: scheme, host: url.host(percentEncoded: isEncoded) ?? "", port: url.port,
                            path: url.path(percentEncoded: isEncoded)))
                }
            }
        }
        if let parts = URLComponents(string: text), let scheme = parts.scheme {
            readings.insert(Reading(scheme: scheme, host: parts.host ?? "", port: parts.port, path: parts.path))
            readings.insert(
                Reading(
                    scheme: scheme, host: parts.encodedHost ?? "", port: parts.port, path: parts.percentEncodedPath))
        }
        return readings
    }
}

/// libcurl's URL API, loaded as the library itself loads libcurl.
@safe struct LibcurlURL: @unchecked Sendable {
    private typealias Create = @convention(c) () -> OpaquePointer?
    private typealias Destroy = @convention(c) (OpaquePointer?) -> Void
    private typealias Set = @convention(c) (OpaquePointer?, Int32, UnsafePointer<CChar>?, UInt32) -> Int32
    private typealias Get =
        @convention(c) (
            OpaquePointer?, Int32, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, UInt32
        ) -> Int32
    private typealias Free = @convention(c) (UnsafeMutableRawPointer?) -> Void

    private let create: Create
    private let destroy: Destroy
    private let set: Set
    private let get: Get
    private let free: Free

    /// Nil where libcurl is not installed.
    static let shared = LibcurlURL()

    private init?() {
        let names = ["libcurl.so.4", "libcurl.4.dylib"]
        guard let library = unsafe names.lazy.compactMap({ unsafe dlopen($0, RTLD_NOW) }).first,
            let create = unsafe dlsym(library, "curl_url"), let destroy = unsafe dlsym(library, "curl_url_cleanup"),
            let set = unsafe dlsym(library, "curl_url_set"), let get = unsafe dlsym(library, "curl_url_get"),
            let free = unsafe dlsym(library, "curl_free")
        else { return nil }
        unsafe self.create = unsafeBitCast(create, to: Create.self)
        unsafe self.destroy = unsafeBitCast(destroy, to: Destroy.self)
        unsafe self.set = unsafeBitCast(set, to: Set.self)
        unsafe self.get = unsafeBitCast(get, to: Get.self)
        unsafe self.free = unsafeBitCast(free, to: Free.self)
    }

    /// The parts of `CURLUPart`.
    private enum Part: Int32 {
        case url = 0, scheme = 1, host = 5, port = 6, path = 7
    }

    /// CURLU_DEFAULT_SCHEME, CURLU_NON_SUPPORT_SCHEME, CURLU_PATH_AS_IS, CURLU_GUESS_SCHEME, CURLU_ALLOW_SPACE.
    private static let settings: [UInt32] = [
        0, 1 << 2, 1 << 3, 1 << 3 | 1 << 4, 1 << 9, 1 << 9 | 1 << 3, 1 << 2 | 1 << 3 | 1 << 11,
    ]
    /// Nothing, CURLU_URLDECODE, CURLU_PUNYCODE.
    private static let spellings: [UInt32] = [0, 1 << 6, 1 << 12]

    func readings(of text: String) -> Swift.Set<ForeignURLParsers.Reading> {
        var readings: Swift.Set<ForeignURLParsers.Reading> = []
        for setting in Self.settings {
            let handle = unsafe create()
            defer { unsafe destroy(handle) }
            guard unsafe set(handle, Part.url.rawValue, text, setting) == 0 else { continue }
            for spelling in Self.spellings {
                guard let scheme = unsafe part(.scheme, of: handle, 0) else { continue }
                let reading = unsafe ForeignURLParsers.Reading(
                    scheme: scheme, host: part(.host, of: handle, spelling) ?? "",
                    port: part(.port, of: handle, 0).flatMap { Int($0) }, path: part(.path, of: handle, spelling) ?? "")
                readings.insert(reading)
                // A program that asked for https gets it where libcurl adds a scheme.
                if !text.lowercased().hasPrefix(scheme.lowercased() + ":") {
                    var secure = reading
                    secure.scheme = "https"
                    readings.insert(secure)
                }
            }
        }
        return readings
    }

    private func part(_ part: Part, of handle: OpaquePointer?, _ flags: UInt32) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe get(handle, part.rawValue, &text, flags) == 0, let text = unsafe text else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
