/// The sockets of one event loop, found by their tokens.
///
/// A token names a place in the table and a generation. An event for a socket that has been removed therefore does not
/// reach the next socket in the same place.
struct SocketTable {
    private var places: [Socket?] = []
    private var freePlaces: [Int] = []
    private var generation: UInt32 = 0
    /// The number of sockets.
    private(set) var count = 0

    /// Gives the socket a token of its own and keeps the socket.
    mutating func insert(_ socket: Socket) {
        let place: Int
        if let free = freePlaces.popLast() {
            place = free
            places[place] = socket
        } else {
            place = places.count
            places.append(socket)
        }
        generation &+= 1
        socket.token = UInt64(generation & 0x7FFF_FFFF) << 32 | UInt64(place)
        count += 1
    }

    /// Forgets a socket. A socket that is not in the table is ignored.
    mutating func remove(_ socket: Socket) {
        let place = Self.place(socket.token)
        guard places.indices.contains(place), places[place] === socket else { return }
        places[place] = nil
        freePlaces.append(place)
        count -= 1
    }

    /// The socket that a token names; nil when it has been removed.
    subscript(token: UInt64) -> Socket? {
        let place = Self.place(token)
        guard place < places.count, let socket = places[place], socket.token == token else { return nil }
        return socket
    }

    /// Every socket, copied out, so that the table may change meanwhile.
    var all: [Socket] { places.compactMap { $0 } }

    private static func place(_ token: UInt64) -> Int {
        Int(truncatingIfNeeded: token & 0xFFFF_FFFF)
    }
}
