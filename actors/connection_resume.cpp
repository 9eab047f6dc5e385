// How a connection goes on with what a lost one had: its session, and all its
// rooms in one answer [P-3.18].
#include <algorithm>
#include <utility>

#include "actors/connection.hpp"
#include "core/events.hpp"
#include "core/protocol/codec.hpp"
#include "core/session.hpp"

namespace greenroom::actors {

using protocol::error_code;
using protocol::request_id;

void connection::on_client(protocol::resume& said, const request_id& id) {
  if (!rooms_.empty())
    return refuse(error_code::forbidden, "resume comes before the first room",
                  id);
  // Each room is a join.
  if (!within_rate_for(said.rooms.size() / rooms_of_a_request, id, {}))
    return;
  auto before = session_;
  auto known_as = connection_id_;
  if (is_session(said.session))
    take_session(std::move(said.session));
  if (!claim_user_id(said.user_id, {}, id))
    return take_session(std::move(before));
  log::emit(events::connection_resumed, {{"connection", connection_id_},
                                         {"before", known_as},
                                         {"user", who_.user_id()},
                                         {"rooms", said.rooms.size()}});
  resuming_ = std::make_unique<resumption>();
  resuming_->budget =
      std::make_shared<resume_budget>(context_->config.limits.unsent_bytes);
  auto& answer = resuming_->answer;
  answer.id = id;
  answer.session = session_;
  answer.user_id = who_.user_id();
  if (session_ != before)
    answer.connection_id = connection_id_;
  out_->hold(); // `resumed` goes ahead of what the rooms say [P-4.16].
  for (auto& [room_id, since] : said.rooms) {
    if (rights_in(room_id).receive)
      send_join(room_id, {}, std::move(since));
    else
      not_resumed_in(room_id, error_code::forbidden);
  }
  resuming_->all_asked = true;
  end_resume_if_answered();
}

/// What others know it by follows from it.
void connection::take_session(std::string session) {
  session_ = std::move(session);
  auto names = names_of(session_);
  connection_id_ = std::move(names.connection_id);
  if (who_.is_nameless())
    who_.log_in_anonymous(std::move(names.anonymous_user_id));
}

void connection::resumed_in(const room_entered& msg) {
  const auto& part = *msg.resumed;
  resuming_->answer.rooms.push_back(part.what);
  for (const auto& each : {part.missed, part.members, part.state})
    resuming_->rest.push_back(each);
  end_resume_if_answered();
}

void connection::not_resumed_in(const std::string& room_id, error_code why) {
  protocol::resumed_room refused;
  refused.room_id = room_id;
  refused.refused = why;
  resuming_->answer.rooms.push_back(std::move(refused));
  end_resume_if_answered();
}

void connection::end_resume_if_answered() {
  if (!resuming_ || joining_ > 0 || !resuming_->all_asked)
    return;
  auto done = std::exchange(resuming_, nullptr);
  std::vector<slice> first{make_frame(hello_.encoding, done->answer)};
  std::ranges::move(done->rest, std::back_inserter(first));
  out_->release(std::move(first));
}

} // namespace greenroom::actors
