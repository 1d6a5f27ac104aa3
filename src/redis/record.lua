-- SPDX-License-Identifier: BSD-2-Clause
--
-- One call of the recorder: appends what is new in a run of messages to the log and, under the same ids, to the
-- histories of their channels. Sending a run again changes nothing, whoever sends it.
--
-- KEYS: the log, the last break's id, the source (the counter of the run's marker, or the inbox), then one for each
--       item: the history of its channel, or the counter of a new marker.
-- ARGV: mode, marker, the caller's position in the log, entries of the log, entries of a history, ms until a silent
--       history is forgotten, ms until a counter is, the log's last id after the caller's last call ('': not known);
--       then the words of each item: position (of the inbox: the entry's id), kind, and what the kind has.
-- Modes: look    no items: only sees to it that the last break is known;
--        follow  refuse when the marker has no counter, that is, is not recorded yet;
--        start   as follow, but begin a counter;
--        break   as start, and record a break first: messages before the marker may be missing;
--        inbox   items are entries of the inbox, which are deleted first and recorded only if they were there.
-- Kinds: data    an event with nothing but data: channel, end, data;
--        event   channel, end, data, event, id, retry;
--        gap     a message of the channel that cannot be kept: channel, end;
--        marker  the new one;
--        drop    (inbox only) is only deleted.
-- Returns {position recorded up to, or -1 when refused, of the inbox the number of messages recorded; the log's last
--          id; the last break's id; 1 when nobody else has written since the caller's last call, and the log's newest
--          entries are the items, if there are any, all of them, under ids that follow one another}.
--
-- From the last of these a caller knows where histories end, and says so in `end`: the last id of the item's history,
-- or ''. It counts only while the log ends where the caller's last call left it, and spares the script to look. A
-- history that the script does look at is trimmed, and its life begins anew, so callers do not say it always.
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
local known_end = ARGV[8]
local HEAD_KEYS, HEAD_WORDS = 3, 8
local WORDS = { data = 5, event = 8, gap = 4, marker = 3, drop = 2 }

local call, format, type, tonumber = redis.call, string.format, type, tonumber
local pcall = redis.pcall -- an error is its result, a table

-- For each item: its key, the index of its first word in ARGV, and its kind.
local function items()
  local n, item, kind = HEAD_KEYS, HEAD_WORDS + 1
  return function()
    if kind then item = item + WORDS[kind] end
    n, kind = n + 1, ARGV[item + 1]
    return KEYS[n], item, kind
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

-- Nearly always the newest entry is that of the caller's last call, and XINFO costs some times as much.
local function last_of_log(newest)
  if newest and newest[1] == known_end then return known_end end
  return type_of(LOG) == 'stream' and last_generated(LOG) or '0-0'
end

-- The error of a reply, with what to do about it when the key is of another type.
local function explain(reply, key, kind)
  if not string.find(reply.err, 'WRONGTYPE', 1, true) then return reply end
  return redis.error_reply('WRONGTYPE ' .. key .. ' is a ' .. type_of(key) .. ' and should be a ' .. kind ..
    ': delete or rename it')
end

local newest = pcall('XREVRANGE', LOG, '+', '-', 'COUNT', '1')
if newest.err then return explain(newest, LOG, 'stream') end
local last_break = pcall('GET', BREAK)              -- false: none
if type(last_break) == 'table' then return explain(last_break, BREAK, 'string') end
local count = false                                 -- recorded behind the marker; false: it is not recorded
if SOURCE and mode ~= 'inbox' then
  count = pcall('GET', SOURCE)
  if type(count) == 'table' then return explain(count, SOURCE, 'string') end
  count = tonumber(count)
end
local others = mode == 'inbox' and { [SOURCE] = 'stream' } or {}
for key, _, kind in items() do
  if kind == 'marker' then others[key] = 'string' end
end
for key, kind in pairs(others) do
  local is = type_of(key)
  if is ~= kind and is ~= 'none' then return explain({ err = 'WRONGTYPE' }, key, kind) end
end

local last = last_of_log(newest[1])                 -- the log's last id
local is_known = last == known_end                  -- and what the caller knows of histories is true
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
local behind_marker = ' ' .. marker .. ' '
local function place_of(item)
  if mode == 'inbox' then return last end
  return last .. behind_marker .. ARGV[item]
end

-- Before `marker`, unless that is ''.
local function record_break(marker)
  local id = next_id()
  append_to_log(id, last, 'break', marker)
  call('SET', BREAK, id)
  last_break = id
end

-- New ids are above this one too; false when none can be.
local function raise_floor(id)
  local ms, seq = parse(id)
  if not can_follow(ms, seq) then return false end
  floor_ms, floor_seq = later(floor_ms, floor_seq, ms, seq)
  return true
end

local asked = {}                                    -- the histories looked at

-- The id of a history's last entry; false when nothing can be appended to it.
local function look_at(history)
  local newest = pcall('XREVRANGE', history, '+', '-', 'COUNT', '1')
  if newest.err then return false end
  asked[#asked + 1] = history
  if not newest[1] and type_of(history) == 'none' then return '0-0' end
  local id = newest[1] and newest[1][1] or last_generated(history)
  return raise_floor(id) and id
end

local function says(failure, text)
  return string.find(failure.err, text, 1, true) ~= nil
end

-- A deleted entry is seen nowhere, but its id counts.
local function is_of_id(failure)
  return says(failure, 'equal or smaller') or says(failure, 'last possible ID')
end

-- Once an attempt has failed. Returns the entry's id; false when nothing can be appended.
local function append_again(history, prev, failure, ...)
  if is_of_id(failure) and raise_floor(last_generated(history)) then
    local id = next_id()
    failure = pcall('XADD', history, id, 'prev', prev, ...)
    if type(failure) ~= 'table' then return id end
  end
  if not has_written and not is_of_id(failure) and not says(failure, 'WRONGTYPE') then error(failure.err, 0) end
  return false
end

local appended = 0 -- items, each under the first id that was tried

local function append_gap(item)
  append_to_log(next_id(), place_of(item), 'channel', ARGV[item + 2], 'gap', 'history')
end

-- Into the log, once it stands in the history, which is to have nothing that the log has not.
local function follow_in_log(id, item, history, ...)
  local result = pcall('XADD', LOG, id, 'after', place_of(item), 'channel', ARGV[item + 2], ...)
  if type(result) == 'table' then
    call('XDEL', history, id)
    error(result.err, 0)
  end
  previous[history], last, has_written = id, id, true
end

-- Into both: the history first, because one that cannot be written to leaves a gap in its channel. Each function that
-- hands the fields on costs a twentieth of the call.
local function append_message(item, history, ...)
  local prev = previous[history]
  if prev == nil then
    prev = is_known and ARGV[item + 3]
    if not prev or prev == '' then prev = look_at(history) end
    previous[history] = prev
  end
  if not prev then return append_gap(item) end
  local id = next_id()
  local result = pcall('XADD', history, id, 'prev', prev, ...)
  if type(result) ~= 'table' then
    appended = appended + 1
    return follow_in_log(id, item, history, ...)
  end
  id = append_again(history, prev, result, ...)
  if not id then
    previous[history] = false
    return append_gap(item)
  end
  follow_in_log(id, item, history, ...)
end

-- The fields of an event: of event, id, retry what was given.
local function fields_of(item)
  local fields = { 'data', ARGV[item + 4] }
  for i, name in ipairs({ 'event', 'id', 'retry' }) do
    local value = ARGV[item + 4 + i]
    if value ~= '' then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  return unpack(fields)
end

local function record(item, kind, key)
  if kind == 'data' then
    append_message(item, key, 'data', ARGV[item + 4])
  elseif kind == 'event' then
    append_message(item, key, fields_of(item))
  elseif kind == 'gap' then
    append_message(item, key, 'gap', '1')
  elseif kind == 'marker' then
    append_to_log(next_id(), place_of(item), 'recorder', ARGV[item + 2])
    call('SET', key, 0, 'NX', 'PX', counter_ttl)
    appended = appended + 1
  end
end

local function record_inbox()
  local recorded = 0
  for key, item, kind in items() do
    if call('XDEL', SOURCE, ARGV[item]) == 1 then
      has_written = true
      record(item, kind, key)
      if kind ~= 'drop' then recorded = recorded + 1 end
    end
  end
  return recorded
end

local function record_run(count)
  for key, item, kind in items() do
    local position = tonumber(ARGV[item])
    if position > count then
      record(item, kind, key)
      count = position
    end
  end
  call('SET', SOURCE, count, 'PX', counter_ttl)
  return count
end

-- The log ends before what the caller has read, or knows no break: part of it is lost.
local is_broken = is_after(read_ms, read_seq, last_ms, last_seq) or not last_break
local is_refused = mode == 'follow' and not count
if is_broken or (mode == 'break' and not count) then record_break(is_refused and '' or marker) end

local result = 0
local first_ms, first_seq = floor_ms, floor_seq + 1
if now > floor_ms then first_ms, first_seq = now, 0 end
if is_refused then
  result = -1
elseif mode == 'inbox' then
  result = record_inbox()
elseif mode ~= 'look' then
  result = record_run(count or 0)
end
-- MAXLEN in each XADD would cost half as much again as the XADD.
for _, history in ipairs(asked) do
  call('XTRIM', history, 'MAXLEN', '~', history_length)
  call('PEXPIRE', history, history_ttl)
end
-- One that was deleted since the caller last wrote to it has begun anew, without an end of its life.
for history, prev in pairs(previous) do
  if prev and is_known and call('PTTL', history) == -1 then call('PEXPIRE', history, history_ttl) end
end
if has_written then call('XTRIM', LOG, 'MAXLEN', '~', log_length) end
local items_count = #KEYS - HEAD_KEYS
local is_even = is_known and (items_count <= 0 or
  (appended == items_count and floor_ms == first_ms and floor_seq == first_seq + appended - 1))
return { result, last, last_break, is_even and 1 or 0 }
