// SPDX-License-Identifier: Apache-2.0
// validate: what hart reads and writes, looked at by the OCI's own code as Debian packages it: every
// bundle's config.json, and its state.json if there is one, by the JSON schema of runtime-spec; its
// config by runtime-tools' validator too, if the bundle has a root filesystem. Prints TAP.
// Usage: validate SCHEMA-FOLDER BUNDLE...
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/opencontainers/runtime-tools/validate"
	"github.com/xeipuuv/gojsonschema"
)

var count, failed int

func ok(name string, faults []string) {
	count++
	if len(faults) == 0 {
		fmt.Printf("ok %d - %s\n", count, name)
		return
	}
	failed++
	fmt.Printf("not ok %d - %s\n", count, name)
	for _, f := range faults {
		fmt.Printf("#   %s\n", strings.ReplaceAll(f, "\n", "\n#   "))
	}
}

func schemaFaults(schema, document string) (faults []string) {
	result, err := gojsonschema.Validate(gojsonschema.NewReferenceLoader("file://"+schema),
		gojsonschema.NewReferenceLoader("file://"+document))
	if err != nil {
		return []string{err.Error()}
	}
	for _, f := range result.Errors() {
		faults = append(faults, f.String())
	}
	return faults
}

// All of the validator's checks but the JSON schema's, which it would fetch over the network.
func validatorFaults(bundle string) (faults []string) {
	v, err := validate.NewValidatorFromPath(bundle, false, "linux")
	if err != nil {
		return []string{err.Error()}
	}
	checks := []func() error{v.CheckPlatform, v.CheckRoot, v.CheckMandatoryFields, v.CheckMounts,
		v.CheckProcess, v.CheckLinux, v.CheckAnnotations, v.CheckHooks}
	for _, check := range checks {
		err := check()
		// A list of no errors is not nil.
		if list, ok := err.(*multierror.Error); ok {
			err = list.ErrorOrNil()
		}
		if err != nil {
			faults = append(faults, err.Error())
		}
	}
	return faults
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func main() {
	for _, bundle := range os.Args[2:] {
		name := filepath.Base(bundle)
		for _, document := range []string{"config", "state"} {
			path := filepath.Join(bundle, document+".json")
			if document == "config" || exists(path) {
				ok(fmt.Sprintf("%s: runtime-spec's JSON schema of %s.json", name, document),
					schemaFaults(filepath.Join(os.Args[1], document+"-schema.json"), path))
			}
		}
		if exists(filepath.Join(bundle, "rootfs")) {
			ok(name+": runtime-tools' validator", validatorFaults(bundle))
		}
	}
	if failed > 0 {
		os.Exit(1)
	}
}
