package main

import "slices"

// all returns the mutants of every area.
func all() []mutant {
	return slices.Concat(sharedMutants, liveMutants, documentMutants, coreMutants, cookieMutants, sealedMutants, storeMutants, routerMutants, accountMutants, policyMutants,
		browserMutants, secureMutants, costMutants, bearerMutants, reportMutants, faultMutants)
}
