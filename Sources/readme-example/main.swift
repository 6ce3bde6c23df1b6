import ResourceServerKit

await ServerProgram.run(port: 8080) {
    try ResourceServer.fromEnvironment().protecting { request, principal in
        .text("Hello, \(principal.subject ?? "stranger")\n")
    }
}
