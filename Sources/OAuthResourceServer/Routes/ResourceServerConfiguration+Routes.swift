internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

extension ResourceServerConfiguration.Requirements {
    /// Finds rules for paths that contradict each other, or that make the resource itself public.
    func checkRoutes(of resource: ResourceIdentifier?, _ faults: inout ConfigurationFaults) {
        let setting = ConfigurationError.Path.requirements + "routes"
        for (index, rule) in routes.enumerated() {
            let area = PathArea(rule)
            guard let target = HTTPRequest.Target(rule.path), target.query == nil, !PathArea.isAmbiguous(rule.path)
            else {
                faults.add(
                    setting[index], "is not a plain path",
                    "begin it with /, and use no query, //, dot segment, ; or needless escape")
                continue
            }
            // A stricter path inside a less strict one cannot be guarded by its bytes: a handler may accept other
            // spellings of it.
            for (other, outer) in routes.enumerated() where other != index && PathArea(outer).contains(area) {
                if PathArea(outer) == area {
                    if other < index { faults.add(setting[index], "covers the same as \(setting[other])", "keep one") }
                } else if !rule.access.loosens(outer.access) {
                    faults.add(
                        setting[index], "is stricter than \(setting[other]) around it",
                        "name what needs less instead of what needs more")
                }
            }
            if rule.access == .public, let resource, Self.opens(area, resource.url.path) {
                faults.add(
                    setting[index], "makes the resource itself public",
                    "remove it, or use .optional, or disable the guard")
            }
        }
        checkRouteScopes(&faults)
    }

    /// Finds scopes that are required at a public path, where they would never be checked.
    private func checkRouteScopes(_ faults: inout ConfigurationFaults) {
        for (index, rule) in routeScopes.enumerated() {
            let stem = String(decoding: rule.path.utf8.prefix { $0 != UInt8(ascii: "*") }, as: UTF8.self)
            let open = routes.firstIndex { $0.access == .public && PathArea($0).covers(stem) }
            if let open {
                faults.add(
                    (.requirements + "routeScopes")[index],
                    "asks for scopes where \((.requirements + "routes")[open]) asks for no token",
                    "make that one .optional, or remove this")
            }
        }
    }

    /// Whether the area contains the path, with or without a slash at its end: handlers treat the two as equal.
    private static func opens(_ area: PathArea, _ path: String) -> Bool {
        let stem = path.utf8.last == UInt8(ascii: "/") ? String(decoding: path.utf8.dropLast(), as: UTF8.self) : path
        return area.covers(stem) || area.covers(stem + "/")
    }
}
