#include "watch/replay_log.hpp"

#include "watch/picture_json.hpp"
#include "watch/tree_rows.hpp"
#include "watch/whole_log.hpp"

namespace greenroom::watch {

int replay_log(const replay_request& what) {
  return print_log({what.file, what.which}, [&](const log_picture& seen) {
    return what.as_json ? picture_json(seen) + '\n' : tree_text(seen);
  });
}

} // namespace greenroom::watch
