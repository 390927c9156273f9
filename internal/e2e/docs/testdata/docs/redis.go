package docs

var client rueidis.Client
