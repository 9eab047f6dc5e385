#pragma once

// Debian 12 has Catch2 2.13, others have 3: the tests see one name.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
