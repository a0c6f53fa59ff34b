package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
)

// ownerVariable names the environment variable with the number of an inherited descriptor: the
// reading end of a pipe whose other end only the owner holds. However the owner dies, the pipe
// then reports its end, so nothing outlives it.
const ownerVariable = "CONTROLPLANE_OWNER_FD"

// endWithOwner calls end once the owner is gone; without an owner it does nothing.
func endWithOwner(end func()) {
	value, owned := os.LookupEnv(ownerVariable)
	if !owned {
		return
	}
	descriptor, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", ownerVariable, err)
		os.Exit(2)
	}
	pipe := os.NewFile(uintptr(descriptor), "owner")
	go func() {
		io.Copy(io.Discard, pipe)
		end()
	}()
}
