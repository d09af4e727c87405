// libsndfile 1.2 leaks libvorbis' tables when it rejects a damaged Ogg file (a few kilobytes per
// file). minet cannot fix that, and every other leak must still fail the sanitizer run.
#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:vorbis_info_init";
}
#endif
