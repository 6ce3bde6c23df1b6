extension JSONNode {
    /// Calls `body` with the unescaped name and the position of the value of each member, in one walk: for a reader that
    /// wants many members of an object, whose look-ups one by one would each walk it again. Nothing for another kind.
    package func forEachMember(named body: (_ name: Span<UInt8>, _ value: Int) -> Void) {
        storage.forEachMember(of: index, named: body)
    }

    /// The value at a position that ``forEachMember(named:)`` gave.
    package func node(at position: Int) -> JSONNode {
        JSONNode(storage: storage, index: position)
    }
}
