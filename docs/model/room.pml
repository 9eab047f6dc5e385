/* One room of order `total`, on two nodes over Redis: how it appends, delivers
 * and repairs, and when it gets a new epoch. README.md has the rules in words,
 * and what is left out here. ci/model runs this as it is, and with one rule
 * broken at a time (BREAK_…), for which spin has to find an error. `ci/model
 * show` prints such a run: what printf is for.
 *
 * An inline is text: what it is given is evaluated anew at each place.
 */

#ifndef MESSAGES
#define MESSAGES 2
#endif
/* How many faults a run may have, of any kinds. Of what Redis publishes, any
 * may be lost, late or twice, at any time: that is not counted. */
#ifndef FAULTS
#define FAULTS 2
#endif

#define NODES 2
#define TOPS (MESSAGES + 3) /* Above any offset that is looked at. */
#define EPOCHS (FAULTS + 2) /* No fault costs more than one. */
#define NONE 0
#define TOLD 255 /* In `got`: members lack it, and were told. */

typedef messages { byte nth[TOPS] };

/* -- Redis: a master, and what its replica has of the room's keys ------------- */

typedef redis {
  byte life = 1;       /* The server's, as master_replid: not in the keys. */
  byte epoch = 1;      /* From here on: the keys. */
  byte top;
  byte epoch_life = 1; /* The life that the epoch began in. */
  byte prev;           /* The epoch before this one, … */
  byte base;           /* … of which so many messages are in the log. */
  messages log
};

redis store[2];
bit master;
byte lives = 1;  /* How many there were, so that each is another … */
byte epochs = 1; /* … and likewise epochs; real names are random. */

/* -- Nodes, and what their members have --------------------------------------- */

bit up[NODES] = true;
bit at[NODES];         /* The server that it is connected to. */
byte epoch[NODES] = 1; /* Where its members are. They survive its crash. */
byte have[NODES];
messages got[NODES];
byte left[NODES];      /* The epochs that its members have left, as bits. */

byte asked[NODES]; /* The message whose append Redis has answered, … */
byte asked_epoch[NODES];
byte asked_offset[NODES];

bit reading[NODES]; /* A read that Redis has answered: both under way. */
byte read_epoch[NODES];
byte read_from[NODES];
bit read_known[NODES]; /* Redis knew the epoch that members are in. */
byte read_next[NODES]; /* The message at read_from + 1. */

/* -- Publishers: what was sent, and what they were told ----------------------- */

byte sent;
byte acked_epoch[TOPS];
byte acked_offset[TOPS];

/* -- Faults ------------------------------------------------------------------- */

byte faults = FAULTS; /* That may still come. */
bit wiped;            /* More was lost than the end of one epoch. */

/* What an (epoch, offset) names, for ever. A node can hear all of this. */
messages named[EPOCHS];

/* Helpers with no part in the state. */
hidden byte i, j, found;

/* -- Rules, as they are and broken -------------------------------------------- */

/* When a room that is there gets a new epoch. */
#if defined(BREAK_LIFE)
#define LOST(n) false
#elif defined(BREAK_WITNESS)
byte seen[NODES]; /* The highest offset of epoch[n] that it was told of. */
#define LOST(n)                                                               \
  (store[at[n]].epoch == epoch[n] && store[at[n]].top < seen[n])
#else
#define LOST(n) (store[at[n]].epoch_life != LIFE(n))
#endif
#ifdef BREAK_OWN
byte knows[NODES] = 1; /* The life that it was told when it connected. */
#define LIFE(n) knows[n]
#define LEARN(n) knows[n] = store[at[n]].life
#else
#define LIFE(n) store[at[n]].life
#define LEARN(n) skip
#endif

#ifdef BREAK_WITNESS
#define SEE(n, offset) seen[n] = (offset > seen[n] -> offset : seen[n])
#define SEE_NONE(n) seen[n] = 0
#else
#define SEE(n, offset) skip
#define SEE_NONE(n) skip
#endif

/* Whether two messages are one, sent twice. */
#ifdef BREAK_DEDUPE
#define SAME(one, other) false
#else
#define SAME(one, other) (one == other)
#endif

/* Whether members come from the epoch before this one, … */
#ifdef BREAK_PREV
#define KNOWN(n) true
#else
#define KNOWN(n) (store[at[n]].prev == epoch[n])
#endif
/* … and all that they have is in this one. */
#ifdef BREAK_BASE
#define KEPT(n) KNOWN(n)
#else
#define KEPT(n) (KNOWN(n) && have[n] <= store[at[n]].base)
#endif

/* When an answer to an append is an ack: members are in its epoch. */
#define ANSWERED(n) (asked[n] != NONE && asked_epoch[n] != NONE)
#ifdef BREAK_STALE
#define ACKS(n) ANSWERED(n)
#else
#define ACKS(n) (ANSWERED(n) && asked_epoch[n] == epoch[n])
#endif

/* When a node reads. One that finds nothing changes nothing, and is left out;
 * so reading once a second and reading at once are the same here. */
#define BEHIND(n) (store[at[n]].epoch != epoch[n] || store[at[n]].top != have[n])
#if defined(BREAK_DIGEST)
#define READS(n) (BEHIND(n) && hint[n])
#elif defined(BREAK_PEERS)
#define AHEAD(n, other)                                                       \
  (up[n] && (epoch[n] != epoch[other] || have[n] > have[other]))
#define READS(n) (BEHIND(n) && (hint[n] || AHEAD(1 - n, n)))
#elif defined(BREAK_SETTLE)
#define READS(n) BEHIND(n)
#else
#define READS(n) (BEHIND(n) || LOST(n))
#endif

/* Whether a node may deliver what it hears. */
#ifdef BREAK_PAUSE
#define LISTENS(n) up[n]
#else
#define LISTENS(n) (up[n] && !reading[n])
#endif
#define NTH(n, step) named[epoch[n]].nth[have[n] + step]

/* Without reading on its own, a node depends on what it is told: that an answer
 * or what it hears does not fit, or that it has a new connection. In the end
 * Pub/Sub is deaf there, but only when all was published before. */
#if defined(BREAK_DIGEST) || defined(BREAK_PEERS)
bit hint[NODES];
bit deaf;
#define HINT(n) hint[n] = true
#define NO_HINT(n) hint[n] = BEHIND(n)
#define HEARS(n) (LISTENS(n) && !deaf && NTH(n, 1) != NONE)
#define HEARS_AMISS(n)                                                        \
  (LISTENS(n) && !deaf && !hint[n] &&                                         \
   (NTH(n, 2) != NONE ||                                                      \
    (epochs != epoch[n] && named[epochs].nth[store[master].top] != NONE)))
#define MAY_END (acked_epoch[1] != NONE && acked_epoch[MESSAGES] != NONE)
#define END deaf = true
#else
#define HINT(n) skip
#define NO_HINT(n) skip
#define HEARS(n) (LISTENS(n) && NTH(n, 1) != NONE)
#define HEARS_AMISS(n) false
#define MAY_END true
#define END skip
#endif

/* -- The functions in Redis: what one does, it does in one step --------------- */

inline begin_epoch(n) {
  printf("redis %d: epoch %d ends with offset %d\n", at[n],
         store[at[n]].epoch, store[at[n]].top);
  store[at[n]].prev = store[at[n]].epoch;
  store[at[n]].base = store[at[n]].top;
  store[at[n]].epoch_life = LIFE(n);
  epochs++;
  assert(epochs < EPOCHS);
#ifdef BREAK_NAME
  store[at[n]].epoch = store[at[n]].prev + 1;
#else
  store[at[n]].epoch = epochs;
#endif
  for (i : 1 .. TOPS - 1) {
    if
    :: i <= store[at[n]].base ->
       named[store[at[n]].epoch].nth[i] = store[at[n]].log.nth[i]
    :: else
    fi
  }
}

/* What each of them does first. */
inline settle(n) {
  if
  :: store[at[n]].epoch == NONE || LOST(n) -> begin_epoch(n)
  :: else
  fi
}

inline add(s, offset, message) {
  assert(named[store[s].epoch].nth[offset] == NONE);
  named[store[s].epoch].nth[offset] = message;
  store[s].log.nth[offset] = message;
  store[s].top = offset
}

inline append(n, message) {
  settle(n);
  found = 0;
  for (i : 1 .. TOPS - 1) {
    if
    :: SAME(store[at[n]].log.nth[i], message) -> found = i
    :: else
    fi
  }
  asked[n] = message;
  asked_epoch[n] = store[at[n]].epoch;
  asked_offset[n] = (found -> found : store[at[n]].top + 1);
  if
  :: found
#ifdef BREAK_STEP
  :: else -> asked_epoch[n] = NONE /* add follows in a step of its own. */
#else
  :: else -> add(at[n], asked_offset[n], message)
#endif
  fi
  printf("redis %d: append of message %d by node %d: epoch %d, offset %d\n",
         at[n], message, n, store[at[n]].epoch, asked_offset[n]);
  if
  :: asked_epoch[n] != epoch[n] -> HINT(n)
  :: else
  fi
}

/* From where members at epoch[n], have[n] go on, and a page of one message. */
inline read(n) {
#ifndef BREAK_SETTLE
  settle(n);
#endif
  reading[n] = true;
  read_epoch[n] = store[at[n]].epoch;
  if
  :: read_epoch[n] == epoch[n] ->
     assert(have[n] <= store[at[n]].top);
     read_known[n] = true;
     read_from[n] = have[n]
  :: else ->
     read_known[n] = KNOWN(n);
     read_from[n] = (KEPT(n) -> have[n] : store[at[n]].base)
  fi
  read_next[n] = NONE;
  if
  :: read_from[n] < store[at[n]].top ->
     read_next[n] = store[at[n]].log.nth[read_from[n] + 1]
  :: else
  fi
  printf("redis %d: read by node %d: epoch %d from offset %d, message %d\n",
         at[n], n, read_epoch[n], read_from[n], read_next[n])
}

/* -- A node ------------------------------------------------------------------- */

/* Members get a message: the next, each once, and the one that it is. */
inline deliver(n, offset, message) {
  printf("node %d: members get epoch %d, offset %d: message %d\n", n, epoch[n],
         offset, message);
  assert(offset == have[n] + 1);
  assert(message != NONE && message == named[epoch[n]].nth[offset]);
  for (j : 1 .. TOPS - 1) {
    assert(j >= offset || got[n].nth[j] != message)
  }
  got[n].nth[offset] = message;
  have[n] = offset;
  SEE(n, have[n])
}

/* Members are told of a new epoch, and that it goes on for them after `from`. */
inline announce(n, new_epoch, from, known) {
  printf("node %d: members are told epoch %d, after offset %d\n", n, new_epoch,
         from);
  assert((left[n] & (1 << new_epoch)) == 0);
  left[n] = left[n] | (1 << epoch[n]);
  for (j : 1 .. TOPS - 1) {
    if
    :: j > from -> got[n].nth[j] = NONE
    :: j <= from && known ->
       assert(got[n].nth[j] == TOLD ||
              got[n].nth[j] == named[new_epoch].nth[j])
    :: else ->
       assert(wiped);
       got[n].nth[j] = TOLD
    fi
  }
  epoch[n] = new_epoch;
  have[n] = from;
  SEE_NONE(n)
}

/* The publisher gets its ack. Nobody waits for that of a late request. */
inline take_answer(n) {
  printf("node %d: message %d is acked: epoch %d, offset %d\n", n, asked[n],
         asked_epoch[n], asked_offset[n]);
  assert((left[n] & (1 << asked_epoch[n])) == 0);
  if
  :: acked_epoch[asked[n]] == NONE ->
     acked_epoch[asked[n]] = asked_epoch[n];
     acked_offset[asked[n]] = asked_offset[n]
  :: else ->
     assert(acked_epoch[asked[n]] != asked_epoch[n] ||
            acked_offset[asked[n]] == asked_offset[n])
  fi
  if
  :: asked_epoch[n] == epoch[n] && asked_offset[n] > have[n] ->
     SEE(n, asked_offset[n]);
     HINT(n)
  :: else
  fi
  forget_answer(n)
}

inline lose_answer(n) {
  printf("node %d: an answer to an append does not arrive\n", n);
  faults--;
  forget_answer(n)
}

inline forget_answer(n) {
  asked[n] = NONE;
  asked_epoch[n] = NONE;
  asked_offset[n] = 0
}

/* An answer of an epoch that has ended is no ack: the append is sent again. */
inline drop_answer(n) {
#ifndef BREAK_STALE
  if
  :: ANSWERED(n) && asked_epoch[n] != epoch[n] ->
     printf("node %d: an answer is of an epoch that has ended\n", n);
     forget_answer(n)
  :: else
  fi
#else
  skip
#endif
}

inline take_read(n) {
  if
  :: read_epoch[n] != epoch[n] ->
     announce(n, read_epoch[n], read_from[n], read_known[n]);
     drop_answer(n)
  :: else
  fi
  if
  :: read_next[n] != NONE -> deliver(n, read_from[n] + 1, read_next[n])
  :: else
  fi
  NO_HINT(n);
  forget_read(n)
}

inline lose_read(n) {
  printf("node %d: an answer to a read does not arrive\n", n);
#ifndef BREAK_ENDING
  faults--;
#endif
  forget_read(n)
}

inline forget_read(n) {
  reading[n] = false;
  read_epoch[n] = NONE;
  read_from[n] = 0;
  read_known[n] = false;
  read_next[n] = NONE
}

#define IDLE(n) (up[n] && asked[n] == NONE)

inline send(n, message) {
#ifdef BREAK_ACK
  acked_epoch[message] = epoch[n];
  acked_offset[message] = have[n] + 1;
  printf("node %d: message %d is acked: epoch %d, offset %d\n", n, message,
         acked_epoch[message], acked_offset[message]);
  if
  :: faults -> faults-- /* Redis never gets it. */
  :: append(n, message); forget_answer(n)
  fi
#else
  append(n, message);
  if
  :: !faults && ACKS(n) ->
     take_answer(n) /* It cannot be lost: the sooner, the fewer states. */
  :: else
  fi
#endif
}

/* A publisher without an answer sends again, to either node; once in a while a
 * request that was answered long ago is carried out again. */
#define UNANSWERED(m)                                                         \
  (acked_epoch[m] == NONE && asked[0] != m && asked[1] != m)
#define RESENDS(n, m) (IDLE(n) && sent >= m && (UNANSWERED(m) || faults))

inline resend(n, message) {
  if
  :: UNANSWERED(message)
  :: else -> faults--
  fi
  send(n, message)
}

/* -- Faults, and what is checked at the end ----------------------------------- */

#define ALONE(s) ((!up[0] || at[0] != s) && (!up[1] || at[1] != s))
#define COPIED                                                                \
  (store[0].epoch == store[1].epoch && store[0].top == store[1].top &&        \
   store[0].epoch_life == store[1].epoch_life)

inline wipe(s) {
  store[s].epoch = NONE;
  store[s].top = 0;
  store[s].epoch_life = 0;
  store[s].prev = NONE;
  store[s].base = 0;
  for (i : 1 .. TOPS - 1) {
    store[s].log.nth[i] = NONE
  }
}

inline flush() {
  faults--;
  wiped = true;
  wipe(master);
  printf("redis %d: is flushed\n", master)
}

/* The replica catches up. While it does not, it is behind: what it has is what
 * the master had once. */
inline replicate() {
  store[1 - master].epoch = store[master].epoch;
  store[1 - master].top = store[master].top;
  store[1 - master].epoch_life = store[master].epoch_life;
  store[1 - master].prev = store[master].prev;
  store[1 - master].base = store[master].base;
  for (i : 1 .. TOPS - 1) {
    store[1 - master].log.nth[i] = store[master].log.nth[i]
  }
  printf("redis %d: has what the master has\n", 1 - master)
}

/* The replica becomes the master; or Redis starts again with what it had on
 * disk. Nodes go over one by one, and until then the old one serves them. */
inline fail_over() {
  printf("redis %d: is the master, with epoch %d up to offset %d\n", 1 - master,
         store[1 - master].epoch, store[1 - master].top);
  faults--;
  wiped = wiped || lives > 1;
  lives++;
  master = 1 - master;
#ifdef BREAK_WITNESS
  at[0] = master; /* It does not even hold where all go over at once. */
  at[1] = master;
#endif
  store[master].life = lives
}

inline go_over(n) {
  printf("node %d: connects to the new master\n", n);
  at[n] = master;
  LEARN(n);
  HINT(n);
  tidy()
}

/* What nobody looks at any more would only make more states. */
inline tidy() {
  if
  :: !faults && ALONE(1 - master) ->
     wipe(1 - master);
     store[1 - master].life = 0
  :: else
  fi
}

inline crash(n) {
  printf("node %d: crashes\n", n);
  faults--;
  up[n] = false;
  forget_answer(n);
  forget_read(n)
}

/* Its members come back with where they were, and a read finds what they
 * missed, as for any other. */
inline restart(n) {
  printf("node %d: starts again\n", n);
  up[n] = true;
  at[n] = master;
  LEARN(n);
  HINT(n)
}

inline end_faults() {
  printf("from here on, there are no faults\n");
  faults = 0;
  tidy();
  END
}

/* A node that lives has told its members all. */
inline check_members(n) {
  if
  :: up[n] ->
     assert(epoch[n] == store[master].epoch);
     assert(have[n] == store[master].top);
     for (i : 1 .. TOPS - 1) {
       assert(i > have[n] || got[n].nth[i] == TOLD ||
              got[n].nth[i] == store[master].log.nth[i])
     }
  :: else
  fi
}

/* What was acked is in the store, or of an epoch of which the members of every
 * node that lives were told that it ended: by check_members they are in the
 * store's. Of the epoch before, all up to `base` is there. */
inline check_acks() {
  for (i : 1 .. MESSAGES) {
    assert(acked_epoch[i] != NONE);
    assert(acked_epoch[i] != store[master].epoch ||
           store[master].log.nth[acked_offset[i]] == i);
    assert(acked_epoch[i] != store[master].prev ||
           acked_offset[i] > store[master].base ||
           store[master].log.nth[acked_offset[i]] == i)
  }
}

/* -- The processes ------------------------------------------------------------ */

active [NODES] proctype node() {
end:
  do
  :: atomic { IDLE(_pid) && sent < MESSAGES -> sent++; send(_pid, sent) }
  :: atomic { RESENDS(_pid, 1) -> resend(_pid, 1) }
#if MESSAGES > 1
  :: atomic { RESENDS(_pid, 2) -> resend(_pid, 2) }
#endif
#if MESSAGES > 2
  :: atomic { RESENDS(_pid, 3) -> resend(_pid, 3) }
#endif
  :: d_step { ACKS(_pid) -> take_answer(_pid) }
  :: d_step { ANSWERED(_pid) && faults -> lose_answer(_pid) }

  :: d_step { HEARS(_pid) -> deliver(_pid, have[_pid] + 1, NTH(_pid, 1)) }

  :: d_step { up[_pid] && !reading[_pid] && READS(_pid) -> read(_pid) }
  :: d_step { reading[_pid] -> take_read(_pid) }
  :: d_step { reading[_pid] && faults -> lose_read(_pid) }

  :: d_step { up[_pid] && at[_pid] != master -> go_over(_pid) }

#ifdef BREAK_STEP
  :: d_step {
       asked[_pid] != NONE && asked_epoch[_pid] == NONE ->
       asked_epoch[_pid] = store[at[_pid]].epoch;
       add(at[_pid], asked_offset[_pid], asked[_pid])
     }
#endif
#if defined(BREAK_DIGEST) || defined(BREAK_PEERS)
  :: d_step { HEARS_AMISS(_pid) -> HINT(_pid) }
#endif
#ifdef BREAK_GAP
  :: d_step {
       LISTENS(_pid) && NTH(_pid, 2) != NONE ->
       deliver(_pid, have[_pid] + 2, NTH(_pid, 2))
     }
#endif
#ifdef BREAK_TRUST
  :: d_step {
       LISTENS(_pid) && epoch[_pid] != 1 && named[1].nth[1] != NONE ->
       announce(_pid, 1, 0, true);
       deliver(_pid, 1, named[1].nth[1])
     }
#endif
  od
}

active proctype world() {
  do
  :: d_step { faults -> flush() }
  :: d_step { faults && ALONE(1 - master) && !COPIED -> replicate() }
  :: d_step { faults -> fail_over() }
  :: d_step { faults && up[0] -> crash(0) }
  :: d_step { faults && up[1] -> crash(1) }
  :: d_step { !up[0] -> restart(0) }
  :: d_step { !up[1] -> restart(1) }
  :: d_step { (up[0] || up[1]) && MAY_END -> end_faults() }
     break
  od
  timeout -> /* Nobody has anything left to do. */
  d_step {
    check_members(0);
    check_members(1);
    check_acks()
  }
}
