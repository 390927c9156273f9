package response

import "strings"

// SameName compares the names of header fields.
func SameName(name, want string) bool {
	return len(name) == len(want) && strings.EqualFold(name, want)
}

// ListsToken looks for a member of a list that may span several lines.
func ListsToken(lines []string, token string) bool {
	for _, line := range lines {
		if ContainsToken(line, token) {
			return true
		}
	}
	return false
}

// ContainsToken looks for a member of a comma-separated list.
func ContainsToken(list, token string) bool {
	for list != "" {
		member, rest, _ := strings.Cut(list, ",")
		if strings.EqualFold(strings.Trim(member, " \t"), token) {
			return true
		}
		list = rest
	}
	return false
}
