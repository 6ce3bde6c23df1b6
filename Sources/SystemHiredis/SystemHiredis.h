// hiredis on macOS. Homebrew keeps it out of the default paths; SwiftPM reads its paths from hiredis.pc. On Linux no
// target depends on this one: hiredis is in the default paths, and pkg-config need not be installed.
// The C target includes the headers that it uses. No code imports this module.
