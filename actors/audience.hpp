#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/call_later.hpp"
#include "actors/interfaces.hpp"
#include "actors/loop.hpp"
#include "core/cursor.hpp"
#include "core/settings.hpp"
#include "core/state_board.hpp"
#include "core/state_cursor.hpp"

namespace greenroom::actors {

/// The members of one room on one loop. The room tells it once per advance how
/// far the lanes reach; it marks its members once per turn, and each gets what
/// lies between its cursor and the head in one send. Owned by its room.
class audience {
public:
  using handle = audience_actor;
  using at_once = advance;

  static constexpr const char* name = "audience";

  audience(handle::pointer self, loop& home, room_key key, std::string epoch,
           room_actor room, slow_policy slow);
  ~audience();

  audience(const audience&) = delete;
  audience& operator=(const audience&) = delete;

  handle::behavior_type make_behavior();

  bool take_at_once(advance& msg);

  // -- for its shell: lanes and seats are as sure as each step leaves them
  [[nodiscard]] std::string_view label() const { return key_.id; }
  void failed(std::string_view why);
  void recover();
  void refuse(const caf::message& what, std::string_view why);

private:
  class seat;

  /// The members that read one lane.
  class row final : public cursor::owner {
  public:
    row(audience& in, const lane_id& lane) : in_(in), id_(lane) {}

    void lagging(cursor& who, bool on) override;
    slice end_gap(cursor& who, lane::offsets missed) override;
    void skipped(cursor& who, std::uint64_t bytes) override;

    void add(cursor& who);
    void remove(cursor& who);

    /// Marks every member: the stream has grown in this turn.
    void spread();

    /// Ends its members' connections: they have lost something.
    void close_all();

    /// Drops what every member of the row has got.
    void trim();

    lane stream;
    bool extended = false; ///< In this turn.

    [[nodiscard]] bool empty() const { return members_.empty(); }
    [[nodiscard]] std::size_t size() const { return members_.size(); }
    [[nodiscard]] bool reads(const lane_id& lane) const { return id_ == lane; }
    [[nodiscard]] lane_kind kind() const { return id_.kind; }

  private:
    audience& in_;
    lane_id id_;
    std::vector<cursor*> members_;
    std::vector<cursor*> lagging_;
  };

  /// The room's state as members of one encoding are told it.
  class state_reader final : public state_cursor::board {
  public:
    state_reader(const state_board& of, const room_key& room,
                 protocol::encoding as)
      : board_(of), room_(room), as_(as) {}

    [[nodiscard]] std::uint64_t version() const override {
      return board_.version();
    }

    /// Made once for all members that have seen the same.
    [[nodiscard]] slice news_since(std::uint64_t seen) override;

  private:
    const state_board& board_;
    const room_key& room_;
    protocol::encoding as_;
    std::uint64_t from_ = 0;
    std::uint64_t to_ = 0;
    slice frame_;
  };

  /// What the audience has of the room's state, once there is some.
  struct state {
    state(const room_key& room)
      : json(board, room, protocol::encoding::json),
        msgpack(board, room, protocol::encoding::msgpack) {}

    state_board board{deleted_keys_max};
    state_reader json;
    state_reader msgpack;

    /// Who is behind by more than this is told the whole.
    static constexpr std::size_t deleted_keys_max = 256;
  };

  /// Keeps the outbox alive for as long as the cursor beside it points to it.
  struct holder {
    std::shared_ptr<outbox> out;
  };

  /// One member: its cursor, and where its bytes go.
  class seat final : public holder, public cursor {
  public:
    seat(row& its, const newcomer& who, slow_policy slow)
      : holder{who.out},
        cursor(its, its.stream, *who.out, slow),
        in(its),
        id(who.id),
        connection_id(who.about.connection_id) {}

    row& in;
    member_id id;
    std::string connection_id;
    std::optional<state_cursor> of_state;
    bool told_of_lag = false;
  };

  void on_admit(const admit& msg);
  void on_dismiss(const dismiss& msg);
  void on_advance(const advance& msg);
  void on_hand_over(const hand_over& msg);

  void on_state(const state_told& msg);
  void on_turned(const epoch_turned& msg);
  void follow_state(seat& who, std::uint64_t seen);
  void give(seat& who, const slice& frame);
  void take(const step& next);
  void acknowledge(const step& next);
  [[nodiscard]] seat* sender_in(const row& in, const step& next);
  void append(row& in, const step& next);
  void append_failed(row& in, const step& next, bool is_in);
  void spread();
  void trim();
  [[nodiscard]] row* find_row(const lane_id& lane);
  row& row_of(const lane_id& lane);
  [[nodiscard]] seat* find(member_id who);

  handle::pointer self_;
  loop& home_;
  room_key key_;
  std::string epoch_;
  caf::actor_addr room_; ///< Its owner: an address, so that neither keeps both.
  slow_policy slow_;
  call_later spread_later_;
  call_later trim_later_;
  // After what they ask to be trimmed by: seats that lag say so at their end.
  std::vector<std::unique_ptr<row>> rows_; ///< Those with members.
  std::unique_ptr<state> state_;           ///< Null: the room has none.
  std::unordered_map<member_id, std::unique_ptr<seat>> seats_;
};

} // namespace greenroom::actors
