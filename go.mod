module github.com/humasess/sessions

go 1.25.0

require github.com/danielgtaylor/huma/v2 v2.39.0

require (
	github.com/gorilla/securecookie v1.1.2
	github.com/redis/rueidis v1.0.79
)

require golang.org/x/sys v0.47.0 // indirect
