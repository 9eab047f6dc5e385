// The second opinion on JSON in the tests. Header-only: compiled here, once.
#include <boost/json/src.hpp>
