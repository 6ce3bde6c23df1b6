/// The sockets of one event loop, found by their tokens, and the line of those that wait for a request.
///
/// A token names a place in the table and a generation. An event for a socket that has been removed therefore does not
/// reach the next socket in the same place.
struct SocketTable {
    /// The line is linked through the places, so that entering and leaving it costs no allocation.
    private struct Place {
        var socket: Socket?
        var isWaiting = false
        var older: Int32 = -1
        var newer: Int32 = -1
    }

    private var places: [Place] = []
    private var freePlaces: [Int] = []
    private var generation: UInt32 = 0
    private var oldest: Int32 = -1
    private var newest: Int32 = -1
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

    // MARK: - The line of those that wait

    /// Puts a socket at the end of the line, unless it is in the line.
    mutating func startWaiting(_ socket: Socket) {
        guard let place = place(of: socket), !places[place].isWaiting else { return }
        places[place].isWaiting = true
        places[place].older = newest
        places[place].newer = -1
        if newest < 0 { oldest = Int32(place) } else { places[Int(newest)].newer = Int32(place) }
        newest = Int32(place)
    }

    /// Takes a socket out of the line, if it is in the line.
    mutating func stopWaiting(_ socket: Socket) {
        guard let place = place(of: socket), places[place].isWaiting else { return }
        let (older, newer) = (places[place].older, places[place].newer)
        places[place].isWaiting = false
        if older < 0 { oldest = newer } else { places[Int(older)].newer = newer }
        if newer < 0 { newest = older } else { places[Int(newer)].older = older }
    }

    /// The socket that has waited longest.
    var longestWaiting: Socket? { oldest < 0 ? nil : places[Int(oldest)].socket }

    /// The socket that has waited longest of those for which nothing has arrived.
    var longestSilent: Socket? {
        var place = oldest
        while place >= 0 {
            if let socket = places[Int(place)].socket, !socket.mayRead { return socket }
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
