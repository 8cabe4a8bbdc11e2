// What every program of a sanitizer build starts with, also those that get an environment of their own, as the child
// that talks to the keychain does. By default a program with threads sleeps a second at its end, in case a race is just
// coming.
extern "C" const char* __tsan_default_options();  // NOLINT(bugprone-reserved-identifier): the sanitizer's name

extern "C" const char* __tsan_default_options() {  // NOLINT(bugprone-reserved-identifier)
    return "atexit_sleep_ms=50";
}
