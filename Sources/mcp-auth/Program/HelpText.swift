/// The texts that `--help` prints.
enum HelpText {
    /// The text of `mcp-auth --help`.
    static func all(_ commands: [CommandSummary]) -> String {
        let width = commands.map(\.name.utf8.count).max() ?? 0
        let table = commands.map { command in
            "  \(command.name)\(String(repeating: " ", count: width - command.name.utf8.count))  \(command.summary)\n"
        }.joined()
        return """
            Usage: mcp-auth <command> [options]
                   mcp-auth --version

            Examines protected MCP servers, access tokens, key sets and documents of clients, and judges them as the
            library does. Logs in as a client. Makes documents of clients, and tokens for servers without an
            authorization server.

            \(table)
            Every command has --help. Exit status: 0 good, 1 refused, 2 the command could not be carried out.
            Output is coloured only on a terminal, and not when NO_COLOR is set.
            """
    }

    static let doctor = """
        Usage: mcp-auth doctor URL [options]

        Calls an MCP server as a client does before it logs in: without a token, with a made-up one, as a page, and for
        every document that leads to the login. Prints what holds (✓), what does not apply (-), what could be better (!)
        and what keeps clients out (✗), with the cause, what to change, and the section that asks for it. It changes
        nothing at the server.

          --token-stdin             read an access token from standard input, and say why it is accepted or not
          --login                   log in as mcp-auth login does, and examine that token; takes --client-id,
                                    --client-id-url, --scope, --redirect-uri, --timeout and --no-browser too
          --json                    print one JSON object instead
          --ca-file FILE            trust these certificate authorities (PEM) instead of the system's
          --allow-private-host H    connect to this host although its address is private, also by http; repeatable
          --proxy URL               reach public hosts through this http proxy
          --help                    show this text

        Exit status: 0 no ✗, 1 at least one ✗, 2 the command could not be carried out.
        """

    static let login = """
        Usage: mcp-auth login URL [options]

        Logs in to an MCP server as a client does: from the 401 over the metadata to the authorization server, with PKCE
        (S256), resource, state and the iss parameter, and a redirect to a free port of this machine. Shows each step on
        standard error when it has happened, and what was wrong where it ends. Prints the access token.

          --client-id ID            the client identifier that the server knows (registers one)
          --client-secret-stdin     read the secret of that client from standard input
          --client-id-url URL       the client is the document at this URL (see cimd create)
          --scope SCOPES            ask for these scopes, separated by spaces (those of the challenge)
          --redirect-uri URI        http on a loopback host; without a port, a free one (http://127.0.0.1/callback)
          --no-browser              only print the URL to log in at
          --timeout S               how long to wait for the person, 1 to 3600 seconds (300)
          --refresh                 refresh the token once, to see that it works
          --call TOOL               then call this tool; if a 403 names scopes, log in again with them
          --arguments JSON          the arguments of that tool ({})
          --output FILE             write the token to a file that only you can read (0600)
          --ca-file FILE            trust these certificate authorities (PEM) instead of the system's
          --allow-private-host H    connect to this host although its address is private, also by http; repeatable
          --proxy URL               reach public hosts through this http proxy
          --help                    show this text

        Exit status: 0 a token was printed or written, 1 the login ended before, 2 the command could not be carried out.
        """

    static let tokenInspect = """
        Usage: mcp-auth token inspect < FILE

        Decodes a JWT from standard input (at most 64 KiB): header and claims as JSON, and its times. Verifies nothing:
        anyone can make such a token. Never shows the signature. Control and bidirectional characters are shown as
        \\uXXXX, and a kid is cut after 64 bytes.

          --help            show this text

        Exit status: 0 all parts were decoded, 1 a part is broken, 2 no token.
        """

    static let tokenVerify = """
        Usage: mcp-auth token verify [--token-file FILE] < FILE
               mcp-auth token verify --issuer I --audience A [options] < FILE
               mcp-auth token verify --jwks FILE|URL|- --audience A [options] < FILE

        The first form judges exactly as a server does whose variables OAUTH_* are set, with its keys, introspection and
        scopes. The second discovers the keys of the issuer. All print the fingerprint that the log of a server uses.

        Decides whether a JWT (at most 64 KiB) is a good access token, and prints one JSON object:
        {"valid":true, …} with the claims, or {"valid":false,"code":"…","explanation":"…"}. The token is read from
        standard input, never from the arguments, which other users can see. A scheme in front (Bearer) is removed.

          --jwks FILE|URL|-     the issuer's keys, at most 1 MiB: a JWK Set, a JWK, or a PEM public key or certificate;
                                https, or http from a loopback host; - for standard input (then use --token-file).
                                A PEM key has no kid and is tried whatever kid the token names
          --audience A          required: what aud must hold, exactly; there is no default
          --issuer I            what iss must be, exactly (the token's own, unchecked; the answer says so)
          --alg A,B             the allowed algorithms (RS256,ES256); also RS384, RS512, PS256, PS384, PS512, ES384,
                                ES512, EdDSA
          --required-scope S    a scope that the token must have; repeatable
          --ca-file, --allow-private-host, --proxy
                                for the discovery: see mcp-auth doctor --help
          --now T               the time of the check in seconds since 1970 (now)
          --skew S              how far clocks may differ in seconds, 0 to 300 (60)
          --profile P           default, or rfc9068: only at+jwt, with sub, client_id, jti and iat (default)
          --token-file FILE     read the token from a file instead of standard input
          --help                show this text

        Exit status: 0 valid, 1 refused, 2 the command could not be carried out.
        """

    static let explain = """
        Usage: mcp-auth explain [CODE]

        Explains a code of a log line (reason=…), of a metric, of a finding of doctor or login, or an OAUTH_* variable:
        what happened, and what to do. Without a code, it lists the codes of log lines.

          --help            show this text

        Exit status: 0 explained, 2 there is no such code.
        """

    static let completions = """
        Usage: mcp-auth completions bash|zsh|fish

        Prints a script that completes commands and options in a shell. Its first line says how to use it.

          --help            show this text

        Exit status: 0 printed, 2 there is no script for that shell.
        """

    static let manual = """
        Usage: mcp-auth man

        Prints the manual page. Read it with: mcp-auth man | man -l -

          --help            show this text

        Exit status: 0 printed, 2 wrong usage.
        """

    static let keySetInspect = """
        Usage: mcp-auth jwks inspect FILE|URL|-

        Shows the keys of a JWK Set, a JWK, or a PEM public key or certificate (at most 1 MiB): kid, type, alg, use,
        RFC 7638 thumbprint, and whether it is usable or why not. Reads https, http from a loopback host, a file, or
        standard input (-). An alg of - means any that fits the key. Control and bidirectional characters are shown as
        \\uXXXX, and names are cut after 64 bytes.

          --help            show this text

        Exit status: 0 at least one key is usable, 1 none is, 2 the key set could not be read.
        """

    static let clientDocumentCreate = """
        Usage: mcp-auth cimd create --client-id URL --name NAME --redirect-uri URI... [options]

        Writes a client ID metadata document: the JSON that a client publishes at the URL that is its client_id, so that
        authorization servers know it without registration. Writes nothing when a server would refuse it. Standard error
        says where to publish it.

          --client-id URL       required: the URL at which you will publish the document; https, with a path
          --name NAME           required: the name that people see when they are asked for consent
          --redirect-uri URI    required, repeatable: https, http on a loopback host, or a scheme of the app
          --client-uri URL      the home page of the client
          --logo-uri URL        its logo
          --scope SCOPES        the scopes that it may ask for, separated by spaces; repeatable (no statement)
          --auth-method M       none, or private_key_jwt (none)
          --jwks-uri URL        where the public keys of the client are; required for private_key_jwt
          --output FILE         write to a file instead of standard output; an old file is replaced
          --help                show this text

        Example:
          mcp-auth cimd create --client-id https://app.example.com/client.json --name 'My app' \\
            --redirect-uri http://127.0.0.1/callback --output client.json

        Exit status: 0 the document was written, 2 nothing was written.
        """

    static let clientDocumentValidate = """
        Usage: mcp-auth cimd validate URL
               mcp-auth cimd validate FILE|- --client-id URL

        Fetches a client ID metadata document as an authorization server does: https from public addresses, no
        redirection, at most 5 seconds and 5,120 bytes. Or reads a document that is not published yet. Prints each rule
        with pass or FAIL, and what to change. With a URL, it also says how long a server keeps the document.

          --client-id URL       the URL at which you will publish the file
          --allow-loopback      also accept http and https URLs of this machine, as servers for development may do
          --help                show this text

        Exit status: 0 a server accepts the document, 1 it does not, 2 the command could not be carried out.
        """

    static let staticTokenNew = """
        Usage: mcp-auth static-token new --name NAME [--scope SCOPES]...

        Makes an access token of 256 random bits for a server in the mode "static", and prints it once, with the line
        for the server's file of static tokens (OAUTH_STATIC_TOKENS_FILE). The line contains the token's SHA-256 and no
        secret. A server reads the file when it starts. A token is accepted until its line is removed.

          --name NAME       required: who the token is for; 1 to 64 letters, digits, '.', '_' and '-'. The
                            server uses it as the name of the caller
          --scope SCOPES    what the token may do; several times, or several scopes separated by spaces (none)
          --help            show this text

        Exit status: 0 a token was made, 2 the command could not be carried out.
        """
}
