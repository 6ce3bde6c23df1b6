/// The members of a JSON object, in order, names unique as bytes.
public struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// Name and value of each member, in order.
    public private(set) var members: [(name: String, value: JSONValue)]

    /// An object without members.
    public init() { members = [] }

    /// Members in order; a later one of the same name replaces the earlier.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = []
        for (name, value) in elements { self[name] = value }
    }

    /// The value of the member with exactly these bytes as name. Setting nil removes it.
    public subscript(_ name: String) -> JSONValue? {
        get { members.first { $0.name.hasSameBytes(as: name) }?.value }
        set {
            let index = members.firstIndex { $0.name.hasSameBytes(as: name) }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((name, value))
            case (nil, nil): break
            }
        }
    }

    /// Equal when the same names (as bytes) have equal values, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool { fatalError("pending") }

    /// Hashes consistently with `==`.
    public func hash(into hasher: inout Hasher) { hasher.combine(members.count) }
}
