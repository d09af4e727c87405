// Suppressed in the leak sanitizer: libvorbis leaks 6 kB if a header is broken.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libvorbis\n";
}
