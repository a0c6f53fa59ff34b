//go:build !linux

package main

import "syscall"

// attributes puts a command in a process group of its own.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
