extension JSONDocument.Node {
    /// Calls `body` for each member. For another kind it does nothing.
    ///
    /// One walk serves a reader of many members; a look-up for each of them would walk the object each time.
    package func forEachMember(named body: JSONDocument.MemberVisitor) {
        document.forEachMember(of: index, named: body)
    }

    /// The value at a position that ``forEachMember(named:)`` has given.
    package func node(at position: Int) -> JSONDocument.Node {
        JSONDocument.Node(document: document, index: position)
    }
}
