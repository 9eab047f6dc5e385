// Boost.JSON as a part of the program: Debian's library of it would be one more
// thing to install for one file.
#include <boost/json/src.hpp>
