// The codes about clients, for programs that embed an authorization server, and about documents.

extension CodeExplanation {
    private static let document = "Correct the document: mcp-auth cimd validate URL shows every rule."
    private static let redirects = "Correct the redirect URI: https, http on a loopback host, or a scheme of the app."
    private static let identifier = "Choose another URL for the document: mcp-auth cimd validate URL."
    private static let assertion = "Correct the client: RFC 7523 §3 says what an assertion holds."
    private static let signed = "Tell the operator of the document."

    static let ofClients = [
        CodeExplanation("assertion_type", "client_assertion_type is not that of a JWT.", assertion),
        CodeExplanation("assertion_other_client", "The assertion is of another client.", assertion),
        CodeExplanation("assertion_several_audiences", "The assertion names several audiences.", assertion),
        CodeExplanation("assertion_jti_length", "jti of the assertion is missing or too long.", assertion),
        CodeExplanation("assertion_no_keys", "The client has no keys.", "Publish its keys, and name them in jwks_uri."),
        CodeExplanation("assertion_replayed", "The assertion was used before.", assertion),
        CodeExplanation("not_a_host", "A rule for domains is not a host name.", "Write a host, or *. and a domain."),
        CodeExplanation("too_wide", "A rule for domains covers a whole top-level domain.", "Name a domain below it."),
        CodeExplanation("client_denied", "The policy does not admit this client.", "Admit its host, if you trust it."),
        CodeExplanation("document_status", "The URL of the client answers another status than 200.", document),
        CodeExplanation("document_content_type", "The document of the client is not application/json.", document),
        CodeExplanation("document_no_usable_key", "The client has no usable key.", document),
        CodeExplanation(
            "document_too_many_fetches", "Too many documents of clients are being fetched.", "Try again later."),
        CodeExplanation("document_invalid", "The document of the client is refused.", document),
        CodeExplanation("document_too_large", "The document is longer than 5,120 bytes.", document),
        CodeExplanation("document_not_json", "The document is not strict JSON.", document),
        CodeExplanation("document_not_an_object", "The document is not a JSON object.", document),
        CodeExplanation("document_client_id_missing", "The document has no client_id.", document),
        CodeExplanation("document_client_id_mismatch", "client_id is not the URL of the document.", document),
        CodeExplanation("document_client_name_missing", "The document has no client_name that can be shown.", document),
        CodeExplanation("document_redirect_uris_missing", "The document has no redirect URI.", document),
        CodeExplanation("document_too_many_redirect_uris", "The document has too many redirect URIs.", document),
        CodeExplanation("document_shared_secret", "The document has a secret, which everyone can read.", document),
        CodeExplanation("document_shared_secret_method", "The method needs a secret, which is not possible.", document),
        CodeExplanation("document_authentication_method", "The authentication method is not supported.", document),
        CodeExplanation("document_keys_missing", "private_key_jwt needs jwks or jwks_uri.", document),
        CodeExplanation("document_keys_twice", "The document has both jwks and jwks_uri.", document),
        CodeExplanation("document_keys_malformed", "The keys of the document are malformed.", document),
        CodeExplanation("document_secret_key", "The document has a private key. Replace it at once.", document),
        CodeExplanation("document_keys_url", "jwks_uri of the document may not be used.", document),
        CodeExplanation("document_grant_types", "The document has no grant type that is supported.", document),
        CodeExplanation("document_response_types", "The document has no response type that is supported.", document),
        CodeExplanation("document_member", "A member of the document has the wrong type.", document),
        CodeExplanation("redirect_uri_not_absolute", "A redirect URI is relative.", redirects),
        CodeExplanation("redirect_uri_malformed", "A redirect URI is malformed.", redirects),
        CodeExplanation("redirect_uri_fragment", "A redirect URI has a fragment.", redirects),
        CodeExplanation("redirect_uri_userinfo", "A redirect URI has a user name.", redirects),
        CodeExplanation("redirect_uri_forbidden_scheme", "A redirect URI runs code in the browser.", redirects),
        CodeExplanation("redirect_uri_insecure", "A redirect URI is http on another machine.", redirects),
        CodeExplanation("redirect_uri_dot_segments", "A redirect URI has dot segments.", redirects),
        CodeExplanation("redirect_uri_not_a_url", "A redirect URI is not a URL.", redirects),
        CodeExplanation("client_id_userinfo", "The URL of the client has a user name.", identifier),
        CodeExplanation("client_id_not_a_url", "The identifier of the client is not a URL.", identifier),
        CodeExplanation("client_id_not_https", "The URL of the client is not https.", identifier),
        CodeExplanation("client_id_no_path", "The URL of the client has no path.", identifier),
        CodeExplanation("client_id_fragment", "The URL of the client has a fragment.", identifier),
        CodeExplanation("client_id_dot_segments", "The URL of the client has dot segments.", identifier),
        CodeExplanation("client_id_not_normalized", "The URL of the client is not in its normal form.", identifier),
    ]

    static let ofDocuments = [
        CodeExplanation("signed_metadata_absent", "The document has no signed_metadata.", signed),
        CodeExplanation("signed_metadata_nested", "The signed metadata holds signed metadata.", signed),
        CodeExplanation("signed_metadata_identifier_mismatch", "The signed metadata is of another party.", signed),
        CodeExplanation("signed_metadata_identifier_missing", "The signed metadata names no party.", signed),
        CodeExplanation("signed_metadata_malformed", "The signed metadata is malformed.", signed),
    ]
}
