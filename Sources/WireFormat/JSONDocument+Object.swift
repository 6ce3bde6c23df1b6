extension JSONDocument {
    /// The members of a JSON object, in order, names unique as bytes.
    public struct Object: Sendable, Hashable, ExpressibleByDictionaryLiteral {
        /// Name and value of each member, in order.
        public private(set) var members: [(name: String, value: JSONValue)]

        /// An object without members.
        public init() { members = [] }

        /// Members in order; a later one of the same name replaces the earlier.
        public init(dictionaryLiteral elements: (String, JSONValue)...) {
            members = []
            for (name, value) in elements { self[name] = value }
        }

        /// Members whose names are unique; the caller has checked that.
        init(unique members: [(name: String, value: JSONValue)]) { self.members = members }

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
        public static func == (left: JSONDocument.Object, right: JSONDocument.Object) -> Bool {
            guard left.members.count == right.members.count else { return false }
            if zip(left.members, right.members).allSatisfy({ $0.name.hasSameBytes(as: $1.name) }) {
                return zip(left.members, right.members).allSatisfy { $0.value == $1.value }
            }
            // Keyed by bytes: a `Dictionary` of Strings merges names that are canonically equivalent.
            let others = Dictionary(right.members.map { (Array($0.name.utf8), $0.value) }) { first, _ in first }
            return left.members.allSatisfy { others[Array($0.name.utf8)] == $0.value }
        }

        /// Hashes consistently with `==`: the order of the members has no effect.
        public func hash(into hasher: inout Hasher) {
            var sum = 0
            for (name, value) in members {
                var member = Hasher()
                member.combine(bytesOf: name)
                member.combine(value)
                sum &+= member.finalize()
            }
            hasher.combine(members.count)
            hasher.combine(sum)
        }
    }
}

extension Hasher {
    /// Hashes a text as bytes, its length first. `String` would hash canonically equivalent texts alike.
    mutating func combine(bytesOf text: String) {
        combine(text.utf8.count)
        for byte in text.utf8 { combine(byte) }
    }
}
