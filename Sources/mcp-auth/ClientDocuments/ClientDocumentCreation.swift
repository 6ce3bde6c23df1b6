import OAuthMetadata
import WireFormat

/// `cimd create`: writes a client ID metadata document that an authorization server accepts.
struct ClientDocumentCreation {
    private let document: ClientIDMetadataDocument
    private let path: String?

    /// Parses the arguments after `cimd create`.
    init(_ arguments: [String]) throws(CommandFault) {
        var list = ArgumentList(
            arguments,
            flags: [
                "--client-id", "--name", "--client-uri", "--logo-uri", "--auth-method", "--jwks-uri", "--output",
            ], repeatableFlags: ["--redirect-uri", "--scope"])
        for (flag, why) in [
            ("--client-id", "the URL of the document"), ("--name", "the name that people see"),
            ("--redirect-uri", "where the client waits for its code"),
        ] where !list.contains(flag) {
            list.faults.append("\(flag) is required: \(why)")
        }
        var faults: [String] = []
        let clientID = list.value("--client-id", "an https URL with a path, in its normal form") { text in
            Self.parsed({ () throws(ClientIdentifierURL.Fault) in try ClientIdentifierURL(text) }, &faults) {
                "--client-id: \($0.remedy)"
            }
        }
        let redirectURIs = list.values("--redirect-uri", "a safe redirect URI") { text in
            Self.parsed({ () throws(RedirectURI.Fault) in try RedirectURI(text) }, &faults) {
                "--redirect-uri: \($0.remedy)"
            }
        }
        let url = { (text: String) in try? AbsoluteURL(parsing: text) }
        let clientURI = list.value("--client-uri", "a URL", url)
        let logoURI = list.value("--logo-uri", "a URL", url)
        let keysURL = list.value("--jwks-uri", "an https URL", url)
        let scopes = list.values("--scope", "scopes of printable ASCII, separated by spaces") { ScopeSet(parsing: $0) }
        let method = list.value("--auth-method", "none or private_key_jwt") { text in
            ["none", "private_key_jwt"].first { $0.hasSameBytes(as: text) }
        }
        let usesKeys = method == "private_key_jwt"
        if usesKeys, keysURL == nil, !list.contains("--jwks-uri") {
            list.faults.append("--jwks-uri is required for private_key_jwt: the public keys of the client")
        }
        if !usesKeys, list.contains("--jwks-uri") {
            list.faults.append("--jwks-uri needs --auth-method private_key_jwt")
        }
        guard list.faults.isEmpty, let clientID, let name = list["--name"] else {
            throw CommandFault(list.faults + faults)
        }
        var document = ClientIDMetadataDocument(clientID: clientID)
        document.clientName.value = name
        document.redirectURIs = redirectURIs
        document.grantTypes = ["authorization_code", "refresh_token"]
        document.clientURI.value = clientURI
        document.logoURI.value = logoURI
        document.scope = scopes.isEmpty ? nil : scopes.reduce(ScopeSet()) { $0.union($1) }
        if usesKeys, let keysURL { document.authentication = .privateKeyJWT(.url(keysURL)) }
        self.document = document
        path = list["--output"]
    }

    func run(in environment: CommandEnvironment) throws(CommandFault) -> Outcome {
        let json = JSONValue.object(document.json)
        // What is written is read as a server reads it: nothing that a server refuses leaves this program.
        do throws(ClientIDMetadataDocument.Invalid) {
            _ = try ClientIDMetadataDocument(parsing: json.encoded(), from: document.clientID)
        } catch {
            throw CommandFault(error.faults.map { "the document would be refused: \($0.code): \($0.remedy)" })
        }
        let text = DisplayText.json(json, isIndented: true) + "\n"
        let notes = [
            "host it at \(document.clientID.text), status 200, Content-Type: application/json, without redirection",
            "then: mcp-auth cimd validate \(document.clientID.text)",
        ]
        guard let path else { return Outcome(output: text, notes: notes) }
        guard environment.writeFile(path, Array(text.utf8)) else {
            throw CommandFault("\(ArgumentList.place(path)) cannot be written")
        }
        return Outcome(notes: notes)
    }

    /// A parsed value; nil after a fault, whose explanation is kept.
    private static func parsed<Value, Fault: Error>(
        _ parse: () throws(Fault) -> Value, _ faults: inout [String], _ explain: (Fault) -> String
    ) -> Value? {
        do throws(Fault) {
            return try parse()
        } catch {
            faults.append(explain(error))
            return nil
        }
    }
}
