-- The log of one room of order `total`, as docs/model/README.md has it, and its
-- shared keys: each call is one of the functions at the end, atomic, and
-- replicated whole or not at all. Nobody else writes these keys. In front of it
-- the node sets PUBLISH, which is the name of a command.
--
--   KEYS  meta, log, ids, state
--   ARGV  function, name of the epoch to begin if needed, channel, time of
--         expiry in ms (0: none), now in ms (0: nothing is too old), and what
--         is kept: messages, bytes, age in ms (0: any), ids, their time in ms,
--         keys of state, their bytes; then what the function takes
--
-- Answers and what is published are MessagePack (cluster/log_wire.hpp). An
-- entry comes packed by its node, as four values without an array around them:
-- stored, bytes, key, message. So does what is under a key of the state, as
-- three: until (ms; 0: for ever), bytes (0: the key is deleted), value.

local META, LOG, IDS, STATE = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local FUNCTION, NEW_EPOCH, CHANNEL = ARGV[1], ARGV[2], ARGV[3]
local EXPIRY, NOW = tonumber(ARGV[4]), tonumber(ARGV[5])
local MESSAGES, BYTES, AGE = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local ID_COUNT, ID_TIME = tonumber(ARGV[9]), tonumber(ARGV[10])
local STATE_KEYS, STATE_BYTES = tonumber(ARGV[11]), tonumber(ARGV[12])
local FIRST_OWN = 13 -- Of ARGV, what the function takes.

-- Ids that nodes drew for messages without one: for their own retries, whatever
-- clients' ids are remembered for.
local DRAWN_COUNT, DRAWN_TIME = 4096, 60000

-- What has not been asked for so much longer than it is to be kept goes.
local SLACK, FRESH_TIME = 60000, 300000

local VERSION = 1
local VERSION_OF_KEYS = 2 -- What is published begins with the one or the other.
local ACCEPTED, DUPLICATE, CONFLICT = 0, 1, 2
local SET, NOT_EXPECTED, TOO_LARGE, NO_CHANGE = 0, 1, 2, 3

-- Numbers up to 2^53, whole: Lua's own way would round from 10^14 on.
local function text(number)
  return string.format('%.0f', number)
end

-- -- what is kept beside the messages ----------------------------------------

local FIELDS = {
  'epoch', 'top', 'life', 'prev', 'base', -- as the model has them
  'first', 'bytes', 'oldest',             -- of the messages that are kept
  'id_first', 'id_next', 'drawn_first', 'drawn_next', -- numbers of ids
  'state', 'state_bytes', -- number of the newest change; bytes of all keys
}
local meta = {}
local old = redis.call('HMGET', META, unpack(FIELDS))
for i, name in ipairs(FIELDS) do
  local value = old[i] or ''
  if name ~= 'epoch' and name ~= 'life' and name ~= 'prev' then
    value = tonumber(value) or 0
  end
  meta[name] = value
end

-- 0 is never.
local function sooner(time, other)
  return other > 0 and math.min(time, other) or time
end

local function expire(key, time)
  if time > 0 then
    redis.call('PEXPIRE', key, time)
  else
    redis.call('PERSIST', key)
  end
end

local function save()
  local changed = {}
  for i, name in ipairs(FIELDS) do
    local value = meta[name]
    if type(value) == 'number' then
      value = text(value)
    end
    if value ~= old[i] then
      changed[#changed + 1] = name
      changed[#changed + 1] = value
    end
  end
  if #changed > 0 then
    redis.call('HSET', META, unpack(changed))
  end
  -- A room in which nothing was ever said is nothing to keep. Nodes that have
  -- it open ask sooner.
  local is_fresh = meta.top == 0 and meta.state == 0
  expire(META, is_fresh and sooner(FRESH_TIME, EXPIRY) or EXPIRY)
  -- Meta must not go first. It is known what to do where one of these is gone.
  local log_time = AGE > 0 and sooner(AGE + SLACK, EXPIRY) or EXPIRY
  expire(LOG, log_time)
  expire(IDS, sooner(math.max(ID_TIME, DRAWN_TIME) + SLACK, EXPIRY))
  expire(STATE, EXPIRY)
end

-- An array of `count` values, of which `entries` are packed already.
local function array(head, count, entries)
  return '\220' .. string.char(math.floor(count / 256), count % 256)
    .. head .. table.concat(entries)
end

local function binary(bytes)
  local size = #bytes
  return '\198' .. string.char(math.floor(size / 16777216),
    math.floor(size / 65536) % 256, math.floor(size / 256) % 256, size % 256)
    .. bytes
end

-- Messages from offset `first` on; none: the log goes on there in an epoch.
local function publish(first, entries)
  redis.call(PUBLISH, CHANNEL, array(
    cmsgpack.pack(VERSION, meta.epoch, first, meta.first), 4 + 4 * #entries,
    entries))
end

-- -- settle -------------------------------------------------------------------

local function life_of_server()
  return string.match(redis.call('INFO', 'replication'),
    'master_replid:(%x+)')
end

local life = life_of_server()
if not life then
  return redis.error_reply('NOLIFE INFO replication has no master_replid')
end

local function begin_epoch()
  meta.prev, meta.base = meta.epoch, meta.top
  meta.epoch, meta.life = NEW_EPOCH, life
  publish(meta.base + 1, {})
end

local function clear()
  redis.call('DEL', META, LOG, IDS, STATE)
  old = {}
  for _, name in ipairs(FIELDS) do
    meta[name] = 0
  end
  meta.epoch, meta.life, meta.prev = '', '', ''
  meta.first = 1
end

if meta.epoch == '' then
  clear()
end
if meta.life ~= life then
  begin_epoch()
end

-- A number and its epoch, or nothing. Of another epoch it is another one.
local function is_expected(expected, number)
  if expected == '' then
    return true
  end
  local wanted, epoch = string.match(expected, '^(%d+) (.*)$')
  return tonumber(wanted) == number and (number == 0 or epoch == meta.epoch)
end

-- -- ids ----------------------------------------------------------------------
-- `ids` has for each key that is remembered its number, offset and time, and for
-- each number its key, so that the oldest are known. Keys of clients and drawn
-- ones are numbered apart. No key looks like a number: each has its mark. Who is
-- beyond the bounds is not found any more, and goes at the end of a call.

local known = {}   -- Fields of `ids` that were looked up.
local changes = {} -- Fields to write; false: to delete.

local of_clients = { first = 'id_first', next = 'id_next', prefix = '',
  count = ID_TIME > 0 and ID_COUNT or 0, time = ID_TIME }
local drawn = { first = 'drawn_first', next = 'drawn_next', prefix = 'd',
  count = DRAWN_COUNT, time = DRAWN_TIME }

local function kind_of(key)
  return string.match(key, '^[%w%-]*(.)') == '*' and drawn or of_clients
end

local function look_up(names)
  if #names > 0 then
    for i, value in ipairs(redis.call('HMGET', IDS, unpack(names))) do
      known[names[i]] = value
    end
  end
end

local function parts(record)
  local number, offset, at = string.match(record, '^(%d+) (%d+) (%-?%d+)$')
  return tonumber(number), tonumber(offset), tonumber(at)
end

-- The offset of a key that is remembered.
local function find(ids, key, now)
  if not known[key] then
    return nil
  end
  local number, offset, at = parts(known[key])
  if number >= meta[ids.next] - ids.count and at + ids.time > now then
    return offset
  end
  -- It may be remembered anew, under another number.
  changes[ids.prefix .. text(number)], changes[key] = false, false
  known[key] = false
end

local function remember(ids, key, offset, now)
  if ids.count == 0 then
    return
  end
  local number = text(meta[ids.next])
  meta[ids.next] = meta[ids.next] + 1
  local record = number .. ' ' .. text(offset) .. ' ' .. text(now)
  known[key], changes[key] = record, record
  changes[ids.prefix .. number] = key
end

-- Lua's stack takes so many arguments of one call without danger.
local ARGUMENTS = 2000

local function each_run(list, call)
  for i = 1, #list, ARGUMENTS do
    call(unpack(list, i, math.min(i + ARGUMENTS - 1, #list)))
  end
end

local function save_ids()
  local gone, here = {}, {}
  for name, value in pairs(changes) do
    if value then
      here[#here + 1] = name
      here[#here + 1] = value
    else
      gone[#gone + 1] = name
    end
  end
  changes = {}
  each_run(gone, function(...) redis.call('HDEL', IDS, ...) end)
  each_run(here, function(...) redis.call('HSET', IDS, ...) end)
end

-- The keys of numbers from `first` to `last`; false: it has another number.
local function keys_of(ids, first, last)
  local names = {}
  for number = first, last do
    names[#names + 1] = ids.prefix .. text(number)
  end
  return redis.call('HMGET', IDS, unpack(names)), names
end

-- After `save_ids`. The oldest go, up to `last`.
local function forget_up_to(ids, last)
  while meta[ids.first] <= last do
    local to = math.min(last, meta[ids.first] + 255)
    local keys, gone = keys_of(ids, meta[ids.first], to)
    for _, key in ipairs(keys) do
      if key then
        gone[#gone + 1] = key
      end
    end
    redis.call('HDEL', IDS, unpack(gone))
    meta[ids.first] = to + 1
  end
end

local function forget_old(ids, now)
  forget_up_to(ids, meta[ids.next] - 1 - ids.count)
  -- By twos: as many calls as twice the messages of one need, so it keeps up.
  local pairs_left = 128
  while meta[ids.first] < meta[ids.next] and pairs_left > 0 do
    local to = math.min(meta[ids.first] + 1, meta[ids.next] - 1)
    local last = keys_of(ids, to, to)[1]
    local record = last and redis.call('HGET', IDS, last)
    if record then
      local _, _, at = parts(record)
      if at + ids.time > now then
        return
      end
    end
    forget_up_to(ids, to)
    pairs_left = pairs_left - 1
  end
end

-- -- messages -----------------------------------------------------------------

-- Those that are packed in front. Nothing: somebody else put it there.
local function two_numbers(packed)
  local is_good, _, first, second = pcall(cmsgpack.unpack_limit, packed, 2, 0)
  if is_good and type(first) == 'number' and type(second) == 'number' then
    return first, second
  end
end

-- An entry that cannot be read takes no place, and goes first.
local function stored_and_bytes(entry)
  local stored, bytes = two_numbers(entry)
  return stored or 0, bytes or 0
end

local function is_too_much()
  return meta.top >= meta.first
    and (meta.top - meta.first + 1 > MESSAGES or meta.bytes > BYTES
      or (AGE > 0 and NOW > 0 and meta.oldest + AGE <= NOW))
end

-- Lets go of the oldest. The one behind them says how old the rest is.
local function trim()
  if not is_too_much() then
    return
  end
  while is_too_much() do
    local page = redis.call('XRANGE', LOG, text(meta.first) .. '-0', '+',
      'COUNT', math.max(8, math.min(meta.top - meta.first + 2 - MESSAGES, 128)))
    if #page == 0 then -- Somebody else was here.
      meta.first, meta.bytes = meta.top + 1, 0
      break
    end
    for _, each in ipairs(page) do
      local stored, bytes = stored_and_bytes(each[2][2])
      meta.oldest = stored
      if not is_too_much() then
        break
      end
      meta.bytes = meta.bytes - bytes
      meta.first = meta.first + 1
    end
    if meta.first > meta.top then
      meta.bytes = 0
    end
  end
  redis.call('XTRIM', LOG, 'MINID', text(meta.first) .. '-0')
end

-- Where a binary value that begins behind `at` ends. (cmsgpack knows none.)
local function end_of_binary(bytes, at)
  local kind, a, b, c, d = string.byte(bytes, at + 1, at + 5)
  if kind == 196 and a then
    return at + 2 + a
  elseif kind == 197 and b then
    return at + 3 + a * 256 + b
  elseif kind == 198 and d then
    return at + 5 + ((a * 256 + b) * 256 + c) * 256 + d
  end
end

-- Four values, whatever somebody else put there. An empty message is none.
local function well_formed(entry)
  local is_good, behind = pcall(cmsgpack.unpack_limit, entry, 3, 0)
  if is_good and end_of_binary(entry, behind) == #entry then
    return entry
  end
  return cmsgpack.pack(0, 0, '') .. '\196\0'
end

-- `limit` at most from offset `start` on, and no more bytes than `bytes_max`
-- but one.
local function entries_from(start, limit, bytes_max)
  local found, sum, page_size = {}, 0, 8
  while #found < limit do
    local page = redis.call('XRANGE', LOG, text(start + #found) .. '-0', '+',
      'COUNT', math.min(page_size, limit - #found))
    for _, each in ipairs(page) do
      local entry = each[2][2]
      local _, bytes = stored_and_bytes(entry)
      sum = sum + bytes
      if each[1] ~= text(start + #found) .. '-0'
        or (#found > 0 and sum > bytes_max) then
        return found
      end
      found[#found + 1] = well_formed(entry)
    end
    if #page < page_size then
      return found
    end
    page_size = 64
  end
  return found
end

local function answer_of_read(from, is_known, limit, bytes_max, state)
  local start = math.max(from + 1, meta.first)
  local found = {}
  if limit > 0 and start <= meta.top then
    found = entries_from(start, limit, bytes_max)
    if #found == 0 then -- Somebody else was here: it is as good as trimmed.
      meta.first, meta.bytes = meta.top + 1, 0
      start = meta.first
    end
  end
  save()
  return array(
    cmsgpack.pack(VERSION, meta.epoch, meta.top, meta.first, meta.prev,
      meta.base, from, is_known, start, meta.state, state ~= nil)
      .. binary(state or ''),
    12 + 4 * #found, found)
end

-- -- state --------------------------------------------------------------------
-- `state` has for each key the number of its newest change, and what is under
-- it, packed.

-- An array of five.
local function packed_key(number, name, what)
  return '\149' .. cmsgpack.pack(number, name) .. what
end

-- Nothing: the key holds nothing.
local function number_and_rest(record)
  if not record then
    return nil
  end
  local is_good, behind, number = pcall(cmsgpack.unpack_limit, record, 1, 0)
  if is_good and type(number) == 'number' then
    return number, string.sub(record, behind + 1)
  end
  return 0, ''
end

-- A key that cannot be read is over.
local function until_and_bytes(what)
  local ends, bytes = two_numbers(what)
  return ends or 1, bytes or 0
end

local function is_overdue(ends)
  return NOW > 0 and ends > 0 and ends <= NOW
end

local function whole_state()
  local all = redis.call('HGETALL', STATE)
  local keys = {}
  for i = 1, #all, 2 do
    local number, what = number_and_rest(all[i + 1])
    local is_good, behind = pcall(cmsgpack.unpack_limit, what, 2, 0)
    if is_good and end_of_binary(what, behind) == #what then
      keys[#keys + 1] = packed_key(number, all[i], what)
    end
  end
  return table.concat(keys)
end

-- Nobody is told: each node looks at the time.
local function drop_overdue()
  local all = redis.call('HGETALL', STATE)
  local gone = {}
  for i = 1, #all, 2 do
    local _, what = number_and_rest(all[i + 1])
    local ends, bytes = until_and_bytes(what)
    if is_overdue(ends) then
      gone[#gone + 1] = all[i]
      meta.state_bytes = meta.state_bytes - bytes
    end
  end
  each_run(gone, function(...) redis.call('HDEL', STATE, ...) end)
end

-- `had`: whether the key is there, and with how many bytes.
local function is_too_much_state(had, had_bytes, bytes)
  return (not had and redis.call('HLEN', STATE) + 1 > STATE_KEYS)
    or (bytes > had_bytes
      and meta.state_bytes - had_bytes + bytes > STATE_BYTES)
end

-- The number of the key, 0 where it holds nothing; whether it is there, overdue
-- or not, and its bytes.
local function present(name)
  local number, what = number_and_rest(redis.call('HGET', STATE, name))
  if not number then
    return 0, false, 0
  end
  local ends, bytes = until_and_bytes(what)
  return is_overdue(ends) and 0 or number, true, bytes
end

-- Whether there is place, now that the key is there with so many bytes. What is
-- overdue makes place, itself among it.
local function has_place(name, had, had_bytes, bytes)
  if is_too_much_state(had, had_bytes, bytes) then
    drop_overdue()
    local _
    _, had, had_bytes = present(name)
    if is_too_much_state(had, had_bytes, bytes) then
      return false
    end
  end
  meta.state_bytes = meta.state_bytes - had_bytes
  return true
end

local function set_one(name, expected, what)
  local number, had, had_bytes = present(name)
  local _, bytes = until_and_bytes(what)
  if not is_expected(expected, number) then
    return NOT_EXPECTED
  end
  if bytes == 0 then
    if number == 0 then
      return NO_CHANGE
    end
    redis.call('HDEL', STATE, name)
    meta.state_bytes = meta.state_bytes - had_bytes
  elseif has_place(name, had, had_bytes, bytes) then
    meta.state_bytes = meta.state_bytes + bytes
    redis.call('HSET', STATE, name, cmsgpack.pack(meta.state + 1) .. what)
  else
    return TOO_LARGE
  end
  meta.state = meta.state + 1
  return SET
end

-- -- the functions ------------------------------------------------------------

local functions = {}

-- Takes for each message: key, the newest offset that is expected (empty: any),
-- entry.
function functions.append()
  local keys = {}
  for i = FIRST_OWN, #ARGV, 3 do
    keys[#keys + 1] = ARGV[i]
  end
  look_up(keys)
  local verdicts, entries = {}, {}
  for i = FIRST_OWN, #ARGV, 3 do
    local key, expected, entry = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local ids = kind_of(key)
    local stored, bytes = stored_and_bytes(entry)
    local verdict, offset = ACCEPTED, find(ids, key, stored)
    if offset then
      verdict = DUPLICATE
    elseif not is_expected(expected, meta.top) then
      verdict, offset = CONFLICT, meta.top
    else
      offset = meta.top + 1
      meta.top = offset
      entries[#entries + 1] = entry
      remember(ids, key, offset, stored)
      if MESSAGES == 0 then
        meta.first = offset + 1
      else
        redis.call('XADD', LOG, text(offset) .. '-0', 'm', entry)
        meta.bytes = meta.bytes + bytes
        if meta.first == offset then
          meta.oldest = stored
        end
      end
    end
    verdicts[#verdicts + 1] = cmsgpack.pack(verdict, offset)
  end
  if #entries > 0 then
    trim()
    publish(meta.top - #entries + 1, entries)
  end
  save_ids()
  forget_old(of_clients, NOW)
  forget_old(drawn, NOW)
  save()
  return array(cmsgpack.pack(VERSION, meta.epoch, meta.top, meta.first),
    4 + 2 * #verdicts, verdicts)
end

-- Takes for each key: name, the number that is expected (empty: any), and what is
-- to be under it.
function functions.set()
  local before, verdicts, told = meta.state, {}, {}
  for i = FIRST_OWN, #ARGV, 3 do
    local name, what = ARGV[i], ARGV[i + 2]
    local verdict = set_one(name, ARGV[i + 1], what)
    if verdict == SET then
      told[#told + 1] = packed_key(meta.state, name, what)
    end
    verdicts[#verdicts + 1] = cmsgpack.pack(verdict, meta.state)
  end
  if #told > 0 then
    redis.call(PUBLISH, CHANNEL, array(
      cmsgpack.pack(VERSION_OF_KEYS, meta.epoch, before), 3 + #told, told))
  end
  save()
  return array(cmsgpack.pack(VERSION, meta.epoch), 2 + 2 * #verdicts, verdicts)
end

-- Takes the asker's epoch (empty: it comes for the first time), the offset that
-- it has, how many messages and bytes it wants at most, and the number of the
-- newest change of the state that it has.
function functions.read()
  local epoch, have = ARGV[FIRST_OWN], tonumber(ARGV[FIRST_OWN + 1])
  local have_state = tonumber(ARGV[FIRST_OWN + 4])
  if epoch == meta.epoch and (have > meta.top or have_state > meta.state) then
    begin_epoch() -- Somebody put back old keys.
  end
  local from, is_known = meta.base, false
  if epoch == '' then
    from, is_known = meta.top, true
  elseif epoch == meta.epoch then
    from, is_known = have, true
  elseif epoch == meta.prev then
    from, is_known = math.min(have, meta.base), true
  end
  local is_behind = epoch ~= meta.epoch or have_state ~= meta.state
  return answer_of_read(from, is_known, tonumber(ARGV[FIRST_OWN + 2]),
    tonumber(ARGV[FIRST_OWN + 3]), is_behind and whole_state() or nil)
end

-- Takes the offset after which it begins, and how many messages and bytes.
function functions.history()
  trim()
  return answer_of_read(tonumber(ARGV[FIRST_OWN]), true,
    tonumber(ARGV[FIRST_OWN + 1]), tonumber(ARGV[FIRST_OWN + 2]))
end

function functions.forget()
  clear()
  begin_epoch()
  return answer_of_read(0, false, 0, 0)
end

return functions[FUNCTION]()
