// OpenSSL's libcrypto on macOS. Homebrew keeps it out of the default paths; SwiftPM reads its paths from libcrypto.pc.
// On Linux no target depends on this one: OpenSSL is in the default paths, and pkg-config need not be installed.
// The C targets include the headers that they use. No code imports this module.
#include <openssl/crypto.h>
