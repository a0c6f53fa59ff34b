package main

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

// Answer is what came back: its kind, whether the server ends the connection, and how long it wants to be left alone.
type Answer struct {
	Outcome string
	Close   bool
	Pause   time.Duration
}

// outcome tells an answer's kind: "allowed" and "denied" are AdmissionReviews, "shed" is a refusal that says when to
// come again, everything else is its status code.
func outcome(response *http.Response, body []byte) string {
	switch {
	case response.StatusCode == http.StatusOK && says(body, "true"):
		return "allowed"
	case response.StatusCode == http.StatusOK && says(body, "false"):
		return "denied"
	case response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "":
		return "shed"
	}
	return strconv.Itoa(response.StatusCode)
}

// pause is what Retry-After asks for.
func pause(response *http.Response) time.Duration {
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	return time.Duration(seconds) * time.Second
}

// says looks for `"allowed":VALUE`, with or without a blank.
func says(body []byte, value string) bool {
	return bytes.Contains(body, []byte(`"allowed":`+value)) || bytes.Contains(body, []byte(`"allowed": `+value))
}
