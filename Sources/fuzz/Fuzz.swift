import CFuzzer

/// `fuzz --TARGET PATH…` checks the properties of a parser on inputs: on the named files and folders in an ordinary
/// build, on whatever libFuzzer thinks of in a build with `-sanitize=fuzzer -D FUZZING` (see `Tests/Fuzz/run`). There
/// the other arguments are libFuzzer's, which itself leaves everything with two hyphens alone.
@main
enum Fuzz {
    /// The target that the arguments name.
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

    /// A crash is how libFuzzer learns of a violation.
    private static func checkOrCrash(_ bytes: [UInt8]) {
        do throws(Violation) {
            try target?.check(bytes)
        } catch {
            fatalError("violates: \(error.property)")
        }
    }

    private static func leave(_ message: String) { fatalError(message) }
}
