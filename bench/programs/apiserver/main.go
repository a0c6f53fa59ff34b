// An API server that has as many objects as a benchmark wants, without storing them: it makes each from a template
// when it is asked. It speaks as much of the protocol as caches need: discovery, lists in pages, reading one object,
// watches with bookmarks. Some objects change all the time, so that whoever watches has something to do.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:6443", "address")
	certificate := flag.String("certificate", "", "PEM file")
	key := flag.String("key", "", "PEM file")
	file := flag.String("collections", "", "JSON file with the collections")
	changes := flag.Duration("changes", 100*time.Millisecond, "time between two changes of objects; 0: never")
	flag.Parse()

	collections, err := read(*file)
	if err != nil {
		log.Fatal(err)
	}
	site := newSite(collections)
	if *changes > 0 {
		go site.change(*changes)
	}
	log.Fatal(http.ListenAndServeTLS(*listen, *certificate, *key, site))
}

func read(file string) ([]*Collection, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var collections []*Collection
	if err := json.Unmarshal(content, &collections); err != nil {
		return nil, err
	}
	for _, collection := range collections {
		collection.index()
	}
	return collections, nil
}
