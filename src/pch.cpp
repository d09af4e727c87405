// The object that carries the precompiled header (see CMakeLists.txt).
