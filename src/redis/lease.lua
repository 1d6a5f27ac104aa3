-- SPDX-License-Identifier: BSD-2-Clause
--
-- The lease of the recorder: who has it records at once.
--
-- KEYS: the lease. ARGV: what to do, the caller's value, the lease's length in ms.
--   acquire  takes it if nobody has it;
--   renew    makes it last anew if it has this value;
--   release  deletes it if it has this value;
--   look     only tells.
-- Returns {1 if the caller has it now, else 0; 1 if anybody has, else 0}.

local LEASE, action, value, length = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

-- A lease that lasts longer than any is void: a clock was set back, or something else has the key.
local left = redis.call('PTTL', LEASE)
if left == -1 or left > length then redis.call('DEL', LEASE) end

local holder = redis.call('GET', LEASE)
if action == 'acquire' and not holder then
  redis.call('SET', LEASE, value, 'PX', length)
  holder = value
elseif action == 'renew' and holder == value then
  redis.call('PEXPIRE', LEASE, length)
elseif action == 'release' and holder == value then
  redis.call('DEL', LEASE)
  holder = false
end
return { holder == value and 1 or 0, holder and 1 or 0 }
