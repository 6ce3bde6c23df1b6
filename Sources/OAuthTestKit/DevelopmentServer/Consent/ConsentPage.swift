internal import HTTPMessages
internal import OAuthClientMetadata
internal import OAuthMetadata
internal import WireFormat

/// The pages for the person whose browser comes to the authorization endpoint. They work without JavaScript and by
/// keyboard, and no other page can frame them.
struct ConsentPage: Sendable {
    /// A sentence for each scope; others are shown by name.
    let scopeSentences: [String: String]
    /// The name of the simulated user.
    let subject: String

    /// Asks whether the client may get what it asks for.
    ///
    /// - Parameters:
    ///   - name: The unguessable name of the request, for the form.
    ///   - action: The path that the form is sent to.
    func question(about consent: PendingConsent, named name: String, action: String) -> HTTPResponse {
        let client = consent.target.client
        let display = Display(of: client, redirectURI: consent.target.redirectURI)
        let grant = consent.code.grant
        let body: HTMLText = """
            <p class="soft">Signed in as \(subject)</p>
            <h1>Allow \(display.name) to use your account?</h1>
            <dl>
            <dt>Client</dt><dd><span class="host">\(display.host)</span>\(badge(display))</dd>
            <dt>Sends you to</dt><dd class="host">\(display.destination)</dd>
            \(resourceList(grant.resources))</dl>
            \(warning(display))<h2>It will be able to</h2>
            \(scopeList(grant.scopes))
            <form method="post" action="\(action)">
            <input type="hidden" name="request" value="\(name)">
            <p class="buttons"><button name="answer" value="deny">Deny</button>
            <button class="main" name="answer" value="allow">Allow</button></p>
            </form>
            """
        return Self.response(
            status: .ok, title: "Allow access?", body, formTarget: display.formTarget)
    }

    /// Says why a request was refused. The browser is never redirected from here.
    func refusal(_ refusal: Refusal) -> HTTPResponse {
        let body: HTMLText = """
            <h1>This sign-in request cannot be answered</h1>
            <p>\(refusal.sentence)</p>
            <p class="soft">You were not sent back to the application, because the request does not prove which one it \
            is. Close this page and start again in the application. Error: <span class="host">\(refusal.code)</span></p>
            """
        return Self.response(status: refusal.status, title: "Sign-in request refused", body, formTarget: nil)
    }

    // MARK: Parts

    private func badge(_ display: Display) -> HTMLText {
        switch display.trust {
        case .verified: #"<span class="badge verified">verified domain</span>"#
        case .unverified, .denied: #"<span class="badge unverified">unverified</span>"#
        }
    }

    private func warning(_ display: Display) -> HTMLText {
        guard display.isOnThisMachine else { return "" }
        return """
            <p class="warning" role="note"><strong>This application runs on your own computer.</strong> Any program \
            there can pass for it. Allow it only if you have just started the sign-in yourself.</p>

            """
    }

    private func resourceList(_ resources: [String]) -> HTMLText {
        HTMLText(resources.map { "<dt>Resource</dt><dd class=\"host\">\($0)</dd>\n" })
    }

    private func scopeList(_ scopes: ScopeSet) -> HTMLText {
        guard !scopes.isEmpty else { return "<p>Know who you are, and nothing else.</p>" }
        let items: [HTMLText] = scopes.tokens.map { scope in
            guard let sentence = scopeSentences[scope] else { return "<li>Use the scope <code>\(scope)</code>.</li>\n" }
            return "<li>\(sentence) <code class=\"soft\">\(scope)</code></li>\n"
        }
        return "<ul>\n\(HTMLText(items))</ul>"
    }

    /// Wraps a page, with the fields that keep scripts, frames and caches away.
    private static func response(
        status: HTTPStatus, title: String, _ body: HTMLText, formTarget: String?
    ) -> HTTPResponse {
        let page: HTMLText = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            <style>\(HTMLText(stringLiteral: ConsentStyle.text))</style>
            </head>
            <body><main>
            \(body)
            </main></body>
            </html>

            """
        // CSP Level 3. Browsers check `form-action` for the redirection that answers the form too.
        let policy = [
            "default-src 'none'", "style-src \(ConsentStyle.source)", "base-uri 'none'", "frame-ancestors 'none'",
            "form-action " + (formTarget.map { "'self' \($0)" } ?? "'none'"),
        ]
        var response = HTTPResponse(status: status, body: .bytes(Array(page.html.utf8)))
        response.fields[.contentType] = "text/html; charset=utf-8"
        response.fields[.cacheControl] = "no-store"
        response.fields[.contentSecurityPolicy] = HTTPFields.Value(policy.joined(separator: "; "))
        response.fields[.xFrameOptions] = "DENY"
        response.fields[.xContentTypeOptions] = "nosniff"
        // Not `no-referrer`: with it, browsers send the form with `Origin: null`.
        response.fields[.referrerPolicy] = "same-origin"
        return response
    }
}

/// What a person is shown about a client.
private struct Display {
    let name: String
    /// What is known about where the client comes from.
    let host: String
    let trust: ClientTrustPolicy.Trust
    let destination: String
    /// Whether the answer goes to a port of this machine, where any other program can listen instead of the client.
    let isOnThisMachine: Bool
    /// The source expression of the destination for `form-action`.
    let formTarget: String

    init(of client: RegisteredClient, redirectURI: RedirectURI) {
        if let document = client.resolved?.document {
            name = document.displayName
            host = document.displayHost
        } else {
            name = client.name ?? "An application"
            host = "registered by itself"
        }
        trust = client.resolved?.trust ?? .unverified
        switch redirectURI.destination {
        case .web(let url), .loopback(let url):
            destination = String(decoding: url.origin.utf8.dropFirst(url.scheme.rawValue.utf8.count + 3), as: UTF8.self)
            isOnThisMachine = url.isLoopback
            // CSP has no source expression for an IPv6 address.
            formTarget = url.hostKind == .ipv6 ? "\(url.scheme.rawValue):" : url.origin
        case .privateScheme(let scheme):
            isOnThisMachine = false
            destination = "an app on this device (\(scheme):)"
            formTarget = "\(scheme):"
        }
    }
}
