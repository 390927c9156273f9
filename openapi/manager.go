package openapi

import (
	"cmp"
	"slices"

	"github.com/humasess/sessions/internal/policy"
)

// managerOf returns the options of the manager with a scheme.
func managerOf(doc *policy.Document, s policy.Scheme) Manager {
	o := s.Settings
	m := Manager{
		Scheme: s.Key,
		Data:   s.Type.String(),
		Cookie: Cookie{
			Name: s.CookieName, Former: slices.Clone(s.Former), Path: o.Path, Domain: o.Domain,
			SameSite: o.SameSite, InsecureAllowHTTP: o.Insecure, Partitioned: o.Partitioned,
		},
		IdleTimeout:             Duration(o.Timeouts.Idle),
		AbsoluteTimeout:         Duration(o.Timeouts.Absolute),
		RememberIdleTimeout:     Duration(o.Timeouts.RememberIdle),
		RememberAbsoluteTimeout: Duration(o.Timeouts.RememberAbsolute),
		RotateEvery:             Duration(o.RotateEvery),
		RotationGrace:           Duration(o.RotationGrace),
		RevokeReused:            o.RevokeReused,
		MaxPerIdentity:          o.MaxPerIdentity,
		RefuseOverLimit:         s.Limited,
		RequireByDefault:        s.Default,
		AnonymousSuffices:       o.AnonymousSuffices,
		ClientSide:              o.ClientSide,
		TrustedOrigins:          slices.Clone(o.TrustedOrigins),
		RejectCrossSiteReads:    s.Isolated,
		CSRFHeader:              s.CSRFHeader,
		Functions:               slices.Clone(o.Functions),
	}
	slices.Sort(m.Cookie.Former)
	if s.Bearer != nil {
		m.Bearer = &Bearer{
			Scheme: s.Bearer.Key, Prefix: s.Bearer.Prefix,
			IdleTimeout: Duration(o.Bearer.Idle), AbsoluteTimeout: Duration(o.Bearer.Absolute),
		}
	}
	for _, key := range doc.Checked(s.Key) {
		c := Credential{Scheme: key, Accepted: slices.Contains(s.Accepts, key)}
		if of := doc.Scheme(key); of != nil {
			c.Type, c.In, c.Name = of.Type, of.In, cmp.Or(of.Name, of.Scheme)
		}
		m.Schemes = append(m.Schemes, c)
	}
	return m
}
