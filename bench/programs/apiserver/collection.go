package main

import (
	"bytes"
	"strconv"
	"strings"
)

// Collection is all objects of one kind: each template once for each number below Count, then the Single ones.
//
// In a template `{n}` is the object's number, `{node}` and `{team}` are that number modulo Nodes and Teams, and
// `{version}` is its resourceVersion.
type Collection struct {
	Group      string     `json:"group"`
	Version    string     `json:"version"`
	Plural     string     `json:"plural"`
	Kind       string     `json:"kind"`
	Namespaced bool       `json:"namespaced"`
	Changing   bool       `json:"changing"`
	Count      int        `json:"count"`
	Nodes      int        `json:"nodes"`
	Teams      int        `json:"teams"`
	Templates  []Template `json:"templates"`
	Single     []Template `json:"single"`

	places map[string]int
}

// Template is an object: its place and its JSON without any blanks.
type Template struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Body      string `json:"body"`
}

// Len is the number of objects.
func (c *Collection) Len() int {
	return c.Count*len(c.Templates) + len(c.Single)
}

// Object makes one object.
func (c *Collection) Object(position int, version int64) []byte {
	template, fill := c.at(position, version)
	return []byte(fill.Replace(template.Body))
}

// Find makes the object at "NAMESPACE/NAME", nil when there is none.
func (c *Collection) Find(place string, version int64) []byte {
	position, known := c.places[place]
	if !known {
		return nil
	}
	return c.Object(position, version)
}

// APIVersion is the apiVersion of its objects.
func (c *Collection) APIVersion() string {
	return strings.TrimPrefix(c.Group+"/"+c.Version, "/")
}

// Root is the path of its group and version.
func (c *Collection) Root() string {
	if c.Group == "" {
		return "/api/" + c.Version
	}
	return "/apis/" + c.Group + "/" + c.Version
}

func (c *Collection) at(position int, version int64) (Template, *strings.Replacer) {
	number := position / max(len(c.Templates), 1)
	template := Template{}
	if position < c.Count*len(c.Templates) {
		template = c.Templates[position%len(c.Templates)]
	} else {
		template = c.Single[position-c.Count*len(c.Templates)]
	}
	return template, strings.NewReplacer(
		"{n}", strconv.Itoa(number),
		"{node}", strconv.Itoa(number%max(c.Nodes, 1)),
		"{team}", strconv.Itoa(number%max(c.Teams, 1)),
		"{version}", strconv.FormatInt(version, 10),
	)
}

// index remembers where each object is.
func (c *Collection) index() {
	c.places = make(map[string]int, c.Len())
	for position := range c.Len() {
		template, fill := c.at(position, 0)
		c.places[fill.Replace(template.Namespace+"/"+template.Name)] = position
	}
}

// carries tells whether an object has the labels of a selector like `a=b,c=d`.
func carries(object []byte, selector string) bool {
	for pair := range strings.SplitSeq(selector, ",") {
		if key, value, found := strings.Cut(pair, "="); found {
			if !bytes.Contains(object, []byte(`"`+key+`":"`+strings.TrimPrefix(value, "=")+`"`)) {
				return false
			}
		}
	}
	return true
}
