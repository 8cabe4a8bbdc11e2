// The providers library. The tables are in registry.cpp and catalogue.cpp.
