// A test imports the kit and its test framework. With these exports, it names requests, guards and reasons as well.

@_exported public import HTTPMessages
@_exported public import OAuthResourceServer
@_exported public import TokenVerification
@_exported public import WireFormat
