#pragma once

#include <string>

#include "cluster/sqlite_database.hpp"

namespace greenroom::cluster {

/// Sets a database file up: what SQLite promises from now on, whose file this
/// is, that it is whole, and the tables. Throws `sqlite_failure` with a text
/// for whoever starts the node.
void prepare_file(sqlite_database& db);

} // namespace greenroom::cluster
