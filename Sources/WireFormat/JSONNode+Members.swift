extension JSONNode {
    /// Calls `body` with the unescaped name and the position of the value of each member, in one walk: for a reader that
    /// wants many members of an object, whose look-ups one by one would each walk it again. Nothing for another kind.
    package func forEachMember(named body: (_ name: Span<UInt8>, _ value: Int) -> Void) {
        forEachMemberIndex { index in
            let entry = storage.tape[index]
            if entry.isEscaped {
                let name = unescaped(entry)
                body(name.span, index + 1)
            } else {
                let document = storage.bytes
                body(document.span.extracting(entry.content), index + 1)
            }
            return true
        }
    }

    /// The value at a position that ``forEachMember(named:)`` gave.
    package func node(at position: Int) -> JSONNode {
        JSONNode(storage: storage, index: position)
    }
}
