#pragma once

// Every actor of the node and every message it understands. Start here.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/caf_bridge.hpp"
#include "actors/crowds.hpp"
#include "actors/neighbour.hpp"
#include "actors/resume_budget.hpp"
#include "core/deflate_terms.hpp"
#include "core/holdings.hpp"
#include "core/message_watch.hpp"
#include "core/outbox.hpp"
#include "core/protocol/close_code.hpp"
#include "core/protocol/messages.hpp"
#include "core/room_event.hpp"
#include "core/room_key.hpp"
#include "core/segment.hpp"
#include "core/state_board.hpp"
#include "core/timer_queue.hpp"

namespace greenroom::actors {

/// Names one connection on this node for as long as the process lives: its
/// actor's id, so that news of its death name the member.
using member_id = std::uint64_t;

/// What a member sees of its room: by its wire format, and by its right to see
/// presence [P-2.5].
enum class lane_kind : std::uint8_t {
  raw,
  json,
  json_no_presence,
  msgpack,
  msgpack_no_presence,
};

/// The size of a window of compression (RFC 7692), in bits.
using window_bits = std::uint8_t;

/// Names one byte stream of a room: for each kind the lane of plain frames, and
/// one of compressed frames for each window that members have agreed on.
struct lane_id {
  lane_kind kind = lane_kind::raw;
  window_bits window = 0; ///< 0: plain frames.

  bool operator==(const lane_id&) const = default;
};

// -- connection: one client, dies with its socket -----------------------------

/// One whole WebSocket message.
struct inbound {
  std::string bytes;
  bool is_text = true;
  steady_time read_at{};
};

/// The same while it is still in the socket's buffer: what a connection can
/// deal with at once is not copied for its mailbox.
struct inbound_view {
  std::string_view bytes;
  bool is_text = true;
};

/// The socket is gone; nothing more comes or can be sent.
struct socket_closed {
  std::uint16_t code = 0; ///< As in the client's close frame; 1006: none came.
  bool by_client = true;
  std::string reason;
};

/// Its next deadline (login, token, heartbeat) has come.
struct deadline_reached {};

/// The node stops. Its clients go one after the other, each told when, so that
/// those that come back elsewhere do not come all at once; or all at once.
struct drain {
  std::optional<std::chrono::milliseconds> after; ///< None: at once.
};

/// The client goes on with its session on another connection [P-5.2].
struct displaced {};

/// What a connection may have only so much of under way to its rooms; an answer
/// says what it gives back.
enum class allowance : std::uint8_t {
  none,
  logged,   ///< Publishes that go through the log, several together.
  passing,  ///< Those that do not, and changes of state; likewise.
  question, ///< A `history` or a member list: one.
};

struct room_entered;
struct room_exited;
struct request_done;
struct request_refused;

using connection_actor = caf::typed_actor< //
    on<inbound>::tell,                     // from its socket
    on<socket_closed>::tell,               // from its socket
    on<deadline_reached>::tell,            // from itself, by a timer
    on<drain>::tell,                       // from the gateway: the node stops
    on<displaced>::tell,                   // from a room
    on<room_entered>::tell,                // from an audience: it is a member
    on<room_exited>::tell,                 // from a room: it no longer is
    on<request_done>::tell,                // from a room: the ack
    on<request_refused>::tell>;            // from a keeper or a room

// -- room: order, members and presence of one room on this node ---------------

/// Who a member is and where its bytes go.
struct newcomer {
  member_id id = 0;
  connection_actor connection;
  std::shared_ptr<outbox> out; ///< Touched on the member's loop only.
  std::uint32_t loop = 0;      ///< Where its socket lives.
  lane_id lane;
  protocol::member about; ///< As others see it; its ids are remembered by it.
  bool sees_presence = false;
  std::uint32_t join = 0; ///< The number of the join by which it is here.
  std::int64_t since = 0; ///< When it came, milliseconds since 1970.
};

struct join {
  room_key room;
  newcomer who;
  protocol::request_id id;
  std::optional<protocol::log_position> since;
  std::uint32_t history = 0; ///< So many of the newest messages, without since.
  /// Its connection tells the client, with all that it resumes [P-3.18]; what
  /// the rooms may bring for that. Null: it is no `resume`.
  std::shared_ptr<resume_budget> resumes = {};
};

struct leave {
  member_id who = 0;
  protocol::request_id id;
  std::string reason; ///< Empty: the client asked for it.
  /// The client may be back in a moment: others are not told yet.
  bool keeps_place = false;
};

/// Something a member says to the room. `what` carries who says it.
struct publish {
  member_id who = 0;
  protocol::request_id id;
  /// Unless none, answer even without an `id`: see `request_done`.
  allowance credit = allowance::none;
  room_event_ptr what;
  message_watch watch = {};
};

/// Answers straight into the member's outbox, and then tells its connection.
struct list_members {
  member_id who = 0;
  protocol::request_id id;
  protocol::presence_by by = protocol::presence_by::connection;
  allowance credit = allowance::none; ///< None: its audience asks for it.
};

/// Likewise; a question.
struct read_log {
  member_id who = 0;
  protocol::request_id id;
  protocol::read_history what;
};

/// Gives a key of the room's state a value [P-3.17].
struct change_state {
  member_id who = 0;
  protocol::request_id id;
  protocol::set_state what;
  allowance credit = allowance::none;
};

/// A peer's traffic, in its origin's order.
struct mirrored {
  std::string origin; ///< Node id.
  std::vector<room_event_ptr> what;
};

/// What a peer holds in the room: see core/holdings.hpp.
struct holdings_heard {
  std::uint64_t incarnation = 0; ///< Of the run of the peer.
  std::string origin;            ///< The same as text; see node_context.
  holdings what;
  std::uint64_t watch = 0; ///< In which of the room's it was heard.
};

/// Who is in the room on a peer, as it says itself, comes to this sum; all that
/// it has told was passed on before.
struct holdings_checked {
  std::uint64_t incarnation = 0;
  std::uint64_t members_sum = 0; ///< See roster.
  std::uint64_t watch = 0;
};

/// Peers want to hear all that this node holds in the room.
struct holdings_asked {};

/// A peer died, or said goodbye: what it held goes, in a moment.
struct peer_gone {
  std::uint64_t incarnation = 0;
  bool said_goodbye = false;
  std::uint64_t watch = 0; ///< Likewise.
};

/// Whether the room's traffic is mirrored at the moment: its subscription is
/// in force. Answers `watch`, and is told at each change.
struct link_changed {
  bool up = false;
  std::uint64_t watch = 0; ///< Which one it answers.
};

/// A typing deadline, a batch of presence differences or the linger is due.
struct room_tick {};

/// Its log has answered.
struct log_told {};

using room_actor = caf::typed_actor< //
    on<join>::tell,                  // from its keeper
    on<leave>::tell,                 // from a connection
    on<publish>::tell,               // from a connection
    on<list_members>::tell,          // from a connection
    on<read_log>::tell,              // from a connection
    on<change_state>::tell,          // from a connection
    on<mirrored>::tell,              // from the cluster
    on<link_changed>::tell,          // from the cluster
    on<holdings_heard>::tell,        // from the cluster
    on<holdings_checked>::tell,      // from the cluster
    on<holdings_asked>::tell,        // from the cluster
    on<peer_gone>::tell,             // from the cluster
    on<log_told>::tell,              // from itself, when its log answers
    on<room_tick>::tell>;            // from itself, by a timer

/// What a client is told of one of the rooms that it resumes.
struct resumed_part {
  protocol::resumed_room what;
  slice missed;  ///< Frames that come behind `resumed`. May be empty.
  slice members; ///< Likewise, behind those: who is there,
  slice state;   ///< and what the room's state is.
};

struct room_entered {
  room_key key;
  neighbour<room_actor, publish> room;
  std::uint32_t join = 0; ///< Which of the connection's joins it answers.
  std::shared_ptr<const resumed_part> resumed = {}; ///< Null: it joined.
};

struct room_exited {
  room_key key;
  std::uint32_t join = 0; ///< By which it was a member.
};

/// A request is done. `credit` repeats what it asked: so a connection bounds
/// what it has under way to rooms on other loops.
struct request_done {
  protocol::ack what;
  allowance credit = allowance::none;
};

struct request_refused {
  protocol::error what;
  room_key key;
  std::uint32_t join = 0; ///< Which join is refused; 0: something else is.
  allowance credit = allowance::none;
};

// -- keeper: the rooms whose home is one loop ---------------------------------

/// Who asked to join does not wait for it any more. It goes the way of the
/// join, so that it comes behind it.
struct withdraw {
  room_key room;
  leave what;
};

/// A room's last member left: it may be ended early where `limits.rooms` needs
/// its place, if the keeper has sent it no newcomer that it has not seen yet.
struct emptied {
  room_key key;
  caf::actor_id room = 0; ///< Which one of that key.
  std::uint64_t joins_seen = 0;
};

/// A room has been empty for long enough. The same condition.
struct retire {
  room_key key;
  caf::actor_id room = 0;
  std::uint64_t joins_seen = 0;
};

using keeper_actor = caf::typed_actor< //
    on<join>::tell,                    // from a connection
    on<withdraw>::tell,                // from a connection
    on<emptied>::tell,                 // from a room
    on<retire>::tell>;                 // from a room

// -- audience: a room's members on one loop, with their cursors ---------------

/// Answers a join, the second one of a member too: first its client is told,
/// and then its connection, so that nothing else is answered before.
struct admit {
  newcomer who;
  slice first; ///< `joined`, sent before anything of the room. May be empty.
  neighbour<room_actor, publish> room;
  std::shared_ptr<const resumed_part> resumed = {}; ///< For its connection.
  std::uint64_t state_seen = 0;                     ///< Of the room's state.
};

struct dismiss {
  member_id who = 0;
  slice last; ///< `left`, sent after everything of the room. May be empty.
};

/// One frame that the room appended to one of its lanes.
struct step {
  lane_id lane;
  slice frame;
  std::uint64_t offset = 0; ///< 0: not in the log.
  member_id sender = 0;     ///< Is not sent its own frame. 0: nobody.
  std::uint32_t sender_loop = 0;
  /// No frame of the lane: for its sender alone, ahead of all that follows.
  bool is_ack = false;
};

struct turn_steps {
  std::vector<step> steps;
  message_watches watches; ///< Of those that are looked at.
};

/// The lanes now reach further. Shared by all audiences of the room.
struct advance {
  std::shared_ptr<const turn_steps> what;
};

/// The room's state has changed.
struct state_told {
  std::shared_ptr<const std::vector<state_news_ptr>> what; ///< By version.
  bool whole = false;        ///< What is not in it is not in the room.
  std::uint64_t version = 0; ///< Of the newest change.
};

/// The room's log goes on in another epoch: all are told, however slow.
struct epoch_turned {
  std::string epoch;
  slice as_json; ///< What they are told.
  slice as_msgpack;
};

/// For some members only, outside the lanes.
struct hand_over {
  std::vector<member_id> to;
  slice frame;
};

using audience_actor = caf::typed_actor< //
    on<admit>::tell,                     // from its room
    on<dismiss>::tell,                   // from its room
    on<advance>::tell,                   // from its room
    on<hand_over>::tell,                 // from its room
    on<state_told>::tell,                // from its room
    on<epoch_turned>::tell>;             // from its room

// -- gateway: the connections of one loop -------------------------------------

/// A client's socket as its connection sees it. Its loop's thread only; no
/// member blocks.
class wire {
public:
  virtual ~wire() = default;

  /// Begins to read and to tell `reader`, which must be told of the end by
  /// `socket_closed` exactly once.
  virtual void start(neighbour<connection_actor, inbound_view> reader) = 0;

  /// `reader` has dealt with that many bytes in so many `inbound`s: the window
  /// of what was read and not yet handled opens again.
  virtual void handled(std::size_t messages, std::size_t bytes) = 0;

  virtual void ping() = 0;

  /// Whether any byte came since the last call.
  virtual bool heard() = 0;

  /// Sends what is queued, then a close frame, and waits a bounded time for the
  /// answer. A second call does nothing.
  virtual void close(protocol::close_code code, std::string_view reason) = 0;

  /// Ends the connection at once, without a close frame.
  virtual void abort() = 0;

  [[nodiscard]] virtual std::shared_ptr<outbox> out() = 0;
};

/// What the handshake said.
struct client_hello {
  std::string peer; ///< Address and port, for the log.
  room_space space = room_space::protocol;
  protocol::encoding encoding = protocol::encoding::json;
  std::string token; ///< The first place that held one [P-2.1]; empty: none.
  std::vector<std::string> rooms; ///< Query parameters `room`, decoded.
  crowds::crowd* crowd = nullptr; ///< Where it is counted; see `place`.
  ws::deflate_terms deflate;
};

/// A WebSocket handshake has succeeded.
struct client_arrived {
  std::shared_ptr<wire> client;
  client_hello hello;
};

using gateway_actor = caf::typed_actor< //
    on<client_arrived>::tell,           // from the listener of its loop
    on<drain>::tell>;                   // from the node: it stops

// -- cluster: mirrors room traffic to the peers -------------------------------

/// The room has members on this node from now on: subscribe, and tell it
/// `link_changed` as soon as the subscription is in force or the bus is down.
struct watch {
  room_key key;
  room_actor room;
  std::uint64_t number = 0; ///< Repeated by `link_changed`.
};

struct unwatch {
  room_key key;
};

/// What a turn brought, to the peers, in the order of sending.
struct mirror {
  room_key key;
  std::vector<room_event_ptr> what;
  message_watches watches = {}; ///< Of those that are looked at.
};

/// What this node holds in a room, to the peers.
struct mirror_holdings {
  room_key key;
  holdings what;
  std::uint64_t members_sum = 0; ///< Of all that it holds then.
};

/// What is believed of a peer's members there is not what it says they come to:
/// all of it is wanted again.
struct doubt_holdings {
  room_key key;
  std::uint64_t incarnation = 0;
  std::uint64_t watch = 0;
};

/// Leave the cluster (what is queued is sent, bounded by the drain), then end.
struct leave_cluster {};

/// Somebody watches the whole cluster from this node, or no longer: peers are
/// to report to it.
struct watch_peers {
  bool on = false;
};

/// For the peers from which somebody watches this node: one line of JSON.
struct report_to_watchers {
  std::string text;
};

/// Something of the bus has to be done on the actor's own time.
struct bus_tick {};

using cluster_actor = caf::typed_actor< //
    on<watch>::tell,                    // from a room: its first member came
    on<unwatch>::tell,                  // from a room: its last member left
    on<mirror>::tell,                   // from a room
    on<mirror_holdings>::tell,          // from a room
    on<doubt_holdings>::tell,           // from a room
    on<watch_peers>::tell,              // from the node
    on<report_to_watchers>::tell,       // from the node
    on<leave_cluster>::tell,            // from the node: it stops
    on<bus_tick>::tell>;                // from itself, by a timer

} // namespace greenroom::actors

#define GREENROOM_LOCAL_MESSAGE(type)                                          \
  CAF_ADD_TYPE_ID(greenroom, (greenroom::actors::type))                        \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(greenroom::actors::type)

CAF_BEGIN_TYPE_ID_BLOCK(greenroom, caf::first_custom_type_id)
GREENROOM_LOCAL_MESSAGE(inbound)
GREENROOM_LOCAL_MESSAGE(socket_closed)
GREENROOM_LOCAL_MESSAGE(deadline_reached)
GREENROOM_LOCAL_MESSAGE(drain)
GREENROOM_LOCAL_MESSAGE(displaced)
GREENROOM_LOCAL_MESSAGE(room_entered)
GREENROOM_LOCAL_MESSAGE(room_exited)
GREENROOM_LOCAL_MESSAGE(request_done)
GREENROOM_LOCAL_MESSAGE(request_refused)
GREENROOM_LOCAL_MESSAGE(join)
GREENROOM_LOCAL_MESSAGE(leave)
GREENROOM_LOCAL_MESSAGE(publish)
GREENROOM_LOCAL_MESSAGE(list_members)
GREENROOM_LOCAL_MESSAGE(read_log)
GREENROOM_LOCAL_MESSAGE(change_state)
GREENROOM_LOCAL_MESSAGE(mirrored)
GREENROOM_LOCAL_MESSAGE(link_changed)
GREENROOM_LOCAL_MESSAGE(holdings_heard)
GREENROOM_LOCAL_MESSAGE(holdings_checked)
GREENROOM_LOCAL_MESSAGE(holdings_asked)
GREENROOM_LOCAL_MESSAGE(peer_gone)
GREENROOM_LOCAL_MESSAGE(log_told)
GREENROOM_LOCAL_MESSAGE(room_tick)
GREENROOM_LOCAL_MESSAGE(withdraw)
GREENROOM_LOCAL_MESSAGE(emptied)
GREENROOM_LOCAL_MESSAGE(retire)
GREENROOM_LOCAL_MESSAGE(admit)
GREENROOM_LOCAL_MESSAGE(dismiss)
GREENROOM_LOCAL_MESSAGE(advance)
GREENROOM_LOCAL_MESSAGE(hand_over)
GREENROOM_LOCAL_MESSAGE(epoch_turned)
GREENROOM_LOCAL_MESSAGE(state_told)
GREENROOM_LOCAL_MESSAGE(client_arrived)
GREENROOM_LOCAL_MESSAGE(watch)
GREENROOM_LOCAL_MESSAGE(unwatch)
GREENROOM_LOCAL_MESSAGE(mirror)
GREENROOM_LOCAL_MESSAGE(mirror_holdings)
GREENROOM_LOCAL_MESSAGE(doubt_holdings)
GREENROOM_LOCAL_MESSAGE(leave_cluster)
GREENROOM_LOCAL_MESSAGE(watch_peers)
GREENROOM_LOCAL_MESSAGE(report_to_watchers)
GREENROOM_LOCAL_MESSAGE(bus_tick)
CAF_END_TYPE_ID_BLOCK(greenroom)
