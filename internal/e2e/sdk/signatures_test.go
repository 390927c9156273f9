package sdk_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// parameters finds the parameters of an operation, in generated code of each
// language. In the types of openapi-typescript, `cookie?: never` stands for an
// operation without cookies.
var parameters = map[string]*regexp.Regexp{
	".go":   regexp.MustCompile(`(?m)^func (?:\(\w+ \S+\) )?\w*(?:PostLogin|PostToken|GetMe|GetAdmin|ListSessions|PostLogout)\w*(\(.*)$`),
	".java": regexp.MustCompile(`(?m)^ *(?:public|private) [\w.<>\[\], ]+ \w+(\([^)]*\))`),
	".py":   regexp.MustCompile(`(?s)\bdef \w+(\(.*?\))(?: ->.*?)?:\n`),
	".ts":   regexp.MustCompile(`(?s)export const \w+ = (?:async )?(?:<[^=]*= \w+>)?(\(.*?\)) *[:=]|\bparameters: (\{.*?\})`),
}

// noCredentialArgument checks every operation of generated code, in one file or in
// a folder. Otherwise users of the client would have to pass a cookie or a token
// to each call.
func noCredentialArgument(t *testing.T, generated string) {
	t.Helper()
	operations := 0
	err := filepath.WalkDir(generated, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		n, found := credentialArguments(filepath.Ext(name), string(text))
		operations += n
		for _, operation := range found {
			t.Errorf("%s takes a credential: %s", filepath.Base(name), operation)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if operations < 5 {
		t.Errorf("%s: got %d operations, want five at least", filepath.Base(generated), operations)
	}
}

// credentialArguments returns how many operations there are in generated code, and
// those of them that take a cookie or the header of a token.
func credentialArguments(extension, text string) (operations int, found []string) {
	pattern := parameters[extension]
	if pattern == nil {
		return 0, nil
	}
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		operations++
		takes := strings.ToLower(strings.ReplaceAll(strings.Join(match[1:], ""), "cookie?: never", ""))
		if strings.Contains(takes, "cookie") || strings.Contains(takes, "authorization") {
			found = append(found, match[0])
		}
	}
	return operations, found
}

// TestCredentialArguments is about the code that generators make of a document in
// which the cookie or the token's header is a parameter.
func TestCredentialArguments(t *testing.T) {
	tests := []struct{ extension, without, with string }{
		{
			".go", "func (c *Client) GetMe(ctx context.Context, reqEditors ...RequestEditorFn) (*http.Response, error) {",
			"func (c *Client) GetMe(ctx context.Context, params *GetMeCookieParams) (*http.Response, error) {",
		},
		{
			".java", "    public ApiResponse<User> getMeWithHttpInfo() throws ApiException {",
			"    public User getMe(@Nullable String idCookie) throws ApiException {",
		},
		{
			".py", "def sync(\n    *,\n    client: Client,\n) -> User | None:\n",
			"def sync(\n    *,\n    client: Client,\n    id_cookie: str | Unset = UNSET,\n) -> User | None:\n",
		},
		{
			".ts", "export const getMe = async ( options?: RequestInit): Promise<getMeResponse> => {",
			"export const getMe = async (cookies: GetMeCookies, options?: RequestInit): Promise<getMeResponse> => {",
		},
		{
			".ts", "export const getMe = <ThrowOnError extends boolean = false>(options?: Options<GetMeData, ThrowOnError>) => (",
			"export const getMe = <ThrowOnError extends boolean = false>(options: Options<GetMeCookieData, ThrowOnError>) => (",
		},
		{
			".ts", "parameters: {\n  query?: never;\n  cookie?: never;\n};",
			"parameters: {\n  query?: never;\n  cookie?: { id?: string };\n};",
		},
		{
			".py", "def sync(\n    *,\n    client: AuthenticatedClient,\n) -> User | None:\n",
			"def sync(\n    *,\n    client: AuthenticatedClient,\n    authorization: str | Unset = UNSET,\n) -> User | None:\n",
		},
	}
	for _, tt := range tests {
		if n, found := credentialArguments(tt.extension, tt.without); n != 1 || len(found) != 0 {
			t.Errorf("%s: got %d operations, and %q take a credential, want one that does not", tt.without, n, found)
		}
		if n, found := credentialArguments(tt.extension, tt.with); n != 1 || len(found) != 1 {
			t.Errorf("%s: got %d operations, and %q take a credential, want one that does", tt.with, n, found)
		}
	}
}
