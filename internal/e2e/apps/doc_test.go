// Package apps tests the examples of examples/apps in Chromium.
package apps_test

import _ "github.com/humasess/sessions/examples/apps"
