internal import HTTPMessages

// The last stage: whether a form holds a second token.
extension ResourceServer {
    /// The number of bytes of a form body that are searched for a second token. A longer body is still passed on: the
    /// guard never uses a token in it, so that the search only helps the client to find its mistake.
    private static var searchedFormBytes: Int { 65_536 }

    /// Whether a form came with the credential.
    func mayHoldToken(_ attempt: Attempt) -> Bool {
        attempt.credential != nil && attempt.request.isForm
    }

    /// RFC 6750 §2: a token in the field and another in a form make the request malformed.
    func checkForm(of request: inout GuardedRequest) async throws(StageEnd) {
        guard let body = request.body else { return }
        let beginning: [UInt8]
        do throws(HTTPRequest.Body.ReadError) {
            // The body is read only after the token was checked. The handler still receives all of it.
            (beginning, request.body) = try await body.beginning(Self.searchedFormBytes)
        } catch {
            throw .body(error)
        }
        guard !PresentedCredential.namesAccessToken(Self.wholeParameters(of: beginning)) else {
            throw .refused(.malformedRequest(.tokenInTwoPlaces))
        }
    }

    /// The part of the form to search. It drops the last parameter if the limit cuts it, because its name may be
    /// incomplete.
    private static func wholeParameters(of form: [UInt8]) -> ArraySlice<UInt8> {
        guard form.count > searchedFormBytes else { return form[...] }
        let searched = form.prefix(searchedFormBytes)
        return searched.prefix(upTo: searched.lastIndex(of: UInt8(ascii: "&")) ?? searched.startIndex)
    }
}
