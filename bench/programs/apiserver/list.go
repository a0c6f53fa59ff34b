package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// list writes a page of the collection's objects: those of the namespace, if there is one, with the labels asked for.
func list(writer http.ResponseWriter, query url.Values, collection *Collection, namespace string) {
	limit, _ := strconv.Atoi(query.Get("limit"))
	position, _ := strconv.Atoi(query.Get("continue"))
	var items bytes.Buffer
	count := 0
	for ; position < collection.Len() && (limit == 0 || count < limit); position++ {
		object := collection.Object(position, firstVersion)
		if !carries(object, query.Get("labelSelector")) || !in(object, namespace) {
			continue
		}
		if count++; count > 1 {
			items.WriteByte(',')
		}
		items.Write(object)
	}
	token := ""
	if position < collection.Len() {
		token = strconv.Itoa(position)
	}
	writer.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(writer, `{"kind":"%sList","apiVersion":"%s","metadata":{"resourceVersion":"%d","continue":"%s"},"items":[`,
		collection.Kind, collection.APIVersion(), firstVersion, token)
	items.WriteString("]}")
	items.WriteTo(writer)
}

func in(object []byte, namespace string) bool {
	return namespace == "" || bytes.Contains(object, []byte(`"namespace":"`+namespace+`"`))
}

// sendAll writes every object as an event, and then that these were all: what clients ask for in place of a list.
func sendAll(writer *bufio.Writer, query url.Values, collection *Collection) {
	for position := range collection.Len() {
		object := collection.Object(position, firstVersion)
		if carries(object, query.Get("labelSelector")) {
			fmt.Fprintf(writer, `{"type":"ADDED","object":%s}`+"\n", object)
		}
	}
	writer.Write(bookmark(collection, firstVersion, `,"annotations":{"k8s.io/initial-events-end":"true"}`))
}

func bookmark(collection *Collection, version int64, more string) []byte {
	return fmt.Appendf(nil,
		`{"type":"BOOKMARK","object":{"kind":"%s","apiVersion":"%s","metadata":{"resourceVersion":"%d"%s}}}`+"\n",
		collection.Kind, collection.APIVersion(), version, more)
}
