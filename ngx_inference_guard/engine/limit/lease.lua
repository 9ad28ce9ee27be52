-- The store's side of limits in a fleet: Redis 5 or later, Valkey.
--
-- One call is one transaction over counters of one tenant:
--
--   lease    each counter grants at least `want`, or nothing changes in any
--   report   `want` more was used than leased, `give` is given back, and what
--            the node was granted in all is repeated; never refused
--   reset    limits of the tenant are unused again
--   resets   when that was
--
-- A limit has a generation: when it was set back last (0: never).  What a counter
-- holds of an older one is nothing, and what a node tells of an older one is not
-- heard.  A node that knows a later one, tells a server that has lost it.
--
-- KEYS      the tenant's generations; a counter each, all with one hash tag
-- ARGV      what, node, grace in microseconds
--           reset, resets: the tag of each limit
--           lease, report: for each counter
--           algorithm  gcra, sliding, sum (calendar, task) or slots
--           max, burst (gcra), period in microseconds (gcra, sliding)
--           want, size, give
--           g, r       what this node was granted and has given back in all,
--                      -1: it does not know                     (sum, slots)
--           epoch, seen, seen_at   as answered last; 0: nothing
--           ttl        milliseconds until the counter may be forgotten
--           tag        of its limit
--           gen        as the node knows it
--
-- Answers   1, now, then for each counter: granted, used, g, r, epoch, seen, gen
--           0, now, then for each counter: used, microseconds until it could
--           be granted (0: unknown; -1: never; -2: it could be now)
--           1, now, then for each tag: gen                   (reset, resets)
--
-- Time is the server's.  Numbers stay below 2^53, where they are exact.  Its
-- effects are replicated, not the script.

local FIELDS = 15
local SLOTS_LIFE = 15000000     -- a node not heard of so long holds no slots
local BUCKETS = 60              -- of a sliding window
local EXACT = 2 ^ 52
local RESETS_LIFE = 34560000000 -- ms: 400 days, beyond every window

local resets = table.remove(KEYS, 1)
local what, node, grace = ARGV[1], 'n' .. ARGV[2], tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

local function int(n)
    return string.format('%.0f', n)
end

-- of a limit, with what a node knows of it.  The key is always there: a cluster
-- that moves a slot refuses calls of which some keys are missing.
local function generation(tag, known)
    local v = redis.call('HMGET', resets, 'e', tag)
    local gen = tonumber(v[2] or 0)
    if not v[1] then
        redis.call('HSET', resets, 'e', int(now))
        redis.call('PEXPIRE', resets, RESETS_LIFE)
    end
    if known > gen then
        redis.call('HSET', resets, tag, int(known))
        redis.call('PEXPIRE', resets, RESETS_LIFE)
        return known
    end
    return gen
end

-- a counter's own is later only when the others were lost; what it has counts
local function current(c, own)
    c.gen = math.max(c.gen, own)
    c.stale = c.told < c.gen
    return own == c.gen
end

-- at most a quarter of what is left, so that idle leases starve nobody
local function grant(c, left)
    return math.max(c.want, math.min(c.size, math.floor(left / 4)))
end


-- GCRA (ITU-T I.371, as a continuous-state leaky bucket): the level x is kept
-- times max and in units of time, so that it drains by whole numbers.

local gcra = {}

function gcra.load(c)
    local v = redis.call('GET', c.key)
    local sx, st, su, sb, own =
        string.match(v or '0 0 1 0 0', '^(%d+) (%d+) (%d+) (%d+) (%d+)$')

    if not current(c, tonumber(own)) then
        v = nil
    end

    -- a report does not say
    if c.burst == 0 then
        c.burst = math.max(tonumber(sb), c.want)
    end

    c.unit = 1
    while c.burst * c.period / c.unit > EXACT and c.unit < 1000000 do
        c.unit = c.unit * 1000
    end
    c.cell = c.period / c.unit
    c.depth = c.burst * c.cell

    local at = math.floor(now / c.unit)
    local x, t = 0, at

    if v then
        x, t = tonumber(sx), tonumber(st)
        if tonumber(su) ~= c.unit then
            x, t = math.ceil(x * tonumber(su) / c.unit), at
        end
    elseif c.seen > 0 and not c.stale then
        x, t = c.seen, math.floor(c.seen_at / c.unit)
    end

    local dt = math.max(0, at - t)
    if dt >= x / c.max then
        x = 0
    else
        x = x - dt * c.max
    end
    c.x, c.t = math.min(x, c.depth), at
end

function gcra.left(c)
    return math.floor((c.depth - c.x) / c.cell)
end

function gcra.used(c)
    return math.ceil(c.x / c.cell)
end

function gcra.wait(c)
    if c.want > c.burst then
        return -1
    end
    return math.ceil((c.x + c.want * c.cell - c.depth) / c.max) * c.unit
end

function gcra.add(c, n)
    c.x = math.max(0, math.min(c.depth, c.x + n * c.cell))
end

function gcra.save(c)
    if c.x == 0 then
        redis.call('DEL', c.key)
    else
        redis.call('SET', c.key, int(c.x) .. ' ' .. int(c.t) .. ' ' .. int(c.unit) .. ' ' .. int(c.burst) .. ' ' .. int(c.gen),
            'PX', int(math.ceil(c.x / c.max * c.unit / 1000) + 1000))
    end
    return c.x
end


-- A sliding window of sub-buckets; the oldest counts whole.

local sliding = {}

function sliding.load(c)
    c.width = math.ceil(c.period / BUCKETS)
    c.current = math.floor(now / c.width)
    c.used, c.order, c.bucket, c.old = 0, {}, {}, {}

    local v = redis.call('HGETALL', c.key)
    local own = 0

    for i = 1, #v, 2 do
        if v[i] == 'G' then
            own = tonumber(v[i + 1])
        end
    end
    if #v > 0 and not current(c, own) then
        v, c.anew = {}, true
    end
    if #v == 0 and c.seen > 0 and not c.stale and not c.anew then
        v = { int(math.floor(math.min(c.seen_at, now) / c.width)), c.seen }
    end

    for i = 1, #v, 2 do
        local b, n = tonumber(v[i]), tonumber(v[i + 1])
        if not b then                   -- its generation
        elseif b < c.current - BUCKETS then
            table.insert(c.old, v[i])
        else
            if b > c.current then       -- the clock went back
                table.insert(c.old, v[i])
                b = c.current
            end
            if not c.bucket[b] then
                table.insert(c.order, b)
            end
            c.bucket[b] = (c.bucket[b] or 0) + n
            c.used = c.used + n
        end
    end
    table.sort(c.order)
end

function sliding.left(c)
    return c.max - c.used
end

function sliding.used(c)
    return c.used
end

function sliding.wait(c)
    if c.want > c.max then
        return -1
    end
    local used = c.used
    for _, b in ipairs(c.order) do
        used = used - c.bucket[b]
        if used + c.want <= c.max then
            return (b + BUCKETS + 1) * c.width - now
        end
    end
    return 0
end

function sliding.add(c, n)
    if n > 0 then
        if not c.bucket[c.current] then
            table.insert(c.order, c.current)
        end
        c.bucket[c.current] = (c.bucket[c.current] or 0) + n
        c.used = c.used + n
        return
    end
    -- from the oldest, as what stays then stays longest
    for _, b in ipairs(c.order) do
        local less = math.min(-n, c.bucket[b])
        c.bucket[b] = c.bucket[b] - less
        c.used = c.used - less
        n = n + less
    end
end

function sliding.save(c)
    if c.anew then
        redis.call('DEL', c.key)
    elseif #c.old > 0 then
        redis.call('HDEL', c.key, unpack(c.old))
    end
    for _, b in ipairs(c.order) do
        redis.call('HSET', c.key, int(b), int(c.bucket[b]))
    end
    redis.call('HSET', c.key, 'G', int(c.gen))
    redis.call('PEXPIRE', c.key,
        int(math.ceil((BUCKETS + 2) * c.width / 1000)))
    return c.used
end


-- A sum over nodes, each node's part two numbers that only grow: granted (g)
-- and given back (r).  The larger of two readings is the later one, so a node
-- can repeat what it knows at any time, to any server, as often as it likes.
--
--   G   the generation of all this
--   e   when this server first heard of the counter
--   t   the sum of g - r
--   f   at least so much is used: said by a node that knew another e
--   n…  of a node: g, r, when it leased last, when it was heard of last

local sum = {}

local function parse(v)
    local g, r, leased, heard =
        string.match(v or '0 0 0 0', '^(%d+) (%d+) (%d+) (%d+)$')
    return tonumber(g), tonumber(r), tonumber(leased), tonumber(heard)
end

function sum.load(c)
    local v = redis.call('HMGET', c.key, 'e', 't', 'f', node, 'G')
    if not current(c, tonumber(v[5] or 0)) then
        c.anew, v = v[1] and true, {}
    end
    local known = v[4]

    c.buried = {}
    c.e, c.t, c.f = tonumber(v[1] or now), tonumber(v[2] or 0), tonumber(v[3] or 0)
    c.g, c.r, c.leased = parse(v[4])

    if c.g_known >= 0 and not c.stale then
        local g, r = math.max(c.g, c.g_known), math.max(c.r, c.r_known)

        -- a lease whose answer never came, told by one who forgot nothing
        if what == 'report' and g > c.g_known and c.r_known >= c.r
            and now - c.leased > grace
        then
            g = c.g_known
        end

        local more = (g - c.g) - (r - c.r)
        c.t = c.t + more
        if known and c.f > 0 then
            c.f = c.f + more
        end
        c.g, c.r = g, r
    end

    if c.algorithm == 'sum' and not c.stale and c.epoch ~= 0 and c.epoch ~= c.e then
        c.f = math.max(c.f, c.seen)
    end

    if c.algorithm == 'slots' and what == 'lease' and sum.left(c) < c.want then
        sum.bury(c)
    end
end

-- nodes that are gone hold no slots
function sum.bury(c)
    local v = redis.call('HGETALL', c.key)
    for i = 1, #v, 2 do
        if string.sub(v[i], 1, 1) == 'n' and v[i] ~= node then
            local g, r, _, heard = parse(v[i + 1])
            if now - heard > SLOTS_LIFE then
                c.t = c.t - (g - r)
                table.insert(c.buried, v[i])
            end
        end
    end
end

function sum.used(c)
    return math.max(c.t, c.f, 0)
end

function sum.left(c)
    return c.max - sum.used(c)
end

function sum.wait(c)
    return c.want > c.max and -1 or 0
end

function sum.add(c, n)
    if n > 0 then
        c.g = c.g + n
        if what == 'lease' then
            c.leased = now
        end
    else
        c.r = c.r - n
    end
    c.t = c.t + n
    if c.f > 0 then
        c.f = math.max(0, c.f + n)
    end
end

function sum.save(c)
    if c.anew then
        redis.call('DEL', c.key)
    elseif #c.buried > 0 then
        redis.call('HDEL', c.key, unpack(c.buried))
    end
    redis.call('HSET', c.key, 'G', int(c.gen), 'e', int(c.e), 't', int(c.t), 'f', int(c.f), node,
        int(c.g) .. ' ' .. int(c.r) .. ' ' .. int(c.leased) .. ' ' .. int(now))
    -- a report may come later than a lease, and know less
    if redis.call('PTTL', c.key) < c.ttl then
        redis.call('PEXPIRE', c.key, int(c.ttl))
    end
    return sum.used(c)
end


if what == 'reset' or what == 'resets' then
    local answer = { 1, now }
    for i = 4, #ARGV do
        local gen = tonumber(redis.call('HGET', resets, ARGV[i]) or 0)
        if what == 'reset' then
            gen = math.max(gen + 1, now)
            redis.call('HSET', resets, ARGV[i], int(gen))
            redis.call('PEXPIRE', resets, RESETS_LIFE)
        end
        table.insert(answer, gen)
    end
    return answer
end

local kinds = { gcra = gcra, sliding = sliding, sum = sum, slots = sum }
local counters = {}

for i, key in ipairs(KEYS) do
    local at = 3 + (i - 1) * FIELDS
    local function n(field)
        return tonumber(ARGV[at + field])
    end
    local c = {
        key = key, algorithm = ARGV[at + 1],
        max = n(2), burst = n(3), period = n(4), want = n(5), size = n(6),
        give = n(7), g_known = n(8), r_known = n(9), epoch = n(10),
        seen = n(11), seen_at = n(12), ttl = n(13), g = 0, r = 0, e = 0,
        told = n(15), gen = 0
    }
    local gen = generation(ARGV[at + 14], c.told)
    if c.algorithm ~= 'slots' then      -- they are what is in flight
        c.gen = gen
    end
    c.kind = kinds[c.algorithm]
    c.kind.load(c)
    counters[i] = c
end

if what == 'lease' then
    local answer, refused = { 0, now }, false
    for _, c in ipairs(counters) do
        local wait = -2
        if c.kind.left(c) < c.want then
            wait = c.kind.wait(c)
            refused = true
        end
        table.insert(answer, c.kind.used(c))
        table.insert(answer, wait)
    end
    if refused then
        return answer
    end
end

local answer = { 1, now }

for _, c in ipairs(counters) do
    local granted = 0
    if what == 'lease' then
        granted = grant(c, c.kind.left(c))
        c.kind.add(c, granted)
    elseif not c.stale then
        if c.want > 0 then
            c.kind.add(c, c.want)
        end
        if c.give > 0 then
            c.kind.add(c, -c.give)
        end
    end
    local seen = c.kind.save(c)
    for _, v in ipairs({ granted, c.kind.used(c), c.g, c.r, c.e, seen, c.gen }) do
        table.insert(answer, v)
    end
end

return answer
