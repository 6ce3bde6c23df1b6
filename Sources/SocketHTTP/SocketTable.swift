/// The sockets of one event loop, found by their tokens, and the lines of those that may be closed for others.
///
/// A token names a place in the table and a generation. An event for a socket that has been removed therefore does not
/// reach the next socket in the same place.
struct SocketTable {
    /// A line is linked through the places, so that entering and leaving it costs no allocation.
    private struct Place {
        var socket: Socket?
        var wait: SocketWait?
        var older: Int32 = -1
        var newer: Int32 = -1
    }

    /// The sockets with one kind of wait, from the one that has waited longest.
    private struct Line {
        var oldest: Int32 = -1
        var newest: Int32 = -1
        var count = 0
    }

    private var places: [Place] = []
    private var freePlaces: [Int] = []
    private var generation: UInt32 = 0
    private var lines = [Line](repeating: Line(), count: SocketWait.allCases.count)
    /// The number of sockets.
    private(set) var count = 0

    /// Gives the socket a token of its own and keeps the socket.
    mutating func insert(_ socket: Socket) {
        let place: Int
        if let free = freePlaces.popLast() {
            place = free
            places[place].socket = socket
        } else {
            place = places.count
            places.append(Place(socket: socket))
        }
        generation &+= 1
        socket.token = UInt64(generation & 0x7FFF_FFFF) << 32 | UInt64(place)
        count += 1
    }

    /// Forgets a socket. A socket that is not in the table is ignored.
    mutating func remove(_ socket: Socket) {
        stopWaiting(socket)
        guard let place = place(of: socket) else { return }
        places[place].socket = nil
        freePlaces.append(place)
        count -= 1
    }

    /// The socket that a token names; nil when it has been removed.
    subscript(token: UInt64) -> Socket? {
        let place = Self.place(token)
        guard place < places.count, let socket = places[place].socket, socket.token == token else { return nil }
        return socket
    }

    /// Every socket, copied out, so that the table may change meanwhile.
    var all: [Socket] { places.compactMap(\.socket) }

    // MARK: - The lines of those that wait

    /// Puts a socket at the end of a line. It must not be in a line.
    mutating func startWaiting(_ socket: Socket, for wait: SocketWait) {
        guard let place = place(of: socket), places[place].wait == nil else { return }
        let newest = lines[wait.rawValue].newest
        places[place].wait = wait
        places[place].older = newest
        places[place].newer = -1
        if newest < 0 { lines[wait.rawValue].oldest = Int32(place) } else { places[Int(newest)].newer = Int32(place) }
        lines[wait.rawValue].newest = Int32(place)
        lines[wait.rawValue].count += 1
    }

    /// Takes a socket out of its line, if it is in one.
    mutating func stopWaiting(_ socket: Socket) {
        guard let place = place(of: socket), let wait = places[place].wait else { return }
        let (older, newer) = (places[place].older, places[place].newer)
        places[place].wait = nil
        if older < 0 { lines[wait.rawValue].oldest = newer } else { places[Int(older)].newer = newer }
        if newer < 0 { lines[wait.rawValue].newest = older } else { places[Int(newer)].older = older }
        lines[wait.rawValue].count -= 1
    }

    /// The line that gives way first; nil when no socket waits.
    ///
    /// It is the first line that holds more than an eighth of the sockets, so connections that have asked for nothing
    /// go before clients that were answered. A line with fewer is spared: otherwise a new client would go first
    /// wherever the others have taken care to be answered once. When all lines are short, the longest wait goes first.
    var firstToGiveWay: SocketWait? {
        let share = count / 8
        if let line = SocketWait.allCases.first(where: { lines[$0.rawValue].count > share }) { return line }
        var first: (wait: SocketWait, since: Int64)?
        for wait in SocketWait.allCases {
            guard let since = oldest(wait)?.waitsSince, wait != .reader || first == nil else { continue }
            if since < first?.since ?? .max { first = (wait, since) }
        }
        return first?.wait
    }

    /// The socket of a line that has waited longest.
    func oldest(_ wait: SocketWait) -> Socket? {
        let oldest = lines[wait.rawValue].oldest
        return oldest < 0 ? nil : places[Int(oldest)].socket
    }

    /// The socket of a line that has waited longest of those that satisfy the condition.
    func oldest(_ wait: SocketWait, where isMeant: (Socket) -> Bool) -> Socket? {
        var place = lines[wait.rawValue].oldest
        while place >= 0 {
            if let socket = places[Int(place)].socket, isMeant(socket) { return socket }
            place = places[Int(place)].newer
        }
        return nil
    }

    private func place(of socket: Socket) -> Int? {
        let place = Self.place(socket.token)
        return place < places.count && places[place].socket === socket ? place : nil
    }

    private static func place(_ token: UInt64) -> Int {
        Int(truncatingIfNeeded: token & 0xFFFF_FFFF)
    }
}
