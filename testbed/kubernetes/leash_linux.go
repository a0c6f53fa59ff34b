package main

import "syscall"

// attributes puts a command in a process group of its own, and lets the kernel kill it when the
// leash itself is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
