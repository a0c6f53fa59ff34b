package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const firstVersion = 1000

// Site answers requests, and counts them.
type Site struct {
	collections []*Collection

	lock     sync.Mutex
	version  int64
	watchers map[chan []byte]*Collection
	calls    map[string]int
}

func newSite(collections []*Collection) *Site {
	return &Site{
		collections: collections,
		version:     firstVersion,
		watchers:    map[chan []byte]*Collection{},
		calls:       map[string]int{},
	}
}

// ServeHTTP finds out what is asked for.
func (s *Site) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	if request.URL.Path == "/calls" {
		s.tellCalls(writer)
		return
	}
	if request.Method != http.MethodGet {
		s.count(request.Method)
		writer.Header().Set("Content-Type", "application/json")
		writer.WriteHeader(http.StatusCreated)
		io.Copy(writer, request.Body)
		return
	}
	if discovery := s.discover(request.URL.Path); discovery != nil {
		s.count("discovery")
		answer(writer, http.StatusOK, discovery)
		return
	}
	for _, collection := range s.collections {
		if rest, found := strings.CutPrefix(request.URL.Path, collection.Root()+"/"); found && s.serve(writer, request, collection, rest) {
			return
		}
	}
	s.count("nothing")
	notFound(writer)
}

// serve answers what is below a group and version, if it is about this collection.
func (s *Site) serve(writer http.ResponseWriter, request *http.Request, collection *Collection, rest string) bool {
	parts := strings.Split(rest, "/")
	namespace := ""
	if collection.Namespaced && len(parts) > 2 && parts[0] == "namespaces" {
		namespace, parts = parts[1], parts[2:]
	}
	if parts[0] != collection.Plural || len(parts) > 2 {
		return false
	}
	query := request.URL.Query()
	switch {
	case len(parts) == 2:
		s.count("get")
		if object := collection.Find(namespace+"/"+parts[1], firstVersion); object != nil {
			write(writer, http.StatusOK, object)
		} else {
			notFound(writer)
		}
	case query.Get("watch") == "true" || query.Get("watch") == "1":
		s.count("watch")
		s.watch(writer, request, collection)
	default:
		s.count("list")
		list(writer, query, collection, namespace)
	}
	return true
}

func (s *Site) count(call string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.calls[call]++
}

func (s *Site) tellCalls(writer http.ResponseWriter) {
	s.lock.Lock()
	defer s.lock.Unlock()
	answer(writer, http.StatusOK, s.calls)
}

// change lets one object after the other change, for ever.
func (s *Site) change(pause time.Duration) {
	for number := 0; ; number++ {
		time.Sleep(pause)
		for _, collection := range s.collections {
			if collection.Changing && collection.Count > 0 {
				s.tell(collection, number%collection.Count)
			}
		}
	}
}

// tell sends an object's new version to everyone who watches; who can't follow is left out.
func (s *Site) tell(collection *Collection, position int) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.version++
	event := fmt.Appendf(nil, `{"type":"MODIFIED","object":%s}`+"\n", collection.Object(position, s.version))
	for watcher, watched := range s.watchers {
		if watched == collection {
			select {
			case watcher <- event:
			default:
			}
		}
	}
}

func answer(writer http.ResponseWriter, status int, document any) {
	content, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	write(writer, status, content)
}

func write(writer http.ResponseWriter, status int, content []byte) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(status)
	writer.Write(content)
}

func notFound(writer http.ResponseWriter) {
	answer(writer, http.StatusNotFound, map[string]any{
		"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{},
		"status": "Failure", "reason": "NotFound", "message": "not found", "code": http.StatusNotFound,
	})
}
