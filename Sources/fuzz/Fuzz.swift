import CFuzzer

/// `fuzz --TARGET PATH…` checks the properties of a parser on inputs.
///
/// In an ordinary build, the inputs are the named files and folders. A build with `-sanitize=fuzzer -D FUZZING` (see
/// `Tests/Fuzz/run`) checks inputs that libFuzzer generates. The other arguments are then libFuzzer's, which ignores
/// arguments that begin with two hyphens.
@main
enum Fuzz {
    /// The target that the first argument names.
    private static let target: FuzzTarget? = CommandLine.arguments.dropFirst().first.flatMap { argument in
        FuzzTarget.all.first { "--\($0.name)" == argument }
    }

    static func main() {
        guard let target else { return leave("fuzz --{\(FuzzTarget.all.map(\.name).joined(separator: ","))} PATH…") }
        #if FUZZING
            var count = CommandLine.argc
            var arguments = unsafe CommandLine.unsafeArgv
            let status = unsafe LLVMFuzzerRunDriver(&count, &arguments) { data, size in
                unsafe Fuzz.checkOrCrash(Array(UnsafeBufferPointer(start: data, count: size)))
                return 0
            }
            if status != 0 { leave("libFuzzer ended with \(status)") }
        #else
            var inputs = 0
            for path in CommandLine.arguments.dropFirst(2) {
                guard let files = CorpusFile.files(at: path) else { return leave("\(path): not readable") }
                for file in files {
                    do throws(Violation) {
                        try target.check(file.bytes)
                    } catch {
                        return leave("\(file.path): violates: \(error.property)")
                    }
                }
                inputs += files.count
            }
            print("\(target.name): \(inputs) inputs, no property violated")
        #endif
    }

    /// Checks one input. A violation crashes the process, because libFuzzer detects failures as crashes.
    private static func checkOrCrash(_ bytes: [UInt8]) {
        do throws(Violation) {
            try target?.check(bytes)
        } catch {
            fatalError("violates: \(error.property)")
        }
    }

    private static func leave(_ message: String) { fatalError(message) }
}
