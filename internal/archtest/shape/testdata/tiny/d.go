package tiny

// Lonely needs no file, and no file needs it.
const Lonely = 1
