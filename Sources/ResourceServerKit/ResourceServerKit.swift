// One import for a whole program: this module exports all modules that a server needs.

@_exported public import HTTPMessages
@_exported public import JOSE
@_exported public import OAuthMetadata
@_exported public import OAuthResourceServer
@_exported public import SafeFetch
@_exported public import SocketHTTP
@_exported public import TokenVerification
@_exported public import WireFormat
