// Package owner ends a program with the process that started it.
package owner

import (
	"fmt"
	"io"
	"os"
	"strconv"
)

// variable names the environment variable with the number of an inherited descriptor: the
// reading end of a pipe whose other end only the owner holds. However the owner dies, the pipe
// then reports its end, so nothing outlives it.
const variable = "CONTROLPLANE_OWNER_FD"

// EndWith calls end once the owner is gone; without an owner it does nothing.
func EndWith(end func()) {
	value, owned := os.LookupEnv(variable)
	if !owned {
		return
	}
	descriptor, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", variable, err)
		os.Exit(2)
	}
	pipe := os.NewFile(uintptr(descriptor), "owner")
	go func() {
		io.Copy(io.Discard, pipe)
		end()
	}()
}
