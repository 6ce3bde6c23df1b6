import JOSE
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

@Suite("Key sources: static, in process, local first", .serialized)
struct KeySourceTests {
    /// A source whose key sets a test chooses. It counts the requests.
    private final class ChosenSource: KeySource {
        struct State {
            var present: JSONWebKeySet?
            var fetched: JSONWebKeySet?
            var asked: [KeyNeed] = []
        }

        let state: Mutex<State>

        init(_ present: JSONWebKeySet?, fetched: JSONWebKeySet? = nil) {
            state = Mutex(State(present: present, fetched: fetched))
        }

        var asked: [KeyNeed] { state.withLock { $0.asked } }

        func presentKeys() -> JSONWebKeySet? { state.withLock { $0.present } }

        func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
            let keys = state.withLock { state in
                state.asked.append(need)
                state.present = state.fetched ?? state.present
                return state.present
            }
            guard let keys else { throw KeySourceError(retryAfter: 7) }
            return keys
        }
    }

    @Test("Static keys are one set for ever, and healthy")
    func fixed() async throws {
        let set = try NamedKeys.set(["a"])
        let source = StaticKeySource(set)
        try await source.prepare()
        #expect(source.presentKeys()?.identity == set.identity)
        #expect(try await source.keys(for: .unknownKey).identity == set.identity)
        #expect(source.health == .healthy)
    }

    @Test("An in-process source without keys is unavailable")
    func inProcess() async {
        let source = InProcessKeySource { nil }
        #expect(source.health == .unavailable(since: .zero))
        await #expect(throws: KeySourceError(retryAfter: 1)) { try await source.prepare() }
    }

    @Test("Local first: both sets at hand are one, with one identity until either changes")
    func joined() throws {
        let remote = ChosenSource(try NamedKeys.set(["b", "a"]))
        let source = LocalFirstKeySource(StaticKeySource(try NamedKeys.set(["a"])), otherwise: remote)
        let first = try #require(source.presentKeys())
        // The remote key is left out if the local set has a key with the same name.
        #expect(first.names == "a b")
        #expect(source.presentKeys()?.identity == first.identity)
        let other = try NamedKeys.set(["c"])
        remote.state.withLock { $0.present = other }
        #expect(source.presentKeys()?.names == "a c")
        #expect(source.presentKeys()?.identity != first.identity)
        #expect(remote.asked == [])
    }

    @Test("RFC 8725 §3.8: the keys of another issuer are not lent to the local one")
    func foreignRemote() async throws {
        let foreign = try JSONWebKeySet(parsing: NamedKeys.body(["b"]), issuer: "https://other.example")
        let source = LocalFirstKeySource(
            StaticKeySource(try NamedKeys.set(["a"])), otherwise: StaticKeySource(foreign))
        #expect(source.presentKeys()?.names == "a")
        #expect(try await source.keys(for: .unknownKey).names == "a")
    }

    @Test("Local first: a miss is asked of the remote source, whose answer is final")
    func miss() async throws {
        let remote = ChosenSource(nil, fetched: try NamedKeys.set(["b"]))
        let source = LocalFirstKeySource(StaticKeySource(try NamedKeys.set(["a"])), otherwise: remote)
        #expect(source.presentKeys()?.names == "a")
        // There was no remote set yet. Its first fetch is wanted, not one for an unknown key.
        #expect(try await source.keys(for: .unknownKey).names == "a b")
        #expect(try await source.keys(for: .unknownKey).names == "a b")
        #expect(remote.asked == [.noKeys, .unknownKey])
    }

    @Test("Local first: a miss that the remote source cannot answer is not the caller's fault")
    func remoteDown() async throws {
        let source = LocalFirstKeySource(
            StaticKeySource(try NamedKeys.set(["a"])), otherwise: ChosenSource(nil))
        await #expect(throws: KeySourceError(retryAfter: 7)) { try await source.keys(for: .unknownKey) }
        #expect(source.presentKeys()?.names == "a")
        #expect(source.health == .healthy)
    }

    @Test("Local first: without a remote source a miss is final, and so is a local error")
    func noRemote() async throws {
        let source = LocalFirstKeySource(StaticKeySource(try NamedKeys.set(["a"])), otherwise: nil)
        #expect(try await source.keys(for: .unknownKey).names == "a")
        let empty = LocalFirstKeySource(InProcessKeySource { nil }, otherwise: nil)
        #expect(empty.presentKeys() == nil)
        await #expect(throws: KeySourceError(retryAfter: 1)) { try await empty.keys(for: .noKeys) }
        #expect(empty.health == .unavailable(since: .zero))
    }

    @Test("Local first: after a local error the remote source stands for it")
    func localError() async throws {
        let remote = ChosenSource(nil, fetched: try NamedKeys.set(["b"]))
        let source = LocalFirstKeySource(InProcessKeySource { nil }, otherwise: remote)
        #expect(source.presentKeys() == nil)
        #expect(try await source.keys(for: .noKeys).names == "b")
        #expect(source.presentKeys()?.names == "b")
        #expect(source.health == .healthy)
    }

    @Test("POLICY §1: after a local error, a key that the remote set lacks is unavailable, and one that it has is good")
    func localErrorAndUnknownKey() async throws {
        let keys = try JSONWebKeySet(
            parsing: JSONValue.object(IssuerFixture.issuer.jwks).encoded(), issuer: IssuerFixture.issuer.url)
        let known = PresentedToken(IssuerFixture.issuer.token())
        let unknown = PresentedToken(IssuerFixture.issuer.token { $0.header["kid"] = "local" })
        // The remote set is there, comes with the first fetch, or is another one after each fetch.
        let remotes: [any KeySource] = [
            ChosenSource(keys), ChosenSource(nil, fetched: keys),
            ChosenSource(try NamedKeys.set(["other"]), fetched: keys), StaticKeySource(keys),
        ]
        for remote in remotes {
            let source = LocalFirstKeySource(InProcessKeySource { nil }, otherwise: remote)
            let verifier = try IssuerFixture.verifier(keys: source)
            await #expect(throws: TokenRejection.unavailable(.keys, retryAfter: 1)) {
                try await verifier.verify(unknown)
            }
            _ = try await verifier.verify(known)
        }
        // With a local set the answer is final.
        let whole = LocalFirstKeySource(StaticKeySource(try NamedKeys.set(["a"])), otherwise: StaticKeySource(keys))
        await #expect(throws: TokenRejection.invalid(.jwt(.key(.unknown)))) {
            try await IssuerFixture.verifier(keys: whole).verify(unknown)
        }
    }

    @Test("Local first: the local set counts that is there after the wait for the remote one")
    func localAfterWait() async throws {
        let local = ChosenSource(nil)
        let arriving = try NamedKeys.set(["a"])
        let remote = InProcessKeySource {
            local.state.withLock { $0.present = arriving }
            return try? NamedKeys.set(["b"])
        }
        let source = LocalFirstKeySource(local, otherwise: remote)
        #expect(try await source.keys(for: .noKeys).names == "a b")
    }

    @Test("Prepare asks only a source that has nothing")
    func prepare() async throws {
        let ready = ChosenSource(try NamedKeys.set(["a"]))
        try await ready.prepare()
        #expect(ready.asked == [])
        let cold = ChosenSource(nil, fetched: try NamedKeys.set(["a"]))
        try await cold.prepare()
        #expect(cold.asked == [.noKeys])
    }
}
