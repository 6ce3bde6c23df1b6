internal import HTTPMessages
internal import JOSE
internal import WireFormat

/// Asks the person before a code is issued, and takes the answer.
///
/// An answer counts only if it comes from the page that was shown, in the browser that was asked: the form has an
/// unguessable name of the request, the browser a cookie, and `Origin` is this server's own.
struct ConsentEndpoint: Sendable {
    let page: ConsentPage
    let store: ConsentStore
    /// The origin of this server, as browsers write it.
    let origin: String
    /// The path of this endpoint.
    let path: String
    /// The path of the issuer, below which are this endpoint and the one that asks.
    let cookiePath: String

    private static let cookie = "consent"

    /// The page that asks. A browser that has a cookie keeps it, so that several pages can be open.
    func ask(_ code: PendingCode, _ target: AuthorizationEndpoint.Target, _ fields: HTTPFields, now: Double)
        -> HTTPResponse
    {
        let present = Self.browser(of: fields)
        let browser = present ?? Base64URL.encode(RandomBytes.make(32))
        let consent = PendingConsent(
            code: code, target: target, browser: Digest.sha256(Array(browser.utf8)),
            expiresAt: now + ConsentStore.patience)
        var response = page.question(about: consent, named: store.add(consent), action: path)
        // No `Secure`: this server speaks http on loopback. Not `Strict`: a browser that comes from the client would
        // not send the cookie, and the page that is open in another tab could not be answered any more.
        response.fields[.setCookie] = HTTPFields.Value(
            "\(Self.cookie)=\(browser); Path=\(cookiePath); HttpOnly; SameSite=Lax")
        return response
    }

    /// What the person decided.
    ///
    /// - Throws: ``Refusal/consentNotFromPage`` when it is not an answer to a question of this server.
    func decision(
        on request: HTTPRequest, now: Double
    ) async throws(Refusal) -> (consent: PendingConsent, isAllowed: Bool) {
        guard case .once(let value) = request.fields.occurrence(of: .origin),
            value.string?.hasSameBytes(as: origin) == true, let browser = Self.browser(of: request.fields)
        else { throw .consentNotFromPage }
        try FormBody.checkContentType(of: request, is: .form)
        guard let body = try? await FormBody.collect(request) else { throw .bodyTooLarge }
        let form = try FormParameters(parsing: body)
        let answer = try form.required("answer", orThrow: .consentNotFromPage)
        let name = try form.required("request", orThrow: .consentNotFromPage)
        guard ["allow", "deny"].contains(where: { $0.hasSameBytes(as: answer) }),
            let consent = store.take(name, browser: Digest.sha256(Array(browser.utf8)), now: now)
        else { throw .consentNotFromPage }
        return (consent, answer.hasSameBytes(as: "allow"))
    }

    /// The value of the cookie (RFC 6265 §4.2.1): 43 characters of base64url; nil when there is none, or several.
    private static func browser(of fields: HTTPFields) -> String? {
        let prefix = Array("\(cookie)=".utf8)
        var found: [String] = []
        for line in fields.values(of: .cookie) {
            for pair in line.bytes.split(separator: UInt8(ascii: ";")) {
                let pair = OptionalWhiteSpace.trimmed(pair)
                guard pair.starts(with: prefix) else { continue }
                found.append(String(decoding: pair.dropFirst(prefix.count), as: UTF8.self))
            }
        }
        guard found.count == 1, let only = found.first, Base64URL.decode(only)?.count == 32 else { return nil }
        return only
    }
}
