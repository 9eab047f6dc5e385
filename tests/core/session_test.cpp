#include "core/session.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;

TEST_CASE("[P-3.18] what others see of a session is the same on every node") {
  auto session = new_session();
  CHECK(is_session(session));
  auto names = names_of(session);
  CHECK(names.connection_id == names_of(session).connection_id);
  CHECK(names.anonymous_user_id == names_of(session).anonymous_user_id);
  CHECK(names.connection_id.starts_with("c-"));
  CHECK(names.connection_id.size() == 2 + 20);
  CHECK(names.anonymous_user_id.starts_with("anon-"));
  CHECK(names.anonymous_user_id.size() == 5 + 20);
  // A client keeps it over upgrades: it may never be worked out otherwise.
  auto fixed = names_of("s-00000000000000000000000000");
  CHECK(fixed.connection_id == "c-a08va8djt5aqwksb77vv");
}

TEST_CASE("two sessions are two connections") {
  CHECK(names_of(new_session()).connection_id
        != names_of(new_session()).connection_id);
}

TEST_CASE("what no node has made is no session") {
  auto session = new_session();
  CHECK_FALSE(is_session(""));
  CHECK_FALSE(is_session("s-"));
  CHECK_FALSE(is_session(session + "0"));
  CHECK_FALSE(is_session("c" + session.substr(1)));
  session[5] = '"';
  CHECK_FALSE(is_session(session));
}
