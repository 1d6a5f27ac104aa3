-- SPDX-License-Identifier: BSD-2-Clause
--
-- One call of the recorder: appends what is new in a run of messages to the log and, under the same ids, to the
-- histories of their channels. Sending a run again changes nothing, whoever sends it.
--
-- KEYS: the log, the last break's id, the source (the counter of the run's marker, or the inbox), then one for each
--       item: the history of its channel, or the counter of a new marker.
-- ARGV: mode, marker, the caller's position in the log, entries of the log, entries of a history, ms until a silent
--       history is forgotten, ms until a counter is; then seven words an item: position (of the inbox: the entry's id),
--       kind, channel, data, event, id, retry.
-- Modes: look    no items: only sees to it that the last break is known;
--        follow  refuse when the marker has no counter, that is, is not recorded yet;
--        start   as follow, but begin a counter;
--        break   as start, and record a break first: messages before the marker may be missing;
--        inbox   items are entries of the inbox, which are deleted first and recorded only if they were there.
-- Kinds: event; gap (a message of the channel that cannot be kept); marker (data is the new one); drop (inbox only).
-- Returns {position recorded up to, or -1 when refused, of the inbox the number of messages recorded; the log's last
--          id; the last break's id}.
--
-- Entries of the log begin with `after`: the log's last id before, and of what was received behind a marker also that
-- marker and the position. Then come channel and fields of a message, `recorder` of a marker, `break` of a break.
-- Entries of a history begin with `prev`, the history's last id before; then come the same fields. A message without
-- data is a `gap`: 1, or in the log alone `history`, when its history cannot be written to.
--
-- Before it writes anything the script checks all types: what it has written stays when it fails.

local KEYS, ARGV = KEYS, ARGV -- faster than globals
local LOG, BREAK, SOURCE = KEYS[1], KEYS[2], KEYS[3]
local mode, marker = ARGV[1], ARGV[2]
local log_length, history_length, history_ttl, counter_ttl = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local HEAD_KEYS, HEAD_WORDS, ITEM_WORDS = 3, 7, 7

local call, format, type = redis.call, string.format, type

-- For each item: its key, and the index of its first word in ARGV.
local function items()
  local n, item = HEAD_KEYS, HEAD_WORDS + 1 - ITEM_WORDS
  return function()
    n, item = n + 1, item + ITEM_WORDS
    return KEYS[n], item
  end
end

local function type_of(key)
  return call('TYPE', key).ok
end

local function parse(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local function is_after(ms, seq, other_ms, other_seq)
  return ms > other_ms or (ms == other_ms and seq > other_seq)
end

local function later(ms, seq, other_ms, other_seq)
  if is_after(ms, seq, other_ms, other_seq) then return ms, seq end
  return other_ms, other_seq
end

-- Lua writes numbers from here on with an exponent, so that an id made of them could not be followed by a next one.
local LIMIT = 1e14 - 1e6

local function can_follow(ms, seq)
  return ms < LIMIT and seq < LIMIT
end

local function refuse(name, id)
  return redis.error_reply('ERR ' .. name .. ' is at ' .. id .. ', which no id can follow: delete or rename ' .. LOG)
end

-- XINFO also knows the id of what was trimmed or deleted.
local function last_generated(key)
  local info = call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
end

local function last_of_log()
  return type_of(LOG) == 'stream' and last_generated(LOG) or '0-0'
end

local expected = { [LOG] = 'stream', [BREAK] = 'string' }
if SOURCE then expected[SOURCE] = mode == 'inbox' and 'stream' or 'string' end
for key, item in items() do
  if ARGV[item + 1] == 'marker' then expected[key] = 'string' end
end
for key, kind in pairs(expected) do
  local is = type_of(key)
  if is ~= kind and is ~= 'none' then
    return redis.error_reply('WRONGTYPE ' .. key .. ' is a ' .. is .. ' and should be a ' .. kind .. ': delete or rename it')
  end
end

local last = last_of_log()                          -- the log's last id
local last_ms, last_seq = parse(last)               -- as it was before this call
local read_ms, read_seq = parse(ARGV[3])
if not can_follow(last_ms, last_seq) then return refuse(LOG, last) end
if not can_follow(read_ms, read_seq) then return refuse('the position of the caller', ARGV[3]) end

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local now_text = format('%.0f-', now)
local floor_ms, floor_seq = later(read_ms, read_seq, last_ms, last_seq) -- new ids are above it
local previous = {}                                 -- history key -> its last id; false: a key of another type

-- The next id above the floor, which rises to it. Most calls have many messages in one millisecond.
local function next_id()
  if now > floor_ms then
    floor_ms, floor_seq = now, 0
  else
    floor_seq = floor_seq + 1
  end
  if floor_ms == now then return now_text .. format('%d', floor_seq) end
  return format('%.0f-%.0f', floor_ms, floor_seq)
end

-- What ends all writing (no memory, no replica, no disk) shows at the first write of a script, and ends the call then.
local has_written = false

local function append_to_log(id, after, ...)
  call('XADD', LOG, id, 'after', after, ...)
  last, has_written = id, true
end

-- What a log entry stands after: the entry before it, and what was received before it; nobody counts the inbox.
local function place_of(item)
  if mode == 'inbox' then return last end
  return last .. ' ' .. marker .. ' ' .. ARGV[item]
end

-- Before `marker`, unless that is ''.
local function record_break(marker)
  local id = next_id()
  append_to_log(id, last, 'break', marker)
  call('SET', BREAK, id)
end

-- New ids are above this one too; false when none can be.
local function raise_floor(id)
  local ms, seq = parse(id)
  if not can_follow(ms, seq) then return false end
  floor_ms, floor_seq = later(floor_ms, floor_seq, ms, seq)
  return true
end

-- The id of a history's last entry; false when nothing can be appended to it.
local function previous_of(history)
  local newest = redis.pcall('XREVRANGE', history, '+', '-', 'COUNT', 1)
  if newest.err then return false end
  if not newest[1] and type_of(history) == 'none' then return '0-0' end
  local id = newest[1] and newest[1][1] or last_generated(history)
  return raise_floor(id) and id
end

-- A deleted entry is seen nowhere, but its id counts.
local function is_of_id(failure)
  return string.find(failure.err, 'equal or smaller', 1, true) ~= nil
end

-- Once an attempt has failed. Returns the entry's id; false when nothing can be appended.
local function append_again(history, failure, ...)
  if is_of_id(failure) and raise_floor(last_generated(history)) then
    local id = next_id()
    failure = redis.pcall('XADD', history, id, 'prev', previous[history], ...)
    if type(failure) ~= 'table' then return id end
  end
  if not has_written and not is_of_id(failure) then error(failure.err, 0) end
  return false
end

-- Into both: the history first, because one that cannot be written to leaves a gap in its channel. Each function that
-- hands the fields on costs a twentieth of the call, so none does on this way.
local function append_message(item, history, ...)
  local prev = previous[history]
  if prev == nil then
    prev = previous_of(history)
    previous[history] = prev
  end
  local id = prev and next_id()
  local result = prev and redis.pcall('XADD', history, id, 'prev', prev, ...)
  if type(result) == 'table' then id = append_again(history, result, ...) end
  if id then
    previous[history] = id
    call('XADD', LOG, id, 'after', place_of(item), 'channel', ARGV[item + 2], ...)
    last, has_written = id, true
  else
    append_to_log(next_id(), place_of(item), 'channel', ARGV[item + 2], 'gap', 'history')
  end
end

-- The fields of an event: of event, id, retry what was given.
local function fields_of(item)
  if ARGV[item + 4] == '' and ARGV[item + 5] == '' and ARGV[item + 6] == '' then return 'data', ARGV[item + 3] end
  local fields = { 'data', ARGV[item + 3] }
  for i, name in ipairs({ 'event', 'id', 'retry' }) do
    local value = ARGV[item + 3 + i]
    if value ~= '' then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  return unpack(fields)
end

local function record(item, kind, key)
  if kind == 'event' then
    append_message(item, key, fields_of(item))
  elseif kind == 'gap' then
    append_message(item, key, 'gap', '1')
  elseif kind == 'marker' then
    append_to_log(next_id(), place_of(item), 'recorder', ARGV[item + 3])
    call('SET', key, 0, 'NX', 'PX', counter_ttl)
  end
end

local function record_inbox()
  local recorded = 0
  for key, item in items() do
    if call('XDEL', SOURCE, ARGV[item]) == 1 then
      has_written = true
      record(item, ARGV[item + 1], key)
      if ARGV[item + 1] ~= 'drop' then recorded = recorded + 1 end
    end
  end
  return recorded
end

local function record_run(count)
  for key, item in items() do
    local position = tonumber(ARGV[item])
    if position > count then
      record(item, ARGV[item + 1], key)
      count = position
    end
  end
  call('SET', SOURCE, count, 'PX', counter_ttl)
  return count
end

-- The log ends before what the caller has read, or knows no break: part of it is lost.
local is_broken = is_after(read_ms, read_seq, last_ms, last_seq) or not call('GET', BREAK)
local count = SOURCE and mode ~= 'inbox' and tonumber(call('GET', SOURCE))
local is_refused = mode == 'follow' and not count
if is_broken or (mode == 'break' and not count) then record_break(is_refused and '' or marker) end

local result = 0
if is_refused then
  result = -1
elseif mode == 'inbox' then
  result = record_inbox()
elseif mode ~= 'look' then
  result = record_run(count or 0)
end
-- MAXLEN in each XADD would cost half as much again as the XADD.
for history, prev in pairs(previous) do
  if prev then
    call('XTRIM', history, 'MAXLEN', '~', history_length)
    call('PEXPIRE', history, history_ttl)
  end
end
if has_written then call('XTRIM', LOG, 'MAXLEN', '~', log_length) end
return { result, last, call('GET', BREAK) }
