// Package telemetry tests contrib/otel with real servers, and its alerting rules with
// the parser and the query engine of Prometheus.
package telemetry
