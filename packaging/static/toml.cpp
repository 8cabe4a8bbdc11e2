// toml++'s compiled half, made from its headers: what a release is linked with instead of libtomlplusplus.so.
#define TOML_IMPLEMENTATION
#include <toml++/toml.h>
