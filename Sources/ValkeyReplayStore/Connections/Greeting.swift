/// What a connection says first, and what the answers must be: the password, the database, the question whether the
/// server evicts keys, and one key that is written. All of it is sent at once.
struct Greeting {
    typealias Reason = ValkeyReplayStore.Reason
    typealias Settings = ValkeyReplayStore.Settings

    enum Step: Sendable {
        case authenticate
        case select
        case memory
        case probe
    }

    /// The greeting cannot be made.
    struct Failure: Error {
        let reason: Reason
    }

    /// What the server does at its memory limit, after its answer.
    private(set) var eviction = ServerAnswer.Eviction.unknown

    /// The steps and their commands. Reads the file of the password.
    static func steps(
        location: StoreLocation, settings: Settings
    ) throws(Failure) -> [(step: Step, encoded: [UInt8])] {
        var commands: [(Step, [UInt8]?)] = []
        if let password = settings.password {
            guard let text = password.present() else { throw Failure(reason: .passwordFile) }
            commands.append((.authenticate, ServerCommand.authenticate(user: location.user, password: text)))
        } else if let password = location.password {
            commands.append((.authenticate, ServerCommand.authenticate(user: location.user, password: password)))
        }
        if location.database != 0 { commands.append((.select, ServerCommand.select(location.database))) }
        commands.append((.memory, ServerCommand.memory()))
        commands.append((.probe, probe(settings)))
        var steps: [(Step, [UInt8])] = []
        for (step, encoded) in commands {
            guard let encoded else { throw Failure(reason: .noResources) }
            steps.append((step, encoded))
        }
        return steps
    }

    /// The command that shows whether the server writes.
    static func probe(_ settings: Settings) -> [UInt8]? {
        ServerCommand.set(settings.keyPrefix + Settings.probeName, milliseconds: Settings.probeMilliseconds)
    }

    /// Takes the answer to a step. Returns why the connection cannot be used.
    mutating func take(_ answer: ServerAnswer, to step: Step) -> Reason? {
        switch (step, answer) {
        case (.authenticate, .ok), (.select, .ok), (.probe, .ok): return nil
        case (.authenticate, .error(.serverError)), (.authenticate, .error(.notPermitted)): return .authentication
        case (.select, .error(.serverError)): return .noDatabase
        case (.memory, .text(let text)):
            eviction = ServerAnswer.eviction(inMemoryReport: text)
            return nil
        case (.memory, .error(.notPermitted)), (.memory, .error(.serverError)): return nil
        case (_, .error(let reason)): return reason
        default: return .unexpectedAnswer
        }
    }
}
