package docs

type User struct{ ID, Name string }

type Profile struct{ Name string }
