// Package apps tests the examples of examples/apps in Chromium.
package apps_test
