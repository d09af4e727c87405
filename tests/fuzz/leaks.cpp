// What the leak sanitizer is told to overlook: libvorbis forgets 6 kB where a header is broken.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libvorbis\n";
}
