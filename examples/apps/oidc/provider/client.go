package provider

import (
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// registered is a [Client] in the form that zitadel/oidc asks for.
type registered struct{ Client }

var _ op.Client = registered{}

func (c registered) GetID() string                       { return c.ID }
func (c registered) RedirectURIs() []string              { return c.Client.RedirectURIs }
func (c registered) PostLogoutRedirectURIs() []string    { return c.Client.PostLogoutRedirectURIs }
func (c registered) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }
func (c registered) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodBasic }
func (c registered) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c registered) GrantTypes() []oidc.GrantType         { return []oidc.GrantType{oidc.GrantTypeCode} }
func (c registered) LoginURL(id string) string            { return "/login?id=" + url.QueryEscape(id) }
func (c registered) AccessTokenType() op.AccessTokenType  { return op.AccessTokenTypeBearer }
func (c registered) IDTokenLifetime() time.Duration       { return time.Hour }
func (c registered) DevMode() bool                        { return false }
func (c registered) IsScopeAllowed(string) bool           { return false }
func (c registered) IDTokenUserinfoClaimsAssertion() bool { return true }
func (c registered) ClockSkew() time.Duration             { return 0 }
func (c registered) RestrictAdditionalIdTokenScopes() func([]string) []string { //nolint:revive,staticcheck // the name is of op.Client
	return func(scopes []string) []string { return scopes }
}

func (c registered) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}
