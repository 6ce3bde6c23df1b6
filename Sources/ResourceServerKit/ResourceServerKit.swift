// One import for a whole program: the rooms that a server needs, and the lines that join them.

@_exported public import HTTPMessages
@_exported public import JOSE
@_exported public import OAuthMetadata
@_exported public import OAuthResourceServer
@_exported public import SafeFetch
@_exported public import SocketHTTP
@_exported public import TokenVerification
@_exported public import WireFormat
