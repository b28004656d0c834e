// validate: what hart writes, looked at by the OCI's own code as Debian packages it: every config
// given is checked by runtime-tools' validator and by the JSON schema of runtime-spec. Prints TAP.
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

func schemaFaults(schemas, bundle string) (faults []string) {
	schema := gojsonschema.NewReferenceLoader("file://" + filepath.Join(schemas, "config-schema.json"))
	document := gojsonschema.NewReferenceLoader("file://" + filepath.Join(bundle, "config.json"))
	result, err := gojsonschema.Validate(schema, document)
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

func main() {
	for _, bundle := range os.Args[2:] {
		name := filepath.Base(bundle)
		ok(name+": runtime-spec's JSON schema", schemaFaults(os.Args[1], bundle))
		ok(name+": runtime-tools' validator", validatorFaults(bundle))
	}
	if failed > 0 {
		os.Exit(1)
	}
}
