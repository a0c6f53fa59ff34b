package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// grace is how long a process group has between the request to end and being killed.
const grace = 5 * time.Second

// leashMain runs a command that knows nothing of owners, in a process group of its own, and ends
// the whole group when the owner is gone or this process is told to end. The exit code is the
// command's; 128 plus the signal when one ended it, as in a shell.
func leashMain(args []string) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: leash -- COMMAND [ARGUMENT...]")
		return 2
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	// The kernel watches the thread that starts the command, not the process: see attributes.
	runtime.LockOSThread()
	command := exec.Command(args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = attributes()
	if err := command.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "leash:", err)
		return 127
	}
	group := -command.Process.Pid
	end := sync.OnceFunc(func() { endGroup(group) })
	endWithOwner(end)
	go func() {
		<-told
		end()
	}()
	err := command.Wait()
	// What the command left behind in its group goes with it.
	syscall.Kill(group, syscall.SIGKILL)
	return exitCode(command, err)
}

// endGroup asks the group to end and kills what is left of it after the grace.
func endGroup(group int) {
	syscall.Kill(group, syscall.SIGTERM)
	time.Sleep(grace)
	syscall.Kill(group, syscall.SIGKILL)
}

// exitCode tells how the command ended.
func exitCode(command *exec.Cmd, err error) int {
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		fmt.Fprintln(os.Stderr, "leash:", err)
		return 1
	}
	status := command.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
