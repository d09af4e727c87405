// libsndfile 1.2 forgets libvorbis' tables when it refuses a damaged Ogg file (a few kilobytes for
// each); that is not ours to mend, and every other leak shall still fail the sanitizer's run.
#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:vorbis_info_init";
}
#endif
