-- The order has one score for all, so that it is sorted by member. These are
-- the bounds of an identity's: what others of the group have costs nothing.
local digest = ARGV[1]
local from, to = '[' .. digest, '[' .. digest .. string.rep('\255', 25)
