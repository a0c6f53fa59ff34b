package main

import (
	"bufio"
	"net/http"
	"strconv"
	"time"
)

const (
	untold       = 1 << 10
	bookmarks    = 20 * time.Second
	longestWatch = 1800 // seconds
)

// watch writes events until the client goes, or the time is over that it asked for.
func (s *Site) watch(writer http.ResponseWriter, request *http.Request, collection *Collection) {
	query := request.URL.Query()
	events := make(chan []byte, untold)
	s.lock.Lock()
	s.watchers[events] = collection
	s.lock.Unlock()
	defer func() {
		s.lock.Lock()
		delete(s.watchers, events)
		s.lock.Unlock()
	}()
	writer.Header().Set("Content-Type", "application/json")
	buffered := bufio.NewWriterSize(writer, 1<<16)
	if query.Get("sendInitialEvents") == "true" {
		sendAll(buffered, query, collection)
	}
	s.follow(writer, buffered, request, collection, events)
}

func (s *Site) follow(
	writer http.ResponseWriter, buffered *bufio.Writer, request *http.Request, collection *Collection, events <-chan []byte,
) {
	seconds, _ := strconv.Atoi(request.URL.Query().Get("timeoutSeconds"))
	if seconds == 0 {
		seconds = longestWatch
	}
	over := time.After(time.Duration(seconds) * time.Second)
	tick := time.NewTicker(bookmarks)
	defer tick.Stop()
	for {
		buffered.Flush()
		writer.(http.Flusher).Flush()
		select {
		case event := <-events:
			buffered.Write(event)
		case <-tick.C:
			buffered.Write(bookmark(collection, s.now(), ""))
		case <-over:
			buffered.Write(bookmark(collection, s.now(), ""))
			buffered.Flush()
			return
		case <-request.Context().Done():
			return
		}
	}
}

func (s *Site) now() int64 {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.version
}
