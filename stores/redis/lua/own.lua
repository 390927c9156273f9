-- All members of the order have the same score, so it is sorted by member.
-- These are the bounds of an identity's members, so others of the group cost
-- nothing.
local digest = ARGV[1]
local from, to = '[' .. digest, '[' .. digest .. string.rep('\255', 25)
