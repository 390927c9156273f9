// Package devices_test uses the example examples/devices as its users do, in
// real browsers.
package devices_test
