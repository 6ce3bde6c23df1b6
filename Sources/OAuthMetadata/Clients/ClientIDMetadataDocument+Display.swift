internal import WireFormat

extension ClientIDMetadataDocument {
    /// The largest length of ``displayName``, in Unicode scalars.
    public static let maximumDisplayNameLength = 80

    /// `client_name` as it may be shown to a person: one line, at most ``maximumDisplayNameLength`` scalars, without
    /// control characters, invisible characters and characters that change the writing direction. Empty when nothing
    /// remains.
    ///
    /// Any client can use any name. Always show ``displayHost`` beside it. The text is not escaped for HTML.
    public var displayName: String { Self.displayName(of: clientName.value ?? "") }

    /// A name of a client as it may be shown to a person: see ``displayName``.
    public static func displayName(of name: String) -> String {
        var scalars = String.UnicodeScalarView()
        var pendingSpace = false
        // A mark has nothing to stand on at the beginning and behind a space.
        var marks = maximumMarks
        for scalar in name.unicodeScalars {
            if scalar.properties.isWhitespace {
                pendingSpace = !scalars.isEmpty
                marks = maximumMarks
            } else if isVisible(scalar) {
                marks = scalar.properties.generalCategory == .nonspacingMark ? marks + 1 : 0
                guard marks <= maximumMarks else { continue }
                if pendingSpace { scalars.append(" ") }
                pendingSpace = false
                scalars.append(scalar)
            }
            if scalars.count >= maximumDisplayNameLength { break }
        }
        return String(scalars)
    }

    /// The host of the document, with its port: the only thing about a client that its document proves.
    public var displayHost: String {
        let url = clientID.url
        let host = url.hostKind == .ipv6 ? "[\(url.host)]" : url.host
        return url.port.map { "\(host):\($0)" } ?? host
    }

    /// Whether every redirect URI leads to the user's own machine. Then any program on that machine can pass for the
    /// client, so warn the person who consents.
    public var redirectsToLoopbackOnly: Bool {
        redirectURIs.allSatisfy { uri in
            switch uri.destination {
            case .web(let url): url.isLoopback
            case .loopback: true
            case .privateScheme: false
            }
        }
    }

    /// UTS #39 §5.4: more nonspacing marks on one letter are not of any language, and cover the lines above and below.
    private static let maximumMarks = 4

    /// Unicode Standard §23.2 and UTS #39: format characters hide or reorder what stands beside them.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .enclosingMark: false
        default: !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
